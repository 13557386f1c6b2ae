"""What the pages say about templates: problems, categories, filters, fields."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from portal.formats import number
from portal.i18n import _, language_name, pgettext

if TYPE_CHECKING:
    from portal.emails.scan import Problem

FILTERS = ("upper", "lower", "capitalize", "trim")


def problem_words(problem: Problem) -> str:
    """The sentence for a problem of a template, in the reader's language, with its line and column."""
    places = {"line": number(problem.line), "column": number(problem.column)}
    sentence = _unknown_name(problem) if problem.id.startswith("unknown_") else _SENTENCES[problem.id]()
    return sentence.format(
        **places,
        field=problem.field,
        suggestion=problem.suggestion,
        filters=" · ".join(FILTERS),
        n=number(int(problem.field)) if problem.id == "too_long" else "",
        example="{% endif %}",
    )


def _unknown_name(problem: Problem) -> str:
    if problem.id == "unknown_filter":
        return _("Line {line}, column {column}: no filter is called “{field}”. There are: {filters}")
    if problem.suggestion:
        return _("Line {line}, column {column}: no field is called “{field}”. Did you mean “{suggestion}”?")
    return _("Line {line}, column {column}: no field is called “{field}”. Choose one from the list of fields.")


_SENTENCES = {
    "syntax": lambda: _(
        "Line {line}, column {column}: this is not a field or a condition. Delete it or insert a field."
    ),
    "not_allowed": lambda: _(
        "Line {line}, column {column}: “{field}” cannot stand here. A letter takes fields, filters and conditions only."
    ),
    "unclosed": lambda: _("Line {line}, column {column}: “{field}” opens here and is not closed."),
    "empty_tag": lambda: _("Line {line}, column {column}: there is no field between the braces."),
    "split_tag": lambda: _(
        "Line {line}, column {column}: formatting begins or ends inside this field. Delete it and insert it again."
    ),
    "stray_tag": lambda: _("Line {line}, column {column}: “{field}” belongs to no condition."),
    "condition_without_end": lambda: _(
        "Line {line}, column {column}: the condition that begins here has no end. Add {example}"
    ),
    "condition_across": lambda: _(
        "Line {line}, column {column}: the condition begins in one paragraph and ends in another. "
        "Put its beginning and its end on lines of their own."
    ),
    "link_field": lambda: _(
        "Line {line}, column {column}: the address of a link is written out, or it is one field that holds a link."
    ),
    "link_address": lambda: _("Line {line}, column {column}: a link begins with https:// or mailto:"),
    "control_character": lambda: _("Line {line}, column {column}: there is an invisible control character. Delete it."),
    "too_long": lambda: _("The text is too long: at most {n} characters."),
    "too_complex": lambda: _("Line {line}, column {column}: too many fields or conditions. Make the text simpler."),
}


def default_name(key: str) -> str:
    """The name of a default template, in the current language."""
    names = {
        "acknowledgement": lambda: pgettext("template", "Acknowledgement of receipt"),
        "acceptance": lambda: pgettext("template", "Acceptance"),
        "rejection": lambda: pgettext("template", "Rejection"),
        "missing_documents": lambda: pgettext("template", "Missing documents"),
    }
    return names[key]()


def category_choice(category: str) -> str:
    """A category and what it means for the people who get it."""
    if category == "transactional":
        return _("Necessary e-mail: about the application, cannot be refused")
    return _("Optional e-mail: people can opt out of it; each one carries the unsubscribe link")


def fallback_words(missing: str, available: Collection[str], fallback: str) -> str:
    """Which language people get whose own is not written. Locales."""
    languages = {"language": language_name(missing), "fallback": language_name(fallback)}
    if len(available) == 1:
        # NOTE: beside the tab of a language that is not written yet. Both fields are names of languages: Polish
        return _("People who read {language} get it in {fallback}.").format(**languages)
    return _("People who read {language} get it in the campaign’s language or else in {fallback}.").format(**languages)

"""What kinds of questions, their settings and their files are called. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.campaigns.form_queries import MOST_COUNTED
from portal.formats import number
from portal.i18n import _, pgettext

Words = dict[str, Callable[[], str]]


def kind_word(kind: str) -> str:
    """What a kind of question is called."""
    words: Words = {
        "section": lambda: pgettext("kind of question", "Section heading"),
        "short": lambda: pgettext("kind of question", "Short text"),
        "long": lambda: pgettext("kind of question", "Long text"),
        "choice": lambda: pgettext("kind of question", "Choice"),
        "choices": lambda: pgettext("kind of question", "Several choices"),
        "number": lambda: pgettext("kind of question", "Number"),
        "date": lambda: pgettext("kind of question", "Date"),
        "country": lambda: pgettext("kind of question", "Country"),
        "email": lambda: pgettext("kind of question", "E-mail address"),
        "phone": lambda: pgettext("kind of question", "Telephone number"),
        "pattern": lambda: pgettext("kind of question", "Number in a pattern"),
        "file": lambda: pgettext("kind of question", "File"),
        "consent": lambda: pgettext("kind of question", "Consent box"),
    }
    return words[kind]()


def kind_hint(kind: str) -> str:
    """What a kind of question is for, in a few words."""
    words: Words = {
        "section": lambda: _("A heading with a text, above the questions that follow."),
        "short": lambda: _("One line."),
        "long": lambda: _("Several paragraphs, with a limit that candidates see while they write."),
        "choice": lambda: _("One answer of a list."),
        "choices": lambda: _("One or more answers of a list."),
        "number": lambda: _("With a smallest and a largest value, if you like."),
        "date": lambda: _("A day, between two dates if you like."),
        "country": lambda: _("One country, in the candidate’s language."),
        "email": lambda: _("A further address, of a referee for example."),
        "phone": lambda: _("Checked against the numbering plan of its country."),
        "pattern": lambda: _("An IBAN, a BIC, a VAT number or a pattern of your own."),
        "file": lambda: _("One document or several, of the kinds and sizes you allow."),
        "consent": lambda: _("A statement that candidates agree to by a tick."),
    }
    return words[kind]()


def answers_word(count: int) -> str:
    """How many answers a question has: 412, over 1,000."""
    if count <= MOST_COUNTED:
        return number(count)
    # NOTE: how many answers a question has, in a narrow column: over 1,000
    return pgettext("count", "over {n}").format(n=number(MOST_COUNTED))


def pattern_word(pattern: str) -> str:
    """What a pattern is called."""
    words: Words = {
        "own": lambda: pgettext("pattern", "A pattern of my own"),
        "iban": lambda: pgettext("pattern", "IBAN (bank account)"),
        "bic": lambda: pgettext("pattern", "BIC (bank)"),
        "vat": lambda: pgettext("pattern", "VAT number of the European Union"),
    }
    return words[pattern]()


def file_type_word(group: str) -> str:
    """What a kind of files is called."""
    words: Words = {
        "pdf": lambda: pgettext("kind of file", "PDF"),
        "word": lambda: pgettext("kind of file", "Word document"),
        "opendocument": lambda: pgettext("kind of file", "OpenDocument text"),
        "picture": lambda: pgettext("kind of file", "JPEG or PNG picture"),
        "sheet": lambda: pgettext("kind of file", "Excel or OpenDocument spreadsheet"),
    }
    return words[group]()


def labels() -> dict[str, str]:
    """field -> its label on the page of a question; the conflict page uses the same."""
    return {
        "kind": _("Kind of answer"),
        "phase": pgettext("campaign", "Phase"),
        "label": _("Question"),
        "help": _("Help text"),
        "lines": _("Choices"),
        "is_required": _("An answer is required"),
        "max_length": _("Longest answer, in characters"),
        "least": _("Smallest number"),
        "most": _("Largest number"),
        "whole": _("Only whole numbers"),
        "fewest": _("At least so many ticks"),
        "most_ticks": _("At most so many ticks"),
        "earliest": _("Earliest date"),
        "latest": _("Latest date"),
        "region": _("Country of numbers without +"),
        "pattern": _("Pattern"),
        "mask": _("My own pattern"),
        "types": _("Kinds of files"),
        "size": _("Largest file, in MB"),
        "files": _("How many files"),
        "depends_on": _("Show this question"),
        "depends_is": _("… when the answer is one of these"),
    }

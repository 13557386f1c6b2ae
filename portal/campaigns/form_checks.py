"""What is wrong with a question of the form, in words beside the field. Reads nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from portal.campaigns import rules
from portal.campaigns.checks import Problem, first_errors, language_word
from portal.campaigns.form_queries import Question
from portal.campaigns.kinds import (
    DECIDING,
    FILE_TYPES,
    KINDS,
    LARGEST_FILE,
    MOST_FILES,
    PATTERNS,
    WITH_CHOICES,
    YES,
    Condition,
    Settings,
)
from portal.countries import CODES
from portal.formats import number
from portal.i18n import _

LONGEST_ANSWER = 20_000
LONGEST_MASK = 60
MOST_CHOICES = 300


class QuestionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A question as somebody wants it. `choices`: one line per choice, by language. `key` is for scripts.

    `after`: the id of the question it stands below, 0 for the first place, None to leave it (a new one: the last).
    """

    kind: str
    label: dict[str, str]
    help: dict[str, str] = {}
    required: bool = False
    choices: dict[str, list[str]] = {}
    max_length: int | None = None
    key: str = ""
    settings: Settings = Settings()
    shown_if: Condition | None = None
    phase_id: int | None = None
    after: int | None = None


def of_question(draft: QuestionDraft, default_locale: str, earlier: Sequence[Question] = ()) -> dict[str, str]:
    """field -> sentence for a question. `earlier`: those above it, on whose answers it may depend."""
    lines = draft.choices.get(default_locale, [])
    chooses = draft.kind in WITH_CHOICES
    uneven = chooses and rules.uneven_locale(draft.choices, default_locale)
    length = draft.max_length if draft.max_length is not None else 1
    return first_errors(
        (draft.kind not in KINDS, "kind", _("Choose one of the options.")),
        (not draft.label.get(default_locale), "label", _question_missing(default_locale)),
        (chooses and len(lines) < 2, "choices", _("Enter at least two choices, one on each line.")),
        (len(lines) > MOST_CHOICES, "choices", _("Enter at most {n} choices.").format(n=number(MOST_CHOICES))),
        (bool(uneven), "choices", _uneven(draft.choices, default_locale, uneven or default_locale)),
        (not 1 <= length <= LONGEST_ANSWER, "max_length", _between(1, LONGEST_ANSWER)),
        *_limits(draft, len(lines)),
        *_condition(draft.shown_if, earlier),
    )


def _limits(draft: QuestionDraft, choices: int) -> list[Problem]:
    """What is wrong with the limits of its kind."""
    least, most = draft.settings.least, draft.settings.most
    turned = least is not None and most is not None and least > most
    if draft.kind == "number":
        return [(turned, "most", _("Enter a number that is not below the smallest one."))]
    if draft.kind == "choices":
        return [
            (turned, "most_ticks", _("Enter a number that is not below the smallest one.")),
            (least is not None and least > choices, "fewest", _("There are not so many choices.")),
        ]
    if draft.kind == "date":
        days = draft.settings.earliest, draft.settings.latest
        return [(bool(days[0] and days[1] and days[0] > days[1]), "latest", _("Enter a date after the earliest one."))]
    return _more_limits(draft.kind, draft.settings)


def _more_limits(kind: str, limits: Settings) -> list[Problem]:
    own = kind == "pattern" and limits.pattern == "own"
    checks: dict[str, list[Problem]] = {
        "pattern": [
            (limits.pattern not in PATTERNS, "pattern", _("Choose one of the options.")),
            (own and not set(limits.mask) & set("9A*"), "mask", _("Write the pattern with 9, A and *.")),
            (len(limits.mask) > LONGEST_MASK, "mask", _("Shorten the pattern.")),
        ],
        "phone": [(bool(limits.region) and limits.region not in CODES, "region", _("Choose one of the options."))],
        "file": [
            (not set(limits.types) <= set(FILE_TYPES), "types", _("Choose one of the options.")),
            (not 1 <= limits.size <= LARGEST_FILE, "size", _between(1, LARGEST_FILE)),
            (not 1 <= limits.files <= MOST_FILES, "files", _between(1, MOST_FILES)),
        ],
    }
    return checks.get(kind, [])


def _condition(condition: Condition | None, earlier: Sequence[Question]) -> list[Problem]:
    if condition is None:
        return []
    other = next((each for each in earlier if each.key == condition.question and each.kind in DECIDING), None)
    if other is None:
        return [(True, "depends_on", _("Choose a question that stands above this one."))]
    known = set(answers_of(other))
    none = not condition.values
    return [
        (none, "depends_is", _("Choose at least one answer.")),
        (not set(condition.values) <= known, "depends_is", _("Choose one of the answers.")),
    ]


def answers_of(question: Question) -> list[str]:
    """The answers to a question that others may depend on."""
    if question.kind == "consent":
        return [YES]
    return sorted(CODES) if question.kind == "country" else [str(each["key"]) for each in question.offered]


def broken_condition(questions: Sequence[Question]) -> Question | None:
    """The first question that depends on one which does not stand above it, or on an answer nobody can give."""
    above: dict[str, Question] = {}
    for question in questions:
        if condition := question.shown_if:
            other = above.get(str(condition.get("question")))
            if other is None or not set(condition.get("is", ())) <= set(answers_of(other)):
                return question
        if question.kind in DECIDING:
            above[question.key] = question
    return None


def depends(question: Question) -> str:
    """To whoever takes away what a question depends on."""
    # NOTE: {question}: another question, which is only shown after certain answers to this one
    return _("“{question}” depends on it. Change its condition first.").format(question=question.name)


def lines_of(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Choices as typed, one on each line, by language; empty lines do not count."""
    split = {locale: [" ".join(line.split()) for line in text.splitlines()] for locale, text in texts.items()}
    return {locale: [line for line in lines if line] for locale, lines in split.items()}


def _question_missing(locale: str) -> str:
    # NOTE: beside a form field, text of a question. {language}: e.g. Polish
    return _("Enter the question in the default language ({language}).").format(language=language_word(locale))


def _between(least: int, most: int) -> str:
    return _("Enter a number from {least} to {most}.").format(least=number(least), most=number(most))


def _uneven(choices: Mapping[str, Sequence[str]], default_locale: str, locale: str) -> str:
    # NOTE: choices of a question, one per line. {language}, {default}: languages; {n}, {wanted}: numbers of lines
    text = _("Write the same choices in the same order. {language}: {n}, {default}: {wanted}.")
    counts = {"n": number(len(choices.get(locale, []))), "wanted": number(len(choices.get(default_locale, [])))}
    return text.format(language=language_word(locale), default=language_word(default_locale), **counts)

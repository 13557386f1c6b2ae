"""Questions: their kinds, the limits of each, and which of them are put to somebody. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

QuestionKind = Literal[
    "section",
    "short",
    "long",
    "choice",
    "choices",
    "number",
    "date",
    "country",
    "email",
    "phone",
    "pattern",
    "file",
    "consent",
]
KINDS: tuple[QuestionKind, ...] = (
    "section", "short", "long", "number", "date", "choice", "choices", "country", "email", "phone", "pattern", "file",
    "consent",
)  # fmt: skip
WITH_LENGTH = frozenset({"short", "long"})
WITH_CHOICES = frozenset({"choice", "choices"})
DECIDING = frozenset({"choice", "choices", "country", "consent"})  # answers that others may depend on
YES = "yes"  # what a condition calls a consent that was given

SHORT_LIMIT = 300  # characters, where the question sets no limit of its own
LONG_LIMIT = 10_000
RADIOS_UP_TO = 6  # choices; more become a select

PATTERNS = ("own", "iban", "bic", "vat")
FILE_TYPES = ("pdf", "word", "opendocument", "picture", "sheet")
MOST_FILES = 10
LARGEST_FILE = 10  # megabytes


class Choice(msgspec.Struct, frozen=True):
    """One answer to choose. `label` by locale. `retired`: not offered any more; answers given keep their words."""

    key: str
    label: dict[str, str] = {}
    retired: bool = False


class Condition(msgspec.Struct, frozen=True):
    """A question is put to those whose answer to another question is one of `values`."""

    question: str
    values: list[str] = msgspec.field(name="is")


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The limits of a question, as far as its kind has them."""

    least: int | float | None = None  # number: the smallest; choices: how many have to be ticked
    most: int | float | None = None
    whole: bool = False  # number: no decimals
    earliest: date | None = None
    latest: date | None = None
    pattern: Literal["own", "iban", "bic", "vat"] = "own"
    mask: str = ""  # pattern of one's own: 9 a digit, A a letter, * either, anything else itself
    region: str = ""  # phone: the country of numbers without +
    types: list[str] = []  # file: of FILE_TYPES; none: all
    size: int = LARGEST_FILE  # file: megabytes each
    files: int = 1  # file: how many


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a campaign's form. Texts by locale; `phase_id` None: the initial phase."""

    key: str
    kind: QuestionKind
    label: dict[str, str]
    help: dict[str, str] = {}
    required: bool = False
    choices: list[Choice] = []
    max_length: int | None = None
    settings: Settings = Settings()
    shown_if: Condition | None = None
    phase_id: int | None = None
    retired: bool = False

    @property
    def limit(self) -> int:
        """How many characters fit."""
        return self.max_length or (LONG_LIMIT if self.kind == "long" else SHORT_LIMIT)

    @property
    def offered(self) -> list[Choice]:
        """The choices that candidates see."""
        return [choice for choice in self.choices if not choice.retired]

    @property
    def shape(self) -> str:
        """How the form shows it: a few choices are radio buttons, many a select."""
        return "radios" if self.kind == "choice" and len(self.offered) <= RADIOS_UP_TO else self.kind

    @property
    def most_files(self) -> int:
        """How many documents it takes."""
        return self.settings.files if self.kind == "file" else 0


def question_of(row: Mapping[str, Any]) -> Question:
    """A question as the database has it."""
    plain = {**row, "shown_if": row.get("shown_if") or None, "retired": row.get("retired_at") is not None}
    return msgspec.convert(plain, Question)


# ------------------------------------------------------------------------------------------------ conditions
def asked(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """The questions that are put to somebody who has answered this: the one place where conditions are decided.

    In the form's order: a condition sees answers to earlier questions that are put themselves; what a section's
    condition leaves out takes its questions with it.
    """
    shown: list[Question] = []
    given: dict[str, Any] = {}
    open_section = True
    for question in questions:
        if question.kind == "section":
            open_section = holds(question.shown_if, given)
        if open_section and holds(question.shown_if, given):
            shown.append(question)
            given[question.key] = answers.get(question.key)
    return shown


def holds(condition: Condition | None, answers: Mapping[str, Any]) -> bool:
    """Whether one of the wanted answers was given. No condition always holds."""
    return condition is None or not _values(answers.get(condition.question)).isdisjoint(condition.values)


def _values(answer: Any) -> set[str]:
    if isinstance(answer, list | tuple):
        return {str(each) for each in answer}
    if answer is True:
        return {YES}
    return set() if answer is None or answer is False else {str(answer)}


def missing_locales(question: Question, locales: Sequence[str]) -> list[str]:
    """The languages in which something of a question is still to be written: itself, its help, an offered choice."""
    texts = [question.label, *([question.help] if question.help else []), *(each.label for each in question.offered)]
    return [locale for locale in locales if not all(text.get(locale) for text in texts)]

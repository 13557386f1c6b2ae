"""What counts as an answer, and who may move a dossier how. Pure: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Literal

import msgspec

QuestionKind = Literal["short", "long", "choice", "number", "date", "file"]
Mode = Literal["send", "hold", "silent"]
MODES: tuple[Mode, ...] = ("send", "hold", "silent")

DOCUMENTS_MISSING = "documents_missing"  # the key of the status in which candidates add documents
SHORT_LIMIT = 300  # characters, where the question sets no limit of its own
LONG_LIMIT = 10_000
NAME_LIMIT = 100
REASON_LIMIT = 500
LARGEST_NUMBER = 1e15  # beyond it a float no longer holds every whole number
RADIOS_UP_TO = 6  # choices; more become a select

SPACES = re.compile(r"[\s\u00a0\u202f]+")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})", re.ASCII),
)


class Choice(msgspec.Struct, frozen=True):
    """One answer to choose. `label` by locale."""

    key: str
    label: dict[str, str] = {}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a campaign's form. Texts by locale."""

    key: str
    kind: QuestionKind
    label: dict[str, str]
    help: dict[str, str] = {}
    required: bool = False
    choices: list[Choice] = []
    max_length: int | None = None

    @property
    def limit(self) -> int:
        """How many characters fit."""
        return self.max_length or (LONG_LIMIT if self.kind == "long" else SHORT_LIMIT)

    @property
    def shape(self) -> str:
        """How the form shows it: a few choices are radio buttons, many a select."""
        return "radios" if self.kind == "choice" and len(self.choices) <= RADIOS_UP_TO else self.kind


Answer = str | int | float
Code = Literal["required", "too_long", "not_a_number", "not_a_date", "not_a_choice"]


class Problem(msgspec.Struct, frozen=True):
    """Why an answer is not accepted; `words.problem_word` says it to people. `limit`: characters allowed."""

    key: str
    code: Code
    limit: int = 0


class Checked(msgspec.Struct, frozen=True):
    """Answers as they are stored (number, ISO date, choice key, text), and what is wrong with the rest."""

    answers: dict[str, Answer]
    problems: list[Problem]


# ------------------------------------------------------------------------------------------------ answers
def check_answers(
    questions: Sequence[Question],
    typed: Mapping[str, object],
    *,
    locale: str,
    complete: bool,
    files: Set[str] = frozenset(),
) -> Checked:
    """Read what was typed. `complete`: required questions must be answered; `files`: keys that have a document."""
    answers: dict[str, Answer] = {}
    problems: list[Problem] = []
    for question in questions:
        outcome = _document(question, files) if question.kind == "file" else _read(question, typed, locale)
        if isinstance(outcome, Problem):
            if complete or outcome.code != "required":
                problems.append(outcome)
        elif outcome != "":
            answers[question.key] = outcome
    return Checked(answers, problems)


def _document(question: Question, files: Set[str]) -> Answer | Problem:
    return Problem(question.key, "required") if question.required and question.key not in files else ""


def _read(question: Question, typed: Mapping[str, object], locale: str) -> Answer | Problem:
    value = typed.get(question.key, "")
    if question.kind == "number" and type(value) in (int, float):  # scripts send numbers as numbers
        value = repr(value) if locale == "en" else repr(value).replace(".", ",")
    text = clean(str(value), lines=question.kind == "long")
    if not text:
        return Problem(question.key, "required") if question.required else ""
    if question.kind == "choice":
        return text if any(choice.key == text for choice in question.choices) else Problem(question.key, "not_a_choice")
    if question.kind == "number":
        number = read_number(text, locale)
        return Problem(question.key, "not_a_number") if number is None else number
    if question.kind == "date":
        day = read_date(text)
        return day.isoformat() if day else Problem(question.key, "not_a_date")
    return text if len(text) <= question.limit else Problem(question.key, "too_long", question.limit)


def clean(text: str, *, lines: bool = False) -> str:
    """Text without control and direction-changing characters. `lines`: line breaks are kept, as \\n."""
    text = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.encode("utf-8", "ignore").decode()
    return text.strip() if lines else SPACES.sub(" ", text).strip()


def read_number(text: str, locale: str) -> int | float | None:
    """A number as people of a language type it: 24 800,50 | 24.800,50 | 24,800.50. None when it is none."""
    text = SPACES.sub("", text).replace("\u2212", "-")
    mark = _decimal_mark(text, locale)
    for sign in {",", "."} - {mark}:
        text = text.replace(sign, "")
    text = text.replace(mark, ".") if mark else text
    if not NUMBER.fullmatch(text) or abs(float(text)) > LARGEST_NUMBER:
        return None
    return float(text) if "." in text else int(text)


def _decimal_mark(text: str, locale: str) -> str:
    """Which of comma and dot separates the decimals; "" when none does. Of two kinds, the last one."""
    if "," in text and "." in text:
        return max(",.", key=text.rfind)
    mark = "," if "," in text else "."
    if text.count(mark) != 1:
        return ""
    groups = "," if locale == "en" else "." if locale == "es" else ""
    return "" if mark == groups and re.search(r"[,.]\d{3}$", text) else mark


def read_date(text: str) -> date | None:
    """A day: 2026-11-30 as browsers send it, or 30.11.2026, 30/11/2026 where there is no date field."""
    for pattern in DATES:
        if found := pattern.fullmatch(text):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


# ------------------------------------------------------------------------------------------------ status changes
def is_manual(actor_kind: str, mode: Mode | None) -> bool:
    """Whether a change counts as made by hand: only these fire the manager family (E08, E11).

    A user's always does; one through the API only if it says what to do with the mail.
    """
    return actor_kind == "user" or (actor_kind == "api" and mode is not None)


class Refusal(msgspec.Struct, frozen=True):
    """Why a change may not be made; `words.refusal_word` says it to people."""

    code: Literal["same_status", "reason_missing", "reason_too_long", "unknown_mode"]
    field: str


def refuse_change(from_key: str, to_key: str, mode: str | None, reason: str) -> Refusal | None:
    """What forbids a change of status, if anything does."""
    if from_key == to_key:
        return Refusal("same_status", "status")
    if mode is not None and mode not in MODES:
        return Refusal("unknown_mode", "mode")
    if mode == "silent" and not reason.strip():
        return Refusal("reason_missing", "reason")
    if len(reason) > REASON_LIMIT:
        return Refusal("reason_too_long", "reason")
    return None

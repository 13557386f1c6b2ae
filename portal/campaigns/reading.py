"""What counts as an answer: from what people type in four languages to values that are stored. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Literal

import msgspec
import phonenumbers
from stdnum import bic, iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from portal.addresses import valid_email
from portal.campaigns.kinds import Question, asked
from portal.campaigns.typed import clean, fit, read_date, read_number
from portal.countries import CODES

LONGEST_LINE = 300  # characters of an address, a telephone number, a pattern

Answer = str | int | float | bool | list[str]
Code = Literal[
    "required",
    "too_long",
    "not_a_number",
    "not_whole",
    "too_small",
    "too_large",
    "not_a_date",
    "too_early",
    "too_late",
    "not_a_choice",
    "too_few",
    "too_many",
    "not_an_address",
    "not_a_phone",
    "wrong_pattern",
]


class Problem(msgspec.Struct, frozen=True):
    """Why an answer is not accepted; `words.problem_word` says it to people. `limit`: characters allowed."""

    key: str
    code: Code
    limit: int = 0


class Checked(msgspec.Struct, frozen=True):
    """Answers as they are stored (number, ISO date, keys, text), and what is wrong with the rest."""

    answers: dict[str, Answer]
    problems: list[Problem]


class _Wrong(Exception):
    """An answer that cannot be taken."""

    def __init__(self, code: Code, limit: int = 0) -> None:
        super().__init__(code)
        self.code, self.limit = code, limit


def check_answers(
    questions: Sequence[Question],
    typed: Mapping[str, object],
    *,
    locale: str,
    complete: bool,
    files: Set[str] = frozenset(),
) -> Checked:
    """Read what was typed. `files`: keys that have a document.

    `complete`: the questions that are put must be answered where they are required, and answers to others are left
    out. Otherwise a draft keeps those too, as far as they can be read: whoever changes her mind finds them again.
    """
    read = {question.key: _outcome(question, typed, locale) for question in questions}
    fine = {key: answer for key, answer in read.items() if not isinstance(answer, Problem) and answer != ""}
    put = asked(questions, fine)
    problems = [problem for question in put if (problem := _problem(question, read, files, complete=complete))]
    kept = {question.key for question in (put if complete else questions)}
    return Checked({key: answer for key, answer in fine.items() if key in kept}, problems)


def _problem(
    question: Question, read: Mapping[str, Answer | Problem], files: Set[str], *, complete: bool
) -> Problem | None:
    outcome = read[question.key]
    if isinstance(outcome, Problem):
        return outcome
    there = question.key in files if question.kind == "file" else outcome != ""
    return Problem(question.key, "required") if complete and question.required and not there else None


def _outcome(question: Question, typed: Mapping[str, object], locale: str) -> Answer | Problem:
    """The answer, "" for none, or why it cannot be taken."""
    reader = READERS.get(question.kind)
    value = typed.get(question.key, "")
    if reader is None or value is None or value is False or value == "" or value == []:
        return ""
    try:
        return reader(question, value, locale)
    except _Wrong as wrong:
        return Problem(question.key, wrong.code, wrong.limit)


# ------------------------------------------------------------------------------------------------ by kind
def _text(question: Question, value: Any, _locale: str) -> Answer:
    text = clean(str(value), lines=question.kind == "long")
    if len(text) > question.limit:
        raise _Wrong("too_long", question.limit)
    return text


def _line(value: Any) -> str:
    text = clean(str(value))
    if len(text) > LONGEST_LINE:
        raise _Wrong("too_long", LONGEST_LINE)
    return text


def _number(question: Question, value: Any, locale: str) -> Answer:
    if type(value) in (int, float):  # scripts send numbers as numbers
        value = repr(value) if locale == "en" else repr(value).replace(".", ",")
    if not (text := _line(value)):
        return ""
    number, limits = read_number(text, locale), question.settings
    if number is None:
        raise _Wrong("not_a_number")
    if limits.whole and number != int(number):
        raise _Wrong("not_whole")
    if limits.least is not None and number < limits.least:
        raise _Wrong("too_small")
    if limits.most is not None and number > limits.most:
        raise _Wrong("too_large")
    return number


def _date(question: Question, value: Any, _locale: str) -> Answer:
    if not (text := _line(value)):
        return ""
    day, limits = read_date(text), question.settings
    if day is None:
        raise _Wrong("not_a_date")
    if limits.earliest and day < limits.earliest:
        raise _Wrong("too_early")
    if limits.latest and day > limits.latest:
        raise _Wrong("too_late")
    return day.isoformat()


def _choice(question: Question, value: Any, _locale: str) -> Answer:
    text = _line(value)
    if text and not any(choice.key == text for choice in question.offered):
        raise _Wrong("not_a_choice")
    return text


def _choices(question: Question, value: Any, _locale: str) -> Answer:
    """In the form's order, whatever the order they were ticked in."""
    ticked = {_line(each) for each in (value if isinstance(value, list | tuple) else [value])} - {""}
    chosen = [choice.key for choice in question.offered if choice.key in ticked]
    if len(chosen) < len(ticked):
        raise _Wrong("not_a_choice")
    if chosen and question.settings.least is not None and len(chosen) < question.settings.least:
        raise _Wrong("too_few")
    if question.settings.most is not None and len(chosen) > question.settings.most:
        raise _Wrong("too_many")
    return chosen or ""


def _country(_question: Question, value: Any, _locale: str) -> Answer:
    code = _line(value).upper()
    if code and code not in CODES:
        raise _Wrong("not_a_choice")
    return code


def _email(_question: Question, value: Any, _locale: str) -> Answer:
    text = _line(value)
    if text and not valid_email(text):
        raise _Wrong("not_an_address")
    return text


def _phone(question: Question, value: Any, _locale: str) -> Answer:
    """With its country and in groups: +34 612 34 56 78."""
    if not (text := _line(value)):
        return ""
    try:
        number = phonenumbers.parse(text, question.settings.region or None)
    except phonenumbers.NumberParseException:
        raise _Wrong("not_a_phone") from None
    if not phonenumbers.is_valid_number(number):
        raise _Wrong("not_a_phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _pattern(question: Question, value: Any, _locale: str) -> Answer:
    if not (text := _line(value)):
        return ""
    fits = WRITTEN[question.settings.pattern](text) if question.settings.pattern != "own" else None
    if question.settings.pattern == "own":
        fits = fit(question.settings.mask, text)
    if fits is None:
        raise _Wrong("wrong_pattern")
    return fits


def _consent(_question: Question, value: Any, _locale: str) -> Answer:
    return True if value is True or str(value) in ("1", "true") else ""


READERS: dict[str, Callable[[Question, Any, str], Answer]] = {
    "short": _text,
    "long": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "choices": _choices,
    "country": _country,
    "email": _email,
    "phone": _phone,
    "pattern": _pattern,
    "consent": _consent,
}


# ------------------------------------------------------------------------------------------------ patterns
def _standard(validate: Callable[[str], str], write: Callable[[str], str] = str) -> Callable[[str], str | None]:
    """A number of a standard in its usual writing, or None when its check digits are wrong."""

    def fits(text: str) -> str | None:
        try:
            return str(write(validate(text)))
        except ValidationError:
            return None

    return fits


WRITTEN: dict[str, Callable[[str], str | None]] = {
    "iban": _standard(iban.validate, iban.format),
    "bic": _standard(bic.validate),
    "vat": _standard(vat.validate),
}

"""What counts as an answer in four languages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.campaigns.kinds import Choice, Condition, Question, Settings
from portal.campaigns.reading import Checked, Problem, check_answers
from portal.campaigns.typed import clean, example_of, fit, read_date, read_number

TITLE = Question(key="title", kind="short", label={"en": "Title"}, required=True, max_length=20)
STORY = Question(key="story", kind="long", label={"en": "Story"})
BUDGET = Question(key="budget", kind="number", label={"en": "Budget"})
START = Question(key="start", kind="date", label={"en": "Start"})
AREA = Question(key="area", kind="choice", label={"en": "Area"}, choices=[Choice("art"), Choice("law")])
PLAN = Question(key="plan", kind="file", label={"en": "Plan"}, required=True)


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("12500", "en", 12500),
        ("12,500", "en", 12500),
        ("12,500.50", "en", 12500.5),
        ("12.500", "es", 12500),
        ("12.500,50", "es", 12500.5),
        ("12.5", "es", 12.5),
        ("12 500,50", "pl", 12500.5),
        ("12\u202f500", "fr", 12500),
        ("1.234.567", "es", 1234567),
        ("0,5", "pl", 0.5),
        ("\u22123", "en", -3),
        ("12.500", "pl", 12.5),
    ],
)
def test_numbers_are_read_as_people_of_each_language_type_them(text: str, locale: str, number: float) -> None:
    assert read_number(text, locale) == number


@pytest.mark.parametrize("text", ["", "abc", "1e9", "NaN", "inf", "٣", "--3", "1.2.3,4,5", "9" * 40, "0x10", "1_000"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text, "en") is None


@pytest.mark.parametrize("text", ["2026-11-30", "30.11.2026", "30/11/2026"])
def test_dates_are_read_with_and_without_a_date_field(text: str) -> None:
    assert read_date(text) == date(2026, 11, 30)


@pytest.mark.parametrize("text", ["2026-02-30", "30.11", "tomorrow", "0000-01-01", "2026-11-30T10:00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


def test_answers_are_stored_as_values_not_as_typed() -> None:
    typed = {
        "title": " A  garden ",
        "story": "one\r\ntwo\x00",
        "budget": "24 800,50",
        "start": "1.3.2027",
        "area": "law",
    }
    checked = check_answers([TITLE, STORY, BUDGET, START, AREA], typed, locale="pl", complete=True)
    stored = {"title": "A garden", "story": "one\ntwo", "budget": 24800.5, "start": "2027-03-01", "area": "law"}
    assert checked == Checked(stored, [])


def test_a_draft_may_be_incomplete_but_not_wrong() -> None:
    typed = {"title": "", "budget": "many", "start": "soon", "area": "war"}
    checked = check_answers([TITLE, BUDGET, START, AREA, PLAN], typed, locale="en", complete=False)
    assert checked.problems == [
        Problem("budget", "not_a_number"),
        Problem("start", "not_a_date"),
        Problem("area", "not_a_choice"),
    ]


def test_submitting_takes_every_required_answer_and_document() -> None:
    checked = check_answers([TITLE, STORY, PLAN], {}, locale="en", complete=True)
    assert checked.problems == [Problem("title", "required"), Problem("plan", "required")]
    assert check_answers([PLAN], {}, locale="en", complete=True, files={"plan"}).problems == []


def test_a_text_that_does_not_fit_says_how_much_does() -> None:
    checked = check_answers([TITLE], {"title": "x" * 21}, locale="en", complete=False)
    assert checked == Checked({}, [Problem("title", "too_long", 20)])


def test_answers_to_questions_that_nobody_asked_are_left_out() -> None:
    assert check_answers([STORY], {"role": "administrator"}, locale="en", complete=False) == Checked({}, [])


@pytest.mark.parametrize("locale", ["en", "es", "fr", "pl"])
@given(value=st.one_of(st.integers(-(10**14), 10**14), st.decimals(-(10**6), 10**6, places=3).map(float)))
def test_numbers_that_scripts_send_are_stored_as_they_are(locale: str, value: float) -> None:
    assert check_answers([BUDGET], {"budget": value}, locale=locale, complete=False).answers == {"budget": value}


@given(st.text())
def test_clean_texts_can_be_stored_and_shown(text: str) -> None:
    for lines in (True, False):
        cleaned = clean(text, lines=lines)
        assert "\0" not in cleaned and "\u202e" not in cleaned
        assert clean(cleaned, lines=lines) == cleaned
        assert lines or "\n" not in cleaned


# ------------------------------------------------------------------------------------------------ by kind
def of(kind: str, required: bool = False, **settings: object) -> Question:
    chosen = [Choice("a"), Choice("b"), Choice("c"), Choice("old", retired=True)]
    limits = Settings(**settings)  # type: ignore[arg-type]
    return Question(key="x", kind=kind, label={}, required=required, choices=chosen, settings=limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "typed", "stored"),
    [
        (of("choices"), ["b", "a"], ["a", "b"]),
        (of("choices"), "b", ["b"]),
        (of("choices", least=2), [], None),
        (of("country"), "pl", "PL"),
        (of("email"), " ana@people.example ", "ana@people.example"),
        (of("phone", region="ES"), "612 345 678", "+34 612 34 56 78"),
        (of("phone"), "+48 22 694 60 00", "+48 22 694 60 00"),
        (of("pattern", pattern="iban"), "es9121000418450200051332", "ES91 2100 0418 4502 0005 1332"),
        (of("pattern", pattern="bic"), "agrifrpp", "AGRIFRPP"),
        (of("pattern", pattern="vat"), "PL 856-73-46-215", "PL8567346215"),
        (of("pattern", mask="99-999"), "28013", "28-013"),
        (of("pattern", mask="AA 999"), "ab-123", "AB 123"),
        (of("consent"), "1", True),
        (of("consent"), True, True),
        (of("number", least=0), 0, 0),
        (of("date"), "1.3.2027", "2027-03-01"),
        (of("section"), "anything", None),
    ],
)
def test_each_kind_stores_one_writing_of_an_answer(question: Question, typed: object, stored: object) -> None:
    answers = {} if stored is None else {"x": stored}
    checked = check_answers([question], {"x": typed}, locale="en", complete=True)
    assert checked == Checked(answers, [])
    assert check_answers([question], checked.answers, locale="en", complete=True) == checked


@pytest.mark.parametrize(
    ("question", "typed", "code"),
    [
        (of("choices"), ["a", "old"], "not_a_choice"),
        (of("choice"), "old", "not_a_choice"),
        (of("choices", least=2), ["a"], "too_few"),
        (of("choices", most=2), ["a", "b", "c"], "too_many"),
        (of("country"), "EU", "not_a_choice"),
        (of("email"), "ana@people", "not_an_address"),
        (of("phone"), "612 345 678", "not_a_phone"),
        (of("phone"), "+34 1", "not_a_phone"),
        (of("pattern", pattern="iban"), "ES91 2100 0418 4502 0005 1333", "wrong_pattern"),
        (of("pattern", mask="99-999"), "2801", "wrong_pattern"),
        (of("pattern", mask="99-999"), "280135", "wrong_pattern"),
        (of("pattern", mask="99"), "٣٣", "wrong_pattern"),
        (of("number", whole=True), "1.5", "not_whole"),
        (of("number", least=10), "9", "too_small"),
        (of("number", most=10), "10.5", "too_large"),
        (of("date", earliest=date(2027, 1, 1)), "2026-12-31", "too_early"),
        (of("date", latest=date(2027, 1, 1)), "2027-01-02", "too_late"),
        (of("consent", required=True), "", "required"),
        (of("choices", required=True), [], "required"),
        (of("email"), "x" * 400, "too_long"),
    ],
)
def test_what_a_kind_cannot_take_has_its_reason(question: Question, typed: object, code: str) -> None:
    checked = check_answers([question], {"x": typed}, locale="en", complete=True)
    assert (checked.answers, [problem.code for problem in checked.problems]) == ({}, [code])


def test_questions_that_are_not_put_are_neither_missing_nor_wrong() -> None:
    area = Question(key="area", kind="choice", label={}, choices=[Choice("art"), Choice("law")])
    law = Condition("area", ["law"])
    form = [
        area,
        Question(key="court", kind="short", label={}, required=True, shown_if=law),
        Question(key="year", kind="number", label={}, shown_if=law),
    ]
    typed = {"area": "art", "court": "Madrid", "year": "many"}
    assert check_answers(form, typed, locale="en", complete=True) == Checked({"area": "art"}, [])
    draft = check_answers(form, typed, locale="en", complete=False)
    assert draft == Checked({"area": "art", "court": "Madrid"}, [])  # whoever changes her mind finds it again
    wanted = check_answers(form, {"area": "law"}, locale="en", complete=True)
    assert wanted.problems == [Problem("court", "required")]


@given(st.text(alphabet="9A*-/. X", max_size=30))
def test_an_example_fits_its_own_mask(mask: str) -> None:
    assert fit(mask, example_of(mask)) == example_of(mask)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_a_mask(mask: str, text: str) -> None:
    written = fit(mask, text)
    assert written is None or len(written) == len(mask)

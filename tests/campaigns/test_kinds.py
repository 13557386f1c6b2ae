"""Which questions are put to whom, and in which languages they are complete."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.campaigns.kinds import Choice, Condition, Question, asked, holds, missing_locales


def question(key: str, kind: Any = "short", shown_if: Condition | None = None) -> Question:
    return Question(key=key, kind=kind, label={"en": key}, shown_if=shown_if)


KIND = question("kind", "choice")
COUNTRY = question("country", "country", Condition("kind", ["company", "union"]))
LAW = question("law", "short", Condition("country", ["PL"]))


def keys(*questions: Question, **answers: Any) -> list[str]:
    return [each.key for each in asked(questions, answers)]


def test_a_question_is_put_after_the_answers_it_waits_for() -> None:
    assert keys(KIND, COUNTRY) == ["kind"]
    assert keys(KIND, COUNTRY, kind="person") == ["kind"]
    assert keys(KIND, COUNTRY, kind="union") == ["kind", "country"]


def test_what_a_hidden_question_would_have_answered_does_not_count() -> None:
    assert keys(KIND, COUNTRY, LAW, kind="company", country="PL") == ["kind", "country", "law"]
    assert keys(KIND, COUNTRY, LAW, kind="person", country="PL") == ["kind"]


def test_a_section_takes_its_questions_with_it_until_the_next_one() -> None:
    company = question("about", "section", Condition("kind", ["company"]))
    form = (KIND, company, question("name"), LAW, question("end", "section"), question("last"))
    assert keys(*form, kind="person") == ["kind", "end", "last"]
    assert keys(*form, kind="company") == ["kind", "about", "name", "end", "last"]


@pytest.mark.parametrize(
    ("answer", "wanted", "there"),
    [
        (["a", "b"], ["b"], True),
        (["a"], ["b"], False),
        ([], ["b"], False),
        (True, ["yes"], True),
        (False, ["yes"], False),
        (None, ["yes"], False),
        ("a", ["a", "b"], True),
        ("a", [], False),
        (0, ["0"], True),
    ],
)
def test_conditions_look_at_one_answer_or_several(answer: Any, wanted: list[str], there: bool) -> None:
    assert holds(Condition("x", wanted), {"x": answer}) is there


def test_a_condition_about_a_question_below_or_gone_never_holds() -> None:
    assert keys(COUNTRY, KIND, kind="company") == ["kind"]
    assert keys(COUNTRY) == []


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_what_is_put_depends_on_nothing_but_the_answers_shown(ticked: list[str], wanted: list[str]) -> None:
    form = (question("x", "choices"), question("y", "short", Condition("x", wanted)))
    assert ("y" in keys(*form, x=ticked)) is bool(set(ticked) & set(wanted))


def test_a_language_is_missing_when_one_of_the_texts_is() -> None:
    choices = [Choice("a", {"en": "A", "pl": "A"}), Choice("old", {"en": "Old"}, retired=True)]
    area = Question(key="x", kind="choice", label={"en": "Area", "pl": "Obszar", "fr": "Domaine"}, choices=choices)
    assert missing_locales(area, ["en", "pl", "fr"]) == ["fr"]
    helped = Question(key="x", kind="short", label={"en": "A", "pl": "B"}, help={"en": "Help"})
    assert missing_locales(helped, ["en", "pl"]) == ["pl"]

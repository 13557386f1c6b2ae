"""Headings find their fields in four languages; rows say what they become, or what is wrong."""

from __future__ import annotations

from datetime import datetime

import pytest

from portal.campaigns.typed import read_date
from portal.imports.rules import Option, Problem, Row, Target, check, read_locale, suggested

STATUSES = (Option("submitted", {"en": "Submitted", "pl": "Złożony"}), Option("accepted", {"en": "Accepted"}))
QUESTIONS = {"city": {"en": "Your city", "fr": "Votre ville"}}


@pytest.mark.parametrize(
    "header",
    [
        ["E-mail", "First name", "Last name", "Language"],
        ["Correo electrónico", "Nombre", "Apellidos", "Idioma"],
        ["Courriel", "Prénom", "Nom", "Langue"],
        ["Adres e-mail", "Imię", "Nazwisko", "Język"],
    ],
)
def test_headings_are_understood_in_four_languages(header: list[str]) -> None:
    assert suggested(header, "people", {}) == {"email": 0, "first_name": 1, "last_name": 2, "locale": 3}


def test_answers_are_found_by_key_or_by_the_question_itself() -> None:
    assert suggested(["email", "votre VILLE"], "dossiers", QUESTIONS) == {"email": 0, "answer_city": 1}
    assert suggested(["city", "mail"], "dossiers", QUESTIONS) == {"email": 1, "answer_city": 0}


@pytest.mark.parametrize(
    ("text", "locale"),
    [("", "en"), ("fr-CA", "fr"), ("Polski", "pl"), ("español", "es"), ("angielski", "en"), ("de", "")],
)
def test_languages_are_read_by_code_or_name(text: str, locale: str) -> None:
    assert read_locale(text, "en") == locale


def test_rows_become_what_they_say() -> None:
    mapping = {"email": 0, "first_name": 1, "locale": 2, "status": 3, "submitted_at": 4}
    target = Target(kind="dossiers", locale="en", statuses=STATUSES, read_day=read_date)
    rows = [
        (2, ["mailto:ana@people.example", " Ana  Maria ", "pl", "złożony", "2026-11-02 09:30"]),
        (3, ["jan@people.example", "Jan", "", "", "30/11/2026"]),
    ]
    assert list(check(rows, mapping, target)) == [
        Row(line=2, email="ana@people.example", first_name="Ana Maria", locale="pl", status="submitted",
            submitted_at=datetime(2026, 11, 2, 9, 30)),
        Row(line=3, email="jan@people.example", first_name="Jan", locale="en", submitted_at=datetime(2026, 11, 30)),
    ]  # fmt: skip


def test_everything_that_is_wrong_with_a_row_is_said_at_once() -> None:
    mapping = {"email": 0, "first_name": 1, "locale": 2, "status": 3, "submitted_at": 4}
    target = Target(kind="dossiers", locale="en", statuses=STATUSES, read_day=read_date)
    rows = [
        (2, ["", "A", "de", "Lost", "yesterday"]),
        (3, ["nobody", "A" * 101, "", "", "2026-02-30"]),
        (4, ["ana@people.example", "", "", "", ""]),
        (5, ["ANA@people.example", "", "", "", ""]),
    ]
    problems = [each for each in check(rows, mapping, target) if isinstance(each, list)]
    assert [[(one.field, one.problem) for one in each] for each in problems] == [
        [("email", "email_missing"), ("locale", "locale_unknown"), ("status", "status_unknown"),
         ("submitted_at", "date_wrong")],
        [("email", "email_wrong"), ("first_name", "name_too_long"), ("submitted_at", "date_wrong")],
        [("email", "email_twice")],
    ]  # fmt: skip
    assert problems[2] == [Problem(5, "email", "email_twice", "4")]

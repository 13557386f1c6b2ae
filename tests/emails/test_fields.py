"""Merge fields say what the language of the letter says."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from portal.emails.fields import FIELDS, Facts, answer_words, describe, label, moment, sample_facts, values
from portal.i18n import LOCALES, use

CONTRACT = {
    *("first_name", "last_name", "full_name", "email", "dossier_number", "dossier_link", "campaign_title"),
    *("closing_date", "status", "organisation_name", "sender_name", "unsubscribe_link"),
    *("missing_documents", "reply_before"),
}
FACTS = Facts(
    person_email="ines@example.org",
    first_name="Inès",
    last_name="Lefèvre",
    campaign_title={"en": "Rural Labs", "fr": "Labos ruraux"},
    closes_at=datetime(2026, 12, 1, 23, 59),
    time_zone="Europe/Warsaw",
    status_label={"en": "Under review"},
    answers={"title": "A garden"},
    missing_documents=("Budget\n2027", "Statutes"),
    reply_before=date(2026, 12, 1),
)


def test_the_registry_holds_the_fields_of_the_contract() -> None:
    assert set(FIELDS) == CONTRACT


def test_every_field_has_a_label_and_a_value() -> None:
    made = values(FACTS, "en")
    assert set(made) == CONTRACT | {"answer_title"}
    assert all(label(name) for name in made)
    assert label("answer_title") == "Answer: title"


@pytest.mark.parametrize(
    ("locale", "zone_sentence", "expected"),
    [
        ("en", "London", "30 November 2026, 23:59 (local time: London)"),
        ("es", "Londres", "30 de noviembre de 2026, 23:59 ("),
        ("fr", "Londres", "30\u00a0novembre 2026, 23\u00a0h\u00a059 ("),
        ("pl", "Londyn", "30 listopada 2026\u00a0r., 23:59 ("),
    ],
)
def test_the_closing_date_carries_its_time_and_whose_time(locale: str, zone_sentence: str, expected: str) -> None:
    facts = Facts(closes_at=datetime(2026, 11, 30, 23, 59), time_zone="Europe/London")
    date_and_time = values(facts, locale)["closing_date"]
    assert date_and_time.startswith(expected)
    assert date_and_time.endswith(f"{zone_sentence})")


def test_french_says_the_first_of_december() -> None:
    assert values(FACTS, "fr")["reply_before"] == "1er\u00a0décembre 2026"
    with use("fr"):
        assert moment(datetime(2026, 12, 1, 1, 5), "Europe/Paris").startswith(
            "1er\u00a0décembre 2026, 1\u00a0h\u00a005 ("
        )


def test_a_campaign_without_end_has_no_closing_date() -> None:
    assert values(Facts(), "pl")["closing_date"] == ""


def test_texts_come_in_the_letters_language_or_in_the_one_there_is() -> None:
    assert values(FACTS, "fr")["campaign_title"] == "Labos ruraux"
    assert values(FACTS, "pl")["campaign_title"] in ("Rural Labs", "Labos ruraux")


def test_a_list_is_one_item_a_line() -> None:
    assert values(FACTS, "en")["missing_documents"] == "Budget 2027\nStatutes"


def test_answers_are_anybodys_words() -> None:
    assert describe("answer_title").trust == "people"
    assert describe("first_name").trust == "people"
    assert describe("dossier_link").kind == "link"


@pytest.mark.parametrize(
    ("kind", "answer", "locale", "expected"),
    [
        ("choice", "a", "pl", "Pierwsza"),
        ("choice", "gone", "pl", "gone"),
        ("date", "2026-12-01", "fr", "1er\u00a0décembre 2026"),
        ("number", 12500.5, "es", "12.500,5"),
        ("short", "as it is", "es", "as it is"),
    ],
)
def test_answers_are_said_in_words(kind: str, answer: object, locale: str, expected: str) -> None:
    choices = [{"key": "a", "label": {"en": "First", "pl": "Pierwsza"}}]
    assert answer_words(kind, choices, answer, locale) == expected


@pytest.mark.parametrize("locale", LOCALES)
def test_the_sample_person_has_every_value(locale: str) -> None:
    made = values(sample_facts(locale, "Passerelle"), locale)
    assert [name for name, value in made.items() if not value] == []

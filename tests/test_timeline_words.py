"""The history in words: a sentence for everything that is recorded, and data from people never as markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import portal
from portal.timeline import Event
from portal.timeline_words import WORDS, actor_word, event_words

WHAT = re.compile(r'"((?:[a-z]+)\.(?:[a-z_]+))"(?=, (?:by|actor|SYSTEM|queries)\b| if | else )')
RECORDED = {
    what for path in Path(portal.__file__).parent.rglob("actions.py") for what in WHAT.findall(path.read_text())
}


def event(what: str, *, kind: str = "user", name: str = "Alice", **details: Any) -> Event:
    at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    return Event(1, at, "dossier", 7, 3, 7, 5, what, kind, 2, name, details)


def words(what: str, **given: Any) -> str:
    return str(event_words(event(what, **given))[1])


def test_everything_that_actions_record_has_a_sentence() -> None:
    assert len(RECORDED) > 15 and {"status.changed", "dossier.submitted", "person.created"} <= RECORDED
    assert WORDS.keys() >= RECORDED


@pytest.mark.parametrize("what", sorted(WORDS))
def test_every_sentence_fills_all_its_fields(what: str) -> None:
    details = {
        "address": "ana@people.example",
        "title": {"en": "T"},
        "label": {"en": "L"},
        "member": "Bob",
        "number": 2,
    }
    text = words(what, **details, old={"en": "A"}, new={"en": "B"}, hint="abc", reason="full")
    assert not re.search(r"[{}]", text) and text.strip()


def test_who_moved_it_from_where_to_where() -> None:
    text = words("status.changed", old={"en": "Draft"}, new={"en": "Accepted"}, new_tone="ok", mode="send")
    assert text == (
        '<b>Alice</b> changed the status: <span class="status" data-tone="mute">Draft</span> → '
        '<span class="status" data-tone="ok">Accepted</span>'
    )


def test_names_labels_and_reasons_are_never_markup() -> None:
    evil = "<script>{name}</script>"
    details = {"old": {"en": evil}, "new": {"en": evil}, "mode": "silent", "reason": evil, "new_tone": '"><b'}
    text = words("status.changed", name=evil, **details)
    assert "<script" not in text and text.count("&lt;script&gt;{name}") == 4 and '"><b"' not in text


def test_machines_and_scripts_are_named_as_what_they_are() -> None:
    assert [
        actor_word(*who) for who in (("import", ""), ("rule", ""), ("api", ""), ("api", "Alice"), ("user", "Bob"))
    ] == [
        "Import",
        "The system",
        "API",
        "Alice (API)",
        "Bob",
    ]


def test_an_event_nobody_foresaw_is_still_told() -> None:
    assert words("comet.seen") == "<b>Alice</b>: comet.seen"

"""Versions of a template: what each changed, word by word, and the way back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import db
from portal.emails import actions, diffs, queries, versions
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.emails.diffs import Line, Part
from tests import factories
from tests.clients import Client

DRAFT = Draft(
    name="Receipt",
    category="transactional",
    texts={"en": Text("We have it", "", "<p>Dear {{ first_name }},</p>\n<p>we have your file.</p>")},
    note="First",
)
SPANISH = {**DRAFT.texts, "es": Text("Recibido", "", "<p>Hola</p>")}


def test_words_that_changed_are_told_apart_from_those_that_stayed() -> None:
    [line] = diffs.of_lines("We have your file.", "We have your application.")
    assert line.parts == (Part("same", "We have your "), Part("out", "file"), Part("in", "application"),
                          Part("same", "."))  # fmt: skip


def test_a_body_is_compared_block_by_block() -> None:
    old = "<p>Dear Ana,</p>\n<p>One.</p>\n<p>Bye</p>"
    new = '<p>Dear Ana,</p>\n<p><strong>One.</strong></p>\n<p><a href="https://x.example">Two</a></p>\n<p>Bye</p>'
    assert diffs.of_bodies(old, new) == [
        Line("same", (Part("same", "Dear Ana,"),)),
        Line("same", (Part("same", "One."),), restyled=True),
        Line("in", (Part("in", "Two (https://x.example)"),)),
        Line("same", (Part("same", "Bye"),)),
    ]
    assert diffs.of_bodies(new, new) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_can_be_read_out_of_their_comparison(old: str, new: str) -> None:
    parts = diffs.words(old, new)
    assert "".join(part.text for part in parts if part.kind != "in") == old
    assert "".join(part.text for part in parts if part.kind != "out") == new


async def test_the_list_says_what_each_version_changed(db: None) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    await actions.save(template_id, msgspec.structs.replace(DRAFT, texts=SPANISH, note="Spanish"), 1, alice.actor)
    rows = await versions.versions(template_id)
    assert [(row.number, row.changed, row.note, row.in_force) for row in rows] == [
        (2, ["es"], "Spanish", True),
        (1, ["en"], "First", False),
    ]
    found = versions.compare(await versions.numbered(template_id, 1), await versions.numbered(template_id, 2))
    assert [each.locale for each in found.languages] == ["es"] and not found.settings


async def test_a_note_alone_is_no_version(db: None) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    same = await actions.save(template_id, msgspec.structs.replace(DRAFT, note="Nothing"), 1, alice.actor)
    assert same.number == 1


async def test_alice_restores_what_was_said_before(client: Client) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    changed = msgspec.structs.replace(DRAFT, name="Renamed", texts={"en": Text("Oops", "", "<p>Wrong</p>")})
    await actions.save(template_id, changed, 1, alice.actor)
    await client.sign_in(alice.email)
    page = await client.get(f"/templates/{template_id}/versions")
    assert page.texts("tbody b") == ["Version 2", "Version 1"]
    page = await client.get(f"/templates/{template_id}/versions/2")
    assert page.texts(".diff del")[0] == "We have it" and page.texts(".diff ins")[0] == "Oops"
    page = await client.get(f"/templates/{template_id}/versions/1")
    assert page.texts(".diff p") == ["Dear {{ first_name }},", "we have your file."]
    page = await client.get(f"/templates/{template_id}/versions/1?against=2")
    address = f"/templates/{template_id}/versions/1/restore"
    page = await client.post(address, page.form(address))
    assert page.toasts == ["Version 3 saved: it says what version 1 said."]
    now = await queries.current(template_id)
    assert (now.name, now.variants["en"].subject) == ("Renamed", "We have it")
    assert await db.fetchval("select restored from template_version where id = $1", now.id) == 1


async def test_restoring_over_somebody_elses_version_asks_to_look_first(client: Client) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    await actions.save(template_id, msgspec.structs.replace(DRAFT, texts=SPANISH), 1, alice.actor)
    await client.sign_in(alice.email)
    page = await client.post(f"/templates/{template_id}/versions/1/restore", {"version": "1"})
    assert page.status == 409 and "another version meanwhile" in page.words
    page = await client.post(f"/templates/{template_id}/versions/1/restore", {"version": "nonsense"})
    assert page.status == 422
    assert (await queries.current(template_id)).number == 2


@pytest.mark.parametrize("address", ["versions/9", "versions/1?against=9"])
async def test_a_version_that_never_was_is_missing(client: Client, address: str) -> None:
    alice = await factories.account("Alice")
    template = await factories.template()
    await client.sign_in(alice.email)
    assert (await client.get(f"/templates/{template.id}/{address}")).status == 404

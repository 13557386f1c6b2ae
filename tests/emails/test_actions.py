"""Saving adds a version and never changes one; whoever is slower is told; the house starts with four letters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from portal import db
from portal.emails import actions, library, queries, shelving
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.emails.defaults import LETTERS, install_defaults
from portal.i18n import LOCALES
from portal.outcomes import Missing, Refused, Stale
from tests import factories

DRAFT = Draft(name="Receipt", category="transactional", texts={"en": Text("Subject", "", "<p>Hello</p>")})


def changed(**changes: object) -> Draft:
    return msgspec.structs.replace(DRAFT, **changes)


async def test_a_version_never_changes(db: None) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    first = await queries.current(template_id)
    second = await actions.save(template_id, changed(name="Other", category="optional"), 1, alice.actor)
    assert (second.number, second.name, second.optional, second.in_force) == (2, "Other", True, True)
    again = await queries.version(first.id)
    assert (again.number, again.in_force, again.variants["en"].body) == (1, False, "<p>Hello</p>")


async def test_two_people_save_at_once_and_one_is_told(fresh_database: str) -> None:
    alice, adam = await factories.account("Alice"), await factories.account("Adam", "administrator")
    template_id = await actions.create(DRAFT, alice.actor)
    drafts = [
        (changed(texts={"en": Text("Mine", "", "x")}), alice),
        (changed(texts={"en": Text("His", "", "x")}), adam),
    ]
    saves = [actions.save(template_id, draft, 1, who.actor) for draft, who in drafts]
    outcomes: Sequence[object] = await asyncio.gather(*saves, return_exceptions=True)
    [stale] = [one for one in outcomes if isinstance(one, Stale)]
    current = await queries.current(template_id)
    assert (stale.theirs.number, stale.by) == (2, current.saved_by) and stale.theirs.id == current.id
    assert await db.fetchval("select count(*) from template_version") == 2


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (changed(name=" "), {"name"}),
        (changed(category="urgent"), {"category"}),
        (changed(sender_id=999), {"sender_id"}),
        (changed(reply_to="nobody"), {"reply_to"}),
        (changed(texts={}), {"texts"}),
        (changed(texts={"de": Text("a", "", "b")}), {"texts"}),
        (
            changed(texts={"en": Text("", "", "b"), "fr": Text("a", "{{ x", "")}),
            {"en.subject", "fr.preheader", "fr.body"},
        ),
        (changed(texts={"en": Text("a", "", "<p>{{ frist_name }}</p>")}), {"en.body"}),
        (changed(texts={"en": Text("a" * 300, "", "b" * 40_000)}), {"en.subject", "en.body"}),
    ],
)
async def test_what_cannot_be_saved_is_said_field_by_field(db: None, draft: Draft, fields: set[str]) -> None:
    alice = await factories.account("Alice")
    with pytest.raises(Refused) as refused:
        await actions.create(draft, alice.actor)
    assert set(refused.value.errors) == fields
    assert all(refused.value.errors.values())


async def test_lines_are_counted_in_what_was_sent(db: None) -> None:
    alice = await factories.account("Alice")
    body = "<div>\n  <p>Hello</p>\n\n  <p>{{ frist_name }}</p>\n</div>"
    with pytest.raises(Refused, match="Line 4, column 9: no field is called “frist_name”"):
        await actions.create(changed(texts={"en": Text("a", "", body)}), alice.actor)


async def test_an_unverified_sender_cannot_be_chosen(db: None) -> None:
    alice = await factories.account("Alice")
    sender = await factories.sender(verified=False)
    with pytest.raises(Refused):
        await actions.create(changed(sender_id=sender), alice.actor)


async def test_a_template_that_is_not_there_is_missing(db: None) -> None:
    alice = await factories.account("Alice")
    with pytest.raises(Missing):
        await actions.save(999_999, DRAFT, 1, alice.actor)
    with pytest.raises(Missing):
        await shelving.archive(999_999, alice.actor)
    with pytest.raises(Missing):
        await queries.version(999_999)


async def test_the_house_starts_with_four_letters_in_four_languages(db: None) -> None:
    adam = await factories.account("Adam", "administrator")
    assert len(await install_defaults(adam.actor)) == len(LETTERS) == 4
    rows = await library.templates(adam.actor)
    assert [row.name for row in rows] == ["Acceptance", "Acknowledgement of receipt", "Missing documents", "Rejection"]
    assert all(sorted(row.locales) == sorted(LOCALES) for row in rows)
    assert await install_defaults(adam.actor) == []


async def test_everything_is_in_the_history(db: None) -> None:
    alice = await factories.account("Alice")
    template_id = await actions.create(DRAFT, alice.actor)
    await actions.save(template_id, changed(name="Other"), 1, alice.actor)
    await shelving.archive(template_id, alice.actor)
    await shelving.restore(template_id, alice.actor)
    sql = "select what, actor_name from timeline_event where subject = 'template' and subject_id = $1 order by id"
    events = [(row["what"], row["actor_name"]) for row in await db_rows(sql, template_id)]
    verbs = ("created", "saved", "archived", "restored")
    assert events == [(f"template.{verb}", "Alice") for verb in verbs]


async def db_rows(sql: str, *args: object) -> list[dict[str, object]]:
    """Rows, where the fixture `db` hides the module of that name."""
    return [dict(row) for row in await db.fetch(sql, *args)]

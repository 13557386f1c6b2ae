"""Kinds of optional mail that people choose among: names in our languages, an order, what hangs on them (Z31).

A kind that live templates use is not deleted: its mail would go to those who have opted out of it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.formats import number
from portal.i18n import _, language_name, ngettext, text_in
from portal.organisation import queries as organisation
from portal.outcomes import Missing, Refused, Stale

LOCK = 737_373  # one order at a time
# Counted where they are listed: few kinds, an index for each.
LISTED = """
select t.id, t.name, t.description, t.position, t.version,
       (select count(*) from template m where m.topic_id = t.id and m.archived_at is null) as templates,
       (select count(*) from topic_opt_out o where o.topic_id = t.id) as opted_out
from topic t"""
INSERT = """
insert into topic (name, description, position)
select $1, $2, coalesce(max(position), 0) + 1 from topic returning id"""
UPDATE = """
update topic set name = $3, description = $4, version = version + 1 where id = $1 and version = $2"""
PLACE = """
update topic t set position = p.place from unnest($1::int[]) with ordinality p(id, place) where t.id = p.id"""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A kind. Texts by language; how many live templates use it, and how many addresses have opted out of it."""

    id: int
    name: dict[str, str]
    description: dict[str, str]
    position: int
    version: int
    templates: int
    opted_out: int

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return text_in(self.name)


async def listed() -> list[Topic]:
    """All of them, in their order."""
    return await db.fetch_as(Topic, f"{LISTED} order by t.position, t.id")


async def one(topic_id: int) -> Topic:
    """One of them. Raises Missing."""
    found = await db.one_as(Topic, f"{LISTED} where t.id = $1", topic_id)
    if found is None:
        raise Missing
    return found


async def create(by: Actor, name: dict[str, str], description: dict[str, str]) -> int:
    """One more at the end. Returns its id. Raises Refused."""
    await _check(name)
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", LOCK)
        topic_id = int(await db.fetchval(INSERT, name, description))
        await timeline.record("topic", topic_id, "topic.created", by, title=name)
    return topic_id


async def change(by: Actor, topic_id: int, version: int, name: dict[str, str], description: dict[str, str]) -> None:
    """Another name or description; opt-outs stay. Raises Missing, Refused, Stale (theirs: as it is now)."""
    await _check(name)
    async with db.transaction():
        before = await one(topic_id)
        if not await db.execute(UPDATE, topic_id, version, name, description):
            raise Stale(before)
        if (name, description) != (before.name, before.description):
            await timeline.record("topic", topic_id, "topic.changed", by, title=name)


async def move(by: Actor, topic_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place. Raises Missing."""
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", LOCK)
        topic, ids = await one(topic_id), [each.id for each in await listed()]
        place = ids.index(topic_id)
        other = place + step
        if 0 <= other < len(ids):
            ids[place], ids[other] = ids[other], ids[place]
            await db.execute(PLACE, ids)
            await timeline.record("topic", topic_id, "topic.moved", by, title=topic.name)


async def remove(by: Actor, topic_id: int, opted_out: int) -> None:
    """Delete one with the wishes about it. `opted_out`: the number that was shown. Raises Missing, Refused, Stale."""
    async with db.transaction():
        await db.execute("select from topic where id = $1 for update", topic_id)
        topic = await one(topic_id)
        if topic.templates:
            raise Refused(in_use(topic))
        if topic.opted_out != opted_out:
            raise Stale(topic)
        await db.execute("delete from topic where id = $1", topic_id)
        await timeline.record("topic", topic_id, "topic.deleted", by, title=topic.name, opted_out=opted_out)


def in_use(topic: Topic) -> str:
    """Why it cannot be deleted."""
    text = ngettext(
        "{n} template is of this kind. Give it another kind first.",
        "{n} templates are of this kind. Give them another kind first.",
        topic.templates,
    )
    return text.format(n=number(topic.templates))


def lost_with(topic: Topic) -> str:
    """What is deleted together with it."""
    if not topic.opted_out:
        return _("Nobody has opted out of it.")
    text = ngettext(
        "{n} person has opted out of it. That is forgotten too.",
        "{n} people have opted out of it. That is forgotten too.",
        topic.opted_out,
    )
    return text.format(n=number(topic.opted_out))


async def _check(name: dict[str, str]) -> None:
    locale = (await organisation.current()).locale
    if not name.get(locale):
        words = _("Enter the name in {language}.").format(language=language_name(locale))
        raise Refused(words, field="name")

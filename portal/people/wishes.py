"""What people wish to get, whoever says so: she herself by her link, or somebody in the office on her word (Z31, B08).

An address has one truth, whatever record it belongs to: candidate and contact are one person by address. A wish acts
at the commit: the engine looks at suppression before each dot, and what waits in a kind of mail is cancelled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.i18n import _, text_in
from portal.ledger import actions as ledger
from portal.ledger import blocks
from portal.ledger.actions import Scope
from portal.outcomes import Missing, Refused, Stale
from portal.people import consent, queries

A_BREAK = timedelta(days=30)
LONGEST_NOTE = 500
# Who may lift a block: her own wishes only she herself, or an administrator who writes down how she asked for it.
LIFTERS = {"suppressed_bounce": "suppression.edit", "by_hand": "suppression.edit"}
ADMINISTRATOR = "account.manage"
HERS = ("opted_out", "taking_a_break", "complaint")

BLOCKS = "select scope, reason, at, expires_at from suppression where address = $1 order by scope"
TOPICS = """
select t.id, t.name, t.description, o.address is null as wanted
from topic t left join topic_opt_out o on o.topic_id = t.id and o.address = $1 order by t.position, t.id"""

# Her language is what her letters are written in: her record's, and that of her dossiers where the campaign has it.
SPEAK = """
update person set locale = $2, changed_at = now(), version = version + 1 where id = $1 and locale <> $2"""
SPEAK_IN_DOSSIERS = """
update dossier d set locale = $2 from campaign c
where d.person_id = $1 and d.locale <> $2 and c.id = d.campaign_id and $2 = any (c.locales)"""

REFUSE_TOPICS = """
insert into topic_opt_out (address, topic_id, source) select $1, id, $3 from topic where id = any ($2::int[])
on conflict do nothing returning topic_id"""
WANT_TOPICS = "delete from topic_opt_out where address = $1 and topic_id = any ($2::int[]) returning topic_id"
CARRY_TOPICS = """
insert into topic_opt_out (address, topic_id, source) select $2, topic_id, source from topic_opt_out where address = $1
on conflict do nothing"""


class Block(msgspec.Struct, frozen=True):
    """Why an address is not written to. `expires_at`: when a break ends by itself."""

    scope: Scope
    reason: str
    at: datetime
    expires_at: datetime | None


class TopicWish(msgspec.Struct, frozen=True):
    """A kind of optional mail, and whether she wants it. Texts by language."""

    id: int
    name: dict[str, str]
    description: dict[str, str]
    wanted: bool


class Wishes(msgspec.Struct, frozen=True):
    """All that her own page shows. `address` "": there is none, so nothing is sent."""

    address: str
    locale: str
    blocks: list[Block]
    topics: list[TopicWish]

    @property
    def silent(self) -> bool:
        """Whether nothing at all goes to her."""
        return any(each.scope == "all" for each in self.blocks)

    def block(self, *reasons: str) -> Block | None:
        """The first block for one of these reasons."""
        return next((each for each in self.blocks if each.reason in reasons), None)


async def of(person_id: int) -> Wishes:
    """What she gets now; whoever asks has come by her link, or found her through the actor. Raises Missing."""
    row = await db.fetchrow("select coalesce(email::text, '') as address, locale from person where id = $1", person_id)
    if row is None:
        raise Missing
    found = await db.fetch_as(Block, BLOCKS, row["address"])
    return Wishes(row["address"], row["locale"], found, await topics_of(row["address"]))


async def topics_of(address: str) -> list[TopicWish]:
    """All kinds of optional mail, and whether an address wants them."""
    return await db.fetch_as(TopicWish, TOPICS, address)


# ------------------------------------------------------------------------------------------------ her wishes
async def opt_out(person_id: int, by: Actor, source: str = "by_hand", wording: str = "") -> None:
    """No more optional e-mail to her; necessary e-mail still goes (Z31). Twice is once. Raises Missing, Refused.

    `source`: by_hand, preferences, one_click, reply ...; `wording`: what she read when she chose it.
    """
    address = await _address(by, person_id)
    async with db.transaction():
        if await ledger.suppress(address, "optional", "opted_out", source, by):
            await consent.record(person_id, "optional_mail", False, wording, source)


async def opt_in(person_id: int, by: Actor, wording: str, source: str = "preferences") -> None:
    """She wants our e-mail again (Z31): her own wishes are lifted, what others decided is not. Raises Missing, Refused.

    `wording`: what she read and agreed to; it is the proof. The end of a break takes none.
    """
    address = await _address(by, person_id)
    async with db.transaction():
        found = [each for each in (await of(person_id)).blocks if each.reason in HERS]
        lifted = [each for each in found if await ledger.lift(address, each.scope, by, reason=each.reason)]
        if any(each.reason != "taking_a_break" for each in lifted):
            await consent.record(person_id, "optional_mail", True, wording, source)


async def take_a_break(person_id: int, by: Actor, source: str = "preferences") -> None:
    """No optional e-mail for a month (Z31). Whoever has opted out stays so. Raises Missing, Refused."""
    ends = datetime.now(UTC) + A_BREAK
    await ledger.suppress(await _address(by, person_id), "optional", "taking_a_break", source, by, expires_at=ends)


async def choose_topics(person_id: int, by: Actor, wanted: Mapping[int, bool], source: str = "preferences") -> None:
    """Which of the kinds that were offered she wants; others stay as they are. What waits of the others is cancelled.

    `wanted`: topic id -> whether. Each change is a record of consent in the words of her page. Raises Missing, Refused.
    """
    address = await _address(by, person_id)
    names = {each.id: each for each in await topics_of(address) if each.id in wanted}
    refused = [each for each in names if not wanted[each]]
    async with db.transaction():
        out = [row["topic_id"] for row in await db.fetch(REFUSE_TOPICS, address, refused, source)]
        chosen = [each for each in names if wanted[each]]
        back = [row["topic_id"] for row in await db.fetch(WANT_TOPICS, address, chosen)]
        for topic_id in (*out, *back):
            words = text_in(names[topic_id].name)
            await consent.record(person_id, "topic", topic_id in back, words, source, topic_id=topic_id)
        if out:
            await blocks.cancel_topics(address, out)
        if out or back:
            told: dict[str, Any] = {"address": address, "out": out, "back": back}
            await timeline.record("person", person_id, "person.chose_topics", by, person_id=person_id, **told)


async def speak(person_id: int, locale: str, by: Actor) -> None:
    """The language of our mail to her. Whoever edits her record meanwhile compares. Raises Missing."""
    before = (await of(person_id)).locale
    async with db.transaction():
        if await db.execute(SPEAK, person_id, locale):
            changes = {"locale": [before, locale]}
            await timeline.record("person", person_id, "person.changed", by, person_id=person_id, changes=changes)
        await db.execute(SPEAK_IN_DOSSIERS, person_id, locale)


async def carry(old: str, new: str, by: Actor) -> None:
    """Her wishes follow to her new address, in the caller's transaction; a bounce does not."""
    if old.lower() == new.lower():
        return
    sql = "select scope, reason, source, note, expires_at from suppression where address = $1 and reason = any ($2)"
    for row in await db.fetch(sql, old, list(HERS)):
        kept = {"note": row["note"], "expires_at": row["expires_at"]}
        await ledger.suppress(new, row["scope"], row["reason"], row["source"], by, **kept)
    await db.execute(CARRY_TOPICS, old, new)


# ------------------------------------------------------------------------------------------------ lifting
def may_lift(actor: Actor, reason: str) -> bool:
    """Whether somebody in the office may lift a block of this reason (B08)."""
    return actor.may(LIFTERS.get(reason, ADMINISTRATOR))


def needs_proof(reason: str) -> bool:
    """Whether it takes a note on how the person asked for it."""
    return reason in HERS


async def lift(by: Actor, address: str, scope: Scope, reason: str, note: str = "") -> None:
    """Write to an address again (B08). `reason`: the one that was seen. Raises Missing, Stale, Refused.

    The proof of her wish becomes a record of consent, where we know whose address it is.
    """
    note = note.strip()
    async with db.transaction():
        sql = "select reason from suppression where address = $1 and scope = $2 for update"
        now = await db.fetchval(sql, address, scope)
        if now is None:
            raise Missing
        if now != reason:
            raise Stale
        if not may_lift(by, reason):
            raise Refused(_("Only the person or an administrator may lift this."))
        if needs_proof(reason) and not note:
            raise Refused(_("Write down how and when the person asked for it."), field="note")
        await ledger.lift(address, scope, by, note=note)
        person_id = await db.fetchval("select id from person where email = $1", address)
        if needs_proof(reason) and person_id is not None:
            await consent.record(person_id, "optional_mail", True, note, "by_hand")


async def _address(by: Actor, person_id: int) -> str:
    """Her address, if the actor may act on her. A candidate's link has proved that it is she."""
    if by.kind != "candidate":
        await queries.one(by, person_id)
    row = await db.fetchrow("select email::text as email from person where id = $1", person_id)
    if row is None:
        raise Missing
    if not row["email"]:
        raise Refused(_("This person has no e-mail address."))
    return str(row["email"])

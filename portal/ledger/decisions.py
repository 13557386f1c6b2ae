"""What waits for a person: origins and senders on pause, messages that nobody could confirm, a restored database.

Reads, found through the actor; the verbs are in actions, resend and epoch.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.ledger import epoch
from portal.ledger.epoch import Held
from portal.ledger.queries import UNCONFIRMED, visible
from portal.scope import sees_dossier

MOST = 200  # rows of a list

# About how many messages wait: the sizes of the unfinished batches. Queued messages have no index of their own.
WAITING = "coalesce((select sum(b.size) from batch b where {where} and b.done_at is null), 0)::int"

# What an origin is called: its automatic e-mail, mailing or follow-up.
NAME = "coalesce(t.name, g.name, f.name)"
NAMED = """left join trigger t on o.kind = 'trigger' and t.id = o.ref_id
left join mailing g on o.kind = 'mailing' and g.id = o.ref_id
left join autoresponder f on o.kind = 'autoresponder' and f.id = o.ref_id"""

ORIGIN_NAME = f"o.kind as origin_kind, {NAME} as name, c.title as campaign"
OF_CAMPAIGN = f"""{NAMED}
left join campaign c on c.id = coalesce(o.campaign_id, t.campaign_id,
    case when o.kind = 'return_link' then o.ref_id end)"""

# Administrators: all. Others: origins of their campaigns; with `message.see`, those of no campaign too.
SEEN = """($1::bool or c.id is null and $3::bool or exists (
    select from campaign_member x where x.campaign_id = c.id and x.account_id = $2))"""

# Pauses by a rule only: what a person has paused waits for that person, on its own page.
ORIGINS = f"""
select o.id, {ORIGIN_NAME}, o.gate_reason as reason, o.gated_at as since, e.details,
    {WAITING.format(where="b.origin_id = o.id")} as waiting,
    (select m.reply from message m where m.attention = 'failed' and m.origin_id = o.id and m.reason = o.gate_reason
     order by m.id desc limit 1) as reply
from origin o {OF_CAMPAIGN}
left join lateral (
    select details from timeline_event where subject = 'origin' and subject_id = o.id and what = 'origin.paused'
    order by id desc limit 1) e on true
where o.gate = 'paused' and o.gate_reason not in ('', 'by_hand') and {SEEN} and ($4::int is null or o.id = $4)
order by o.gated_at, o.id limit {MOST}"""

SENDERS = f"""
select s.id, s.address::text as address, e.at as since, coalesce(e.details ->> 'reason', '') as reason,
    {WAITING.format(where="b.origin_id in (select o.id from origin o where o.sender_id = s.id)")} as waiting
from sender s
left join lateral (
    select at, details from timeline_event where subject = 'sender' and subject_id = s.id and what = 'sender.paused'
    order by id desc limit 1) e on true
where s.paused and ($1::int is null or s.id = $1) order by s.address limit {MOST}"""

# Unconfirmed messages that the actor sees: of dossiers of her campaigns; the others as their origins.
OF_UNCERTAIN = f"""from message m join origin o on o.id = m.origin_id {OF_CAMPAIGN}
left join dossier d on d.id = m.dossier_id
where {UNCONFIRMED} and ($1::bool or m.dossier_id is null and {SEEN} or {sees_dossier("d")})"""
UNCERTAIN = f"""
select o.id, {ORIGIN_NAME}, o.gate <> 'open' as closed, count(*)::int as count, min(m.settled_at) as since,
    (array_agg(m.id order by m.id))[:5] as some
{OF_UNCERTAIN} and ($4::int is null or o.id = $4)
group by o.id, t.name, g.name, f.name, c.title order by 7, o.id limit {MOST}"""

# All that would leave when a restored database is confirmed.
EVERYTHING = """
select coalesce(sum(b.size), 0)::int from batch b
join origin o on o.id = b.origin_id and o.gate = 'open' join sender s on s.id = o.sender_id and not s.paused
where b.done_at is null"""

IDS = f"select m.id {OF_UNCERTAIN} and o.id = $4 order by m.id limit $5"  # the messages behind a row of UNCERTAIN


class PausedOrigin(msgspec.Struct, frozen=True):
    """An origin that a rule has paused. `waiting`: about so many messages; `reply`: what a server said last."""

    id: int
    origin_kind: str
    name: str | None
    campaign: dict[str, str] | None
    reason: str
    since: datetime | None
    details: dict[str, object] | None
    waiting: int
    reply: str | None


class PausedSender(msgspec.Struct, frozen=True):
    """An address that nothing leaves from. `reason`: by_hand, or the mail server's words."""

    id: int
    address: str
    since: datetime | None
    reason: str
    waiting: int


class Uncertain(msgspec.Struct, frozen=True):
    """Messages of one origin that nobody could confirm in time. `some`: ids of the first ones."""

    id: int
    origin_kind: str
    name: str | None
    campaign: dict[str, str] | None
    closed: bool
    count: int
    since: datetime
    some: list[int]


class Decisions(msgspec.Struct, frozen=True):
    """All that waits for a person."""

    restored: Held | None
    origins: list[PausedOrigin]
    senders: list[PausedSender]
    uncertain: list[Uncertain]

    @property
    def count(self) -> int:
        """How many decisions."""
        return bool(self.restored) + len(self.origins) + len(self.senders) + len(self.uncertain)


async def all_of(actor: Actor) -> Decisions:
    """What waits, as far as the actor may see it."""
    return Decisions(await epoch.held(), await origins(actor), await senders(), await uncertain(actor))


async def origins(actor: Actor, origin_id: int | None = None) -> list[PausedOrigin]:
    """Origins that a rule has paused, the longest first; or only this one."""
    return await db.fetch_as(PausedOrigin, ORIGINS, *visible(actor), origin_id)


async def senders(sender_id: int | None = None) -> list[PausedSender]:
    """Addresses on pause; or only this one."""
    return await db.fetch_as(PausedSender, SENDERS, sender_id)


async def uncertain(actor: Actor, origin_id: int | None = None) -> list[Uncertain]:
    """Unconfirmed messages that are old enough to ask about, by origin; or only of this one."""
    return await db.fetch_as(Uncertain, UNCERTAIN, *visible(actor), origin_id)


async def everything() -> int:
    """About how many messages wait in the whole house."""
    return int(await db.fetchval(EVERYTHING))


async def uncertain_ids(actor: Actor, origin_id: int, limit: int) -> list[int]:
    """The messages of one of them, the oldest first."""
    return [row["id"] for row in await db.fetch(IDS, *visible(actor), origin_id, limit)]

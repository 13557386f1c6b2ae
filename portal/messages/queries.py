"""What the register's pages need beside the ledger's own reads: why a message exists, and what can be filtered by."""

from __future__ import annotations

import msgspec

from portal import db
from portal.actor import Actor
from portal.ledger.decisions import NAME, NAMED, all_of
from portal.ledger.queries import visible
from portal.scope import sees_dossier
from portal.timeline import COLUMNS, Event
from portal.triggers import reminders


class Origin(msgspec.Struct, frozen=True):
    """Why a message exists. `trigger`: the name of its automatic e-mail, follow-up or mailing.

    Names are None where there is nothing of the kind.
    """

    kind: str
    trigger_id: int | None
    trigger: str | None
    family: str | None
    campaign_id: int | None
    campaign: dict[str, str] | None
    template_id: int | None
    template: str | None
    template_version: int | None
    actor: str | None
    from_status: dict[str, str] | None
    to_status: dict[str, str] | None


# One message with all that led to it. A trigger's occurrence is the status change that fired it.
ORIGIN = f"""
select o.kind, t.id as trigger_id, {NAME} as trigger, t.family, c.id as campaign_id,
    c.title as campaign, p.id as template_id, p.name as template, v.number as template_version,
    a.name as actor, s1.label as from_status, s2.label as to_status
from message m join origin o on o.id = m.origin_id
left join letter l on l.id = m.id
left join template_version v on v.id = l.version_id
left join template p on p.id = v.template_id
{NAMED}
left join dossier d on d.id = m.dossier_id
left join campaign c on c.id = coalesce(d.campaign_id, t.campaign_id, g.campaign_id)
left join status_change x on o.kind = 'trigger' and x.id = m.occurrence and x.dossier_id = m.dossier_id
left join account a on a.id = x.account_id
left join status s1 on s1.id = x.from_id
left join status s2 on s2.id = x.to_id
where m.id = $1"""

# How many are in a state that somebody should know of: by the small index on `attention`, whatever the number sent.
ATTENTION = f"""
select m.attention::text as state, count(*)::int as n
from message m left join dossier d on d.id = m.dossier_id
where m.attention in ('failed', 'uncertain') and ($1::bool or m.dossier_id is null and $3::bool or {sees_dossier("d")})
group by 1"""

STOPPED = """
select o.gate = 'paused' or s.paused from message m join origin o on o.id = m.origin_id
join sender s on s.id = o.sender_id where m.id = $1"""

CAMPAIGNS = """
select c.id, c.title from campaign c
where $1::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $2)
order by c.created_at desc, c.id desc limit 200"""


async def origin(message_id: int) -> Origin:
    """Why a message exists. Whoever asks has found the message through the actor."""
    found = await db.one_as(Origin, ORIGIN, message_id)
    assert found
    return found


async def is_stopped(message_id: int) -> bool:
    """Whether its origin or its sender is on pause: then it would wait, whatever is done to it."""
    return bool(await db.fetchval(STOPPED, message_id))


async def attention(actor: Actor) -> dict[str, int]:
    """How many messages of the actor's were not delivered, and how many not confirmed."""
    return {row["state"]: row["n"] for row in await db.fetch(ATTENTION, *visible(actor))}


async def decisions(actor: Actor) -> int:
    """How many cases the actor finds under *Needs a decision*."""
    return (await all_of(actor)).count + len(await reminders.late(actor))


async def campaigns(actor: Actor) -> list[tuple[int, dict[str, str]]]:
    """(id, title) of the campaigns that the actor sees, the latest first."""
    return [(row["id"], row["title"]) for row in await db.fetch(CAMPAIGNS, *actor.scope)]


async def history(message_id: int) -> list[Event]:
    """What people did to a message, oldest first. Whoever asks has found the message through the actor."""
    sql = f"select {COLUMNS} from timeline_event where subject = 'message' and subject_id = $1 order by id"
    return await db.fetch_as(Event, sql, message_id)

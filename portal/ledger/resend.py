"""Sending again what was not confirmed: the same letter with the same Message-ID, by a person or once by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from portal import db
from portal.actor import SYSTEM, Actor
from portal.ledger.posting import BATCH_SIZE
from portal.ledger.rules import WAIT_FOR_PROOF_MINUTES
from portal.ledger.waking import notify_all

Cause = Literal["by_hand", "policy", "never_arrived"]
AT_ONCE = 5_000  # messages of one transaction

# One more try each, in new batches; a timeline row each. Only from `uncertain`: two who click at once send once.
AGAIN = """
with again as (
    update message m set state = 'queued', attempts = m.attempts + 1, reason = 'resent', settled_at = null,
        due_at = now()
    where m.id = any ($1::bigint[]) and m.state = 'uncertain'
    returning m.id, m.origin_id, m.attempts, m.dossier_id, m.person_id, m.address),
parts as (
    select id, origin_id, attempts,
        (row_number() over (partition by origin_id, attempts order by id) - 1) / $2 as part from again),
units as (
    insert into batch (origin_id, lane, attempt, size, ids)
    select p.origin_id, o.lane, p.attempts, count(*), array_agg(p.id order by p.id)
    from parts p join origin o on o.id = p.origin_id group by p.origin_id, o.lane, p.attempts, p.part)
insert into timeline_event (
    subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'message', a.id, d.campaign_id, a.dossier_id, a.person_id, 'message.resent', $3, $4, $5,
    jsonb_build_object('why', $6::text, 'address', a.address)
from again a left join dossier d on d.id = a.dossier_id"""

LEAVE = """
with left_so as (
    update message m set reason = 'left_as_is' where m.id = any ($1::bigint[]) and m.state = 'uncertain'
    returning m.id, m.dossier_id, m.person_id, m.address)
insert into timeline_event (
    subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'message', a.id, d.campaign_id, a.dossier_id, a.person_id, 'message.left', $2, $3, $4,
    jsonb_build_object('address', a.address)
from left_so a left join dossier d on d.id = a.dossier_id"""

# Once by itself: a message that was already sent again for want of a confirmation (an older try that ended so) never.
ONCE = """
not exists (select from attempt a where a.message_id = m.id and a.try < m.attempts and a.state = 'uncertain')
and o.gate = 'open' and not s.paused and not exists (select from epoch where held_since is not null)"""

# What the organisation lets go again by itself, a quarter of an hour after nobody could prove anything.
BY_POLICY = f"""
select m.id from message m join origin o on o.id = m.origin_id join sender s on s.id = o.sender_id
cross join (select resend_uncertain as policy from organisation) y
where m.attention = 'uncertain' and m.reason is distinct from 'left_as_is'
and m.settled_at < now() - make_interval(mins => {WAIT_FOR_PROOF_MINUTES})
and (y.policy = 'receipts' and o.lane = 0 or y.policy = 'necessary' and not m.optional and o.lane in (0, 1))
and {ONCE} order by m.id limit {AT_ONCE}"""

NEVER_ARRIVED = f"""
select m.id from message m join origin o on o.id = m.origin_id join sender s on s.id = o.sender_id
where m.id = any ($1::bigint[]) and m.state = 'uncertain' and m.reason is distinct from 'left_as_is' and {ONCE}"""


async def again(message_ids: Sequence[int], why: Cause, by: Actor) -> int:
    """Send these again, as far as they are unconfirmed. Returns how many."""
    if not message_ids:
        return 0
    async with db.transaction():
        who: tuple[Any, ...] = (by.kind, by.account_id, by.name)
        count = await db.execute(AGAIN, list(message_ids), BATCH_SIZE, *who, why)
        await notify_all()
    return count


async def leave(message_ids: Sequence[int], by: Actor) -> int:
    """Leave these as they are: nobody is asked about them any more. Returns how many."""
    return await db.execute(LEAVE, list(message_ids), by.kind, by.account_id, by.name)


async def by_policy() -> int:
    """What the organisation has decided in advance (P4): at most once a message. Returns how many."""
    return await again([row["id"] for row in await db.fetch(BY_POLICY)], "policy", SYSTEM)


async def never_arrived(message_ids: Sequence[int]) -> int:
    """Proof that these never reached the relay: they go again, in any lane, still once. Returns how many."""
    rows = await db.fetch(NEVER_ARRIVED, list(message_ids))
    return await again([row["id"] for row in rows], "never_arrived", SYSTEM)

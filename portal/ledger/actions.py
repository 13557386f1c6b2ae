"""What people and rules do to messages: post, release, cancel, try again, settle, suppress. One transaction each.

Whether a message can still be caught is decided by one conditional UPDATE. A letter whose dot is on the wire cannot
be taken back: its outcome is a fact and beats the cancellation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from portal import db, timeline
from portal.actor import Actor
from portal.ledger import posting, queries
from portal.ledger.rules import PROVEN, SUPPRESSED, Intent, Lane
from portal.ledger.waking import CHANNEL, notify_all
from portal.outcomes import Stale

Scope = Literal["all", "optional"]
SuppressionReason = Literal["opted_out", "suppressed_bounce", "complaint", "taking_a_break", "by_hand"]
Proof = Literal["by_queue", "by_log", "by_mailbox", "by_bounce", "by_reply"]

# A new try, in a batch of its own. `attempts + 1` takes the message out of any batch that still names it. A queued
# one is taken out of its waiting batch only while nobody holds that batch (its row is locked: a claim skips it).
REQUEUE = """
with waiting as (
    select b.id from message m join batch b on b.origin_id = m.origin_id and b.done_at is null and b.run_id is null
        and b.attempt = m.attempts and (m.id between b.lo and b.hi or m.id = any (b.ids))
    where m.id = $1 and m.state = 'queued' for update of b skip locked),
again as (
    update message m set state = 'queued', attempts = m.attempts + 1, reason = null, settled_at = null, due_at = now()
    where m.id = $1 and m.state::text = any ($2::text[]) and (m.state <> 'queued' or exists (select from waiting))
    returning m.id, m.origin_id, m.attempts),
unit as (
    insert into batch (origin_id, lane, attempt, size, ids)
    select a.origin_id, o.lane, a.attempts, 1, array[a.id] from again a join origin o on o.id = a.origin_id
    returning lane)
select pg_notify('ledger', lane::text) from unit"""

CANCEL = """
update message set state = 'cancelled', reason = $2, settled_at = now()
where id = $1 and state in ('queued', 'held') returning id"""

# Lane 0 is spared: a receipt says what happened, a later decision does not make it untrue.
CANCEL_WAITING = """
update message m set state = 'cancelled', reason = $2, settled_at = now()
from origin o where o.id = m.origin_id and o.kind = 'trigger' and o.lane > 0
and m.dossier_id = $1 and m.state in ('queued', 'held') and ($3::bigint[] is null or m.occurrence = any ($3))"""

CANCEL_FROM = """
update message m set state = 'cancelled', reason = $4, settled_at = now()
from origin o where o.id = m.origin_id and o.kind = $1 and o.ref_id = any ($2::bigint[])
and m.dossier_id = $3 and m.state in ('queued', 'held')"""

CANCEL_CAMPAIGN = """
update message m set state = 'cancelled', reason = 'by_hand', settled_at = now()
from dossier d where d.id = m.dossier_id and d.campaign_id = $1 and m.state in ('queued', 'held')"""

LEAVE = "update message set reason = 'left_as_is' where id = $1 and state = 'uncertain' returning id"

# One reason for an address and scope: a weaker one never hides a stronger one, and only a break begins anew.
SUPPRESS = """
insert into suppression as s (address, scope, reason, source, note, expires_at) values ($1, $2, $3, $4, $5, $6)
on conflict (address, scope) do update set reason = excluded.reason, source = excluded.source, note = excluded.note,
    expires_at = excluded.expires_at, at = now()
where array_position($7::text[], excluded.reason) > array_position($7, s.reason)
   or excluded.reason = s.reason and s.expires_at < coalesce(excluded.expires_at, 'infinity')"""

SET_GATE = """
update origin set gate = $3, gate_reason = $4, gated_at = case when gate = $3 then gated_at else now() end
where kind = $1 and ref_id = $2 and gate <> 'cancelled'"""
MOVE_GATE = """
update origin o set gate = $3, gate_reason = $4, gated_at = now() where id = $1 and gate = $2
returning coalesce(o.campaign_id, (select t.campaign_id from trigger t where o.kind = 'trigger' and t.id = o.ref_id))
    as campaign_id"""

# The letter of the try that was not confirmed has arrived after all: evidence beats doubt, never anything else.
PROVE = """
with proven as (
    update message m set state = 'accepted', reason = p.how from unnest($1::uuid[], $2::text[]) p(uuid, how)
    where m.attention = 'uncertain' and m.message_id = p.uuid
    returning m.id, m.attempts, m.dossier_id, m.person_id, m.address, p.how),
tries as (
    insert into attempt (message_id, try, state, code, reply) select id, attempts, 'accepted', $3, how from proven
    on conflict do nothing)
insert into timeline_event (subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, details)
select 'message', p.id, d.campaign_id, p.dossier_id, p.person_id, 'message.proven', 'rule',
    jsonb_build_object('how', p.how, 'address', p.address)
from proven p left join dossier d on d.id = p.dossier_id"""

PAUSE_DUE = """
select distinct s.id from sender s join origin o on o.sender_id = s.id join batch b on b.origin_id = o.id
where not s.paused and b.done_at is null and b.due_at <= now()"""


async def post(kind: str, ref_id: int, sender_id: int, lane: Lane, intents: Sequence[Intent]) -> list[int]:
    """Plan messages, in the caller's transaction. Returns the ids of those that did not exist yet.

    `kind` and `ref_id` name the origin (a trigger and its id). A message is unique by origin, occurrence and address.
    Skipped and held ones get their row and reason; a delay puts the batch ahead and leaves time to undo.
    """
    if not intents:
        return []
    async with db.transaction():
        origin_id = await posting.origin_of(kind, ref_id, sender_id, lane)
        ids = await posting.insert(origin_id, lane, intents)
        await db.notify(CHANNEL, str(int(lane)))
        return ids


async def release(message_id: int, by: Actor) -> None:
    """Let go what is held, or what waits for its time to undo: it is sent now. Stale when it is neither."""
    async with db.transaction():
        message = await queries.one(by, message_id)
        await requeue(message, ("held", "queued"))
        await record(message, "message.released", by)


async def retry(message_id: int, by: Actor) -> None:
    """Try a message that failed once more. Stale when it has not failed."""
    async with db.transaction():
        message = await queries.one(by, message_id)
        await requeue(message, ("failed",))
        await record(message, "message.retried", by)


async def settle_by_hand(message_id: int, by: Actor, verdict: Literal["resend", "leave"]) -> None:
    """Decide about a message that was not confirmed: send the same letter again (same Message-ID), or leave it."""
    async with db.transaction():
        message = await queries.one(by, message_id)
        if verdict == "resend":
            await requeue(message, ("uncertain",))
        elif not await db.fetchval(LEAVE, message.id):
            raise Stale(message.state)
        await record(message, "message.resent" if verdict == "resend" else "message.left", by)


async def prove(message_uuid: UUID, how: Proof) -> bool:
    """A message that was not confirmed has arrived: `how` we know. False when it is not unconfirmed."""
    return await prove_all({message_uuid: how}) == 1


async def prove_all(found: Mapping[UUID, Proof]) -> int:
    """The same for many, by message_id. Returns how many were unconfirmed."""
    return await db.execute(PROVE, list(found), list(found.values()), PROVEN)


async def cancel(message_id: int, by: Actor, reason: str = "by_hand") -> None:
    """Stop a message that has not left. Stale when it has."""
    async with db.transaction():
        message = await queries.one(by, message_id)
        if not await db.fetchval(CANCEL, message.id, reason):
            raise Stale(message.state)
        await record(message, "message.cancelled", by, reason=reason)


async def cancel_waiting(dossier_id: int, reason: str = "superseded", occurrences: Sequence[int] | None = None) -> int:
    """Stop the automatic e-mails of a dossier that have not left, receipts excepted (B03). Returns how many.

    `occurrences`: only those about these changes of status.
    """
    return await db.execute(CANCEL_WAITING, dossier_id, reason, occurrences)


async def cancel_from(kind: str, ref_ids: Sequence[int], dossier_id: int, reason: str) -> int:
    """Stop what has not left about a dossier from these origins. Returns how many."""
    return await db.execute(CANCEL_FROM, kind, list(ref_ids), dossier_id, reason)


async def cancel_campaign(campaign_id: int) -> int:
    """Stop all that has not left about the dossiers of a campaign that is about to be deleted. Returns how many."""
    return await db.execute(CANCEL_CAMPAIGN, campaign_id)


async def requeue(message: queries.MessagePage, states: tuple[str, ...]) -> None:
    """One more try, now. Stale when the message is in none of these states (any more) or on its way."""
    if not await db.fetch(REQUEUE, message.id, list(states)):
        raise Stale(message.state)


async def record(message: queries.MessagePage, what: str, by: Actor, **details: Any) -> None:
    """One row of history, where the dossier and the person show it too."""
    about = {"campaign_id": message.campaign_id, "dossier_id": message.dossier_id, "person_id": message.person_id}
    await timeline.record("message", message.id, what, by, **{**details, **about, "address": message.address})


# ------------------------------------------------------------------------------------------------ addresses
async def suppress(
    address: str,
    scope: Scope,
    reason: SuppressionReason,
    source: str,
    by: Actor,
    *,
    note: str = "",
    expires_at: datetime | None = None,
) -> bool:
    """Write to an address no more: at all, or (scope optional) only what is necessary. What waits is skipped.

    `expires_at`: when it ends by itself. False when the address was blocked as much already (twice is once).
    """
    async with db.transaction():
        if not await db.execute(SUPPRESS, address, scope, reason, source, note, expires_at, list(SUPPRESSED)):
            return False
        details = {"scope": scope, "reason": reason, "source": source} | ({"note": note} if note else {})
        await record_address(address, "address.blocked", by, **details)
        return True


async def lift(address: str, scope: Scope, by: Actor, *, note: str = "", reason: str | None = None) -> bool:
    """Write to an address again; `note` says on whose word. False when it was not blocked.

    `reason`: only when that is still what blocks it.
    """
    sql = "delete from suppression where address = $1 and scope = $2 and reason = coalesce($3, reason) returning reason"
    async with db.transaction():
        was = await db.fetchval(sql, address, scope, reason)
        if was is not None:
            details = {"scope": scope, "reason": was} | ({"note": note} if note else {})
            await record_address(address, "address.unblocked", by, **details)
        return was is not None


async def record_address(address: str, what: str, by: Actor, **details: str) -> None:
    """History of the person whose address it is; of nobody when we know nobody of that address."""
    person_id = await db.fetchval("select id from person where email = $1", address)
    about: dict[str, Any] = {"person_id": person_id, "address": address, **details}
    await timeline.record("person", person_id or 0, what, by, **about)


# ------------------------------------------------------------------------------------------------ senders and origins
async def pause_sender(sender_id: int, reason: str, by: Actor) -> None:
    """Nothing more leaves from this address until somebody resumes it. `reason`: the server's words, or a person's."""
    async with db.transaction():
        if await db.execute("update sender set paused = true where id = $1 and not paused", sender_id):
            await timeline.record("sender", sender_id, "sender.paused", by, reason=reason)


async def pause_due_senders(reason: str, by: Actor) -> None:
    """The login was refused: pause every sender with mail that is due, so that no message pays for it."""
    for row in await db.fetch(PAUSE_DUE):
        await pause_sender(row["id"], reason, by)


async def resume_sender(sender_id: int, by: Actor) -> None:
    """Let a paused sender's mail go on."""
    async with db.transaction():
        if await db.execute("update sender set paused = false where id = $1 and paused", sender_id):
            await timeline.record("sender", sender_id, "sender.resumed", by)
            await notify_all()


async def set_gate(kind: str, ref_id: int, gate: Literal["open", "paused", "cancelled"], reason: str = "") -> None:
    """Open, pause or close an origin: acts on all of its messages at commit, whatever their number.

    A cancelled one stays so. The sweeper (portal.ledger.sweeper) writes its messages' rows afterwards.
    """
    async with db.transaction():
        await db.execute(SET_GATE, kind, ref_id, gate, reason)
        await notify_all()


async def pause_origin(origin_id: int, reason: str, by: Actor) -> None:
    """A rule pauses an origin (`policy`, `late`), or a person does (""). Nothing unless it is open."""
    await move_gate(origin_id, "open", "paused", reason, by)


async def resume_origin(origin_id: int, by: Actor) -> None:
    """What waits leaves now. Circuit breakers count from here on. Stale when it is not paused (any more)."""
    if not await move_gate(origin_id, "paused", "open", "", by):
        raise Stale


async def cancel_origin(origin_id: int, by: Actor) -> None:
    """What waits never leaves. Stale when it is not paused (any more)."""
    if not await move_gate(origin_id, "paused", "cancelled", "by_hand", by):
        raise Stale


async def move_gate(origin_id: int, before: str, after: str, reason: str, by: Actor) -> bool:
    """Move a gate and record it. False when it does not stand as `before` says."""
    async with db.transaction():
        moved = await db.fetchrow(MOVE_GATE, origin_id, before, after, reason)
        if moved is None:
            return False
        what = {"open": "origin.resumed", "paused": "origin.paused", "cancelled": "origin.cancelled"}[after]
        await timeline.record("origin", origin_id, what, by, campaign_id=moved["campaign_id"], reason=reason)
        await notify_all()
        return True

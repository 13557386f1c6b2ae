"""A mailing that has started: paused, resumed, undone, cancelled, tried again. One transaction each, exact at commit.

A gate stops all that waits, whatever its number. What a mail server has already taken cannot be taken back.
"""

from __future__ import annotations

from typing import Literal

from portal import db
from portal.actor import Actor
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.ledger.waking import notify_all
from portal.mailings import actions, launching, queries, rules
from portal.mailings.launching import CHANNEL
from portal.mailings.queries import Mailing
from portal.outcomes import Refused, Stale

KIND = "mailing"  # of origins
BATCH = 250  # messages of a batch

MOVE = """
update mailing set state = $2, problem = '', changed_by = $4, changed_at = now(), version = version + 1,
    ended_at = case when $2 = 'cancelled' then now() when $2 = 'running' then null else ended_at end
where id = $1 and state = any ($3::text[])"""
HOLDS = "select started_at + make_interval(secs => $2) > now() from mailing where id = $1"

# One more try of each, in batches of those that are at the same try. Addresses that must not be written to stay out.
AGAIN = """
with again as (
    update message m set state = 'queued', attempts = m.attempts + 1, reason = null, settled_at = null, due_at = now()
    from origin o where o.kind = 'mailing' and o.ref_id = $1 and m.origin_id = o.id and m.attention = 'failed'
    and m.state = 'failed' and m.reason = any ($2::text[])
    and not exists (select from suppression x where x.address = m.address::citext and (x.scope = 'all' or m.optional))
    returning m.id, m.origin_id, m.attempts, o.lane),
placed as (select a.*, (row_number() over (partition by attempts order by id) - 1) / $3 as part from again a),
units as (
    insert into batch (origin_id, lane, attempt, size, ids)
    select origin_id, lane, attempts, count(*), array_agg(id order by id) from placed
    group by origin_id, lane, attempts, part returning size)
select coalesce(sum(size), 0)::int from units"""
FAILED = """
select count(*) from message m join origin o on o.id = m.origin_id
where o.kind = 'mailing' and o.ref_id = $1 and m.attention = 'failed' and m.reason = any ($2::text[])
and not exists (select from suppression x where x.address = m.address::citext and (x.scope = 'all' or m.optional))"""


async def pause(by: Actor, mailing_id: int) -> None:
    """Nothing more leaves until it is resumed. Raises Missing, Refused, Stale when it is not going out (any more)."""
    await _gate(by, mailing_id, "pause", "paused", "paused")


async def resume(by: Actor, mailing_id: int) -> None:
    """What waits leaves, each once. Raises Missing, Refused, Stale when it is not paused (any more)."""
    await _gate(by, mailing_id, "resume", "running", "open")


async def cancel(by: Actor, mailing_id: int) -> None:
    """What has not left never leaves; one that has not started never starts. Raises Missing, Refused, Stale."""
    await _gate(by, mailing_id, "cancel", "cancelled", "cancelled")


async def undo(by: Actor, mailing_id: int) -> int:
    """Take back a launch. Before the start, and in the time to undo after it. Returns the draft to go on with.

    Not started: the mailing itself is a draft again. Started: its letters are cancelled before any has left, and a copy
    of it is the new draft. Raises Missing, Refused when letters may have left.
    """
    mailing = await queries.one(by, mailing_id)
    actions.require(by, mailing.module)
    if mailing.started_at is None and rules.allowed("undo", mailing.state):
        try:
            await launching.withdraw(by, mailing_id)
        except Stale:  # it has started meanwhile
            return await undo(by, mailing_id)
        return mailing_id
    if mailing.state not in rules.LIVE or not await db.fetchval(HOLDS, mailing_id, mailing.hold):
        raise Refused(_("The time to undo is over. You can pause or cancel what has not left."))
    async with db.transaction():
        await _gate(by, mailing_id, "undo", "cancelled", "cancelled")
        return await actions.duplicate(by, mailing_id, same_name=True)


async def retry_failed(by: Actor, mailing_id: int) -> int:
    """Try once more what failed for a reason that may pass. Returns how many. Raises Missing, Refused, Stale.

    Not addresses that do not exist or must not be written to: for those there is nothing to try.
    """
    mailing = await queries.one(by, mailing_id)
    actions.require(by, mailing.module)
    if not rules.allowed("retry", mailing.state):
        raise actions.stale(mailing)
    async with db.transaction():
        count = int(await db.fetchval(AGAIN, mailing_id, list(rules.RETRIED), BATCH))
        if not count:
            raise Refused(_("There is nothing that another try could mend."))
        if mailing.state == "finished":
            await db.execute(MOVE, mailing_id, "running", ["finished"], by.account_id)
            await ledger.set_gate(KIND, mailing_id, "open")
        await actions.record(mailing, "mailing.retried", by, n=count)
        await notify_all()
        return count


async def can_retry(mailing: Mailing) -> int:
    """How many messages another try might mend."""
    return int(await db.fetchval(FAILED, mailing.id, list(rules.RETRIED)))


async def _gate(
    by: Actor, mailing_id: int, verb: rules.Verb, state: str, gate: Literal["open", "paused", "cancelled"]
) -> None:
    mailing = await queries.one(by, mailing_id)
    actions.require(by, mailing.module)
    what = {"pause": "paused", "resume": "resumed", "cancel": "cancelled", "undo": "undone"}[verb]
    async with db.transaction():
        if not await db.execute(MOVE, mailing_id, state, sorted(rules.FROM[verb]), by.account_id):
            raise actions.stale(await queries.one(by, mailing_id))
        if mailing.started_at is not None or verb != "cancel":
            await ledger.set_gate(KIND, mailing_id, gate, "by_hand" if gate == "cancelled" else "")
        await actions.record(mailing, f"mailing.{what}", by)
        await db.notify(CHANNEL, str(mailing_id))

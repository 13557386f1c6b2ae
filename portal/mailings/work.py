"""What workers do for mailings: start those that are due, in one transaction each; tell those that have ended.

A mailing's row is held while it starts: two starters make one plan, and a starter that is killed has made none. What
cannot start waits for a person with the reason, never fires late in silence.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog

from portal import db
from portal.accounts import queries as accounts
from portal.actor import SYSTEM, Actor
from portal.ledger import planning as ledger
from portal.ledger.rules import Lane
from portal.mailings import actions, letters, planning, problems, queries, rules
from portal.mailings.planning import Plan
from portal.mailings.problems import Problem
from portal.mailings.queries import Mailing
from portal.outcomes import Refused

log = structlog.get_logger(__name__)

KIND = "mailing"  # of origins
SLOTS = 252_525  # the advisory lock of those that look for a free slot

DUE = """
select id from mailing where state in ('scheduled', 'waiting', 'starting') and due_at <= clock_timestamp()
order by due_at, id"""
HOLD = """
select id from mailing where id = $1 and state in ('scheduled', 'waiting', 'starting') and due_at <= clock_timestamp()
for update skip locked"""

# How many mailings of the same slot are under way (Z25). The slot is the one that each was due in.
TAKEN = """
select count(*) >= o.slots as taken from organisation o left join mailing m on m.state = 'running' and m.id <> $1
    and date_bin(make_interval(mins => o.slot_minutes), m.due_at, 'epoch')
      = date_bin(make_interval(mins => o.slot_minutes), $2::timestamptz, 'epoch')
where m.id is not null group by o.slots"""

STARTED = """
update mailing set state = 'running', problem = '', version_id = $2, total = $3, started_at = now(), changed_at = now(),
    version = version + 1
where id = $1"""
WAITS = """
update mailing set state = $2, problem = $3, changed_at = now(), version = version + 1
where id = $1 and (state, problem) <> ($2, $3)"""
OWN = "update origin set account_id = $2, campaign_id = $3 where kind = 'mailing' and ref_id = $1 returning id"
SENDER = "select id from sender where address = $1::citext"
HOUSE_SENDER = "select sender_id from organisation"
PLANNED = """
select coalesce(sum(t.n) filter (where t.state = 'queued'), 0)::int as going, coalesce(sum(t.n), 0)::int as total
from tally t join origin o on o.id = t.origin_id where o.kind = 'mailing' and o.ref_id = $1"""

# What has happened to a mailing's gate, whoever moved it: a breaker, a person on the page of decisions, or here.
GATES = """
update mailing m set state = case o.gate when 'open' then 'running' when 'paused' then 'paused' else 'cancelled' end,
    problem = case when o.gate = 'paused' then o.gate_reason else '' end, changed_at = now(), version = m.version + 1,
    ended_at = case when o.gate = 'cancelled' then now() end
from origin o
where o.kind = 'mailing' and o.ref_id = m.id and m.state in ('running', 'paused')
and ((m.state = 'running') <> (o.gate = 'open') or o.gate = 'cancelled')"""

# Nothing of it waits any more: by the tally, so that the look costs the same for a million.
ENDED = """
update mailing m set state = 'finished', problem = '', ended_at = now(), changed_at = now(), version = m.version + 1
where m.state in ('running', 'paused') and not exists (
    select from origin o join tally t on t.origin_id = o.id
    where o.kind = 'mailing' and o.ref_id = m.id and t.state in ('queued', 'held') group by o.id having sum(t.n) > 0)
returning m.id"""


# ------------------------------------------------------------------------------------------------ every second or so
async def sweep() -> int:
    """Bring states in line with the register, and start what is due. Returns how many were started."""
    await settle()
    started = 0
    for row in await db.fetch(DUE):
        try:
            started += await start(row["id"])
        except Exception:
            log.exception("mailing could not be started", mailing=row["id"])
    return started


async def settle() -> None:
    """Pauses by breakers and by others; ends."""
    async with db.transaction():
        await db.execute(GATES)
        for row in await db.fetch(ENDED):
            await actions.record(await queries.one(SYSTEM, row["id"]), "mailing.finished", SYSTEM)


async def start(mailing_id: int) -> bool:
    """Start a mailing that is due: all of its messages in one transaction. False when it waits, or another has it."""
    async with db.transaction():
        if not await db.fetchval(HOLD, mailing_id):
            return False
        mailing = await queries.one(SYSTEM, mailing_id)
        assert mailing.due_at is not None
        if rules.is_late(mailing.due_at, datetime.now(UTC)) and mailing.problem != "slots":
            return await _keep(mailing, "needs_decision", "late")
        if not await db.fetchval("select pg_try_advisory_xact_lock($1)", SLOTS):
            return False  # another is being started: this one a moment later
        if await db.fetchval(TAKEN, mailing.id, mailing.due_at):
            return await _keep(mailing, "waiting", "slots")
        return await _start(mailing)


async def _start(mailing: Mailing) -> bool:
    try:
        async with db.transaction():
            await _post(mailing, await _author(mailing))
    except _Cannot as cannot:
        return await _keep(mailing, "needs_decision", cannot.problem.word)
    return True


class _Cannot(Exception):
    """It cannot start: what has been written of it is taken back."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.word)
        self.problem = problem


async def _author(mailing: Mailing) -> Actor:
    """As whom it goes: whoever launched it, with the rights of today."""
    account = await accounts.by_id(mailing.launched_by) if mailing.launched_by else None
    if account is None or not account.active:
        raise _Cannot(Problem("account"))
    author = accounts.actor_of(account)
    if not author.may(rules.RIGHTS[mailing.module]):
        raise _Cannot(Problem("rights"))
    return author


async def _post(mailing: Mailing, author: Actor) -> None:
    for problem in await problems.of_letter(mailing):
        raise _Cannot(problem)
    try:
        plan = await planning.plan_of(author, mailing)
    except Refused:
        raise _Cannot(Problem("audience")) from None
    for problem in await problems.of_sender(plan):
        raise _Cannot(problem)
    going, total = await _write(mailing, plan)
    if not going:
        raise _Cannot(Problem("empty"))
    if mailing.at_once and going != mailing.expected:
        raise _Cannot(Problem("changed"))
    assert plan.version is not None
    await db.execute(STARTED, mailing.id, plan.version.id, total)
    await actions.record(mailing, "mailing.started", SYSTEM, n=going, skipped=total - going)


async def _write(mailing: Mailing, plan: Plan) -> tuple[int, int]:
    """All messages and letters in one statement. -> (that go, all), by the tally of this transaction."""
    sender_id = await _sender_id(plan)
    audience = await letters.audience_of(plan)
    until: dict[str, Any] = {}
    if mailing.hold:
        over = await db.fetchval("select now() + make_interval(secs => $1)", mailing.hold)
        until = {"due_at": over, "waits_for": "undo"}
    await ledger.post_all(KIND, mailing.id, sender_id, Lane.mass, audience, **until)
    await db.execute(OWN, mailing.id, mailing.launched_by, mailing.campaign_id)
    row = await db.fetchrow(PLANNED, mailing.id)
    assert row is not None
    return row["going"], row["total"]


async def _sender_id(plan: Plan) -> int:
    """Whose daily limit and pause count. Of letters from their records' owners: the organisation's."""
    if plan.terms.sender is None:
        return int(await db.fetchval(HOUSE_SENDER))
    return int(await db.fetchval(SENDER, plan.terms.sender.address))


async def _keep(mailing: Mailing, state: str, problem: str) -> bool:
    """It does not start now, and says why; in the history once."""
    if await db.execute(WAITS, mailing.id, state, problem):
        what = "mailing.waits" if state == "waiting" else "mailing.needs_decision"
        await actions.record(mailing, what, SYSTEM, problem=problem)
    return False

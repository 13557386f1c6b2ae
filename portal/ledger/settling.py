"""From the journal to the rows that people read: set-based, in one synchronous commit a few times a second."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Any

from portal.ledger import breakers, quotas, runs
from portal.ledger.rules import GIVE_UP_AFTER_HOURS, JITTER, Verdict, retry_minutes, verdict
from portal.ledger.sessions import GONE
from portal.ledger.work import Batch, Run, boot_time, known

SETTLE_EVERY = 0.3
IDLE_EVERY = 1.0

# One HOT update a message. Facts are recorded whoever brings them: an outcome beats queued, cancelled and
# uncertain; that a reply was lost beats queued and cancelled (the letter may have arrived).
SETTLE = """
update message m set state = f.state::message_state, reason = f.reason, code = f.code, reply = f.reply,
    settled_at = now()
from unnest($1::bigint[], $2::text[], $3::text[], $4::smallint[], $5::text[]) f(id, state, reason, code, reply)
where m.id = f.id and (m.state = 'queued'
    or m.state = 'uncertain' and f.state in ('accepted', 'failed')
    or m.state = 'cancelled' and f.state in ('accepted', 'failed', 'uncertain'))"""

# The ordinary end, a first try that was accepted: the row of the message says all of it, so no attempt is written.
# What is not returned was no ordinary case after all.
ORDINARY = """
update message m set state = 'accepted', reason = null, code = f.code, reply = f.reply, settled_at = now()
from unnest($1::bigint[], $2::smallint[], $3::text[]) f(id, code, reply)
where m.id = f.id and m.state = 'queued' and m.attempts = 0 returning m.id"""

# Every other end of a try. Two accepted ones of a message tell of a duplicate, so a first try that is reported again
# after it was settled the ordinary way leaves one row and no alarm.
ATTEMPTS = """
insert into attempt (message_id, try, state, code, reply)
select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::smallint[], $5::text[])
on conflict do nothing"""

# Only hard bounces: of all 5.x.x on real mail, two in three do not mean that the address is gone.
SUPPRESS = """
insert into suppression (address, scope, reason, source)
select m.address, 'all', 'suppressed_bounce', coalesce(f.reply, '')
from unnest($1::bigint[], $2::text[]) f(id, reply) join message m on m.id = f.id
on conflict do nothing"""

# The first try is the clock: a message that was held for a week still has its three days.
GIVE_UP = """
update message m set state = 'failed', reason = 'gave_up', code = f.code, reply = f.reply, settled_at = now()
from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[]) f(id, try, code, reply)
where m.id = f.id and m.attempts = f.try and m.state in ('queued', 'uncertain')
and (select min(a.at) from attempt a where a.message_id = m.id) < now() - make_interval(hours => $5)"""

# Temporary refusals: one more try, in a new batch per origin and minute. `attempts` makes a repetition harmless.
RETRY = """
with later as (
    update message m set state = 'queued', attempts = m.attempts + 1, reason = 'later', code = f.code, reply = f.reply,
        settled_at = null, due_at = now() + make_interval(secs => f.wait)
    from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::float8[]) f(id, try, code, reply, wait)
    where m.id = f.id and m.attempts = f.try and m.state in ('queued', 'uncertain')
    returning m.id, m.origin_id, m.attempts, m.due_at)
insert into batch (origin_id, lane, attempt, size, ids, due_at, waits_for)
select l.origin_id, o.lane, l.attempts, count(*), array_agg(l.id order by l.id), max(l.due_at), 'retry'
from later l join origin o on o.id = l.origin_id
group by l.origin_id, o.lane, l.attempts, date_trunc('minute', l.due_at)"""

# Batches whose last outcome is journalled; what was dropped may wait before it is due again. Unused quota goes back to
# the day and the pools it was taken from; locked, so that a take-over cannot give back the same.
FINISH = f"""
with ends as (
    select b.id, b.pools, b.reserved_on, b.reserved - e.dots as unused, e.again, e.wait
    from unnest($2::bigint[], $3::int[], $4::bool[], $5::float8[]) e(id, dots, again, wait)
    join batch b on b.id = e.id and b.run_id = $1 order by b.id for update of b),
over as (
    update batch b set run_id = null, reserved = 0, done_at = case when not e.again then now() end,
        due_at = case when e.wait > 0 then now() + make_interval(secs => e.wait) else b.due_at end
    from ends e where b.id = e.id),
{quotas.give_back("ends")}
{quotas.GIVE_BACK}"""

TRIM = "delete from journal where run_id = $1 and seq <= $2"

Outcome = tuple[int, int, int, str]  # (message id, try, code, reply)


async def settle_forever(run: Run) -> None:
    """Settle when asked, at least every `SETTLE_EVERY` seconds while something is under way; keep the lease."""
    while True:
        busy = run.facts or run.over or run.open
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_EVERY if busy else min(IDLE_EVERY, run.lease / 8)):
                await run.settle_wanted.wait()
        await asyncio.sleep(SETTLE_EVERY / 10)  # batches end together: settle them together
        run.settle_wanted.clear()
        await settle_or_wait(run)


async def settle_or_wait(run: Run) -> None:
    """Settle once. When PostgreSQL is away nothing is forgotten: all of it is said again."""
    try:
        async with run.settling:
            await settle(run)
    except GONE:
        run.unsettled = True
        run.broke()
        await asyncio.sleep(SETTLE_EVERY / 2)


async def settle(run: Run) -> None:
    """One synchronous commit. When it returns, every flush acknowledged before it is on disk too."""
    if boot_time() > run.renewed + run.lease / 4 and not await runs.renew(run):
        run.broke()
        return
    facts, over = list(run.facts), list(run.over)
    if facts or over:
        kept = min([run.seq - 2, *(seq - 1 for seq in run.open.values())])  # never the newest row: the seal needs it
        confirmed = run.unconfirmed[-1][1] if run.unconfirmed else 0
        async with run.settle_db.transaction():
            await record(run.settle_db, known(facts))
            await finish(run, over)
            await run.settle_db.execute(TRIM, run.id, kept)
        del run.facts[: len(facts)], run.over[: len(over)]
        while run.unconfirmed and run.unconfirmed[0][1] <= confirmed:
            run.unconfirmed.popleft()
    run.unsettled = False


async def finish(run: Run, over: Sequence[Batch]) -> None:
    """Close these batches, or give them back where messages of them were dropped."""
    if over:
        waits = [max(0.0, batch.not_before - time.monotonic()) for batch in over]
        columns = [b.id for b in over], [b.dots for b in over], [b.dropped > 0 for b in over], waits
        await run.settle_db.execute(FINISH, run.id, *columns)


async def record(db: Any, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes to attempt, message, suppression and (later tries) batch. Harmless when repeated."""
    rest = await record_ordinary(db, sorted(set(outcomes)))
    judged = [(outcome, verdict(outcome[2], outcome[3])) for outcome in rest]
    if not judged:
        return
    await db.execute(ATTEMPTS, *attempt_columns(judged))
    final = [pair for pair in judged if pair[1].state != "retry"]
    later = [outcome for outcome, judgement in judged if judgement.state == "retry"]
    if final:
        await db.execute(SETTLE, *final_columns(final))
    hard = [outcome for outcome, judgement in final if judgement.hard]
    if hard:
        await db.execute(SUPPRESS, [o[0] for o in hard], [o[3] for o in hard])
    if unwanted := [outcome[0] for outcome, judgement in final if judgement.reason == "policy"]:
        await breakers.look(db, unwanted)
    if later:
        await put_off(db, later)


async def record_ordinary(db: Any, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Settle first tries that were accepted; the other outcomes, and those of messages that moved on, are returned."""
    ordinary = [outcome for outcome in outcomes if outcome[1] == 0 and 200 <= outcome[2] < 300]
    if not ordinary:
        return list(outcomes)
    columns = [[outcome[i] for outcome in ordinary] for i in (0, 2, 3)]
    done = {row[0] for row in await db.fetch(ORDINARY, *columns)}
    return [outcome for outcome in outcomes if not (outcome[1] == 0 and outcome[0] in done)]


async def put_off(db: Any, later: Sequence[Outcome]) -> None:
    """Temporary refusals: given up after three days of tries, else tried again, +-20 % so that they spread."""
    columns = [[outcome[i] for outcome in later] for i in range(4)]
    await db.execute(GIVE_UP, *columns, GIVE_UP_AFTER_HOURS)
    spread = [random.uniform(1 - JITTER, 1 + JITTER) for _ in later]  # noqa: S311 - no secret
    waits = [60 * retry_minutes(outcome[1]) * factor for outcome, factor in zip(later, spread, strict=True)]
    await db.execute(RETRY, *columns, waits)


Judged = Sequence[tuple[Outcome, Verdict]]


def attempt_columns(judged: Judged) -> tuple[list[Any], ...]:
    """ids, tries, states, codes, replies for ATTEMPTS."""
    rows = [(o[0], o[1], judgement.state, o[2], o[3]) for o, judgement in judged]
    return tuple(list(column) for column in zip(*rows, strict=True))


def final_columns(final: Judged) -> tuple[list[Any], ...]:
    """ids, states, reasons, codes, replies for SETTLE; codes of our own are no server's reply."""
    rows = [(o[0], v.state, v.reason, o[2] if o[2] > 0 else None, o[3] if o[2] > 0 else None) for o, v in final]
    return tuple(list(column) for column in zip(*rows, strict=True))

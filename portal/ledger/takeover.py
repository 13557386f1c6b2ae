"""What a dead worker left: sealed, replayed from its journal, its batches freed. Any living process may do it."""

from __future__ import annotations

from typing import Any

from portal import db
from portal.ledger import quotas, runs
from portal.ledger.rules import LOST, NO_DOT
from portal.ledger.settling import record

# Runs whose lease ran out; not sooner than a lease after a crash of PostgreSQL, for the living renew first.
DEAD = """
select id from run where ended_at is null and lease_until < now()
and (life = (select id from life) or (select since from life) < now() - make_interval(secs => $1))"""
LOCK = "select id from run where id = $1 and ended_at is null for update skip locked"

# The fence. The worker's next flush has this number: one of the two rows exists, never both. Repeated until it
# returns; the next statement of the same transaction then sees every flush that ever counted.
SEAL = """
insert into journal (run_id, seq, sealed)
select $1, coalesce(max(seq), 0) + 1, true from journal where run_id = $1 on conflict do nothing returning true"""

# The last thing said about each message: an outcome (step 0) or an intent without one (step 1).
LAST_WORDS = """
with event as (
    select seq, 0 as step, e.* from journal, unnest(ended, tries, codes, replies) e(id, try, code, reply)
    where run_id = $1
    union all
    select seq, 1, w.id, m.attempts, 0::smallint, '' from journal, unnest(intents) w(id) join message m on m.id = w.id
    where run_id = $1)
select distinct on (id) id, step, try, code, reply from event order by id, seq desc, step desc"""

# What its batches still hold. Ranges and lists apart: as one condition they would read the whole origin for each batch.
LEFT = """from run r join batch b on b.run_id = r.id and b.done_at is null
    cross join lateral (
        select m.* from message m where m.origin_id = b.origin_id and m.attempts = b.attempt and m.state = 'queued'
            and m.id between b.lo and b.hi
        union all
        select m.* from message m where m.origin_id = b.origin_id and m.attempts = b.attempt and m.state = 'queued'
            and m.id = any (b.ids)) m
    where r.id = $1"""

# Intents may be missing when PostgreSQL crashed while the run held its batches: then nothing of them is safe.
DOUBT = f"""
with doubted as (
    update message set state = 'uncertain', reason = 'database_lost', settled_at = now()
    where id in (select m.id {LEFT} and r.life <> (select id from life)) returning id, attempts)
insert into attempt (message_id, try, state, code) select id, attempts, 'uncertain', -1 from doubted
on conflict do nothing"""

# What still waits was not sent: it is free again and its reservation goes back. Locked before it is counted: a
# settlement that the worker had begun is over by then, and none that it begins now will find them.
HOLD = "select from batch where run_id = $1 and done_at is null order by id for update"
FREE = f"""
with kept as (
    select b.id, b.pools, b.reserved_on, least(count(w.id), b.reserved) as unused, count(w.id) as queued from batch b
    left join (select b.id as batch_id, m.id {LEFT}) w on w.batch_id = b.id
    where b.run_id = $1 and b.done_at is null group by b.id),
freed as (
    update batch b set run_id = null, reserved = 0, reserved_on = null, done_at = case when k.queued = 0 then now() end
    from kept k where b.id = k.id),
{quotas.give_back("kept")}
{quotas.GIVE_BACK}"""

# A claim committed after its run was sealed (the worker slept within it): no dot can have been allowed.
ORPHANS = f"""
with lost as (
    select b.id, b.pools, b.reserved_on, b.reserved as unused from batch b join run r on r.id = b.run_id
    where b.done_at is null and r.ended_at is not null order by b.id for update of b),
free as (
    update batch b set run_id = null, reserved = 0 from lost l where b.id = l.id),
{quotas.give_back("lost")}
{quotas.GIVE_BACK}"""
OLD_RUNS = "delete from run where ended_at < now() - interval '7 days'"
OLD_JOURNAL = "delete from journal j where j.sealed and not exists (select from run r where r.id = j.run_id)"


async def take_over_dead(lease: float) -> int:
    """Take over every run whose lease (seconds) ran out, free orphaned batches. Returns how many runs."""
    await db.execute(runs.LIFE)
    dead = await db.fetch(DEAD, lease)
    taken = [await take_over(row["id"]) for row in dead]
    await db.execute(ORPHANS)
    return sum(taken)


async def take_over(run_id: int) -> bool:
    """Seal one run and settle what it said, in one transaction. False when another process is at it."""
    async with db.transaction():
        if not await db.fetchval(LOCK, run_id):
            return False
        while not await db.fetchval(SEAL, run_id):
            pass  # the worker was faster: seal behind its row
        await replay(run_id)
        await db.execute(DOUBT, run_id)
        await db.execute(HOLD, run_id)
        await db.execute(FREE, run_id)
        await db.execute("delete from journal where run_id = $1 and not sealed", run_id)
        await db.execute(runs.END, run_id)
    return True


async def replay(run_id: int) -> None:
    """Outcomes are settled with their reply; an intent without an outcome is uncertain."""
    last: list[Any] = await db.fetch(LAST_WORDS, run_id)
    ended = [(e["id"], e["try"], e["code"], e["reply"]) for e in last if e["step"] == 0 and e["code"] != NO_DOT]
    lost = [(e["id"], e["try"], LOST, "worker_lost") for e in last if e["step"] == 1]
    await record(db, [*ended, *lost])


async def forget_old_runs() -> None:
    """Ended runs are no history: after a week they and their seals go."""
    await db.execute(OLD_RUNS)
    await db.execute(OLD_JOURNAL)

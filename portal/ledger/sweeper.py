"""Rows for what a closed gate has stopped: `cancelled`, in portions, long after nothing of it could leave any more."""

from __future__ import annotations

from portal import db
from portal.ledger import quotas

PORTION = 5_000  # messages of one transaction
BATCHES_LOCKED = 200
PORTIONS = 20  # of one origin in one call

# Free batches only: one that a worker holds may have a letter on the wire, and comes back when the worker looks again.
# Locked, so that no claim takes one while it ends; `skip locked`, so that sweeping waits for nobody.
CANCELLED = """
select id from origin o where gate = 'cancelled' and exists (
    select from batch b where b.origin_id = o.id and b.done_at is null and b.run_id is null)
order by id limit 100"""
BATCHES = """
with free as (
    select id, size from batch where origin_id = $1 and done_at is null and run_id is null
    order by id limit $3 for update skip locked)
select id from (select id, sum(size) over (order by id) - size as before from free) x where before < $2"""

# What a message of origin m.origin_id becomes.
STOPPED = """state = 'cancelled', settled_at = now(),
    reason = (select coalesce(nullif(o.gate_reason, ''), 'with_origin') from origin o where o.id = m.origin_id)"""

# A (message, try) is in one batch: what is queued at this try waits here and nowhere else. Ranges and lists apart: as
# one condition they would read the whole origin for each batch.
CANCEL = f"""
with chosen as (
    select *, reserved as unused from batch where id = any ($1::bigint[])),
stopped as (
    update message m set {STOPPED}
    from (
        select m.id, b.attempt from chosen b join message m on m.origin_id = b.origin_id and m.id between b.lo and b.hi
        union all
        select m.id, b.attempt from chosen b join message m on m.origin_id = b.origin_id and m.id = any (b.ids)) w
    where m.id = w.id and m.attempts = w.attempt and m.state = 'queued' returning m.id),
closed as (
    update batch b set done_at = now(), reserved = 0 from chosen c where b.id = c.id),
{quotas.give_back("chosen")},
back as ({quotas.GIVE_BACK})
select count(*) from stopped"""

# Held ones have no batch; the small index on `attention` finds them.
HELD = f"""
update message m set {STOPPED}
where m.id in (
    select h.id from origin o join message h on h.attention = 'held' and h.origin_id = o.id
    where o.gate = 'cancelled' limit $1)
and m.state = 'held'"""


async def sweep() -> int:
    """Write `cancelled` for what closed gates stopped. Returns how many; what is left over is for the next call."""
    swept = await db.execute(HELD, PORTION)
    for row in await db.fetch(CANCELLED):
        for _portion in range(PORTIONS):
            batches, count = await portion(row["id"])
            swept += count
            if not batches:
                break
    return swept


async def portion(origin_id: int) -> tuple[int, int]:
    """One transaction: about PORTION messages of one origin. -> (batches closed, messages cancelled)"""
    async with db.transaction():
        batches = [row["id"] for row in await db.fetch(BATCHES, origin_id, PORTION, BATCHES_LOCKED)]
        if not batches:
            return 0, 0
        return len(batches), int(await db.fetchval(CANCEL, batches))

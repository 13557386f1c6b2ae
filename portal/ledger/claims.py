"""Taking batches: the most urgent due one that nobody holds, within the day's limits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from portal.ledger import quotas
from portal.ledger.sessions import Connection
from portal.ledger.work import Batch, Parcel, Run, Work

# The longest due free batch of each lane and origin: one probe of an index for each, however many they have. Walking
# over the batches themselves, a paused mailing to a million would cost every claim its 4,000 batches.
HEADS = """
with recursive head as (
    (select b.lane, b.origin_id, b.due_at from batch b where b.run_id is null and b.done_at is null
     order by b.lane, b.origin_id, b.due_at, b.id limit 1)
    union all
    select n.* from head h cross join lateral (
        select b.lane, b.origin_id, b.due_at from batch b
        where b.run_id is null and b.done_at is null and (b.lane, b.origin_id) > (h.lane, h.origin_id)
        order by b.lane, b.origin_id, b.due_at, b.id limit 1) n)"""
OPEN = """head h join origin o on o.id = h.origin_id and o.gate = 'open'
    join sender s on s.id = o.sender_id and not s.paused"""

# One batch of a lane, the longest due first. `skip locked`: two workers never wait for each other. The run is
# looked at in the same statement, so that a worker whose run was taken over claims nothing.
CLAIM = f"""{HEADS}
update batch set run_id = $1, waits_for = null where id = (
    select b.id from (
        select h.* from {OPEN}
        where h.lane = $2 and h.due_at <= now() and o.sender_id <> all ($3::int[]) order by h.due_at, h.origin_id) h
    cross join lateral (
        select b.id from batch b
        where b.lane = $2 and b.origin_id = h.origin_id and b.run_id is null and b.done_at is null and b.due_at <= now()
        order by b.due_at, b.id limit 1 for update of b skip locked) b limit 1)
and exists (select from run where id = $1 and ended_at is null)
returning id, origin_id, attempt, lo, hi, ids, {quotas.CAPS} as caps"""

# In the order of work.Parcel.
COLUMNS = """m.id, m.address, m.message_id, m.optional,
    (select x.reason from suppression x where x.address = m.address::citext
        and (x.scope = 'all' or m.optional) limit 1),
    l.version_id, l.system, l.layout, l.locale, l.from_address, l.from_name, l.reply_to, l.to_name, l.shown_to,
    l.cc, l.subject, l.values, coalesce(l.attachments, '{}'), s.id, s.bounce_domain, o.lane,
    case when o.lane = 3 then coalesce('campaign-' || o.campaign_id, o.kind || '-' || o.ref_id) else '' end"""
FROM = """message m join origin o on o.id = m.origin_id join sender s on s.id = o.sender_id
    left join letter l on l.id = m.id"""
LOAD_RANGE = f"""
select {COLUMNS} from {FROM}
where m.origin_id = $1 and m.attempts = $2 and m.id between $3 and $4 and m.state = 'queued' order by m.id"""
LOAD_LIST = f"""
select {COLUMNS} from {FROM}
where m.origin_id = $1 and m.attempts = $2 and m.id = any ($3::bigint[]) and m.state = 'queued' order by m.id"""

# What they had reserved goes back: nothing of it was used.
RELEASE = f"""
with lost as (
    select id, pools, reserved_on, reserved as unused from batch
    where run_id = $1 and done_at is null and id <> all ($2::bigint[]) order by id for update),
free as (
    update batch b set run_id = null, reserved = 0 from lost l where b.id = l.id),
{quotas.give_back("lost")}
{quotas.GIVE_BACK}"""

# Why messages may not go: "moved on" (cancelled, settled, another try), what has to wait, or a reason of suppression;
# null when nothing of this stands in the way.
WHY_NOT = """
select m.id, case when m.state <> 'queued' or m.attempts <> w.try then 'moved on' when o.gate <> 'open' then 'paused'
    when s.paused then 'sender paused' else (
        select x.reason from suppression x where x.address = m.address::citext and (x.scope = 'all' or m.optional)
        limit 1) end
from unnest($1::bigint[], $2::smallint[]) w(id, try) join message m on m.id = w.id
join origin o on o.id = m.origin_id join sender s on s.id = o.sender_id"""

# Lanes with something due, as old as that many seconds.
DUE_LANES = f"""{HEADS}
select distinct h.lane from {OPEN} where h.due_at <= now() - make_interval(secs => $1) order by h.lane"""


async def claim(run: Run, lane: int, busy: Collection[int] = ()) -> list[Work] | None:
    """The messages of one due batch (perhaps none, when it is spent), or None when nothing is due in this lane.

    `busy`: senders of whom enough waits here already.

    Committed synchronously: a lost claim would be a batch sent twice. May raise anything of sessions.GONE.
    """
    async with run.claiming, run.claim_db.transaction():
        await reconcile(run)
        row = await run.claim_db.fetchrow(CLAIM, run.id, lane, list(busy))
        if row is None:
            return None
        parcels, caps = await load(run, row), quotas.Caps(*row["caps"])
        day, count = await within_limit(run, row, caps, parcels)
    run.reconcile = False
    if parcels and not count:
        return []  # the day's limit is reached: the batch waits for tomorrow
    del parcels[count:]
    batch = Batch(row["id"], row["origin_id"], caps.sender_id, lane, count, day)
    run.batches.add(batch)
    run.check(batch)  # empty: over at once
    return [Work(parcel.id, row["attempt"], batch, parcel) for parcel in parcels]


async def reconcile(run: Run) -> None:
    """After a claim whose answer was lost: nothing of that batch was sent, others may have it."""
    if run.reconcile:
        held = [batch.id for batch in (*run.batches, *run.over)]
        await run.claim_db.execute(RELEASE, run.id, held)


async def load(run: Run, row: Any) -> list[Parcel]:
    """The messages of a claimed batch that still wait for this try, with their letters."""
    if row["ids"] is None:
        records = await run.claim_db.fetch(LOAD_RANGE, row["origin_id"], row["attempt"], row["lo"], row["hi"])
    else:
        records = await run.claim_db.fetch(LOAD_LIST, row["origin_id"], row["attempt"], row["ids"])
    return [Parcel(*record) for record in records]


async def within_limit(run: Run, row: Any, caps: quotas.Caps, parcels: list[Parcel]) -> tuple[date | None, int]:
    """Reserve from the day's limits. -> (day, how many fit: the first ones). Without a limit there is no day."""
    pools = caps.pools()
    if not pools or not parcels:
        return None, len(parcels)
    wanted = [parcel.id for parcel in parcels]
    return await quotas.reserve(run.claim_db, row["id"], row["origin_id"], pools, wanted)


async def why_not(session: Connection, works: list[Work]) -> dict[int, str]:
    """Reasons by message id, of those that may not go: moved on, paused, sender paused, or one of suppression."""
    rows = await session.fetch(WHY_NOT, [work.id for work in works], [work.attempt for work in works])
    return {row[0]: row[1] for row in rows if row[1]}


async def due_lanes(run: Run) -> list[int]:
    """Lanes in which a batch is due and free, the most urgent first. None of them while a claim would not be safe."""
    if run.broken or run.unsettled:
        return []
    async with run.claiming:
        return [row[0] for row in await run.claim_db.fetch(DUE_LANES, 0.0)]

"""The proof, every minute (P12): a bounded part of the register is counted anew, and the tally is folded together.

Messages are looked at by parts of 65,536 neighbouring ids. First the parts in which something has changed since they
were last looked at, or in which messages wait to be sent; then, in turn, all others: no message is left out for ever,
and no check is long. A part's finding stands until the part is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from portal import db
from portal.ledger.rules import floor
from portal.ledger.totals import Check, last_check

LOCK = 464_647  # the advisory lock: one check at a time
PART = 1 << 16  # ids of a part, as in the triggers on message
BUDGET = 300_000  # messages counted by one check
BUSY_SHARE = 2 / 3  # of the budget, for parts that changed: the rest is for those that did not
MANY = 64  # parts of one check: ids without messages cost little, but not nothing
KEEP_CHECKS = timedelta(days=7)

# All parts there are: those that ids have reached, and those that the tally knows.
PARTS = """
with kept as (
    select part, sum(n)::int as messages, sum(n) filter (where state = 'queued') > 0 as waiting,
        max(minute) as changed from tally group by part),
reached as (
    select generate_series(0, (select (max(id) >> 16)::int from message)) as part union select part from kept)
select r.part, coalesce(k.messages, 0) as messages, c.at as looked_at,
    c.at is null or k.changed >= c.at - interval '1 minute' or coalesce(k.waiting, false)
        or c.wrong + c.lost + c.doubled > 0 as busy
from reached r left join kept k using (part) left join part_check c using (part)
order by c.at nulls first, r.part desc"""

# One statement is one snapshot: a message and its tally are committed together, so they agree at every instant.
# `lateral` keeps every step a walk along an index: from the part to its rows, from the batch to its messages.
LOOK = """
with part as (select part, part::bigint << 16 as lo, ((part + 1)::bigint << 16) - 1 as hi from unnest($1::int[]) part),
counted as (
    select p.part, c.* from part p cross join lateral (
        select m.origin_id, m.state, count(*) as n from message m where m.id between p.lo and p.hi group by 1, 2) c),
kept as (
    select part, origin_id, state, sum(n) as n from tally where part = any ($1) group by 1, 2, 3 having sum(n) <> 0),
wrong as (
    select part, count(*) as n from counted c full join kept k using (part, origin_id, state)
    where c.n is distinct from k.n group by part),
held as (
    select m.id from batch b join part p on b.lo <= p.hi and b.hi >= p.lo cross join lateral (
        select m.id from message m where m.origin_id = b.origin_id and m.attempts = b.attempt and m.state = 'queued'
        and m.id between greatest(b.lo, p.lo) and least(b.hi, p.hi) offset 0) m
    where b.done_at is null and b.ids is null
    union all
    select m.id from batch b cross join unnest(b.ids) i(id) cross join lateral (
        select m.id from message m where m.id = i.id and m.attempts = b.attempt and m.state = 'queued' offset 0) m
    where b.done_at is null and (i.id >> 16) = any ($1::bigint[])),
covered as (select (id >> 16)::int as part, count(*) as held, count(distinct id) as messages from held group by 1),
twice as (
    select p.part, c.n from part p cross join lateral (
        select count(*) as n from (
            select from attempt a where a.state = 'accepted' and a.message_id between p.lo and p.hi
            group by a.message_id having count(*) > 1) x) c),
sums as (
    select part, sum(n)::int as counted, coalesce(sum(n) filter (where state = 'queued'), 0)::int as queued
    from counted group by part)
insert into part_check (part, at, counted, wrong, lost, doubled, duplicates)
select p.part, $2, coalesce(s.counted, 0), coalesce(w.n, 0), coalesce(s.queued, 0) - coalesce(c.messages, 0),
    coalesce(c.held - c.messages, 0), coalesce(t.n, 0)
from part p left join sums s using (part) left join wrong w using (part) left join covered c using (part)
left join twice t using (part)
on conflict (part) do update set (at, counted, wrong, lost, doubled, duplicates)
    = (excluded.at, excluded.counted, excluded.wrong, excluded.lost, excluded.doubled, excluded.duplicates)"""

RECORD = """
insert into totals_check (at, intended, queued, parts, counted, wrong, lost, doubled, duplicates, oldest, balanced)
select $1, t.intended, t.queued, c.*, c.wrong + c.lost + c.doubled = 0 and not t.negative
from (select coalesce(sum(n), 0) as intended, coalesce(sum(n) filter (where state = 'queued'), 0) as queued,
          coalesce(bool_or(n < 0), false) as negative
      from (select state, sum(n) as n from tally group by 1) x) t,
    (select count(*) filter (where at = $1) as parts,
         coalesce(sum(counted) filter (where at = $1), 0) as counted, coalesce(sum(wrong), 0) as wrong,
         coalesce(sum(lost), 0) as lost, coalesce(sum(doubled), 0) as doubled,
         coalesce(sum(duplicates), 0) as duplicates, coalesce(min(at), $1) as oldest from part_check) c
returning *"""

# Rows of one origin, part, state and span become one, or none where they cancel out. What a slow transaction adds
# later joins them the next time. Two at once do no harm: whoever comes second finds the rows gone. Rows are found by
# their place (ctid), which a statement may rely on: a join by keys is quadratic wherever the planner guesses wrong.
SPAN = "date_bin($1, minute, timestamptz '2000-01-01 00:00+00')"
FOLD = f"""
with gone as (
    delete from tally where ctid = any (array(
        select place from (
            select ctid as place, count(*) over (partition by origin_id, part, state, {SPAN}) as many
            from tally where minute >= $2 and minute < $3) x
        where many > 1))
    returning origin_id, part, {SPAN} as span, state, n)
insert into tally (origin_id, part, minute, state, n)
select origin_id, part, span, state, sum(n) from gone group by 1, 2, 3, 4 having sum(n) <> 0"""

MINUTE, QUARTER, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
# How old rows are folded: (span, from this age on, up to this age). The charts of portal.monitor need no more.
FINE = (MINUTE, MINUTE, 3 * HOUR)
COARSE = ((QUARTER, 3 * HOUR, 2 * DAY), (HOUR, 2 * DAY, 9 * DAY), (DAY, 9 * DAY, 100_000 * DAY))


class Part(msgspec.Struct, frozen=True):
    """Some neighbouring ids. `busy`: changed since it was looked at, or something waits in it, or is wrong with it."""

    part: int
    messages: int
    looked_at: datetime | None
    busy: bool


async def check() -> Check | None:
    """One check, in one transaction. None when another process is at it. Logs nothing, decides nothing."""
    async with db.transaction():
        if not await db.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
            return None
        await db.execute("set local jit = off")
        before = await last_check()
        at = await db.fetchval("select clock_timestamp()")
        parts = choose(await db.fetch_as(Part, PARTS))
        await db.execute(LOOK, [each.part for each in parts], at)
        found = await db.one_as(Check, RECORD, at)
        await db.execute("delete from totals_check where at < $1", at - KEEP_CHECKS)
        await db.execute("delete from pulse where at < $1", at - MINUTE)  # last words of processes that died
        await fold(at, before.at if before else None)
        return found


def choose(parts: Sequence[Part], budget: int = BUDGET) -> list[Part]:
    """The parts for one check out of all, given in the order in which they wait. At least one of each sort."""
    busy = within([each for each in parts if each.busy], budget * BUSY_SHARE)
    rest = budget - sum(each.messages for each in busy)
    calm = within([each for each in parts if not each.busy], rest)
    return (busy + calm)[:MANY]


def within(parts: Sequence[Part], budget: float) -> list[Part]:
    """The first of these that fit; never none."""
    chosen: list[Part] = []
    for each in parts[:MANY]:
        if chosen and sum(other.messages for other in chosen) + each.messages > budget:
            break
        chosen.append(each)
    return chosen


async def fold(now: datetime, before: datetime | None) -> None:
    """Fold the tally: the last hours by minute; what is older by quarters, hours and days, four times an hour."""
    await fold_as(now, *FINE)
    if before is None or floor(before, QUARTER) < floor(now, QUARTER):
        for span, youngest, oldest in COARSE:
            await fold_as(now, span, youngest, oldest)


async def fold_as(now: datetime, span: timedelta, youngest: timedelta, oldest: timedelta) -> None:
    """Fold rows between two ages into spans; only whole spans, so that each is folded once."""
    start = floor(now - oldest, DAY) if oldest < 50_000 * DAY else datetime(1, 1, 2, tzinfo=now.tzinfo)
    await db.execute(FOLD, span, start, floor(now - youngest, span))

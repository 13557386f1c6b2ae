"""How sending stands: from the kept totals, the open batches and the pulses of the runs. Cheap, for it is asked often.

Every figure here is of the whole house, without names of recipients: whoever may see messages may see it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from portal import db
from portal.ledger.claims import HEADS, OPEN
from portal.monitor.rules import Flow, Moment
from portal.sending.pulse import STALE

# The kept totals by what they are of: summed up before they are joined, the times worked out once, not for each row.
# The minute before this one is the last that is complete.
FLOWS = """
with time as (
    select date_trunc('minute', now()) - interval '1 minute' as minute, date_trunc('day', now(), 'UTC') as midnight)
select o.lane, o.sender_id, s.address::text as address, t.state::text as state, sum(t.total)::bigint as total,
    sum(t.last_minute)::bigint as last_minute, sum(t.today)::bigint as today
from (select origin_id, state, sum(n) as total,
          coalesce(sum(n) filter (where minute = (select time.minute from time)), 0) as last_minute,
          coalesce(sum(n) filter (where minute >= (select midnight from time)), 0) as today
      from tally group by 1, 2) t
join origin o on o.id = t.origin_id join sender s on s.id = o.sender_id
group by 1, 2, 3, 4 order by 1, 3, 4"""

# The batch of each lane that has been due longest and that may go: the probe of a claim.
OLDEST = f"""{HEADS}
select h.lane, min(h.due_at) as since from {OPEN} where h.due_at <= now() group by h.lane"""

WORKERS = """
select r.id, r.worker, r.started_at, p.said
from run r left join pulse p on p.run_id = r.id and p.at > now() - make_interval(secs => $1)
where r.ended_at is null and r.lease_until > now() order by r.worker, r.id"""

# What is used of a day's limit is reserved in batches: never less than what has left.
SENDERS = """
select s.id, s.address::text as address, s.name, s.paused, s.daily_cap, s.per_minute,
    coalesce(q.used, 0) as reserved
from sender s left join quota q on q.pool = 'sender:' || s.id and q.day = (select limit_day())
order by s.address"""

# Pauses by a rule wait for a person, as do letters that nobody confirmed: both have an index of their own.
NEEDS = """
select (select count(*) from message where attention = 'uncertain' and reason is distinct from 'left_as_is')::int
        as uncertain,
    (select count(*) from message where attention = 'held')::int as held,
    (select count(*) from origin where gate = 'paused' and gate_reason not in ('', 'by_hand'))::int as paused_origins,
    (select count(*) from sender where paused)::int as paused_senders,
    (select held_since from epoch) as restored_at"""

MOMENTS = """
select date_bin($1, minute, timestamptz '2000-01-01 00:00+00') as at,
    coalesce(sum(n) filter (where state = 'accepted'), 0)::bigint as sent,
    coalesce(sum(n) filter (where state = 'failed'), 0)::bigint as failed,
    coalesce(sum(n) filter (where state = 'uncertain'), 0)::bigint as uncertain
from tally where minute >= $2 and state in ('accepted', 'failed', 'uncertain') group by 1 order by 1"""


class WorkerRow(msgspec.Struct, frozen=True):
    """A run that is alive. `said`: its last word (portal.sending.pulse); None: it has not spoken lately."""

    id: int
    worker: str
    started_at: datetime
    said: dict[str, Any] | None


class SenderRow(msgspec.Struct, frozen=True):
    """An address that mail leaves from; `reserved` is what today's limit has given out."""

    id: int
    address: str
    name: str
    paused: bool
    daily_cap: int | None
    per_minute: int | None
    reserved: int


class Needs(msgspec.Struct, frozen=True):
    """What waits for a person. `restored_at`: everything is held since a backup was restored."""

    uncertain: int
    held: int
    paused_origins: int
    paused_senders: int
    restored_at: datetime | None

    @property
    def decisions(self) -> int:
        """What the page of decisions lists beside letters that were not confirmed."""
        return self.paused_origins + self.paused_senders + (self.restored_at is not None)


async def flows() -> list[Flow]:
    """Messages by lane, sender and state."""
    return await db.fetch_as(Flow, FLOWS)


async def oldest() -> dict[int, datetime]:
    """Since when the oldest message of each lane has been due; lanes without one are left out."""
    return {row["lane"]: row["since"] for row in await db.fetch(OLDEST)}


async def workers() -> list[WorkerRow]:
    """The runs that are alive, with their last words."""
    return await db.fetch_as(WorkerRow, WORKERS, float(STALE))


async def senders() -> list[SenderRow]:
    """All senders by address."""
    return await db.fetch_as(SenderRow, SENDERS)


async def needs() -> Needs:
    """What waits for a person."""
    found = await db.one_as(Needs, NEEDS)
    assert found
    return found


async def moments(step: timedelta, since: datetime) -> list[Moment]:
    """What ended in each step since then; steps without anything are left out."""
    return await db.fetch_as(Moment, MOMENTS, step, since)

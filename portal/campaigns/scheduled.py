"""Scheduled mailings that go before a closing: what moves with it (B07). Reads only, by SQL: mailings stand above."""

from __future__ import annotations

from datetime import UTC, datetime, time

import msgspec

from portal import db
from portal.triggers import timing
from portal.triggers.reminders import Moved

# Active ones of a campaign; `readers`: their audience when it was last found right; `runs`: the times they have had.
SCHEDULES = """
select s.name, s.days_before, s.starts_at::time as at_time, c.closes_at, c.time_zone,
       (select count(*) from schedule_seen e where e.schedule_id = s.id)::int as readers,
       array(select r.due_at from schedule_run r
             where r.schedule_id = s.id and r.state in ('started', 'waiting')) as runs
from schedule s join campaign c on c.id = s.campaign_id
where s.campaign_id = $1 and s.active and s.days_before is not null order by folded(s.name), s.id"""


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    days_before: int
    at_time: time
    closes_at: datetime | None
    time_zone: str
    readers: int
    runs: list[datetime]


async def moved(campaign_id: int, closes_at: datetime | None, time_zone: str) -> list[Moved]:
    """Those whose time would change with a new closing (wall time in `time_zone`), by name. Nothing is written."""
    found = [_moved(row, closes_at, time_zone) for row in await db.fetch_as(_Row, SCHEDULES, campaign_id)]
    return [each for each in found if each.before != each.after]


def _moved(row: _Row, closes_at: datetime | None, time_zone: str) -> Moved:
    before = timing.due(row.closes_at, row.days_before, row.at_time, row.time_zone)
    after = timing.due(closes_at, row.days_before, row.at_time, time_zone)
    passed = after is not None and after <= datetime.now(UTC)
    return Moved(name=row.name, before=before, after=after, readers=row.readers, sent=before in row.runs, passed=passed)

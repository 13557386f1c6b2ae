"""Reminders before a closing (B07): when they are due, whom they reach, what moves with a date. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns.rules import instant
from portal.triggers import timing

# Triggers before a closing with the dates that they go by.
DEADLINES = """
select t.id, t.name, t.campaign_id, t.phase_id, t.days_before, t.at_time, t.active, t.from_status_id, c.time_zone,
       case when t.phase_id is null then c.closes_at else p.closes_at end as closes_at,
       c.published and c.archived_at is null as running{more}
from trigger t join campaign c on c.id = t.campaign_id left join phase p on p.id = t.phase_id
where t.family = 'deadline' and ($1::int is null or t.campaign_id = $1) order by t.position, t.id"""

# Dossiers that would be reminded today: for pages, while the clock asks each minute for dates alone.
READERS = """, (select count(*) from dossier d
    where d.status_id = t.from_status_id and d.withdrawn_at is null)::int as readers"""

# Late ones wait for a person of their campaign.
LATE = """
select r.id, r.trigger_id, r.due_at, t.name, t.campaign_id, c.title, c.time_zone,
       case when t.phase_id is null then c.closes_at else p.closes_at end as closes_at, (
           select count(*) from dossier d where d.status_id = t.from_status_id and d.withdrawn_at is null
           and d.id > r.reached)::int as readers
from reminder r join trigger t on t.id = r.trigger_id join campaign c on c.id = t.campaign_id
left join phase p on p.id = t.phase_id
where r.state = 'late' and ($3::bigint is null or r.id = $3) and ($1::bool or exists (
    select from campaign_member m where m.campaign_id = c.id and m.account_id = $2))
order by r.due_at, r.id limit 200"""

LATEST = """
select distinct on (r.trigger_id) r.trigger_id, r.due_at, r.state, r.messages, r.at from reminder r
where r.trigger_id = any ($1::int[]) and r.state <> 'dropped' order by r.trigger_id, r.due_at desc"""


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger before a closing. `closes_at`: wall time in `time_zone`; `running`: its campaign is published."""

    id: int
    name: str
    campaign_id: int
    phase_id: int | None
    days_before: int
    at_time: time
    active: bool
    from_status_id: int | None
    time_zone: str
    closes_at: datetime | None
    running: bool

    @property
    def due_at(self) -> datetime | None:
        """When it is due by the dates of today, whether or not it may go."""
        return timing.due(self.closes_at, self.days_before, self.at_time, self.time_zone)

    @property
    def wished(self) -> datetime | None:
        """When it goes; None while it is paused, or its campaign neither published nor alive."""
        return self.due_at if self.active and self.running else None


class Counted(Deadline, frozen=True, kw_only=True):
    """The same with its `readers`: dossiers that would be reminded today."""

    readers: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a new closing does to a reminder: `before` and `after` are instants, None where there is none.

    `readers`: dossiers that it would reach today. `sent`: the old one has gone already. `passed`: the new hour is over,
    so nothing goes.
    """

    name: str
    before: datetime | None
    after: datetime | None
    readers: int
    sent: bool = False
    passed: bool = False


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder that did not go in time. `closes_at`: wall time in `time_zone`; `readers`: those still to be told."""

    id: int
    trigger_id: int
    due_at: datetime
    name: str
    campaign_id: int
    title: dict[str, str]
    time_zone: str
    closes_at: datetime | None
    readers: int

    @property
    def closed(self) -> bool:
        """Whether there is nothing left to remind of."""
        return self.closes_at is None or instant(self.closes_at, self.time_zone) <= datetime.now(UTC)


class Latest(msgspec.Struct, frozen=True):
    """The last reminder that a trigger has planned or sent, and what became of it."""

    trigger_id: int
    due_at: datetime
    state: str
    messages: int
    at: datetime


async def deadlines(campaign_id: int | None = None) -> list[Deadline]:
    """The triggers before a closing, of one campaign or of all."""
    return await db.fetch_as(Deadline, DEADLINES.format(more=""), campaign_id)


async def counted(campaign_id: int) -> list[Counted]:
    """Those of a campaign with their readers."""
    return await db.fetch_as(Counted, DEADLINES.format(more=READERS), campaign_id)


async def moved(
    campaign_id: int, phase_id: int | None, closes_at: datetime | None, time_zone: str | None = None
) -> list[Moved]:
    """What would move with a closing: reminders whose hour changes, in their order. Nothing is written.

    `phase_id` None: the campaign's own closing; `closes_at`: the new one, wall time in `time_zone` (None: as it is).
    """
    concerned = [each for each in await counted(campaign_id) if each.phase_id == phase_id and each.active]
    latest = await latest_of([each.id for each in concerned])
    found = [_moved(each, closes_at, time_zone or each.time_zone, latest.get(each.id)) for each in concerned]
    return [each for each in found if each.before != each.after]


def _moved(one: Counted, closes_at: datetime | None, time_zone: str, latest: Latest | None) -> Moved:
    after = timing.due(closes_at, one.days_before, one.at_time, time_zone)
    return Moved(
        name=one.name,
        before=one.due_at,
        after=after,
        readers=one.readers,
        sent=bool(latest and latest.state == "done" and latest.due_at == one.due_at),
        passed=after is not None and after <= datetime.now(UTC),
    )


async def latest_of(trigger_ids: Sequence[int]) -> dict[int, Latest]:
    """Trigger -> its last reminder, for those that have had one or have one ahead."""
    rows = await db.fetch_as(Latest, LATEST, list(trigger_ids))
    return {row.trigger_id: row for row in rows}


async def late(actor: Actor, reminder_id: int | None = None) -> list[Late]:
    """Reminders that wait for a decision, the oldest first, of the actor's campaigns; or only this one."""
    return await db.fetch_as(Late, LATE, *actor.scope, reminder_id)

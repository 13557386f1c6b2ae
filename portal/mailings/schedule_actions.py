"""What people do to schedules: create, change, delete, say that an audience is right (Z26-Z29, B13)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal import db, timeline
from portal.actor import Actor
from portal.audiences.sources import Source
from portal.i18n import _
from portal.mailings import schedule_queries as queries
from portal.mailings import schedule_rules as rules
from portal.mailings.schedule_checks import Draft, check, check_right
from portal.mailings.schedule_queries import Schedule
from portal.outcomes import Refused, Stale

INSERT = """
insert into schedule (name, module, campaign_id, view_id, template_id, per, from_kind, reply_kind, active, starts_at,
    time_zone, rule, days_before, owner_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id"""

UPDATE = """
update schedule set name = $1, module = $2, campaign_id = $3, view_id = $4, template_id = $5, per = $6, from_kind = $7,
    reply_kind = $8, active = $9, starts_at = $10, time_zone = $11, rule = $12, days_before = $13, owner_id = $14,
    changed_at = now(), version = version + 1
where id = $15 and version = $16"""

NEXT = "update schedule set next_at = $2 where id = $1"
SEEN = "update schedule set seen_at = now() where id = $1"

# The audience as it is now; what has not changed is not written again.
LEFT = "delete from schedule_seen where schedule_id = ${n} and record_id not in (select x.record_id from ({source}) x)"
JOINED = """
insert into schedule_seen (schedule_id, record_id) select ${n}, x.record_id from ({source}) x
on conflict do nothing"""

# A time that passed while it was switched off waits for a person, once.
LATE = """
insert into schedule_run (schedule_id, due_at, state, problem) values ($1, $2, 'late', 'switched_on')
on conflict do nothing"""
DROP = """
update schedule_run set state = 'dropped', problem = $3, decided_by = $2, decided_at = now()
where schedule_id = $1 and state = any ($4::text[])"""


async def create(by: Actor, draft: Draft) -> int:
    """A new schedule of one's own. Nothing is sent unless it is active (Z28). Raises Refused. -> its id."""
    async with db.transaction():
        kept = await check(by, draft, by.account_id)
        schedule_id = int(await db.fetchval(INSERT, *_columns(kept), by.account_id))
        made = await queries.one(by, schedule_id)
        await _plan(made)
        await take_audience(made)
        await record(made, "schedule.created", by)
        return schedule_id


async def change(by: Actor, schedule_id: int, version: int, draft: Draft) -> None:
    """Change it. Whoever changes one whose owner is gone answers for it from now on. Raises Refused, Missing, Stale.

    Another time puts aside what waited for a decision: it is the decision.
    """
    async with db.transaction():
        before = await queries.one(by, schedule_id)
        check_right(by, before.module)
        owner_id = before.owner_id if before.owner_active else by.account_id
        kept = await check(by, draft, owner_id, before)
        if not await db.execute(UPDATE, *_columns(kept), owner_id, schedule_id, version):
            raise Stale(await queries.one(by, schedule_id))
        after = await queries.one(by, schedule_id)
        if after.timing != before.timing:
            await db.execute(DROP, schedule_id, by.account_id, "new_time", list(queries.OPEN_STATES))
        await _plan(after, before)
        if _another_audience(before, after):
            await take_audience(after)
        await record(after, "schedule.changed", by)


async def delete(by: Actor, schedule_id: int, version: int) -> None:
    """Delete it with its runs; mailings that it has made stay. Raises Missing, Stale."""
    async with db.transaction():
        before = await queries.one(by, schedule_id)
        check_right(by, before.module)
        if not await db.execute("delete from schedule where id = $1 and version = $2", schedule_id, version):
            raise Stale(before)
        await record(before, "schedule.deleted", by)


async def confirm_audience(by: Actor, schedule_id: int) -> None:
    """Somebody has looked at today's audience and found it right (B13). Raises Refused, Missing."""
    async with db.transaction():
        found = await queries.one(by, schedule_id)
        check_right(by, found.module)
        await take_audience(found)
        await record(found, "schedule.audience", by)


async def take_audience(schedule: Schedule) -> None:
    """Keep the audience as it is now, to see later how it has changed. Raises Refused when its view asks nonsense."""
    owner = await queries.owner_of(schedule)
    found = await queries.audience(schedule, owner) if owner else None
    if found is None:
        raise Refused(_("Choose a view."), field="view_id")
    await keep_audience(schedule.id, found)


async def keep_audience(schedule_id: int, found: Source) -> None:
    """The same of an audience that has been looked up."""
    for sql in (LEFT, JOINED):
        await db.execute(sql.format(source=found.sql, n=len(found.parameters) + 1), *found.parameters, schedule_id)
    await db.execute(SEEN, schedule_id)


async def _plan(now_is: Schedule, before: Schedule | None = None) -> None:
    """Its next run; a time that passed while it was off becomes a decision, never a late mailing."""
    now = datetime.now(UTC)
    next_at = rules.next_after(now_is.timing, now) if now_is.active else None
    await db.execute(NEXT, now_is.id, next_at)
    switched_on = now_is.active and before is not None and not before.active
    if switched_on and next_at is None and (passed := rules.next_after(now_is.timing, _ever())):
        await db.execute(LATE, now_is.id, passed)


def _ever() -> datetime:
    return datetime.min.replace(tzinfo=UTC)


def _another_audience(before: Schedule, after: Schedule) -> bool:
    """Whether it was prepared anew: for another view, another owner's eyes, or by switching it on."""
    switched_on = after.active and not before.active
    same = (before.view_id, before.campaign_id, before.owner_id) == (after.view_id, after.campaign_id, after.owner_id)
    return switched_on or not same


def _columns(draft: Draft) -> tuple[Any, ...]:
    return (
        draft.name,
        draft.module,
        draft.campaign_id,
        draft.view_id,
        draft.template_id,
        draft.per,
        draft.from_kind,
        draft.reply_kind,
        draft.active,
        draft.starts_at,
        draft.time_zone,
        draft.rule,
        draft.days_before,
    )


async def record(schedule: Schedule, what: str, by: Actor, **details: Any) -> None:
    """One line of the history."""
    about = {"title": schedule.name, **details}
    await timeline.record("schedule", schedule.id, what, by, campaign_id=schedule.campaign_id, **about)

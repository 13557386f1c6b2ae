"""Schedules run: at their time, once, whoever looks; what cannot go without asking waits for a person (B13, Z23-Z28).

A run is a row (schedule, due time) written in the transaction that makes and starts its mailing, so that two
schedulers, a clock that was put back and a manual run make one. The clock is the database's: a worker whose own is an
hour ahead fires nothing early.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
import structlog

from portal import db
from portal.actor import SYSTEM, Actor
from portal.audiences.sources import Source
from portal.i18n import use
from portal.ledger import epoch
from portal.mailings import actions, queries, schedule_queries, work
from portal.mailings import schedule_rules as rules
from portal.mailings.rules import LONGEST_NAME, Draft, is_late
from portal.mailings.schedule_actions import NEXT, keep_audience, record
from portal.mailings.schedule_checks import check_right, may_edit, sender_ready
from portal.mailings.schedule_queries import Drift, Schedule
from portal.mailings.schedule_words import problem_words
from portal.outcomes import Missing, Refused, Stale

log = structlog.get_logger(__name__)

DUE = "select id from schedule where active and next_at <= now() order by next_at, id limit 200"

# Whoever holds the row runs it; another finds nothing.
HOLD = "select now() from schedule where id = $1 and active and next_at <= now() for update skip locked"
RUN = """
insert into schedule_run (schedule_id, due_at, state, problem, joined, gone) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing returning true"""
STARTED = """
update schedule_run set state = $3, problem = '', mailing_id = $4, at = now() where schedule_id = $1 and due_at = $2"""
BROKEN = "update schedule_run set state = 'broken', problem = $3 where schedule_id = $1 and due_at = $2"

LAUNCHED = """
update mailing set schedule_id = $2, state = $3, due_at = $4, asked_by = case when $3 = 'approval' then $5::int end,
    launched_by = case when $3 = 'approval' then null else $5::int end,
    launched_at = case when $3 = 'approval' then null else now() end, expected = $6, hold_seconds = 0
where id = $1"""
OVER = "select approval_over from organisation"

# Times that follow a closing date which has moved; a time that has passed, or has been run, is not taken up again.
HOLD_CLOSING = "select now() from schedule where id = $1 and active for update skip locked"
HAS_RUN = "select exists (select from schedule_run where schedule_id = $1 and due_at = $2)"

HOLD_RUN = """
select state from schedule_run where schedule_id = $1 and due_at = $2 and state = any ($3::text[]) for update"""
DECIDED = """
update schedule_run set state = $3, problem = $4, mailing_id = $5, decided_by = $6, decided_at = now()
where schedule_id = $1 and due_at = $2"""


class Ready(msgspec.Struct, frozen=True):
    """A schedule that can start: as whom, to whom, and how that has changed since it was last found right."""

    owner: Actor
    audience: Source
    drift: Drift


class _Cannot(Exception):
    """Why it cannot start: a word of schedule_words.PROBLEMS or of a mailing's problems, or a sentence."""


# ------------------------------------------------------------------------------------------------ by the clock
async def run_due() -> int:
    """Run every schedule whose time has come. Returns how many mailings were made."""
    await follow_closings()
    made = 0
    for row in await db.fetch(DUE):
        try:
            made += await run_one(row["id"])
        except Exception:
            log.exception("schedule could not be run", schedule=row["id"])
    return made


async def run_one(schedule_id: int) -> bool:
    """One schedule, in one transaction with its next time. Whether a mailing was made."""
    async with db.transaction():
        now: datetime | None = await db.fetchval(HOLD, schedule_id)
        if now is None:
            return False
        schedule = await schedule_queries.one(SYSTEM, schedule_id)
        assert schedule.next_at is not None
        *missed, latest = rules.missed(schedule.timing, schedule.next_at, now)
        for due_at in missed:
            await _waits(schedule, due_at, "dropped", "missed")
        made = await _run(schedule, latest, now)
        await db.execute(NEXT, schedule_id, rules.next_after(schedule.timing, now))
        return made


async def _run(schedule: Schedule, due_at: datetime, now: datetime) -> bool:
    """What becomes of a run whose time has come."""
    if not await epoch.may_send():
        return await _waits(schedule, due_at, "late", "restored")
    if is_late(due_at, now):
        return await _waits(schedule, due_at, "late", "late")
    try:
        ready = await _ready(schedule)
    except _Cannot as cannot:
        return await _waits(schedule, due_at, "broken", str(cannot))
    before, joined, gone = ready.drift.before, ready.drift.joined, ready.drift.gone
    if rules.drifted(before, joined, gone, await schedule_queries.drift_percent()):
        return await _waits(schedule, due_at, "drifted", "", joined, gone)
    if not await db.fetchval(RUN, schedule.id, due_at, "started", "", joined, gone):
        return False
    try:
        mailing_id, state = await _make(schedule, ready, due_at)
    except _Cannot as cannot:
        await db.execute(BROKEN, schedule.id, due_at, str(cannot))
        await record(schedule, "schedule.waits", SYSTEM)
        return False
    await db.execute(STARTED, schedule.id, due_at, state, mailing_id)
    return True


async def _waits(
    schedule: Schedule, due_at: datetime, state: str, problem: str, joined: int = 0, gone: int = 0
) -> Literal[False]:
    """Nothing is sent; a person is asked, unless a later run has taken its place."""
    kept = await db.fetchval(RUN, schedule.id, due_at, state, problem, joined, gone)
    if kept and state != "dropped":
        await record(schedule, "schedule.waits", SYSTEM)
    return False


async def _ready(schedule: Schedule) -> Ready:
    """What a start needs. Raises _Cannot with what is missing."""
    owner = await schedule_queries.owner_of(schedule)
    if owner is None:
        raise _Cannot("owner_gone")
    if not may_edit(owner, schedule.module):
        raise _Cannot("no_right")
    if schedule.template_gone:
        raise _Cannot("template_gone")
    if not await sender_ready(schedule.from_kind, schedule.owner_id, schedule.template_id):
        raise _Cannot("sender")
    try:
        with use(owner.locale):
            found = await schedule_queries.audience(schedule, owner)
    except Refused as refused:
        raise _Cannot(refused.sentences) from None
    if found is None:
        raise _Cannot("view_gone")
    drift = await schedule_queries.drift(schedule, found)
    if not drift.today:
        raise _Cannot("nobody")
    return Ready(owner, found, drift)


async def _make(schedule: Schedule, ready: Ready, due_at: datetime) -> tuple[int, str]:
    """Its mailing, started in this very transaction. -> its id, and `started` or `waiting`. Raises _Cannot.

    It waits for its slot (Z25), or for a second person where so many need one (B16).
    """
    over = await db.fetchval(OVER)
    asks = over is not None and ready.drift.today > over
    async with db.transaction():
        try:
            mailing_id = await actions.create(ready.owner, _draft(schedule, due_at))
        except (Refused, Missing):
            raise _Cannot("no_right") from None
        state = "approval" if asks else "starting"
        row = (schedule.id, state, due_at, schedule.owner_id, ready.drift.today if asks else None)
        await db.execute(LAUNCHED, mailing_id, *row)
        if not asks:
            await work.start(mailing_id)
        made = await queries.one(SYSTEM, mailing_id)
        if made.state == "needs_decision":  # taken back: the schedule's page says why, and asks
            raise _Cannot(made.problem)
    await keep_audience(schedule.id, ready.audience)
    return mailing_id, "started" if made.state == "running" else "waiting"


def _draft(schedule: Schedule, due_at: datetime) -> Draft:
    day = rules.day_there(due_at, schedule.time_zone)
    return Draft(
        name=f"{schedule.name[: LONGEST_NAME - 13]} · {day}",
        module=schedule.module,
        campaign_id=schedule.campaign_id,
        audience="view",
        view_id=schedule.view_id,
        template_id=schedule.template_id,
        per=schedule.per,
        from_kind=schedule.from_kind,
        reply_kind=schedule.reply_kind,
        time_zone=schedule.time_zone,
    )


async def follow_closings() -> None:
    """Bring the times of schedules that go before a closing in line with dates as they are now."""
    now: datetime = await db.fetchval("select now()")
    for schedule in await schedule_queries.before_closings():
        if rules.next_after(schedule.timing, now) != schedule.next_at:
            await _follow_closing(schedule.id)


async def _follow_closing(schedule_id: int) -> None:
    """The same of one whose time differs, looked at again while its row is held."""
    async with db.transaction():
        now: datetime | None = await db.fetchval(HOLD_CLOSING, schedule_id)
        if now is None:
            return
        schedule = await schedule_queries.one(SYSTEM, schedule_id)
        wished = rules.next_after(schedule.timing, now)
        stays = schedule.next_at is not None and schedule.next_at <= now  # it is due, and about to run
        if wished == schedule.next_at or stays or (wished and await db.fetchval(HAS_RUN, schedule_id, wished)):
            return
        await db.execute(NEXT, schedule_id, wished)


# ------------------------------------------------------------------------------------------------ by a person
async def decide(by: Actor, schedule_id: int, due_at: datetime, verb: Literal["send", "skip"]) -> int | None:
    """Send a run that waits for a decision, or never. -> its mailing, if there is one.

    Raises Missing, Stale (somebody has decided), Refused: what still stands in the way, in words.
    """
    async with db.transaction():
        schedule = await schedule_queries.one(by, schedule_id)
        check_right(by, schedule.module)
        if not await db.fetchval(HOLD_RUN, schedule_id, due_at, list(schedule_queries.OPEN_STATES)):
            raise Stale
        if verb == "skip":
            await db.execute(DECIDED, schedule_id, due_at, "dropped", "skipped", None, by.account_id)
            await record(schedule, "schedule.skipped", by)
            return None
        mailing_id, state = await _send(schedule)
        await db.execute(DECIDED, schedule_id, due_at, state, "", mailing_id, by.account_id)
        await record(schedule, "schedule.sent", by)
        return mailing_id


async def _send(schedule: Schedule) -> tuple[int, str]:
    """Z28 holds here too."""
    if not schedule.active:
        raise Refused(problem_words("inactive"))
    try:
        ready = await _ready(schedule)
        return await _make(schedule, ready, await db.fetchval("select now()"))
    except _Cannot as cannot:
        raise Refused(problem_words(str(cannot))) from None

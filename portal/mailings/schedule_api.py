"""Scheduled mailings as JSON. Dates are local wall time beside their zone; instants are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from portal.i18n import _
from portal.mailings import schedule_actions, schedule_queries, schedule_rules, schedule_running
from portal.mailings.rights import writes
from portal.mailings.rules import Module, Whose
from portal.mailings.schedule_checks import Draft
from portal.mailings.schedule_forms import ANY_DAY, hour
from portal.mailings.schedule_pages import check_may
from portal.mailings.schedule_queries import Ran, Schedule
from portal.outcomes import Refused, Stale
from portal.web.api import Listing, cut, slower, wall_text, wall_time
from portal.web.htmx import Request
from portal.web.rights import needs
from portal.zones import meant

TAGS = ["schedules"]
NAMES = {
    "view_id": "view",
    "template_id": "template",
    "campaign_id": "campaign",
    "from_kind": "sender",
    "reply_kind": "reply_to",
}
SEE = needs("mailing.see")


class ScheduleIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A schedule. `starts_at` (2026-11-30T09:00) is the first run on the clocks of `time_zone`, `rule` RFC 5545:

    FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY, COUNT or UNTIL; "" for once. With `days_before` it
    runs once, so many days before the campaign closes, at `at_time` (HH:MM) on the campaign's clocks.
    """

    name: str
    module: Module
    view: int
    template: int
    starts_at: str | None = None
    time_zone: str = "UTC"
    rule: str = ""
    days_before: int | None = None
    at_time: str | None = None
    campaign: int | None = None
    per: Literal["person", "dossier"] = "person"
    sender: Whose = "organisation"
    reply_to: Whose = "organisation"
    active: bool = False


class ScheduleChange(ScheduleIn):
    """`version`: the one you have seen."""

    version: int


class ScheduleOut(msgspec.Struct):
    """A schedule with its next runs. `waiting`: runs that need a decision."""

    id: int
    name: str
    module: str
    view: int | None
    template: int | None
    starts_at: str | None
    time_zone: str
    rule: str
    days_before: int | None
    at_time: str | None
    campaign: int | None
    per: str
    sender: str
    reply_to: str
    active: bool
    next_at: datetime | None
    next_runs: list[datetime]
    waiting: int
    owner: int | None
    version: int


class RunOut(msgspec.Struct):
    """A time at which a schedule was due. `id` names it; late, drifted and broken ones wait for a decision."""

    id: int
    due_at: datetime
    state: str
    problem: str
    mailing: int | None
    joined: int
    left: int


class DecisionIn(msgspec.Struct, forbid_unknown_fields=True):
    """What becomes of a run that waits."""

    decision: Literal["send", "skip"]


@get("/schedules", opt=SEE, tags=TAGS, summary="Scheduled mailings")
async def list_schedules(
    request: Request, limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None
) -> Listing[ScheduleOut]:
    """The next to run first."""
    return cut(await schedule_queries.visible(request.user), limit, cursor, _out)


@post("/schedules", opt=SEE, guards=[writes], tags=TAGS, summary="Create a schedule")
async def create_schedule(request: Request, data: JSONBody[ScheduleIn]) -> ScheduleOut:
    """Your own. Nothing is sent unless it is active."""
    check_may(request.user, data.module)
    with _named():
        schedule_id = await schedule_actions.create(request.user, _draft(data))
    return _out(await schedule_queries.one(request.user, schedule_id))


@get("/schedules/{schedule_id:int}", opt=SEE, tags=TAGS, summary="One schedule")
async def get_schedule(request: Request, schedule_id: FromPath[int]) -> ScheduleOut:
    """As it is now."""
    return _out(await schedule_queries.one(request.user, schedule_id))


@put("/schedules/{schedule_id:int}", opt=SEE, guards=[writes], tags=TAGS, summary="Change a schedule")
async def change_schedule(
    request: Request, schedule_id: FromPath[int], data: JSONBody[ScheduleChange]
) -> Response[Any]:
    """409 with the schedule as it is now when your version is old."""
    check_may(request.user, (await schedule_queries.one(request.user, schedule_id)).module)
    try:
        with _named():
            await schedule_actions.change(request.user, schedule_id, data.version, _draft(data))
    except Stale as stale:
        return slower(stale, _out(stale.theirs))
    return Response(_out(await schedule_queries.one(request.user, schedule_id)))


@delete("/schedules/{schedule_id:int}", opt=SEE, guards=[writes], tags=TAGS, summary="Delete a schedule")
async def delete_schedule(request: Request, schedule_id: FromPath[int], version: FromQuery[int]) -> None:
    """Mailings that it has started go on."""
    check_may(request.user, (await schedule_queries.one(request.user, schedule_id)).module)
    await schedule_actions.delete(request.user, schedule_id, version)


@get("/schedules/{schedule_id:int}/runs", opt=SEE, tags=TAGS, summary="Its runs")
async def list_runs(
    request: Request,
    schedule_id: FromPath[int],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[RunOut]:
    """Newest first; the latest hundred."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    found = [_run(ran) for ran in await schedule_queries.runs(schedule.id)]
    return cut(found, limit, cursor, lambda run: run)


@post(
    "/schedules/{schedule_id:int}/runs/{run_id:int}",
    opt=SEE,
    guards=[writes],
    tags=TAGS,
    summary="Decide about a run",
    status_code=200,
)
async def decide_run(
    request: Request, schedule_id: FromPath[int], run_id: FromPath[int], data: JSONBody[DecisionIn]
) -> RunOut:
    """Send a run that waits for a decision after all, or never. 404 when it does not wait any more."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    ran = await schedule_queries.run_of(schedule, run_id)
    await schedule_running.decide(request.user, schedule_id, ran.due_at, data.decision)
    after = await schedule_queries.runs(schedule_id)
    return next(_run(each) for each in after if each.due_at == ran.due_at)


@contextmanager
def _named() -> Iterator[None]:
    """Refusals name the fields as they were sent."""
    try:
        yield
    except Refused as refused:
        errors = {NAMES.get(field, field): sentence for field, sentence in refused.errors.items()}
        raise Refused(refused.message, errors=errors) from None


def _draft(data: ScheduleIn) -> Draft:
    """Raises Refused beside the field."""
    zone = meant(data.time_zone)
    if zone is None:
        raise Refused(_("Enter the name of a time zone, such as Europe/Madrid."), field="time_zone")
    return Draft(
        name=data.name,
        module=data.module,
        view_id=data.view,
        template_id=data.template,
        starts_at=_first(data),
        time_zone=zone,
        campaign_id=data.campaign,
        per=data.per,
        from_kind=data.sender,
        reply_kind=data.reply_to,
        active=data.active,
        rule=data.rule,
        days_before=data.days_before,
    )


def _first(data: ScheduleIn) -> datetime:
    if data.days_before is not None:
        at = hour(data.at_time or "")
        if at is None:
            raise Refused(_("Enter a time."), field="at_time")
        return datetime.combine(ANY_DAY, at)
    wall = wall_time(data.starts_at, "starts_at")
    if wall is None:
        raise Refused(_("Enter a date and a time."), field="starts_at")
    return wall


def _out(row: Schedule) -> ScheduleOut:
    closing = row.days_before is not None
    return ScheduleOut(
        id=row.id,
        name=row.name,
        module=row.module,
        view=row.view_id,
        template=row.template_id,
        starts_at=None if closing else wall_text(row.starts_at),
        time_zone=row.time_zone,
        rule=row.rule,
        days_before=row.days_before,
        at_time=f"{row.starts_at:%H:%M}" if closing else None,
        campaign=row.campaign_id,
        per=row.per,
        sender=row.from_kind,
        reply_to=row.reply_kind,
        active=row.active,
        next_at=row.next_at,
        next_runs=[run.at for run in schedule_rules.coming(row.timing, datetime.now(UTC))] if row.active else [],
        waiting=row.open,
        owner=row.owner_id,
        version=row.version,
    )


def _run(ran: Ran) -> RunOut:
    return RunOut(
        id=ran.handle,
        due_at=ran.due_at,
        state=ran.state,
        problem=ran.problem,
        mailing=ran.mailing_id,
        joined=ran.joined,
        left=ran.gone,
    )


routes: list[Any] = [
    list_schedules,
    create_schedule,
    get_schedule,
    change_schedule,
    delete_schedule,
    list_runs,
    decide_run,
]

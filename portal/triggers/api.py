"""Triggers as JSON, below their campaign. Statuses are named by their keys."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from portal.campaigns import queries as campaigns
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import actions, queries
from portal.triggers.drafts import Draft
from portal.triggers.facts import ALWAYS, Conditions, Family
from portal.triggers.forms import hour
from portal.triggers.queries import Trigger
from portal.web.api import Listing, cut, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["triggers"]


class TriggerIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A trigger. `recipients`: candidate, managers, evaluators, assigned, role:NAME, account:ID or address:A@B.

    `phase`: the id of a later phase. `conditions`: {"locales": [], "evaluators": [], "answers": [{"key": , "is": []}]}.
    Of the family `deadline`: `days_before` the closing, `at_time` (HH:MM on the campaign's clocks), `from_status`.
    """

    family: Family
    template: int
    name: str = ""
    from_status: str | None = None
    to_status: str | None = None
    recipients: tuple[str, ...] = ("candidate",)
    cc: tuple[str, ...] = ()
    delay_minutes: int = 0
    active: bool = True
    phase: int | None = None
    conditions: Conditions = ALWAYS
    stop: bool = False
    days_before: int | None = None
    at_time: str | None = None


class TriggerChange(TriggerIn):
    """`version`: the one you have seen."""

    version: int


class TriggerOut(msgspec.Struct):
    """A trigger of a campaign."""

    id: int
    name: str
    family: str
    template: int
    from_status: str | None
    to_status: str | None
    recipients: list[str]
    cc: list[str]
    delay_minutes: int
    active: bool
    version: int
    phase: int | None
    conditions: Conditions
    stop: bool
    days_before: int | None
    at_time: str | None


@get("/campaigns/{campaign_id:int}/triggers", opt=needs("campaign.emails"), tags=TAGS, summary="Its triggers")
async def list_triggers(
    request: Request,
    campaign_id: FromPath[int],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[TriggerOut]:
    """The acknowledgement is there from the start."""
    rows = await queries.of_campaign(request.user, campaign_id)
    keys = await _keys(campaign_id)
    return cut(rows, limit, cursor, lambda row: _out(row, keys))


@post("/campaigns/{campaign_id:int}/triggers", opt=needs("campaign.emails"), tags=TAGS, summary="Create a trigger")
async def create_trigger(request: Request, campaign_id: FromPath[int], data: JSONBody[TriggerIn]) -> TriggerOut:
    """Refused by field when it names something that is not there."""
    await queries.check_scope(request.user, campaign_id)
    trigger_id = await actions.create(campaign_id, await _draft(campaign_id, data), request.user)
    return _out(await queries.trigger(request.user, trigger_id), await _keys(campaign_id))


@put(
    "/campaigns/{campaign_id:int}/triggers/{trigger_id:int}",
    opt=needs("campaign.emails"),
    tags=TAGS,
    summary="Change a trigger",
)
async def change_trigger(
    request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int], data: JSONBody[TriggerChange]
) -> Response[Any]:
    """409 with the trigger as it is now when your version is old."""
    await _of_campaign(request, campaign_id, trigger_id)
    keys = await _keys(campaign_id)
    try:
        await actions.change(trigger_id, data.version, await _draft(campaign_id, data), request.user)
    except Stale as stale:
        return slower(stale, _out(await queries.trigger(request.user, trigger_id), keys))
    return Response(_out(await queries.trigger(request.user, trigger_id), keys))


@delete(
    "/campaigns/{campaign_id:int}/triggers/{trigger_id:int}",
    opt=needs("campaign.emails"),
    tags=TAGS,
    summary="Delete it",
)
async def delete_trigger(
    request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int], version: FromQuery[int]
) -> None:
    """What it has sent stays in the register; what still waits is cancelled."""
    await _of_campaign(request, campaign_id, trigger_id)
    await actions.delete(trigger_id, version, request.user)


async def _of_campaign(request: Request, campaign_id: int, trigger_id: int) -> Trigger:
    found = await queries.trigger(request.user, trigger_id)
    if found.campaign_id != campaign_id:
        raise Missing
    return found


async def _keys(campaign_id: int) -> dict[int, str]:
    """Status id -> key."""
    return {status.id: status.key for status in await campaigns.statuses(campaign_id)}


async def _draft(campaign_id: int, data: TriggerIn) -> Draft:
    ids = {key: status_id for status_id, key in (await _keys(campaign_id)).items()}
    wanted = {"from_status": data.from_status, "to_status": data.to_status}
    errors = {field: _("This campaign has no such status.") for field, key in wanted.items() if key and key not in ids}
    if errors:
        raise Refused(errors=errors)
    return Draft(
        name=data.name,
        family=data.family,
        template_id=data.template,
        from_status_id=ids.get(data.from_status or ""),
        to_status_id=ids.get(data.to_status or ""),
        recipients=data.recipients,
        cc=data.cc,
        delay_minutes=data.delay_minutes,
        active=data.active,
        phase_id=data.phase,
        conditions=data.conditions,
        stop=data.stop,
        days_before=data.days_before,
        at_time=hour(data.at_time) if data.at_time else None,
    )


def _out(row: Trigger, keys: dict[int, str]) -> TriggerOut:
    return TriggerOut(
        id=row.id,
        name=row.name,
        family=row.family,
        template=row.template_id,
        from_status=keys.get(row.from_status_id or 0),
        to_status=keys.get(row.to_status_id or 0),
        recipients=list(row.recipients),
        cc=list(row.cc),
        delay_minutes=row.delay_minutes,
        active=row.active,
        version=row.version,
        phase=row.phase_id,
        conditions=row.conditions,
        stop=row.stop,
        days_before=row.days_before,
        at_time=f"{row.at_time:%H:%M}" if row.at_time else None,
    )


routes: list[Any] = [list_triggers, create_trigger, change_trigger, delete_trigger]

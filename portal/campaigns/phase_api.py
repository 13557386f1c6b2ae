"""Phases of campaigns, and the programmes above them, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from portal.campaigns import phase_actions, phases, programmes, queries
from portal.campaigns.checks import PhaseDraft
from portal.campaigns.phases import Phase
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web.api import Listing, cut, slower, wall_text, wall_time
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["campaigns"]
PHASES = "/campaigns/{campaign_id:int}/phases"
EDIT = needs("campaign.edit")


class PhaseOut(msgspec.Struct):
    """A phase after the initial one. Times are local to the campaign's zone; statuses by their keys."""

    id: int
    title: dict[str, str]
    description: dict[str, str]
    opens_at: str | None
    closes_at: str | None
    entry_status: str | None
    submitted_status: str | None
    version: int


class PhaseIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Dossiers at `entry_status` fill in its form while it is open; submitted, they get `submitted_status`."""

    title: dict[str, str]
    entry_status: str
    submitted_status: str
    description: dict[str, str] = {}
    opens_at: str | None = None
    closes_at: str | None = None


class PhaseChange(PhaseIn):
    """`version`: the one you have seen."""

    version: int


class ProgrammeOut(msgspec.Struct):
    """A programme; texts by language."""

    id: int
    title: dict[str, str]
    description: dict[str, str]
    version: int


class ProgrammeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new programme."""

    title: dict[str, str]
    description: dict[str, str] = {}


@get(PHASES, opt=needs("campaign.see"), tags=TAGS, summary="Its later phases")
async def list_phases(request: Request, campaign_id: FromPath[int]) -> Listing[PhaseOut]:
    """In their order. The initial phase is the campaign itself."""
    await queries.one(request.user, campaign_id)
    keys = await _keys(campaign_id)
    return Listing([_out(each, keys) for each in await phases.of_campaign(campaign_id)])


@post(PHASES, opt=EDIT, tags=TAGS, summary="Add a phase")
async def add_phase(request: Request, campaign_id: FromPath[int], data: JSONBody[PhaseIn]) -> PhaseOut:
    """At the end."""
    await queries.one(request.user, campaign_id)
    phase_id = await phase_actions.add(request.user, campaign_id, await _draft(campaign_id, data))
    return _out(await phases.one(campaign_id, phase_id), await _keys(campaign_id))


@put(f"{PHASES}/{{phase_id:int}}", opt=EDIT, tags=TAGS, summary="Change a phase")
async def change_phase(
    request: Request, campaign_id: FromPath[int], phase_id: FromPath[int], data: JSONBody[PhaseChange]
) -> Any:
    """409 with the phase as it is now when somebody was faster. Reminders move with a closing date."""
    await queries.one(request.user, campaign_id)
    draft = await _draft(campaign_id, data)
    try:
        await phase_actions.change(request.user, campaign_id, phase_id, data.version, draft)
    except Stale as stale:
        return slower(stale, _out(stale.theirs, await _keys(campaign_id)))
    return _out(await phases.one(campaign_id, phase_id), await _keys(campaign_id))


@delete(f"{PHASES}/{{phase_id:int}}", opt=EDIT, tags=TAGS, summary="Delete a phase")
async def delete_phase(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> None:
    """Only one that nobody has filled in."""
    await phase_actions.remove(request.user, campaign_id, phase_id)


@get("/programmes", opt=needs("campaign.see"), tags=TAGS, summary="Programmes")
async def list_programmes(
    limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None
) -> Listing[ProgrammeOut]:
    """By title."""
    return cut(await programmes.every(), limit, cursor, _programme_out)


@post("/programmes", opt=needs("programme.edit"), tags=TAGS, summary="Add a programme")
async def add_programme(request: Request, data: JSONBody[ProgrammeIn]) -> ProgrammeOut:
    """Campaigns name it by its id."""
    programme_id = await programmes.add(request.user, data.title, data.description)
    return _programme_out(await programmes.one(programme_id))


async def _keys(campaign_id: int) -> dict[int | None, str]:
    return {each.id: each.key for each in await queries.statuses(campaign_id)}


def _out(phase: Phase, keys: dict[int | None, str]) -> PhaseOut:
    return PhaseOut(
        id=phase.id,
        title=phase.title,
        description=phase.description,
        opens_at=wall_text(phase.opens_at),
        closes_at=wall_text(phase.closes_at),
        entry_status=keys.get(phase.entry_status_id),
        submitted_status=keys.get(phase.submitted_status_id),
        version=phase.version,
    )


async def _draft(campaign_id: int, data: PhaseIn) -> PhaseDraft:
    ids = {each.key: each.id for each in await queries.statuses(campaign_id)}
    wanted = {"entry_status": data.entry_status, "submitted_status": data.submitted_status}
    errors = {field: _("This campaign has no such status.") for field, key in wanted.items() if key not in ids}
    if errors:
        raise Refused(errors=errors)
    return PhaseDraft(
        title=data.title,
        description=data.description,
        opens_at=wall_time(data.opens_at, "opens_at"),
        closes_at=wall_time(data.closes_at, "closes_at"),
        entry_status_id=ids[data.entry_status],
        submitted_status_id=ids[data.submitted_status],
    )


def _programme_out(row: programmes.Programme) -> ProgrammeOut:
    return ProgrammeOut(row.id, row.title, row.description, row.version)


routes: list[Any] = [
    list_phases, add_phase, change_phase, delete_phase, list_programmes, add_programme,
]  # fmt: skip

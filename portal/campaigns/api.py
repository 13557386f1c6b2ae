"""Campaigns and their statuses as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, UnsetType

from portal.campaigns import actions, copies, phase_api, queries, statuses
from portal.campaigns.checks import CampaignDraft, StatusDraft
from portal.campaigns.copies import CopyDraft
from portal.outcomes import Stale
from portal.web.api import Listing, cut, slower, wall_text, wall_time
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["campaigns"]
Tone = Literal["mute", "ok", "warn", "bad", "plum", "teal"]


class StatusOut(msgspec.Struct):
    """A status; texts by language."""

    id: int
    key: str
    label: dict[str, str]
    public_label: dict[str, str]
    tone: str
    is_decision: bool
    protected: bool


class CampaignOut(msgspec.Struct):
    """A campaign with its statuses in their order. Times are local to `time_zone`."""

    id: int
    slug: str
    title: dict[str, str]
    description: dict[str, str]
    locales: list[str]
    default_locale: str
    time_zone: str
    opens_at: str | None
    closes_at: str | None
    number_prefix: str
    published: bool
    archived: bool
    programme: int | None
    resubmission: bool
    withdrawal: bool
    assigned_only: bool
    version: int
    statuses: list[StatusOut]


class CampaignIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new campaign. What is left out is filled in: the address from the title, the organisation's zone."""

    title: dict[str, str]
    slug: str = ""
    description: dict[str, str] = {}
    locales: list[str] = []
    default_locale: str = ""
    time_zone: str = ""
    opens_at: str | None = None
    closes_at: str | None = None
    number_prefix: str = ""
    published: bool = False
    programme: int | None = None
    resubmission: bool = False
    withdrawal: bool = True
    assigned_only: bool = False


class CampaignChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out stays. `version`: the one you have seen."""

    version: int
    title: dict[str, str] | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: dict[str, str] | UnsetType = UNSET
    locales: list[str] | UnsetType = UNSET
    default_locale: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    opens_at: str | UnsetType | None = UNSET
    closes_at: str | UnsetType | None = UNSET
    number_prefix: str | UnsetType = UNSET
    published: bool | UnsetType = UNSET
    programme: int | UnsetType | None = UNSET
    resubmission: bool | UnsetType = UNSET
    withdrawal: bool | UnsetType = UNSET
    assigned_only: bool | UnsetType = UNSET


class CopyIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the copy is to be. `first_day`: YYYY-MM-DD, to which its earliest date moves; left out: no dates."""

    title: dict[str, str] = {}
    first_day: date | None = None
    templates: bool = False
    team: bool = False


class StatusIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A status. A `key` that is there already names that status, which is then changed."""

    key: str
    label: dict[str, str]
    public_label: dict[str, str] = {}
    tone: Tone = "mute"
    is_decision: bool = False


@get("/campaigns", opt=needs("campaign.see"), tags=TAGS, summary="Campaigns you may see")
async def list_campaigns(
    request: Request,
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    archived: FromQuery[bool] = False,
    programme: FromQuery[int | None] = None,
) -> Listing[CampaignOut]:
    """Newest closing date first; those in the archive only with `archived=true`."""
    found = await queries.list_for(request.user, archived=archived, programme_id=programme)
    page = cut(found, limit, cursor, lambda row: row)
    statuses = await queries.statuses_of([row.id for row in page.items])
    return Listing([_campaign_out(row, statuses) for row in page.items], page.next)


@post("/campaigns", opt=needs("campaign.edit"), tags=TAGS, summary="Create a campaign")
async def create_campaign(request: Request, data: JSONBody[CampaignIn]) -> CampaignOut:
    """It gets the usual statuses, you as its manager, and the acknowledgement of receipt."""
    campaign_id = await actions.create(request.user, _draft(data))
    return await campaign_out(await queries.one(request.user, campaign_id))


@get("/campaigns/{campaign_id:int}", opt=needs("campaign.see"), tags=TAGS, summary="One campaign")
async def get_campaign(request: Request, campaign_id: FromPath[int]) -> CampaignOut:
    """With its statuses."""
    return await campaign_out(await queries.one(request.user, campaign_id))


@patch("/campaigns/{campaign_id:int}", opt=needs("campaign.edit"), tags=TAGS, summary="Change its settings")
async def change_campaign(request: Request, campaign_id: FromPath[int], data: JSONBody[CampaignChange]) -> Any:
    """409 with the campaign as it is now when somebody was faster. Reminders move with a closing date."""
    before = await queries.one(request.user, campaign_id)
    draft = msgspec.structs.replace(_as_it_is(before), **_given(data))
    try:
        await actions.change(request.user, campaign_id, data.version, draft)
    except Stale as stale:
        return slower(stale, await campaign_out(stale.theirs))
    return await campaign_out(await queries.one(request.user, campaign_id))


@post("/campaigns/{campaign_id:int}/duplicate", opt=needs("campaign.edit"), tags=TAGS, summary="Duplicate it")
async def duplicate_campaign(request: Request, campaign_id: FromPath[int], data: JSONBody[CopyIn]) -> CampaignOut:
    """Statuses, phases, form, triggers and criteria; no dossiers. The copy is not published."""
    draft = CopyDraft(**msgspec.structs.asdict(data))
    copy_id = await copies.duplicate(request.user, campaign_id, draft)
    return await campaign_out(await queries.one(request.user, copy_id))


@post("/campaigns/{campaign_id:int}/archive", opt=needs("campaign.edit"), tags=TAGS, summary="Archive it")
async def archive_campaign(request: Request, campaign_id: FromPath[int]) -> CampaignOut:
    """Out of the lists and unpublished; everything else stays."""
    await actions.archive(request.user, campaign_id)
    return await campaign_out(await queries.one(request.user, campaign_id))


@post("/campaigns/{campaign_id:int}/bring-back", opt=needs("campaign.edit"), tags=TAGS, summary="Bring it back")
async def bring_campaign_back(request: Request, campaign_id: FromPath[int]) -> CampaignOut:
    """Out of the archive; it is not published by that."""
    await actions.bring_back(request.user, campaign_id)
    return await campaign_out(await queries.one(request.user, campaign_id))


@get("/campaigns/{campaign_id:int}/statuses", opt=needs("campaign.see"), tags=TAGS, summary="Its statuses")
async def list_statuses(request: Request, campaign_id: FromPath[int]) -> Listing[StatusOut]:
    """In their order."""
    await queries.one(request.user, campaign_id)
    return Listing([_status_out(row) for row in await queries.statuses(campaign_id)])


@post("/campaigns/{campaign_id:int}/statuses", opt=needs("campaign.edit"), tags=TAGS, summary="Add or change a status")
async def save_status(request: Request, campaign_id: FromPath[int], data: JSONBody[StatusIn]) -> StatusOut:
    """By its key."""
    draft = StatusDraft(**msgspec.structs.asdict(data))
    status_id = await statuses.add(request.user, campaign_id, draft)
    return _status_out(await queries.status(campaign_id, status_id))


async def campaign_out(campaign: Any) -> CampaignOut:
    """A campaign in the API's shape."""
    return _campaign_out(campaign, await queries.statuses(campaign.id))


def _campaign_out(campaign: Any, statuses: list[queries.Status]) -> CampaignOut:
    """The same; `statuses` may hold those of other campaigns too."""
    own = ("statuses", "programme", "archived")
    plain = {name: getattr(campaign, name) for name in CampaignOut.__struct_fields__ if name not in own}
    plain |= {"programme": campaign.programme_id, "archived": campaign.archived_at is not None}
    plain |= {"opens_at": wall_text(campaign.opens_at), "closes_at": wall_text(campaign.closes_at)}
    return CampaignOut(**plain, statuses=[_status_out(row) for row in statuses if row.campaign_id == campaign.id])


def _status_out(row: queries.Status) -> StatusOut:
    return StatusOut(**{name: getattr(row, name) for name in StatusOut.__struct_fields__})


def _draft(data: CampaignIn) -> CampaignDraft:
    return CampaignDraft(**_given(data))


def _given(data: CampaignIn | CampaignChange) -> dict[str, Any]:
    """The fields that were sent, as the draft calls them."""
    plain = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    plain.pop("version", None)
    plain |= {name: wall_time(plain[name], name) for name in ("opens_at", "closes_at") if name in plain}
    if "programme" in plain:
        plain["programme_id"] = plain.pop("programme")
    return plain


def _as_it_is(campaign: queries.Campaign) -> CampaignDraft:
    return CampaignDraft(**{name: getattr(campaign, name) for name in CampaignDraft.__struct_fields__})


routes: list[Any] = [
    list_campaigns, create_campaign, get_campaign, change_campaign, duplicate_campaign, archive_campaign,
    bring_campaign_back, list_statuses, save_status, *phase_api.routes,
]  # fmt: skip

"""Campaigns and their statuses as JSON."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from portal.campaigns import actions, queries, statuses
from portal.campaigns.checks import CampaignDraft, StatusDraft
from portal.web.api import Listing, cut, wall_text, wall_time
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


class StatusIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A status. A `key` that is there already names that status, which is then changed."""

    key: str
    label: dict[str, str]
    public_label: dict[str, str] = {}
    tone: Tone = "mute"
    is_decision: bool = False


@get("/campaigns", opt=needs("campaign.see"), tags=TAGS, summary="Campaigns you may see")
async def list_campaigns(
    request: Request, limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None
) -> Listing[CampaignOut]:
    """Newest closing date first."""
    page = cut(await queries.list_for(request.user), limit, cursor, lambda row: row)
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
    plain = {name: getattr(campaign, name) for name in CampaignOut.__struct_fields__ if name != "statuses"}
    plain |= {"opens_at": wall_text(campaign.opens_at), "closes_at": wall_text(campaign.closes_at)}
    return CampaignOut(**plain, statuses=[_status_out(row) for row in statuses if row.campaign_id == campaign.id])


def _status_out(row: queries.Status) -> StatusOut:
    return StatusOut(**{name: getattr(row, name) for name in StatusOut.__struct_fields__})


def _draft(data: CampaignIn) -> CampaignDraft:
    plain = msgspec.structs.asdict(data)
    times = {name: wall_time(plain[name], name) for name in ("opens_at", "closes_at")}
    return CampaignDraft(**(plain | times))


routes: list[Any] = [list_campaigns, create_campaign, get_campaign, list_statuses, save_status]

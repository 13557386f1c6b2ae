"""Pages of campaigns: the list, a new one, its overview, its settings and its team."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import timeline, zones
from portal.campaigns import (
    actions,
    copy_pages,
    forms,
    history,
    phase_pages,
    phases,
    programme_pages,
    programmes,
    queries,
    question_pages,
    settings_pages,
    status_pages,
    team,
    words,
)
from portal.campaigns.forms import NewCampaignForm
from portal.i18n import _
from portal.organisation import queries as organisation
from portal.outcomes import Refused
from portal.timeline_words import by_day, days_of
from portal.triggers import untold
from portal.web.field import clean
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import page, see
from portal.web.rights import needs

SEE, EDIT = needs("campaign.see"), needs("campaign.edit")
CAMPAIGNS, CAMPAIGN = "/campaigns", "/campaigns/{campaign_id:int}"
LATEST = 20


# ------------------------------------------------------------------------------------------------ the list
@get(CAMPAIGNS, opt=SEE)
async def campaign_list(
    request: Request, q: FromQuery[str] = "", programme: FromQuery[str] = "", archived: FromQuery[str] = ""
) -> Response[Any]:
    """The campaigns one may see, with their state and their dossiers by status."""
    q, every = clean(q), await programmes.every()
    chosen = next((each for each in every if str(each.id) == programme), None)
    put_away = archived == "1"
    return page(
        request,
        "campaigns/list.html",
        campaigns=await queries.list_for(
            request.user, q, archived=put_away, programme_id=chosen.id if chosen else None
        ),
        counts=await queries.count(request.user),
        programmes=every,
        chosen=chosen,
        archived=put_away,
        q=q,
    )


@get("/campaigns/new", opt=EDIT)
async def new_campaign_page(request: Request) -> Response[Any]:
    """The form for a new campaign."""
    form = forms.new_campaign((await organisation.current()).time_zone, await programmes.every())
    return page(request, "campaigns/new.html", form=form, labels=words.settings_labels(), cities=zones.cities())


@post("/campaigns/new", opt=EDIT, status_code=303)
async def create_campaign(request: Request) -> Response[Any]:
    """Create a campaign with the usual statuses and its acknowledgement (E13)."""
    form = await NewCampaignForm.read(request, choices=forms.campaign_choices(await programmes.every()))
    if form.valid:
        try:
            campaign_id = await actions.create(request.user, form.draft())
            return see(
                request, f"/campaigns/{campaign_id}", _("Campaign created. Candidates see it once it is published.")
            )
        except Refused as refused:
            form.refuse(refused)
    form.default_language = form.default_locale
    labels = words.settings_labels()
    return page(request, "campaigns/new.html", form=form, labels=labels, cities=zones.cities(), status_code=422)


# ------------------------------------------------------------------------------------------------ one campaign
@get(CAMPAIGN, opt=SEE)
async def overview(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """What it is, who works on it, where its dossiers stand, what happened last."""
    campaign = await queries.one(request.user, campaign_id)
    return page(
        request,
        "campaigns/overview.html",
        campaign=campaign,
        statuses=await queries.counted(request.user, campaign_id),
        first=words.first_phase(campaign.first_phase),
        phases=await phases.of_campaign(campaign_id),
        next_number=await queries.next_number(campaign_id),
        members=await team.members(campaign_id),
        programme=await programmes.one(campaign.programme_id) if campaign.programme_id else None,
        address=request.app.state.base_url.rstrip("/") + f"/apply/{campaign.slug}",
        days=days_of(await timeline.of_campaign(campaign_id, LATEST)),
        untold=await untold.of_campaign(request.user, campaign_id),
    )


@get(f"{CAMPAIGN}/history", opt=SEE)
async def history_page(request: Request, campaign_id: FromPath[int], about: FromQuery[str] = "") -> Response[Any]:
    """Everything that happened to it, page by page; `about` leaves one part."""
    campaign = await queries.one(request.user, campaign_id)
    found = await history.of_campaign(campaign_id, about, asked(request, history.NEWEST))
    return page(
        request,
        "campaigns/history.html",
        campaign=campaign,
        about=about if about in history.AREAS else "",
        areas=[(each, words.area_word(each)) for each in history.AREAS],
        found=found,
        days=by_day(found.items),
    )


@post(f"{CAMPAIGN}/publish", opt=EDIT, status_code=303)
async def publish(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Show it to candidates."""
    await actions.publish(request.user, campaign_id)
    return see(request, f"/campaigns/{campaign_id}", _("Campaign published."))


@get(f"{CAMPAIGN}/unpublish", opt=EDIT)
async def unpublish_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Say what unpublishing does before it is done."""
    return page(request, "campaigns/unpublish.html", campaign=await queries.one(request.user, campaign_id))


@post(f"{CAMPAIGN}/unpublish", opt=EDIT, status_code=303)
async def unpublish(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Take it back from candidates."""
    await actions.publish(request.user, campaign_id, published=False)
    return see(request, f"/campaigns/{campaign_id}", _("Campaign unpublished."))


@get(f"{CAMPAIGN}/archive", opt=EDIT)
async def archive_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Say what the archive means before a campaign goes there."""
    return page(request, "campaigns/archive.html", campaign=await queries.one(request.user, campaign_id))


@post(f"{CAMPAIGN}/archive", opt=EDIT, status_code=303)
async def archive(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Put it away."""
    campaign = await queries.one(request.user, campaign_id)
    await actions.archive(request.user, campaign_id)
    return see(request, CAMPAIGNS, _("Campaign “{campaign}” archived.").format(campaign=campaign.name))


@post(f"{CAMPAIGN}/bring-back", opt=EDIT, status_code=303)
async def bring_back(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Take it out of the archive."""
    await actions.bring_back(request.user, campaign_id)
    return see(request, f"/campaigns/{campaign_id}", _("Campaign brought back. It is not published."))


routes = [
    campaign_list, new_campaign_page, create_campaign, overview, history_page, publish, unpublish_page, unpublish,
    archive_page, archive, bring_back, *copy_pages.routes,
    *settings_pages.routes, *programme_pages.routes, *status_pages.routes, *question_pages.routes, *phase_pages.routes,
]  # fmt: skip

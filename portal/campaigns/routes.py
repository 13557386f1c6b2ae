"""Pages of campaigns: the list, a new one, its overview, its settings and its team."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import timeline, zones
from portal.campaigns import actions, copies, forms, phase_pages, queries, question_pages, status_pages, team, words
from portal.campaigns.forms import CampaignForm, MemberForm, NewCampaignForm, RemovalForm, TextsForm
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.organisation import queries as organisation
from portal.outcomes import Missing, Refused, Stale
from portal.timeline_words import days_of
from portal.web.conflicts import conflict
from portal.web.field import clean
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

SEE, EDIT = needs("campaign.see"), needs("campaign.edit")
CAMPAIGNS, CAMPAIGN = "/campaigns", "/campaigns/{campaign_id:int}"
LATEST = 20


# ------------------------------------------------------------------------------------------------ the list
@get(CAMPAIGNS, opt=SEE)
async def campaign_list(request: Request, q: FromQuery[str] = "") -> Response[Any]:
    """The campaigns one may see, with their state and their dossiers by status."""
    q = clean(q)
    found = await queries.list_for(request.user, q)
    some = bool(found) or bool(q and await queries.count(request.user))
    return page(request, "campaigns/list.html", campaigns=found, some=some, q=q)


@get("/campaigns/new", opt=EDIT)
async def new_campaign_page(request: Request) -> Response[Any]:
    """The form for a new campaign."""
    form = forms.new_campaign((await organisation.current()).time_zone)
    return page(request, "campaigns/new.html", form=form, labels=words.settings_labels(), cities=zones.cities())


@post("/campaigns/new", opt=EDIT, status_code=303)
async def create_campaign(request: Request) -> Response[Any]:
    """Create a campaign with the usual statuses and its acknowledgement (E13)."""
    form = await NewCampaignForm.read(request, choices=forms.campaign_choices())
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
        statuses=await queries.statuses(campaign_id),
        members=await team.members(campaign_id),
        address=request.app.state.base_url.rstrip("/") + f"/apply/{campaign.slug}",
        days=days_of(await timeline.of_campaign(campaign_id, LATEST)),
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


# ------------------------------------------------------------------------------------------------ settings
@get(f"{CAMPAIGN}/settings", opt=EDIT)
async def settings_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Texts, address, languages, dates; and the team."""
    campaign = await queries.one(request.user, campaign_id)
    return await _settings(request, campaign, forms.of_campaign(campaign))


@post(f"{CAMPAIGN}/settings", opt=EDIT, status_code=303)
async def change_settings(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Save the settings; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    form = await CampaignForm.read(request, choices=forms.campaign_choices())
    if not form.valid:
        return await _settings(request, campaign, form, status_code=422)
    where = f"/campaigns/{campaign_id}/settings"
    try:
        await actions.change(request.user, campaign_id, form.version, form.draft())
    except Refused as refused:
        form.refuse(refused)
        return await _settings(request, campaign, form, status_code=422)
    except Stale as stale:
        theirs = forms.of_campaign(stale.theirs)
        return conflict(request, stale, form, theirs, labels=words.settings_labels(), action=where, back=where)
    return see(request, where, _("Saved."))


@post(f"{CAMPAIGN}/members", opt=EDIT, status_code=303)
async def add_member(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Add a colleague to the team."""
    campaign = await queries.one(request.user, campaign_id)
    form = await MemberForm.read(request, choices=forms.member_choices(await team.colleagues()))
    if form.valid:
        try:
            await team.add(request.user, campaign_id, form.account, form.role)
            return see(request, f"/campaigns/{campaign_id}/settings#team", _("Added to the team."))
        except Refused as refused:
            form.refuse(refused)
    return await _settings(request, campaign, forms.of_campaign(campaign), member=form, status_code=422)


@post(f"{CAMPAIGN}/members/remove", opt=EDIT, status_code=303)
async def remove_member(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Take a colleague off the team."""
    campaign = await queries.one(request.user, campaign_id)
    form = await RemovalForm.read(request)
    if form.valid:
        try:
            await team.remove(request.user, campaign_id, form.account, form.role)
            return see(request, await _after_removal(request, campaign_id), _("Removed from the team."))
        except Refused as refused:
            form.refuse(refused)
    member = forms.empty_member(await team.colleagues())
    member.refuse(Refused(" ".join(form.errors.values())))
    return await _settings(request, campaign, forms.of_campaign(campaign), member=member, status_code=422)


async def _after_removal(request: Request, campaign_id: int) -> str:
    """The team, or the list for somebody who has just given up one's own place."""
    try:
        await queries.one(request.user, campaign_id)
    except Missing:
        return CAMPAIGNS
    return f"/campaigns/{campaign_id}/settings#team"


# ------------------------------------------------------------------------------------------------ copy, delete (E17)
@post(f"{CAMPAIGN}/duplicate", opt=EDIT, status_code=303)
async def duplicate(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Make a new campaign from this one; its settings are the next thing to look at."""
    copy_id = await copies.duplicate(request.user, campaign_id)
    toast = _("Campaign copied. Change its title and its dates before you publish it.")
    return see(request, f"/campaigns/{copy_id}/settings", toast)


@get(f"{CAMPAIGN}/delete", opt=EDIT)
async def delete_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Ask before a campaign goes, and say why when it cannot."""
    campaign = await queries.one(request.user, campaign_id)
    message = copies.why_it_stays(await queries.dossiers(campaign_id))
    return page(request, "campaigns/delete.html", campaign=campaign, message=message)


@post(f"{CAMPAIGN}/delete", opt=EDIT, status_code=303)
async def delete(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Delete a campaign that nobody applied to."""
    campaign = await queries.one(request.user, campaign_id)
    try:
        await copies.delete(request.user, campaign_id)
    except Refused as refused:
        return page(request, "campaigns/delete.html", status_code=422, campaign=campaign, message=refused.message)
    return see(request, CAMPAIGNS, _("Campaign “{campaign}” deleted.").format(campaign=campaign.name))


async def _settings(
    request: Request, campaign: Campaign, form: TextsForm, *, member: Form | None = None, status_code: int = 200
) -> Response[Any]:
    form.default_language = campaign.default_locale
    return page(
        request,
        "campaigns/settings.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        member=member or forms.empty_member(await team.colleagues()),
        members=await team.members(campaign.id),
        labels=words.settings_labels(),
        cities=zones.cities(),
        address=request.app.state.base_url.rstrip("/") + "/apply/",
    )


routes = [
    campaign_list, new_campaign_page, create_campaign, overview, publish, unpublish_page, unpublish,
    settings_page, change_settings, add_member, remove_member, duplicate, delete_page, delete,
    *status_pages.routes, *question_pages.routes, *phase_pages.routes,
]  # fmt: skip

"""Pages of a campaign's settings and of its team."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal import zones
from portal.campaigns import actions, closing, forms, programmes, queries, team, words
from portal.campaigns.closing_pages import ask
from portal.campaigns.forms import CampaignForm, MemberForm, RemovalForm, TextsForm
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
CAMPAIGN = "/campaigns/{campaign_id:int}"


@get(f"{CAMPAIGN}/settings", opt=EDIT)
async def settings_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Texts, address, languages, dates; and the team."""
    campaign = await queries.one(request.user, campaign_id)
    return await _settings(request, campaign, await _filled(campaign))


@post(f"{CAMPAIGN}/settings", opt=EDIT, status_code=303)
async def change_settings(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Save the settings; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    every = await programmes.every()
    form = await CampaignForm.read(request, choices=forms.campaign_choices(every))
    if not form.valid:
        return await _settings(request, campaign, form, status_code=422)
    where = f"/campaigns/{campaign_id}/settings"
    move = await closing.of_campaign(campaign, form.closes_at, form.time_zone) if form.orderly else None
    if move and form.confirmed != move.seal:
        return ask(request, campaign, form, move, action=where, back=where)
    try:
        await actions.change(request.user, campaign_id, form.version, form.draft())
    except Refused as refused:
        form.refuse(refused)
        return await _settings(request, campaign, form, status_code=422)
    except Stale as stale:
        theirs = forms.of_campaign(stale.theirs, every)
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
    return await _settings(
        request, campaign, forms.of_campaign(campaign, await programmes.every()), member=form, status_code=422
    )


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
    return await _settings(
        request, campaign, forms.of_campaign(campaign, await programmes.every()), member=member, status_code=422
    )


async def _after_removal(request: Request, campaign_id: int) -> str:
    """The team, or the list for somebody who has just given up one's own place."""
    try:
        await queries.one(request.user, campaign_id)
    except Missing:
        return "/campaigns"
    return f"/campaigns/{campaign_id}/settings#team"


async def _filled(campaign: Campaign) -> CampaignForm:
    return forms.of_campaign(campaign, await programmes.every())


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


routes = [settings_page, change_settings, add_member, remove_member]

"""A campaign's automatic follow-ups: their list, their form, the questions before they are switched or deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.autoresponders import actions, due, forms, queries, words
from portal.autoresponders.forms import FollowUpForm
from portal.autoresponders.queries import Autoresponder
from portal.autoresponders.rules import CAUSES
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.ledger import queries as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.triggers.forms import ConfirmForm, take_version
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/campaigns/{campaign_id:int}/emails/follow-ups"
ONE = f"{HERE}/{{autoresponder_id:int}}"
MAY = needs("campaign.emails")


def home_of(campaign: Campaign) -> str:
    """The address of a campaign's follow-ups."""
    return f"/campaigns/{campaign.id}/emails/follow-ups"


@get(HERE, opt=MAY)
async def list_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """All of them as sentences, with what they have sent and what they wait for."""
    campaign = await campaigns.one(request.user, campaign_id)
    return page(
        request,
        "autoresponders/list.html",
        campaign=campaign,
        rows=await queries.of_campaign(campaign.id),
        causes=CAUSES,
        words=words,
        home=home_of(campaign),
    )


# ------------------------------------------------------------------------------------------------ the form
@get(f"{HERE}/new", opt=MAY)
async def new_page(request: Request, campaign_id: FromPath[int], cause: FromQuery[str] = "") -> Response[Any]:
    """The empty form for a cause."""
    campaign = await campaigns.one(request.user, campaign_id)
    form = forms.new_form(await forms.offer(campaign), words.cause_of(cause))
    return _form_page(request, campaign, form)


@post(HERE, opt=MAY, status_code=303)
async def create(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Save it."""
    campaign = await campaigns.one(request.user, campaign_id)
    form = await FollowUpForm.read(request, choices=await forms.offer(campaign))
    if form.valid:
        try:
            await actions.create(campaign.id, form.draft(), request.user)
        except Refused as refused:
            form.refuse(refused)
    if not form.valid:
        form.add(await actions.faults(campaign.id, form.draft()))
        return _form_page(request, campaign, form, status_code=422)
    return see(request, home_of(campaign), _said(form))


@get(ONE, opt=MAY)
async def edit_page(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """The form of a follow-up, which can be changed at any time."""
    campaign, one = await _one(request, campaign_id, autoresponder_id)
    return _form_page(request, campaign, forms.edit_form(await forms.offer(campaign, one), one), one)


@post(ONE, opt=MAY, status_code=303)
async def change(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 with theirs beside one's own when somebody was faster."""
    campaign, one = await _one(request, campaign_id, autoresponder_id)
    form = await FollowUpForm.read(request, choices=await forms.offer(campaign, one))
    if form.valid:
        try:
            await actions.change(one.id, form.version, form.draft(), request.user)
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            take_version(form, stale)
            return _form_page(request, campaign, form, one, status_code=409, stale=stale)
    if not form.valid:
        form.add(await actions.faults(campaign.id, form.draft(), one))
        return _form_page(request, campaign, form, one, status_code=422)
    return see(request, home_of(campaign), _said(form))


def _said(form: FollowUpForm) -> str:
    return _("Saved. What happens from now on is answered.") if form.active else _("Saved. It sends nothing yet.")


def _form_page(
    request: Request,
    campaign: Campaign,
    form: FollowUpForm,
    one: Autoresponder | None = None,
    *,
    status_code: int = 200,
    stale: Stale | None = None,
) -> Response[Any]:
    return page(
        request,
        "autoresponders/form.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        one=one,
        stale=stale,
        theirs=forms.described(form, stale.theirs) if stale else [],
        causes=CAUSES,
        words=words,
        home=home_of(campaign),
    )


# ------------------------------------------------------------------------------------------------ pause, go on, delete
@get([f"{ONE}/pause", f"{ONE}/activate"], opt=MAY)
async def switch_page(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """Ask before it is paused or goes on, with what that means for whom."""
    return await _confirm_page(request, campaign_id, autoresponder_id, "autoresponders/switch.html")


@post([f"{ONE}/pause", f"{ONE}/activate"], opt=MAY, status_code=303)
async def switch(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """Pause it, or let it go on."""
    campaign, one = await _one(request, campaign_id, autoresponder_id)
    active = request.scope["path"].endswith("/activate")
    form = await ConfirmForm.read(request)
    if form.waiting < await ledger.waiting(actions.KIND, one.id):
        return await _confirm_page(
            request, campaign_id, autoresponder_id, "autoresponders/switch.html", before=form.waiting
        )
    await actions.switch(one.id, form.version, active, request.user)
    toast = _("“{name}” is active.") if active else _("“{name}” is paused.")
    return see(request, home_of(campaign), toast.format(name=one.name))


@get(f"{ONE}/delete", opt=MAY)
async def delete_page(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """Ask before it is deleted."""
    return await _confirm_page(request, campaign_id, autoresponder_id, "autoresponders/delete.html")


@post(f"{ONE}/delete", opt=MAY, status_code=303)
async def delete(request: Request, campaign_id: FromPath[int], autoresponder_id: FromPath[int]) -> Response[Any]:
    """Delete it; what has not left is cancelled."""
    campaign, one = await _one(request, campaign_id, autoresponder_id)
    form = await ConfirmForm.read(request)
    if form.waiting < await ledger.waiting(actions.KIND, one.id):
        return await _confirm_page(
            request, campaign_id, autoresponder_id, "autoresponders/delete.html", before=form.waiting
        )
    await actions.delete(one.id, form.version, request.user)
    return see(request, home_of(campaign), _("“{name}” deleted.").format(name=one.name))


async def _confirm_page(
    request: Request, campaign_id: int, autoresponder_id: int, template: str, before: int | None = None
) -> Response[Any]:
    """The question with today's numbers; 409 when more e-mails wait than it said `before`."""
    campaign, one = await _one(request, campaign_id, autoresponder_id)
    return page(
        request,
        template,
        status_code=200 if before is None else 409,
        campaign=campaign,
        one=one,
        waiting=await ledger.waiting(actions.KIND, one.id),
        ahead=await due.ahead(one, datetime.now(UTC)),
        before=before,
        activating=request.scope["path"].endswith("/activate"),
        words=words,
        home=home_of(campaign),
    )


async def _one(request: Request, campaign_id: int, autoresponder_id: int) -> tuple[Campaign, Autoresponder]:
    """The campaign and its follow-up, found through the actor. Raises Missing."""
    campaign = await campaigns.one(request.user, campaign_id)
    one = await queries.one(request.user, autoresponder_id)
    if one.campaign_id != campaign.id:
        raise Missing
    return campaign, one


routes: list[Any] = [
    list_page,
    new_page,
    create,
    edit_page,
    change,
    switch_page,
    switch,
    delete_page,
    delete,
]

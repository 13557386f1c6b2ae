"""The Emails tab of a campaign: its automatic e-mails, their form, the recap."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.accounts import queries as accounts
from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.ledger import queries as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import actions, forms, lines, log_pages, overview, queries, reminders, words
from portal.triggers import recap as recaps
from portal.triggers.facts import FAMILIES
from portal.triggers.forms import ConfirmForm, Offer, TriggerForm
from portal.triggers.queries import Trigger
from portal.web.htmx import Request
from portal.web.pages import letter, page, see
from portal.web.rights import needs

EMAILS = "/campaigns/{campaign_id:int}/emails"
MAY = needs("campaign.emails")


def tab(campaign: Campaign | int) -> str:
    """The address of the tab."""
    return f"/campaigns/{campaign if isinstance(campaign, int) else campaign.id}/emails"


# ------------------------------------------------------------------------------------------------ the tab
@get(EMAILS, opt=MAY)
async def emails_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The two sections, each with its button, its triggers as sentences and its gaps (E05, E06, E09, E10)."""
    campaign = await campaigns.one(request.user, campaign_id)
    shown = await overview.overview(campaign.id, campaign.locales, campaign.default_locale)
    return page(
        request,
        "triggers/list.html",
        campaign=campaign,
        shown=shown,
        families=FAMILIES,
        words=words,
        lines=lines,
        roles=await accounts.role_labels(),
    )


@get(f"{EMAILS}/recap", opt=MAY)
async def recap_page(
    request: Request, campaign_id: FromPath[int], dossier: FromQuery[str] = "", language: FromQuery[str] = ""
) -> Response[Any]:
    """The dry run of every case (E15), on the dossier with this number or on the latest, as if in this language."""
    campaign = await campaigns.one(request.user, campaign_id)
    try:
        tried, unknown = await recaps.recap(campaign, dossier, language), False
    except Missing:
        tried, unknown = await recaps.recap(campaign, locale=language), True
    return page(
        request,
        "triggers/recap.html",
        status_code=422 if unknown else 200,
        campaign=campaign,
        recap=tried,
        number_asked=dossier.strip(),
        unknown=unknown,
        words=words,
        lines=lines,
    )


@get(f"{EMAILS}/recap/{{trigger_id:int}}/letter", opt=MAY)
async def recap_letter(
    request: Request,
    campaign_id: FromPath[int],
    trigger_id: FromPath[int],
    dossier: FromQuery[str] = "",
    language: FromQuery[str] = "",
    place: FromQuery[int] = 0,
) -> Response[str]:
    """One letter of the dry run as html, for a sandboxed frame."""
    campaign = await campaigns.one(request.user, campaign_id)
    planned = await recaps.letter(campaign, trigger_id, dossier, language, place)
    return letter(planned.html)


# ------------------------------------------------------------------------------------------------ the form
@get(f"{EMAILS}/new", opt=MAY)
async def new_page(
    request: Request,
    campaign_id: FromPath[int],
    family: FromQuery[str] = "manager",
    template: FromQuery[int] = 0,
    status: FromQuery[int] = 0,
) -> Response[Any]:
    """The empty form; `template` comes back from *New template*, `status` from a gap."""
    campaign = await campaigns.one(request.user, campaign_id)
    offered = await forms.offer(campaign)
    form = forms.new_form(offered, forms.family_of(family), template, status)
    return _form_page(request, campaign, form, offered)


@post(EMAILS, opt=MAY, status_code=303)
async def create(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Save and continue: on to the recap (E14)."""
    campaign = await campaigns.one(request.user, campaign_id)
    offered = await forms.offer(campaign)
    form = await TriggerForm.read(request, choices=offered.choices, extra=offered.extra)
    if form.valid:
        try:
            await actions.create(campaign.id, form.draft(), request.user)
        except Refused as refused:
            form.refuse(refused)
    if not form.valid:
        form.add(await actions.faults(campaign.id, form.draft()))
        return _form_page(request, campaign, form, offered, status_code=422)
    return see(request, f"{tab(campaign)}/recap", _("Saved. This is what will be sent."))


@get(f"{EMAILS}/{{trigger_id:int}}", opt=MAY)
async def edit_page(
    request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int], template: FromQuery[int] = 0
) -> Response[Any]:
    """The form of a trigger, which can be changed at any time (E01)."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    offered = await forms.offer(campaign, trigger)
    return _form_page(request, campaign, forms.edit_form(offered, trigger, template), offered, trigger)


@post(f"{EMAILS}/{{trigger_id:int}}", opt=MAY, status_code=303)
async def change(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Save and continue; 409 with theirs beside one's own when somebody was faster."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    offered = await forms.offer(campaign, trigger)
    form = await TriggerForm.read(request, choices=offered.choices, extra=offered.extra)
    if form.valid:
        try:
            await actions.change(trigger.id, form.version, form.draft(), request.user)
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            forms.take_version(form, stale)
            return _form_page(request, campaign, form, offered, trigger, status_code=409, stale=stale)
    if not form.valid:
        form.add(await actions.faults(campaign.id, form.draft(), trigger))
        return _form_page(request, campaign, form, offered, trigger, status_code=422)
    return see(request, f"{tab(campaign)}/recap", _("Saved. This is what will be sent."))


def _form_page(
    request: Request,
    campaign: Campaign,
    form: TriggerForm,
    offered: Offer,
    trigger: Trigger | None = None,
    *,
    status_code: int = 200,
    stale: Stale | None = None,
) -> Response[Any]:
    return page(
        request,
        "triggers/form.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        trigger=trigger,
        family=forms.family_of(form.shown("family")),
        questions=offered.questions,
        stale=stale,
        theirs=forms.described(form, stale.theirs, offered) if stale else [],
        words=words,
        back=forms.way_back(tab(campaign), form, trigger),
    )


# ------------------------------------------------------------------------------------------------ order
@post([f"{EMAILS}/{{trigger_id:int}}/earlier", f"{EMAILS}/{{trigger_id:int}}/later"], opt=MAY, status_code=303)
async def move(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Ask it before, or after, its neighbour for the same event."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    await actions.move(trigger.id, request.scope["path"].endswith("/earlier"), request.user)
    return see(request, tab(campaign), _("“{name}” is asked in another place now.").format(name=trigger.name))


# ------------------------------------------------------------------------------------------------ pause, go on, delete
@get([f"{EMAILS}/{{trigger_id:int}}/pause", f"{EMAILS}/{{trigger_id:int}}/activate"], opt=MAY)
async def switch_page(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Ask before a trigger is paused or goes on, with what happens to the e-mails that wait."""
    return await _confirm_page(request, campaign_id, trigger_id, "triggers/switch.html")


@post([f"{EMAILS}/{{trigger_id:int}}/pause", f"{EMAILS}/{{trigger_id:int}}/activate"], opt=MAY, status_code=303)
async def switch(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Pause it, or let it go on."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    active = request.scope["path"].endswith("/activate")
    form = await ConfirmForm.read(request)
    if form.waiting < await ledger.waiting("trigger", trigger.id):
        return await _confirm_page(request, campaign_id, trigger_id, "triggers/switch.html", before=form.waiting)
    await actions.switch(trigger.id, form.version, active, request.user)
    toast = _("“{name}” is active again.") if active else _("“{name}” is paused.")
    return see(request, tab(campaign), toast.format(name=trigger.name))


@get(f"{EMAILS}/{{trigger_id:int}}/delete", opt=MAY)
async def delete_page(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Ask before a trigger is deleted."""
    return await _confirm_page(request, campaign_id, trigger_id, "triggers/delete.html")


@post(f"{EMAILS}/{{trigger_id:int}}/delete", opt=MAY, status_code=303)
async def delete(request: Request, campaign_id: FromPath[int], trigger_id: FromPath[int]) -> Response[Any]:
    """Delete it; what has not left is cancelled."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    form = await ConfirmForm.read(request)
    if form.waiting < await ledger.waiting("trigger", trigger.id):
        return await _confirm_page(request, campaign_id, trigger_id, "triggers/delete.html", before=form.waiting)
    await actions.delete(trigger.id, form.version, request.user)
    return see(request, tab(campaign), _("“{name}” deleted.").format(name=trigger.name))


async def _confirm_page(
    request: Request, campaign_id: int, trigger_id: int, template: str, before: int | None = None
) -> Response[Any]:
    """The question with today's numbers; 409 when more e-mails wait than it said `before`."""
    campaign, trigger = await _one(request, campaign_id, trigger_id)
    row, alone = await overview.one(campaign.id, trigger.id)
    deadline = next((each for each in await reminders.deadlines(campaign.id) if each.id == trigger.id), None)
    return page(
        request,
        template,
        consequences=lines.pause_lines(row, deadline, alone=alone),
        status_code=200 if before is None else 409,
        campaign=campaign,
        trigger=trigger,
        waiting=row.waiting,
        before=before,
        activating=request.scope["path"].endswith("/activate"),
        home=tab(campaign),
    )


async def _one(request: Request, campaign_id: int, trigger_id: int) -> tuple[Campaign, Trigger]:
    """The campaign and its trigger, found through the actor. Raises Missing."""
    campaign = await campaigns.one(request.user, campaign_id)
    trigger = await queries.trigger(request.user, trigger_id)
    if trigger.campaign_id != campaign.id:
        raise Missing
    return campaign, trigger


routes: list[Any] = [
    emails_page,
    *log_pages.routes,
    recap_page,
    recap_letter,
    new_page,
    create,
    edit_page,
    change,
    move,
    switch_page,
    switch,
    delete_page,
    delete,
]

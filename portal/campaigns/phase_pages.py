"""Pages of a campaign's phases: the ordered list, one phase, the initial one's name, deletion (E17)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal import zones
from portal.campaigns import closing, phase_actions, phases, queries, words
from portal.campaigns.closing_pages import ask
from portal.campaigns.phase_forms import FirstPhaseForm, PhaseForm, choices, of_first, of_phase
from portal.campaigns.phases import Phase
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
PHASES = "/campaigns/{campaign_id:int}/phases"
PHASE = f"{PHASES}/{{phase_id:int}}"


@get(PHASES, opt=EDIT)
async def phase_list(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The initial phase and those after it: when, for whom, with how many questions."""
    campaign = await queries.one(request.user, campaign_id)
    statuses = await queries.counted(request.user, campaign_id)
    return page(
        request,
        "campaigns/phases.html",
        campaign=campaign,
        first=words.first_phase(campaign.first_phase),
        questions=await phases.first_questions(campaign_id),
        drafts=sum(each.dossiers for each in statuses if each.key == "draft"),
        submitted=sum(each.dossiers for each in statuses if each.key != "draft"),
        phases=await phases.of_campaign(campaign_id),
        uses=await phases.uses(campaign_id),
        statuses={each.id: each for each in statuses},
    )


@get(f"{PHASES}/new", opt=EDIT)
async def new_phase_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The form for one more phase."""
    campaign = await queries.one(request.user, campaign_id)
    return _phase(request, campaign, None, PhaseForm(choices=choices(await queries.statuses(campaign_id))))


@post(f"{PHASES}/new", opt=EDIT, status_code=303)
async def add_phase(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Add a phase at the end."""
    campaign = await queries.one(request.user, campaign_id)
    form = await PhaseForm.read(request, choices=choices(await queries.statuses(campaign_id)))
    if form.valid:
        try:
            await phase_actions.add(request.user, campaign_id, form.draft())
            return see(request, f"/campaigns/{campaign_id}/phases", _("Phase added."))
        except Refused as refused:
            form.refuse(refused)
    return _phase(request, campaign, None, form, status_code=422)


@get(f"{PHASES}/first", opt=EDIT)
async def first_phase_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """What the initial phase is called; its dates are the campaign's."""
    campaign = await queries.one(request.user, campaign_id)
    return page(request, "campaigns/first_phase.html", campaign=campaign, form=of_first(campaign))


@post(f"{PHASES}/first", opt=EDIT, status_code=303)
async def rename_first_phase(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Save its name; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    form = await FirstPhaseForm.read(request)
    where = f"/campaigns/{campaign_id}/phases"
    if not form.valid:
        return page(request, "campaigns/first_phase.html", campaign=campaign, form=form, status_code=422)
    try:
        await phase_actions.rename_first(request.user, campaign_id, form.version, form.title)
    except Stale as stale:
        labels = {"title": words.phase_labels()["title"]}
        return conflict(
            request, stale, form, of_first(stale.theirs), labels=labels, action=f"{where}/first", back=where
        )
    return see(request, where, _("Saved."))


@get(PHASE, opt=EDIT)
async def phase_page(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """One phase: title, dates, who takes part, what follows."""
    campaign = await queries.one(request.user, campaign_id)
    phase = await phases.one(campaign_id, phase_id)
    return _phase(request, campaign, phase, of_phase(phase, await queries.statuses(campaign_id)))


@post(PHASE, opt=EDIT, status_code=303)
async def change_phase(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """Save a phase; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    phase = await phases.one(campaign_id, phase_id)
    statuses = await queries.statuses(campaign_id)
    form = await PhaseForm.read(request, choices=choices(statuses))
    where = f"/campaigns/{campaign_id}/phases"
    move = await closing.of_phase(phase, form.closes_at) if form.valid and form.orderly else None
    if move and form.confirmed != move.seal:
        own = f"{where}/{phase_id}"
        return ask(request, campaign, form, move, action=own, back=own, name=phase.name)
    if form.valid:
        try:
            await phase_actions.change(request.user, campaign_id, phase_id, form.version, form.draft())
            return see(request, where, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs, own = of_phase(stale.theirs, statuses), f"{where}/{phase_id}"
            return conflict(request, stale, form, theirs, labels=words.phase_labels(), action=own, back=own)
    return _phase(request, campaign, phase, form, status_code=422)


@post(f"{PHASE}/up", opt=EDIT, status_code=303)
async def move_up(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """One place up."""
    await phase_actions.move(request.user, campaign_id, phase_id, -1)
    return see(request, f"/campaigns/{campaign_id}/phases")


@post(f"{PHASE}/down", opt=EDIT, status_code=303)
async def move_down(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """One place down."""
    await phase_actions.move(request.user, campaign_id, phase_id, 1)
    return see(request, f"/campaigns/{campaign_id}/phases")


@get(f"{PHASE}/delete", opt=EDIT)
async def delete_phase_page(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """Count what goes with a phase before it goes, and say why when it cannot."""
    campaign = await queries.one(request.user, campaign_id)
    return await _deletion(request, campaign, await phases.one(campaign_id, phase_id))


@post(f"{PHASE}/delete", opt=EDIT, status_code=303)
async def delete_phase(request: Request, campaign_id: FromPath[int], phase_id: FromPath[int]) -> Response[Any]:
    """Delete a phase that nobody has filled in."""
    campaign = await queries.one(request.user, campaign_id)
    phase = await phases.one(campaign_id, phase_id)
    try:
        await phase_actions.remove(request.user, campaign_id, phase_id)
    except Refused as refused:
        return await _deletion(request, campaign, phase, refused.message, status_code=422)
    return see(request, f"/campaigns/{campaign_id}/phases", _("Phase “{phase}” deleted.").format(phase=phase.name))


def _phase(
    request: Request, campaign: Campaign, phase: Phase | None, form: PhaseForm, *, status_code: int = 200
) -> Response[Any]:
    form.default_language = campaign.default_locale
    return page(
        request,
        "campaigns/phase.html",
        status_code=status_code,
        campaign=campaign,
        phase=phase,
        form=form,
        labels=words.phase_labels(),
        city=dict(zones.cities()).get(campaign.time_zone, campaign.time_zone),
    )


async def _deletion(
    request: Request, campaign: Campaign, phase: Phase, message: str = "", *, status_code: int = 200
) -> Response[Any]:
    use = await phases.use_of(phase.id)
    message = message or phase_actions.why_it_stays(use)
    template = "campaigns/delete_phase.html"
    return page(request, template, status_code=status_code, campaign=campaign, phase=phase, use=use, message=message)


routes = [
    phase_list, new_phase_page, add_phase, first_phase_page, rename_first_phase, phase_page, change_phase,
    move_up, move_down, delete_phase_page, delete_phase,
]  # fmt: skip

"""Pages of a campaign's statuses: the ordered list, one status, its deletion (E16)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import forms, phases, queries, statuses, words
from portal.campaigns.forms import StatusForm
from portal.campaigns.queries import Campaign, Status
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
STATUSES = "/campaigns/{campaign_id:int}/statuses"
STATUS = f"{STATUSES}/{{status_id:int}}"


@get(STATUSES, opt=EDIT)
async def status_list(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The statuses in their order, with what hangs on each."""
    campaign = await queries.one(request.user, campaign_id)
    statuses, later = await queries.counted(request.user, campaign_id), await phases.of_campaign(campaign_id)
    by_id = {each.id: each for each in later}
    return page(request, "campaigns/statuses.html", campaign=campaign, statuses=statuses, phases=by_id)


@get(f"{STATUSES}/new", opt=EDIT)
async def new_status_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The form for one more status."""
    campaign = await queries.one(request.user, campaign_id)
    choices = forms.status_choices(await phases.of_campaign(campaign_id))
    return _status(request, campaign, None, StatusForm({"tone": "teal"}, choices=choices))


@post(f"{STATUSES}/new", opt=EDIT, status_code=303)
async def add_status(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Add a status at the end of the list."""
    campaign = await queries.one(request.user, campaign_id)
    form = await StatusForm.read(request, choices=forms.status_choices(await phases.of_campaign(campaign_id)))
    if form.valid:
        try:
            await statuses.add(request.user, campaign_id, form.draft())
            return see(request, f"/campaigns/{campaign_id}/statuses", _("Status added."))
        except Refused as refused:
            form.refuse(refused)
    return _status(request, campaign, None, form, status_code=422)


@get(STATUS, opt=EDIT)
async def status_page(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """One status: names, colour, decision or not."""
    campaign = await queries.one(request.user, campaign_id)
    status = await queries.status(campaign_id, status_id)
    return _status(request, campaign, status, forms.of_status(status, await phases.of_campaign(campaign_id)))


@post(STATUS, opt=EDIT, status_code=303)
async def change_status(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """Save a status; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    status = await queries.status(campaign_id, status_id)
    form = await StatusForm.read(request, choices=forms.status_choices(await phases.of_campaign(campaign_id)))
    where = f"/campaigns/{campaign_id}/statuses"
    if form.valid:
        try:
            await statuses.change(request.user, campaign_id, status_id, form.version, form.draft())
            return see(request, where, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            later = await phases.of_campaign(campaign_id)
            theirs, own = forms.of_status(stale.theirs, later), f"{where}/{status_id}"
            return conflict(request, stale, form, theirs, labels=words.status_labels(), action=own, back=own)
    return _status(request, campaign, status, form, status_code=422)


@post(f"{STATUS}/up", opt=EDIT, status_code=303)
async def move_up(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """One place up."""
    await statuses.move(request.user, campaign_id, status_id, -1)
    return see(request, f"/campaigns/{campaign_id}/statuses")


@post(f"{STATUS}/down", opt=EDIT, status_code=303)
async def move_down(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """One place down."""
    await statuses.move(request.user, campaign_id, status_id, 1)
    return see(request, f"/campaigns/{campaign_id}/statuses")


@get(f"{STATUS}/delete", opt=EDIT)
async def delete_status_page(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """Ask before a status goes, and say why when it cannot."""
    campaign = await queries.one(request.user, campaign_id)
    return await _deletion(request, campaign, await queries.status(campaign_id, status_id))


@post(f"{STATUS}/delete", opt=EDIT, status_code=303)
async def delete_status(request: Request, campaign_id: FromPath[int], status_id: FromPath[int]) -> Response[Any]:
    """Delete a status that no dossier has or had."""
    campaign = await queries.one(request.user, campaign_id)
    status = await queries.status(campaign_id, status_id)
    try:
        await statuses.remove(request.user, campaign_id, status_id)
    except Refused as refused:
        return await _deletion(request, campaign, status, refused.message, status_code=422)
    return see(
        request, f"/campaigns/{campaign_id}/statuses", _("Status “{status}” deleted.").format(status=status.name)
    )


def _status(
    request: Request, campaign: Campaign, status: Status | None, form: StatusForm, *, status_code: int = 200
) -> Response[Any]:
    form.default_language = campaign.default_locale
    labels = words.status_labels()
    template = "campaigns/status.html"
    return page(request, template, status_code=status_code, campaign=campaign, status=status, form=form, labels=labels)


async def _deletion(
    request: Request, campaign: Campaign, status: Status, message: str = "", *, status_code: int = 200
) -> Response[Any]:
    use = await queries.status_use(status.id)
    message = message or statuses.why_it_stays(status, use)
    template = "campaigns/delete_status.html"
    return page(request, template, status_code=status_code, campaign=campaign, status=status, use=use, message=message)


routes = [
    status_list, new_status_page, add_status, status_page, change_status, move_up, move_down,
    delete_status_page, delete_status,
]  # fmt: skip

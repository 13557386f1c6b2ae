"""Pages that make a campaign from another one (E17)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import copies, queries
from portal.campaigns.copies import CopyDraft
from portal.campaigns.forms import TextsForm
from portal.campaigns.queries import Campaign
from portal.i18n import _
from portal.outcomes import Refused
from portal.web.fields import Day, Flag, Texts
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
DUPLICATE = "/campaigns/{campaign_id:int}/duplicate"


class CopyForm(TextsForm):
    """What the copy is to be."""

    title = Texts(missing=lambda: _("Enter the title."))
    first_day = Day(required=False)
    templates = Flag()
    team = Flag()

    def draft(self) -> CopyDraft:
        """What the action takes."""
        return CopyDraft(**self.values)


@get(DUPLICATE, opt=EDIT)
async def duplicate_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """What the copy takes along, its title, its dates."""
    campaign = await queries.one(request.user, campaign_id)
    return await _page(request, campaign, CopyForm({"title": campaign.title, "team": True}))


@post(DUPLICATE, opt=EDIT, status_code=303)
async def duplicate(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Make the copy; its settings are the next thing to look at."""
    campaign = await queries.one(request.user, campaign_id)
    form = await CopyForm.read(request)
    if form.valid:
        try:
            copy_id = await copies.duplicate(request.user, campaign_id, form.draft())
            toast = _("Campaign copied. Look over its settings before you publish it.")
            return see(request, f"/campaigns/{copy_id}/settings", toast)
        except Refused as refused:
            form.refuse(refused)
    return await _page(request, campaign, form, status_code=422)


async def _page(request: Request, campaign: Campaign, form: CopyForm, *, status_code: int = 200) -> Response[Any]:
    form.default_language = campaign.default_locale
    return page(
        request,
        "campaigns/duplicate.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        cargo=await copies.cargo(campaign.id),
        dates=await copies.dates(campaign),
    )


routes = [duplicate_page, duplicate]

"""The page that asks before a campaign and its dossiers are deleted (E17)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.dossiers import ending
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web.fields import Integer, Text
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
DELETE = "/campaigns/{campaign_id:int}/delete"


class EndForm(Form):
    """`counted`: the number of dossiers that was read; `title`: typed, when there are some."""

    unseen = frozenset({"counted"})
    counted = Integer()
    title = Text(required=False)


@get(DELETE, opt=EDIT)
async def delete_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Count what goes before it goes."""
    return await _page(request, await campaigns.one(request.user, campaign_id), EndForm())


@post(DELETE, opt=EDIT, status_code=303)
async def delete(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Delete a campaign with everything in it; 409 counts again when there are other dossiers by now."""
    campaign = await campaigns.one(request.user, campaign_id)
    form = await EndForm.read(request)
    if not form.valid:
        return await _page(request, campaign, form, status_code=422)
    try:
        await ending.delete(request.user, campaign_id, form.counted, form.title)
    except Refused as refused:
        form.refuse(refused)
        return await _page(request, campaign, form, status_code=422)
    except Stale:
        form.refuse(Refused(_("The number of dossiers has changed. Look at the numbers again.")))
        return await _page(request, campaign, form, status_code=409)
    return see(request, "/campaigns", _("Campaign “{campaign}” deleted.").format(campaign=campaign.name))


async def _page(request: Request, campaign: Campaign, form: EndForm, *, status_code: int = 200) -> Response[Any]:
    going = await ending.going(campaign.id)
    return page(request, "campaigns/delete.html", status_code=status_code, campaign=campaign, form=form, going=going)


routes = [delete_page, delete]

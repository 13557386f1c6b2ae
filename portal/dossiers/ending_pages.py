"""The page that asks before a campaign and its dossiers are deleted (E17)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import queries as campaigns
from portal.campaigns.queries import Campaign
from portal.dossiers import ending
from portal.dossiers.ending import Going
from portal.i18n import _
from portal.outcomes import Refused
from portal.web.fields import Field, Integer, Text
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
DELETE = "/campaigns/{campaign_id:int}/delete"


class EndForm(Form):
    """`counted`: the number of dossiers that was read. With dossiers there is a field `title`, too: it is typed."""

    unseen = frozenset({"counted"})
    counted = Integer()


def _typed(going: Going) -> dict[str, Field[Any]]:
    return {"title": Text(missing=lambda: _("Type the title as it stands above."))} if going.dossiers else {}


@get(DELETE, opt=EDIT)
async def delete_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Count what goes before it goes."""
    campaign, going = await campaigns.one(request.user, campaign_id), await ending.going(campaign_id)
    return _page(request, campaign, going, EndForm(extra=_typed(going)))


@post(DELETE, opt=EDIT, status_code=303)
async def delete(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Delete a campaign with everything in it; 409 counts again when there are other dossiers by now."""
    campaign, going = await campaigns.one(request.user, campaign_id), await ending.going(campaign_id)
    form = await EndForm.read(request, extra=_typed(going))
    if form.counted != going.dossiers:
        again = EndForm(extra=_typed(going))
        again.refuse(Refused(_("The number of dossiers has changed. Look at the numbers again.")))
        return _page(request, campaign, going, again, status_code=409)
    if not form.valid:
        return _page(request, campaign, going, form, status_code=422)
    try:
        job_id = await ending.delete(request.user, campaign_id, form.counted, form.values.get("title", ""))
    except Refused as refused:
        form.refuse(refused)
        return _page(request, campaign, going, form, status_code=422)
    if job_id is not None:
        return see(request, f"/jobs/{job_id}")
    return see(request, "/campaigns", _("Campaign “{campaign}” deleted.").format(campaign=campaign.name))


def _page(
    request: Request, campaign: Campaign, going: Going, form: EndForm, *, status_code: int = 200
) -> Response[Any]:
    as_task = going.dossiers > ending.AT_ONCE
    return page(
        request,
        "campaigns/delete.html",
        status_code=status_code,
        campaign=campaign,
        form=form,
        going=going,
        as_task=as_task,
    )


routes = [delete_page, delete]

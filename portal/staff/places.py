"""The campaigns of a colleague: add to one, take off one."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from portal.campaigns import team
from portal.i18n import _
from portal.outcomes import Refused
from portal.staff import queries
from portal.staff.forms import PlaceForm, place_choices
from portal.staff.paths import HERE, ONE, RIGHT
from portal.web.htmx import Request
from portal.web.pages import see
from portal.web.session import Toast


async def form_of(request: Request) -> PlaceForm:
    """An empty form, with the campaigns that the actor sees."""
    return PlaceForm({"role": "evaluator"}, choices=place_choices(await queries.campaigns(request.user)))


@post(f"{ONE}/campaigns", opt=RIGHT, status_code=303)
async def add(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Let a colleague see a campaign."""
    return await _change(request, account_id, team.add, _("Added to the campaign."))


@post(f"{ONE}/campaigns/remove", opt=RIGHT, status_code=303)
async def remove(request: Request, account_id: FromPath[int]) -> Response[Any]:
    """Take a colleague off a campaign."""
    return await _change(request, account_id, team.remove, _("Taken off the campaign."))


async def _change(request: Request, account_id: int, verb: Any, done: str) -> Response[Any]:
    """What cannot be is said as a toast: the page has moved on to where it would be shown."""
    await queries.one(account_id)
    form = await PlaceForm.read(request, choices=place_choices(await queries.campaigns(request.user)))
    own = f"{HERE}/{account_id}#campaigns"
    if not form.valid:
        return see(request, own, Toast(_("Choose a campaign first."), icon="alert-triangle"))
    try:
        await verb(request.user, form.campaign, account_id, form.role)
    except Refused as refused:
        return see(request, own, Toast(refused.sentences, icon="alert-triangle"))
    return see(request, own, done)


routes: list[Any] = [add, remove]

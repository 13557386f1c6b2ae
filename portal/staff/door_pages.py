"""What the links in letters open: an invitation, a new password. Looking at them changes nothing."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath

from portal import zones
from portal.accounts import links
from portal.accounts.doors import signed_in, whence
from portal.accounts.forms import languages
from portal.accounts.queries import AccountRow
from portal.outcomes import Missing, Refused
from portal.staff import actions, doors
from portal.staff.forms import AddressForm, JoiningForm, NewPasswordForm
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public

FORGOTTEN = "/login/forgotten"
TRIES = 20  # an hour and address
GONE = 404


# ------------------------------------------------------------------------------------------------ forgotten
@get(FORGOTTEN, opt=public())
async def forgotten_page(request: Request) -> Response[Any]:
    """Ask for a link to a new password."""
    return page(request, "staff/forgotten.html", form=AddressForm(), asked=False)


@post(FORGOTTEN, opt=public(), status_code=200, guards=[limited("forgotten", TRIES, per="hour")])
async def ask_reset(request: Request) -> Response[Any]:
    """The same answer whether somebody has the address or not: what is done is done after it has left."""
    form = await AddressForm.read(request)
    answer = page(request, "staff/forgotten.html", form=form, asked=form.valid, status_code=200 if form.valid else 422)
    if form.valid:
        answer.background = BackgroundTask(actions.ask_reset, form.email)
    return answer


@get("/reset/{token:str}", opt=public())
async def reset_page(request: Request, token: FromPath[str]) -> Response[Any]:
    """Choose a new password."""
    return await _reset(request, token, NewPasswordForm())


@post("/reset/{token:str}", opt=public(), status_code=303, guards=[limited("reset", TRIES, per="hour")])
async def reset(request: Request, token: FromPath[str]) -> Response[Any]:
    """Then sign in with it: the link alone opens nothing, least of all around a second factor."""
    form = await NewPasswordForm.read(request)
    if form.valid:
        try:
            await doors.reset(token, form.password)
            return see(request, "/login?done=reset")
        except Refused as refused:
            form.refuse(refused)
        except Missing:
            return _over(request)
    return await _reset(request, token, form, status_code=422)


async def _reset(request: Request, token: str, form: Form, status_code: int = 200) -> Response[Any]:
    account = await links.find(token, "reset")
    if account is None:
        return _over(request)
    return page(request, "staff/reset.html", status_code=status_code, form=form, token=token, account=account)


# ------------------------------------------------------------------------------------------------ invited
@get("/welcome/{token:str}", opt=public())
async def welcome_page(request: Request, token: FromPath[str]) -> Response[Any]:
    """Accept an invitation: choose a password, and how one is called."""
    account = await links.find(token, "invitation")
    return _over(request) if account is None else _welcome(request, token, account)


@post("/welcome/{token:str}", opt=public(), status_code=303, guards=[limited("welcome", TRIES, per="hour")])
async def accept(request: Request, token: FromPath[str]) -> Response[Any]:
    """Signs in at once; where the role needs a second factor, the next page sets it up."""
    account = await links.find(token, "invitation")
    if account is None:
        return _over(request)
    form = await JoiningForm.read(request, choices={"locale": languages()})
    if form.valid:
        told = (form.name, form.locale, form.time_zone, form.password)
        try:
            return await signed_in(request, await doors.accept(token, *told, *whence(request)), "/")
        except Refused as refused:
            form.refuse(refused)
        except Missing:
            return _over(request)
    return _welcome(request, token, account, form, status_code=422)


def _welcome(
    request: Request, token: str, account: AccountRow, form: Form | None = None, status_code: int = 200
) -> Response[Any]:
    values = {"name": account.name, "locale": account.locale, "time_zone": account.time_zone}
    return page(
        request,
        "staff/welcome.html",
        status_code=status_code,
        token=token,
        account=account,
        form=form or JoiningForm(values, choices={"locale": languages()}),
        cities=zones.cities(),
    )


def _over(request: Request) -> Response[Any]:
    return page(request, "staff/over.html", status_code=GONE)


routes: list[Any] = [forgotten_page, ask_reset, reset_page, reset, welcome_page, accept]

"""Single sign-on in the browser: away to the provider, and back."""

from __future__ import annotations

import logging
from typing import Any

from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.params import FromQuery
from litestar.response import Redirect

from portal.accounts import elsewhere, middleware, oidc
from portal.accounts.doors import login_form, signed_in, whence
from portal.accounts.forms import LoginForm
from portal.i18n import _
from portal.outcomes import Refused
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import own_path, see
from portal.web.rights import public
from portal.web.security import cookie_name, is_https

log = logging.getLogger(__name__)

AWAY = "/login/oidc"
TRIES = 60  # a minute
NAME = "oidc"


@get(AWAY, opt=public(), guards=[limited("oidc", TRIES)])
async def leave(request: Request, next: FromQuery[str] = "") -> Response[Any]:
    """To the provider; what its answer has to match goes into a sealed cookie, nothing is stored here."""
    if not oidc.configured():
        return see(request, "/login")
    try:
        address, ticket = await oidc.begin(own_path(next, ""))
    except oidc.Failed as failed:
        return _refused(request, _unreachable(failed))
    answer = Redirect(address, status_code=303)
    answer.set_cookie(_cookie(request, ticket.in_cookie(), oidc.TICKET_SECONDS))
    return answer


@get(oidc.CALLBACK, opt=public(), guards=[limited("oidc", TRIES)])
async def come_back(request: Request, code: FromQuery[str] = "") -> Response[Any]:
    """From the provider, with a code that is exchanged for who has signed in there."""
    name = cookie_name(NAME, request.app.state.base_url)
    ticket = oidc.ticket_of(request.cookies.get(name))
    if not oidc.configured() or ticket is None:
        return see(request, "/login")
    answer = await _answer(request, ticket, code)
    answer.set_cookie(_cookie(request, "", 0))
    return answer


async def _answer(request: Request, ticket: oidc.Ticket, code: str) -> Response[Any]:
    if not code:
        return _refused(request, _("You did not sign in there, so you are not signed in here."))
    try:
        who = await oidc.identity(ticket, code, request.query_params.get("state", ""))
        secret = await elsewhere.sign_in(who, *whence(request), middleware.cookie_of(request))
    except oidc.Failed as failed:
        return _refused(request, _unreachable(failed))
    except Refused as refused:
        return _refused(request, refused.message)
    return await signed_in(request, secret, ticket.next)


def _unreachable(failed: oidc.Failed) -> str:
    log.warning("single sign-on: %s", failed)
    return _("Single sign-on does not work at the moment. Try again, or sign in with your password.")


def _refused(request: Request, sentence: str) -> Response[Any]:
    form = LoginForm()
    form.refuse(Refused(sentence))
    return login_form(request, form, status_code=422)


def _cookie(request: Request, value: str, seconds: int) -> Cookie:
    base_url = request.app.state.base_url
    name, secure = cookie_name(NAME, base_url), is_https(base_url)
    return Cookie(key=name, value=value, max_age=seconds, secure=secure, httponly=True, samesite="lax")


routes: list[Any] = [leave, come_back]

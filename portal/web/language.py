"""In which language a request is answered, and the switch on every page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, post
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal import i18n
from portal.actor import Actor
from portal.web.fields import Choice, Text
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import own_path, see
from portal.web.rights import public
from portal.web.security import cookie_name, is_https
from portal.web.session import visitor

A_YEAR = 31_536_000
LONGEST_PATH = 2_000

Remember = Callable[[Actor, str], Awaitable[None]]
Organisation = Callable[[], Awaitable[Any]]


def wanted(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The account's language, else the cookie's, else the browser's, else the organisation's."""
    state, actor = connection.app.state, visitor(connection)
    chosen = connection.cookies.get(state.language_cookie)
    header = connection.headers.get("accept-language", "")
    return i18n.negotiate(header, actor.locale if actor else None, chosen, default=state.default_locale)


class Visit(ASGIMiddleware):
    """Sets the language and the zone for the request, and fetches the organisation (name, brand) for its pages."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, organisation: Organisation | None, zone: str) -> None:
        self.organisation, self.zone = organisation, zone

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Part of the middleware stack, inside the session."""
        connection = Request(scope, receive)
        actor, locale = visitor(connection), wanted(connection)
        scope["state"]["locale"] = locale
        if self.organisation is not None and scope["route_handler"].opt.get("page", True):
            scope["state"]["organisation"] = await self.organisation()
        with i18n.use(locale, actor.time_zone if actor else self.zone):
            await next_app(scope, receive, send)


class LanguageForm(Form):
    """One of the buttons, and the page to come back to."""

    locale = Choice(*i18n.LOCALES)
    next = Text(longest=LONGEST_PATH, required=False)


def switch(remember: Remember | None) -> Any:
    """`POST /language`: the cookie for a year and, signed in, the account's language."""

    @post("/language", opt=public(), status_code=303)
    async def choose_language(request: Request) -> Response[Any]:
        form = await LanguageForm.read(request)
        answer = see(request, own_path(form.next))
        if not form.valid:
            return answer
        if request.visitor is not None and remember is not None:
            await remember(request.visitor, form.locale)
        base_url = request.app.state.base_url
        answer.set_cookie(
            Cookie(
                key=cookie_name("lang", base_url),
                value=form.locale,
                max_age=A_YEAR,
                secure=is_https(base_url),
                httponly=True,
                samesite="lax",
            )
        )
        return answer

    return choose_language

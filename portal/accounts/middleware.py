"""Who asks: finds the session of the cookie, or under /api the account of the key, and tells the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.accounts import queries, sessions
from portal.accounts.sessions import Visit
from portal.web.rights import API
from portal.web.security import cookie_name, is_https
from portal.web.session import Toast

NAME = "session"
BEARER = "bearer "
NOBODY_ASKS = ("/static/", "/health/", "/metrics")


@dataclass
class Session:
    """The visit of a signed-in person (web/session.py): which row it is, and what the next page has to say."""

    id_hash: bytes
    toasts: list[Toast] = field(default_factory=list)
    stored: tuple[Toast, ...] = ()

    @classmethod
    def of(cls, visit: Visit) -> Session:
        """The session as it is stored."""
        toasts = [msgspec.convert(each, Toast) for each in visit.toasts]
        return cls(visit.id_hash, toasts, tuple(toasts))

    async def store(self) -> None:
        """Write the toasts if they are not those that are stored."""
        if tuple(self.toasts) != self.stored:
            await sessions.keep_toasts(self.id_hash, [msgspec.to_builtins(each) for each in self.toasts])
            self.stored = tuple(self.toasts)


class SessionMiddleware(ASGIMiddleware):
    """Sets `scope["user"]` and `scope["session"]`; stores toasts just before the answer leaves."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Part of the middleware stack, outermost."""
        scope["user"] = scope["session"] = None
        if scope["path"].startswith(API):
            await _by_key(scope)
        elif not scope["path"].startswith(NOBODY_ASKS):
            await _by_cookie(scope)

        async def send_after_storing(message: Message) -> None:
            if message["type"] == "http.response.start" and isinstance(session := scope["session"], Session):
                await session.store()
            await send(message)

        await next_app(scope, receive, send_after_storing)


async def _by_key(scope: Scope) -> None:
    """Only keys open the API: it has no CSRF token, so a browser's cookie must not do."""
    header = ASGIConnection[Any, Any, Any, Any](scope).headers.get("authorization", "")
    if header.lower().startswith(BEARER) and (use := await sessions.find_key(header[len(BEARER) :].strip())):
        scope["user"] = queries.actor_of(use, use.rights, by_key=True)


async def _by_cookie(scope: Scope) -> None:
    secret = cookie_of(ASGIConnection[Any, Any, Any, Any](scope))
    if secret and (visit := await sessions.find(secret)):
        scope["user"] = queries.actor_of(visit)
        scope["session"] = Session.of(visit)


def cookie_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The session's cookie, as the browser sent it."""
    return connection.cookies.get(cookie_name(NAME, connection.app.state.base_url))


def begin(connection: ASGIConnection[Any, Any, Any, Any], secret: str) -> Cookie:
    """Make a session that was just opened the request's own, so that toasts go there. Returns its cookie."""
    connection.scope["session"] = Session(sessions.hashed(secret))
    return _cookie(connection, secret)


def over(connection: ASGIConnection[Any, Any, Any, Any]) -> Cookie:
    """The request's session has ended. Returns the cookie that makes the browser forget."""
    connection.scope["session"] = None
    return _cookie(connection, "", max_age=0)


def _cookie(connection: ASGIConnection[Any, Any, Any, Any], value: str, max_age: int | None = None) -> Cookie:
    """A cookie of the browser's session: closing the browser forgets it, the server's limits hold anyway."""
    base_url = connection.app.state.base_url
    return Cookie(
        key=cookie_name(NAME, base_url),
        value=value,
        max_age=max_age,
        secure=is_https(base_url),
        httponly=True,
        samesite="lax",
    )

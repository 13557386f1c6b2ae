"""What every answer says to browsers, and where unsafe requests may come from.

The CSRF token (Litestar's) proves that a form is ours; the check of the origin stands beside it, for browsers that
send `Sec-Fetch-Site` or `Origin`. Cookies are `__Host-` over https.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal.web.htmx import split
from portal.web.templating import CSRF_FIELD, CSRF_HEADER

__all__ = ["CSRF_FIELD", "OriginCheck", "cookie_name", "csrf_config", "headers_hook", "is_https"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Answers without a session, hence without a CSRF cookie.
NO_COOKIES = r"^/(?:api|static|health|metrics|brand|pictures)(?:/|$)"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "frame-src 'self'"  # our own letters, sandboxed
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"
NO_STORE = "no-store"  # pages and answers hold personal data; files that may be kept say so themselves


def is_https(base_url: str) -> bool:
    """Whether the portal is reached over https."""
    return base_url.startswith("https://")


def cookie_name(name: str, base_url: str) -> str:
    """`__Host-` binds a cookie to this very host, Secure and path `/`; browsers refuse it over http."""
    return f"__Host-{name}" if is_https(base_url) else name


def csrf_config(secret: str, base_url: str) -> CSRFConfig:
    """Litestar's CSRF check: the cookie, and the token in a hidden field or a header. The API takes keys instead."""
    return CSRFConfig(
        secret=secret,
        cookie_name=cookie_name("csrf", base_url),
        cookie_secure=is_https(base_url),
        cookie_httponly=True,
        cookie_samesite="lax",
        header_name=CSRF_HEADER.lower(),
        exclude=NO_COOKIES,
    )


class OriginCheck(ASGIMiddleware):
    """Refuse unsafe requests that a browser says come from another site."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, base_url: str) -> None:
        self.own_host = urlsplit(base_url).netloc

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Part of the middleware stack."""
        if scope.get("method") not in SAFE and not self.same_site(dict(scope["headers"])):
            raise PermissionDeniedException("another site's request")
        await next_app(scope, receive, send)

    def same_site(self, headers: dict[bytes, bytes]) -> bool:
        """By `Sec-Fetch-Site` where there is one, else by `Origin`; programs that send neither are not browsers."""
        if site := headers.get(b"sec-fetch-site"):
            return site in (b"same-origin", b"none")
        origin = headers.get(b"origin")
        if origin is None:
            return True
        host = split(origin.decode("latin-1")).netloc
        return bool(host) and host in (self.own_host, headers.get(b"host", b"").decode("latin-1"))


def headers_hook(base_url: str):  # type: ignore[no-untyped-def]
    """`before_send`: the headers of all answers, also of those that no route gave. What an answer sets itself stays."""
    standing = HEADERS | ({"Strict-Transport-Security": HSTS} if is_https(base_url) else {})

    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in standing.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", NO_STORE)

    return add_headers

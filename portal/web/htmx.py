"""The request as handlers see it: who asks, and which part of a page htmx wants.

`litestar-htmx` knows the headers of htmx 2. htmx 4 says `HX-Request-Type: full|partial` and names elements as `tag#id`:
both are corrected here and nowhere else.
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import SplitResult, unquote, urlsplit

from litestar.connection.base import empty_receive, empty_send
from litestar.exceptions import NotAuthorizedException
from litestar.plugins.htmx import HTMXDetails, HTMXRequest
from litestar.types import Receive, Scope, Send

from portal.actor import Actor
from portal.web.session import visitor

VARY = "HX-Request, HX-Request-Type, HX-Target"


class Details(HTMXDetails):
    """What htmx 4 says about its request."""

    @cached_property
    def partial(self) -> bool:
        """Whether a part of a page is wanted. Restoring history wants the whole."""
        kind = self.request.headers.get("hx-request-type", "partial")
        return bool(self) and kind == "partial" and not self.history_restore_request

    @cached_property
    def target(self) -> str | None:
        """The id of the element that will be replaced: `rows` for the header `tbody#rows`."""
        return _element_id(self.request.headers.get("hx-target"))

    @cached_property
    def source(self) -> str | None:
        """The id of the element that asks."""
        return _element_id(self.request.headers.get("hx-source"))


class Request(HTMXRequest):
    """Every handler's request: `user` is the signed-in actor, `htmx` what htmx says."""

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        super().__init__(scope=scope, receive=receive, send=send)
        self.htmx: Details = Details(self)

    @property
    def user(self) -> Actor:
        """The actor. Behind `needs(...)` there always is one; elsewhere nobody signed in means 401."""
        actor = visitor(self)
        if actor is None:
            raise NotAuthorizedException
        return actor

    @property
    def visitor(self) -> Actor | None:
        """The actor, or None: for public pages."""
        return visitor(self)


def split(address: str | None) -> SplitResult:
    """The parts of an address that a browser sends in a header; all empty when it is none (`http://[`)."""
    try:
        return urlsplit(address or "")
    except ValueError:
        return SplitResult("", "", "", "", "")


def _element_id(header: str | None) -> str | None:
    return unquote(header.partition("#")[2]) or None if header else None

"""Who may call what. Every route declares it in its `opt`; the app's guard enforces it.

    @get("/dossiers", opt=needs("dossier.see"))
    @get("/login", opt=public())

A route that declares nothing answers nobody, and fails a house test.
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from portal.web.session import visitor

API = "/api/"


def needs(right: str) -> dict[str, Any]:
    """`opt` of a route that only holders of `right` may call, e.g. `dossier.status`."""
    return {"right": right}


def public() -> dict[str, Any]:
    """`opt` of a route that anybody may call."""
    return {"right": None}


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse whoever lacks the route's right. Nobody signed in: 401, which pages turn into the way to /login.

    The API takes keys only: it is excluded from the CSRF check, so a browser's session must not open it.
    """
    if connection.scope.get("method") == "OPTIONS":
        return
    if "right" not in handler.opt:
        raise PermissionDeniedException("the route declares no right")
    right = handler.opt["right"]
    if right is None:
        return
    actor = visitor(connection)
    if actor is None or (connection.scope["path"].startswith(API) and actor.kind != "api"):
        raise NotAuthorizedException
    if not actor.may(right):
        raise PermissionDeniedException("missing right", extra={"right": right})

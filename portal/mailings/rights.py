"""Who may write mass e-mail at all: asked before what was sent is read. Which people, the verbs ask (Z13, Z24)."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from portal.mailings.rules import RIGHTS
from portal.web.session import visitor


def writes(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A guard for routes that whoever sees mailings may call, but not change anything by."""
    actor = visitor(connection)
    if actor is None or not any(actor.may(right) for right in RIGHTS.values()):
        raise PermissionDeniedException("writing mass e-mail is for others")

"""What pages need to know about the visitor. The accounts' session middleware puts it into the ASGI scope.

`scope["user"]`: the `Actor`, or None for somebody who has not signed in.
`scope["session"]`: an object with a list of toasts, or None. The middleware reads the list before the request and
stores it again afterwards if it has changed.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from litestar.connection import ASGIConnection

from portal.actor import Actor


class Toast(msgspec.Struct, frozen=True):
    """One line that says what has been done, with at most one link ("Undo"). Texts are already translated."""

    text: str
    link: str = ""
    link_text: str = ""
    icon: str = "check"


class Session(Protocol):
    """A signed-in visit, as far as pages are concerned."""

    toasts: list[Toast]


def visitor(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor | None:
    """Who asks; None when nobody has signed in (or when the session could not be read)."""
    actor = connection.scope.get("user")
    return actor if isinstance(actor, Actor) else None


def add_toast(connection: ASGIConnection[Any, Any, Any, Any], toast: Toast) -> None:
    """Keep a toast for the next whole page. Without a session it is dropped: public pages say it on the page."""
    session: Session | None = connection.scope.get("session")  # type: ignore[assignment]
    if session is not None:
        session.toasts.append(toast)


def take_toasts(connection: ASGIConnection[Any, Any, Any, Any]) -> list[Toast]:
    """The toasts that wait, which are then gone."""
    session: Session | None = connection.scope.get("session")  # type: ignore[assignment]
    if session is None:
        return []
    taken, session.toasts = session.toasts, []
    return taken

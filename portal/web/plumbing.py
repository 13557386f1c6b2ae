"""The web's parts as arguments of `Litestar(...)`. `create_app` adds the features' routes and the accounts' middleware.

web = plumbing(secret=..., base_url=..., session=SessionMiddleware(), ...)
return Litestar(route_handlers=[*web.routes, *campaigns.routes, ...], **web.config)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment
from litestar import route
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXPlugin
from litestar.types import Middleware

from portal.web import errors, health, language, security
from portal.web.assets import Assets
from portal.web.htmx import Request
from portal.web.limits import Valkey
from portal.web.rights import guard, public
from portal.web.templating import TEMPLATES, environment

STATIC = TEMPLATES.parent / "static"
LARGEST_BODY = 20_000_000
MOST_PARTS = 2_000


class House(msgspec.Struct, frozen=True):
    """What pages show of the organisation. Any object with these two attributes will do."""

    name: str = "Convoca"
    brand_colour: str = "#1f5c4d"


class Web(msgspec.Struct, frozen=True):
    """Routes and keyword arguments for `Litestar`."""

    routes: list[Any]
    config: dict[str, Any]


def plumbing(
    *,
    secret: str,
    base_url: str,
    session: Sequence[Middleware] = (),
    organisation: language.Organisation | None = None,
    remember_language: language.Remember | None = None,
    checks: Mapping[str, health.Check] | None = None,
    valkey: Valkey | None = None,
    default_locale: str = "en",
    time_zone: str = "UTC",
    has_mailbox: bool = False,
    static: Path = STATIC,
    templates: Environment | None = None,
) -> Web:
    """Everything the web needs.

    `session`: the middleware that sets `scope["user"]` and `scope["session"]` (see web/session.py).
    `organisation`: asked once per page for its `name` and `brand_colour`.
    `remember_language`: called when somebody signed in chooses a language.
    `templates`: another environment than that of our own templates.
    `checks`: what `/health/ready` tries, by name.
    """
    assets = Assets(static)
    state = State(
        {
            "templates": templates or environment(assets),
            "assets": assets,
            "valkey": valkey,
            "base_url": base_url.rstrip("/"),
            "default_locale": default_locale,
            "csrf_cookie": security.cookie_name("csrf", base_url),
            "language_cookie": security.cookie_name("lang", base_url),
            "has_mailbox": has_mailbox,
            "house": House(),
        }
    )
    return Web(
        [*health.routes(dict(checks or {})), language.switch(remember_language), assets.router(), nothing_here],
        {
            "state": state,
            "plugins": [HTMXPlugin()],
            "request_class": Request,
            "middleware": [*session, language.Visit(organisation, time_zone), security.OriginCheck(base_url)],
            "guards": [guard],
            "csrf_config": security.csrf_config(secret, base_url),
            "exception_handlers": errors.handlers(),
            "before_send": [security.headers_hook(base_url)],
            "request_max_body_size": LARGEST_BODY,
            "multipart_form_part_limit": MOST_PARTS,
        },
    )


@route(
    "/{unknown:path}",
    http_method=["GET", "POST", "PUT", "PATCH", "DELETE"],
    opt=public(),
    include_in_schema=False,
)
async def nothing_here(unknown: FromPath[str]) -> None:
    """An address that no feature knows: a 404 with the desk around it, in the reader's language."""
    raise NotFoundException

"""What machines ask: alive, ready, metrics; and robots.txt, the icon, the brand's colour."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from portal import metrics
from portal.web.assets import FOR_EVER
from portal.web.htmx import Request
from portal.web.limits import client_address
from portal.web.rights import public

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "via")
COLOUR = re.compile(r"[0-9a-f]{6}")
FOR_MACHINES = public() | {"page": False}
ROBOTS = "User-agent: *\nDisallow: /\nAllow: /apply/\n"
INK = "#3f5fb5"  # the mark's colour where no style sheet reaches; readable on light and dark tabs

Check = Callable[[], Awaitable[Any]]


@get("/health/live", opt=FOR_MACHINES, include_in_schema=False, media_type=MediaType.TEXT)
async def live() -> str:
    """The process answers."""
    return "alive\n"


@get("/metrics", opt=FOR_MACHINES, include_in_schema=False)
async def scrape(request: Request) -> Response[bytes]:
    """Prometheus' text format, for this machine only: not for what a proxy passes on."""
    if client_address(request) not in LOOPBACK or any(name in request.headers for name in FORWARDED):
        raise NotFoundException
    for gather in metrics.gatherers:
        await gather()
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


@get("/robots.txt", opt=FOR_MACHINES, include_in_schema=False, media_type=MediaType.TEXT)
async def robots() -> str:
    """Search engines may find the calls, and nothing else."""
    return ROBOTS


@get("/favicon.svg", opt=FOR_MACHINES, include_in_schema=False, cache_control=FOR_EVER)
async def favicon(request: Request) -> Response[str]:
    """The mark."""
    mark = (request.app.state.assets.folder / "mark.svg").read_text()
    return Response(mark.replace("currentColor", INK), media_type="image/svg+xml")


@get("/brand/{colour:str}", opt=FOR_MACHINES, include_in_schema=False, cache_control=FOR_EVER)
async def brand(colour: FromPath[str]) -> Response[str]:
    """The organisation's colour as a style sheet, since no page may carry a style: `/brand/1f5c4d`."""
    if not COLOUR.fullmatch(colour):
        raise NotFoundException
    return Response(f":root {{ --brand: #{colour}; }}\n", media_type="text/css")


def ready_route(checks: dict[str, Check]) -> Any:
    """`/health/ready`: 200 when all checks pass, else 503 and which ones do not."""

    @get("/health/ready", opt=FOR_MACHINES, include_in_schema=False)
    async def ready() -> Response[dict[str, str]]:
        states = {name: await _state(name, check) for name, check in checks.items()}
        return Response(states, status_code=200 if set(states.values()) <= {"ok"} else 503)

    return ready


async def _state(name: str, check: Check) -> str:
    try:
        await check()
    except Exception:  # whatever it is, it is not ready; the log says why
        log.exception("not ready: %s", name)
        return "down"
    return "ok"


def routes(checks: dict[str, Check]) -> list[Any]:
    """All routes of this module."""
    return [live, ready_route(checks), scrape, robots, favicon, brand]

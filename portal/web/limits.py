"""How often one address may try: counted in Valkey, so that all processes count together.

    @post("/login", opt=public(), guards=[limited("login", 10, per="minute")])

The address is the connection's: the server in front of us rewrites it only for proxies it trusts, and no other header
is believed. When Valkey is down, pages go on without limits, and the log says so.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

from litestar.connection import ASGIConnection
from litestar.exceptions import TooManyRequestsException
from litestar.handlers import BaseRouteHandler

log = logging.getLogger(__name__)

Per = Literal["minute", "hour", "day"]
SECONDS: dict[Per, int] = {"minute": 60, "hour": 3_600, "day": 86_400}

COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n"""  # both or neither: an INCR without its EXPIRE would lock an address out for ever

FORGET = "return redis.call('DEL', KEYS[1])"


class Valkey(Protocol):
    """What limits and health need of a Redis client."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any: ...
    def ping(self) -> Any: ...


def limited(
    what: str, times: int, per: Per = "minute"
) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """A guard: at most `times` per minute, hour or day and client address; then 429 with `Retry-After`."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await count(connection.app.state.valkey, what, client_address(connection), times, per)

    return guard


async def count(valkey: Valkey | None, what: str, who: str, times: int, per: Per = "minute") -> None:
    """Count one try of `who` (an address, an account); raises `TooManyRequestsException` beyond `times`."""
    if valkey is None:
        return
    seconds = SECONDS[per]
    window, left = int(time.time()) // seconds, seconds - int(time.time()) % seconds
    try:
        tries = int(await valkey.eval(COUNT, 1, _key(what, who, window), seconds))
    except Exception:  # any failure of the connection: no limits are better than no pages
        log.exception("limits are not counted: Valkey does not answer")
        return
    if tries > times:
        raise TooManyRequestsException(headers={"Retry-After": str(left)})


async def forgive(valkey: Valkey | None, what: str, who: str, per: Per = "minute") -> None:
    """Forget the tries that were counted: the last one was right."""
    if valkey is None:
        return
    try:
        await valkey.eval(FORGET, 1, _key(what, who, int(time.time()) // SECONDS[per]))
    except Exception:  # as in `count`
        log.exception("limits are not forgiven: Valkey does not answer")


def _key(what: str, who: str, window: int) -> str:
    return f"limit:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}:{window}"


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address of whoever is connected, as the server (and the proxies it trusts) knows it."""
    client = connection.scope.get("client")
    return client[0] if client else ""

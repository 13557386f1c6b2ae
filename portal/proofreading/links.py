"""Whether the links of a letter lead somewhere, tried from here.

We connect only to addresses of the public internet, to the very address that was looked up (a name could be looked up
as another one a moment later), on the web's two ports, and follow no redirection: nobody reaches our own network by
writing a link (OWASP SSRF).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec

SECONDS = 5.0
AT_ONCE = 5
MOST = 30  # links that are tried
PORTS = {"https": 443, "http": 80}
GONE = (404, 410)
LONGEST_LINE = 1_000

State = Literal["ok", "gone", "silent", "broken", "inside"]
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Tried(msgspec.Struct, frozen=True):
    """A link and what became of it: ok, gone (404, 410), silent (no such name, no answer), broken (an error of the

    server), inside (it leads into a network that candidates do not see). `status` is the server's, 0 without one.
    """

    address: str
    state: State
    status: int = 0


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return [str(each[4][0]) for each in found]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet; v4 in v6 counts as what it is."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


async def try_all(addresses: Sequence[str]) -> list[Tried]:
    """Try links, a few at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(address: str) -> Tried:
        async with turn:
            return await try_one(address)

    return list(await asyncio.gather(*(one(each) for each in addresses[:MOST])))


async def try_one(
    address: str, *, resolve: Resolve = resolve, allowed: Callable[[str], bool] = is_public, port: int | None = None
) -> Tried:
    """Ask for one link's head. `resolve`, `allowed` and `port` are for tests."""
    try:
        parts = urlsplit(address)
        scheme, host = parts.scheme, (parts.hostname or "").encode("idna").decode()
        if scheme not in PORTS or not host or (parts.port or PORTS[scheme]) != PORTS[scheme]:
            return Tried(address, "inside")
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        target.encode("ascii")
    except (ValueError, UnicodeError):
        return Tried(address, "silent")
    try:
        async with asyncio.timeout(SECONDS):
            found = await resolve(host, PORTS[scheme])
            if not found or not all(map(allowed, found)):
                return Tried(address, "inside" if found else "silent")
            status = await _head(found[0], port or PORTS[scheme], host, target, secure=scheme == "https")
    except (OSError, TimeoutError, ssl.SSLError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Tried(address, "silent")
    return Tried(address, "gone" if status in GONE else "broken" if status >= 500 and status != 501 else "ok", status)


async def _head(address: str, port: int, host: str, target: str, *, secure: bool) -> int:
    """The status that a server answers a HEAD with. Raises OSError, ValueError (no answer of the web)."""
    context = ssl.create_default_context() if secure else None
    reader, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=host if secure else None, limit=LONGEST_LINE
    )
    try:
        asked = (
            f"HEAD {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Convoca\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        )
        writer.write(asked.encode("ascii"))
        await writer.drain()
        said = (await reader.readuntil(b"\n")).split()
        if len(said) < 2 or not said[0].startswith(b"HTTP/"):
            raise ValueError(said)
        return int(said[1])
    finally:
        writer.close()

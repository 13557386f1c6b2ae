"""Opening a connection: banner, EHLO, STARTTLS, AUTH. Once per connection, so plain awaiting is fine here."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from typing import cast

from portal.certificates import in_words
from portal.sending.connection import Reply, SmtpConnection
from portal.sending.feed import Feed
from portal.sending.oauth import TokenRefused, Tokens, initial_response
from portal.sending.smtp import Offer, offer_of, text_of
from portal.smtp_url import SmtpUrl, is_loopback

CONNECT_TIMEOUT = 30.0


class RouteDown(Exception):
    """The server cannot be used now. `polite`: it asked for less."""

    def __init__(self, reason: str, *, polite: bool = False) -> None:
        super().__init__(reason)
        self.polite = polite


class LoginRefused(RouteDown):
    """Name and password are wrong (535, 534, 530): nothing will pass until somebody corrects them."""


async def open_connection(route: SmtpUrl, feed: Feed, tokens: Tokens | None = None) -> tuple[SmtpConnection, Offer]:
    """A connection ready for messages, and what its server offers. Raises RouteDown; wanted TLS is never skipped."""
    connection: SmtpConnection | None = None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await connect(route, feed)
        offer = await greet(connection)
        if route.tls == "starttls":
            offer = await start_tls(connection, route, offer)
        if tokens:
            await log_in_with_token(connection, route, offer, tokens)
        elif route.user:
            await log_in(connection, route, offer)
    except (OSError, RouteDown, TokenRefused) as failure:
        if connection:
            connection.hang_up()
        raise down(failure, route) from failure
    return connection, offer


def down(failure: Exception, route: SmtpUrl) -> RouteDown:
    """Any failure as a reason that a person can act on."""
    if isinstance(failure, RouteDown):
        return failure
    if isinstance(failure, TokenRefused):
        return LoginRefused(str(failure)) if failure.for_good else RouteDown(str(failure))
    if isinstance(failure, ssl.SSLError):
        return RouteDown(in_words(failure, route.host))
    return RouteDown(str(failure) or type(failure).__name__)


async def connect(route: SmtpUrl, feed: Feed) -> SmtpConnection:
    """TCP, and TLS when it comes first."""
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if route.tls == "tls" else None
    _transport, connection = await loop.create_connection(
        lambda: SmtpConnection(feed), route.host, route.port, ssl=context
    )
    return connection


async def greet(connection: SmtpConnection) -> Offer:
    """Banner and EHLO. HELO for servers that know no better (RFC 5321 2.2.1)."""
    expect(await connection.say(None, "banner"), 220)
    code, lines = await hello(connection)
    if code == 250:
        return offer_of([line[4:].decode("ascii", "replace") for line in lines])
    expect(await connection.say(b"HELO %b\r\n" % own_name()), 250)
    return Offer()


async def hello(connection: SmtpConnection) -> Reply:
    """EHLO with our name."""
    return await connection.say(b"EHLO %b\r\n" % own_name())


async def start_tls(connection: SmtpConnection, route: SmtpUrl, offer: Offer) -> Offer:
    """STARTTLS with a verified certificate, then everything anew (RFC 3207 4.2)."""
    if not offer.starttls:
        raise RouteDown(f"{route.host} does not offer STARTTLS")
    expect(await connection.say(b"STARTTLS\r\n"), 220)
    if connection.rest or connection.early:  # injected before TLS began: never to be trusted
        raise RouteDown(f"{route.host} sent text before TLS began")
    context = ssl.create_default_context()
    transport = await asyncio.get_running_loop().start_tls(
        connection.transport, connection, context, server_hostname=route.host, ssl_handshake_timeout=CONNECT_TIMEOUT
    )
    connection.connection_made(cast(asyncio.BaseTransport, transport))
    code, lines = await hello(connection)
    expect((code, lines), 250)
    return offer_of([line[4:].decode("ascii", "replace") for line in lines])


async def log_in(connection: SmtpConnection, route: SmtpUrl, offer: Offer) -> None:
    """AUTH PLAIN or LOGIN (RFC 4954, 4616); a password never crosses the network in clear."""
    require_encryption(route)
    user, password = route.user.encode(), route.password.encode()
    if "PLAIN" in offer.auth or "LOGIN" not in offer.auth:
        reply = await connection.say(b"AUTH PLAIN %b\r\n" % base64.b64encode(b"\0%b\0%b" % (user, password)))
    else:
        expect(await connection.say(b"AUTH LOGIN\r\n"), 334)
        expect(await connection.say(base64.b64encode(user) + b"\r\n"), 334)
        reply = await connection.say(base64.b64encode(password) + b"\r\n")
    if 500 <= reply[0] < 600:
        raise LoginRefused(text_of(reply[1]))
    expect(reply, 235)


async def log_in_with_token(connection: SmtpConnection, route: SmtpUrl, offer: Offer, tokens: Tokens) -> None:
    """AUTH XOAUTH2. A token that is refused may have been withdrawn before its time: one more try with a new one."""
    require_encryption(route)
    if "XOAUTH2" not in offer.auth:
        raise RouteDown(f"{route.host} does not offer AUTH XOAUTH2")
    for _ in range(2):
        token = await tokens.access()
        reply = await connection.say(b"AUTH XOAUTH2 %b\r\n" % initial_response(route.user, token))
        if reply[0] == 334:  # it says why, in base64, and waits for an empty line before it refuses
            reply = await connection.say(b"\r\n")
        if not 500 <= reply[0] < 600:
            return expect(reply, 235)
        tokens.forget(token)
    raise LoginRefused(text_of(reply[1]))


def require_encryption(route: SmtpUrl) -> None:
    """What signs us in never crosses a network in clear."""
    if route.tls == "none" and not is_loopback(route.host):
        raise LoginRefused(f"no password is sent to {route.host} without TLS: use ?tls=starttls or smtps://")


def expect(reply: Reply, code: int) -> None:
    """This code, or the route is down with the server's own words."""
    if reply[0] != code:
        raise RouteDown(text_of(reply[1]), polite=reply[0] == 421)


def own_name() -> bytes:
    """What we call ourselves in EHLO: this machine's name when it has a domain, else its loopback literal."""
    name = socket.gethostname()
    return name.encode() if "." in name and name.isascii() else b"[127.0.0.1]"

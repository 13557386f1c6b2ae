"""Access tokens for servers that take no passwords: SASL XOAUTH2, as Google and Microsoft do it (RFC 6749, 7628).

A person has consented once and left a refresh token; from it comes an access token that lives about an hour. It is
kept in memory, asked for anew a little before its end, and never written to a log.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from portal.smtp_url import OAuth, is_loopback, is_token_url

TIMEOUT = 30.0  # seconds for the token endpoint
MARGIN = 300.0  # seconds before its end that a token is asked for anew
LIFETIME = 3600.0  # seconds, where the endpoint does not say (RFC 6749 5.1 only recommends that it does)
LARGEST = 65_536  # octets of an answer


class TokenRefused(Exception):
    """No access token. `for_good`: the endpoint says that client or consent are not valid (RFC 6749 5.2)."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Secrets go to the address that was set, and to no other."""

    def redirect_request(self, *_args: Any) -> None:
        """Never."""


class Tokens:
    """The access token of one mailbox. Connections that need one at the same time wait for the same answer."""

    def __init__(self, oauth: OAuth) -> None:
        self.oauth = oauth
        self.token, self.until = "", 0.0  # monotonic time
        self.asking = asyncio.Lock()

    async def access(self) -> str:
        """A token that is good for some minutes more. Raises TokenRefused."""
        async with self.asking:
            if not self.token or time.monotonic() >= self.until:
                self.token, lifetime = await asyncio.to_thread(ask, self.oauth)
                self.until = time.monotonic() + max(lifetime - MARGIN, lifetime / 2)
            return self.token

    def forget(self, token: str) -> None:
        """The server refused this one: the next is asked for anew. Not when another connection has done so already."""
        if self.token == token:
            self.token = ""


def initial_response(user: str, token: str) -> bytes:
    """What follows AUTH XOAUTH2, in base64."""
    return base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode())


def ask(oauth: OAuth) -> tuple[str, float]:
    """-> (access token, seconds it lives). Blocks; raises TokenRefused with a reason that holds no secret."""
    if not is_token_url(oauth.token_url):
        raise TokenRefused("access tokens are only asked for over https", for_good=True)
    form = {
        "grant_type": "refresh_token",
        "client_id": oauth.client_id,
        "client_secret": oauth.client_secret,
        "refresh_token": oauth.refresh_token,
    }
    request = urllib.request.Request(  # noqa: S310 - https, or this very machine
        oauth.token_url, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"}
    )
    try:
        with opener(oauth.token_url).open(request, timeout=TIMEOUT) as answer:
            return read(answer.read(LARGEST))
    except urllib.error.HTTPError as refused:
        with refused:
            raise refusal(refused) from None
    except (OSError, HTTPException) as failed:
        raise TokenRefused(f"{place(oauth)} cannot be reached ({getattr(failed, 'reason', failed)})") from None


def opener(url: str) -> urllib.request.OpenerDirector:
    """Verified TLS, no redirects, and no proxy for this very machine."""
    handlers: list[Any] = [NoRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())]
    if is_loopback(urllib.parse.urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def read(body: bytes) -> tuple[str, float]:
    """The endpoint's answer (RFC 6749 5.1)."""
    try:
        said = json.loads(body)
        token, lifetime = said["access_token"], float(said.get("expires_in") or LIFETIME)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokenRefused("the token endpoint's answer holds no access token") from None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token or lifetime <= 0:
        raise TokenRefused("the token endpoint's answer holds no access token")
    return token, lifetime


def refusal(answer: urllib.error.HTTPError) -> TokenRefused:
    """What is wrong, in the endpoint's own words: `error` and `error_description` (RFC 6749 5.2)."""
    try:
        said = json.loads(answer.read(LARGEST))
        words = " ".join(str(said[name]) for name in ("error", "error_description") if said.get(name))
    except (ValueError, TypeError, AttributeError, OSError, HTTPException):
        words = ""
    words = "".join(filter(str.isprintable, words))[:300]
    return TokenRefused(f"no access token: {answer.code} {words or answer.reason}", for_good=answer.code in (400, 401))


def place(oauth: OAuth) -> str:
    """The endpoint's name, for people."""
    return urllib.parse.urlsplit(oauth.token_url).hostname or "the token endpoint"

"""Signing in at an OpenID Connect provider: code flow with PKCE, state and nonce (OpenID Connect Core 3.1, RFC 7636).

Which provider is a setting (PORTAL_OIDC_...). What it says is believed only when signed with its keys, for us, now, and
for the very request that began in this browser: state, nonce and verifier wait in a sealed cookie meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from typing import Any
from urllib.parse import quote_plus

import httpx
import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal import sealed
from portal.settings import settings

CALLBACK = "/login/oidc/callback"
SCOPE = "openid email profile"
PURPOSE = "oidc"
TICKET_SECONDS = 600
KEEP_SECONDS = 3_600  # what the provider says of itself
TIMEOUT = 10.0
LEEWAY = 60  # seconds that its clock may be off
# Only keys that the provider alone has: never "none", nor HS..., whose key we have too.
SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
OTHER_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc"})  # RFC 8176


class Failed(Exception):
    """The provider does not answer, or what it says is not to be believed. The message is for the log."""


class Ticket(msgspec.Struct, frozen=True):
    """What the callback has to match. `next`: where to go then; `at`: when it began, in seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    next: str
    at: float

    def in_cookie(self) -> str:
        """Sealed, as the browser keeps it."""
        return base64.urlsafe_b64encode(sealed.seal(msgspec.json.encode(self), PURPOSE)).decode()


class Provider(msgspec.Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Identity(msgspec.Struct, frozen=True):
    """Whom the provider knows. `email` only if it has verified it; `strong`: it has asked for a second factor."""

    issuer: str
    subject: str
    email: str
    strong: bool


class _Kept(msgspec.Struct):
    provider: Provider | None = None
    until: float = 0.0


_kept = _Kept()


def configured() -> bool:
    """Whether there is a provider."""
    return bool(settings().oidc_issuer)


def ticket_of(cookie: str | None) -> Ticket | None:
    """The ticket in a cookie that was sealed here a moment ago."""
    try:
        ticket = msgspec.json.decode(sealed.unseal(base64.urlsafe_b64decode(cookie or ""), PURPOSE), type=Ticket)
    except (binascii.Error, ValueError, sealed.Unreadable, msgspec.MsgspecError):
        return None
    return ticket if time.time() - ticket.at < TICKET_SECONDS else None


async def begin(wanted: str) -> tuple[str, Ticket]:
    """(where to send the browser, what to remember). Raises Failed."""
    provider = await _provider()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _part in range(3))
    ticket = Ticket(state, nonce, verifier, wanted, time.time())
    address = prepare_grant_uri(
        provider.authorization_endpoint,
        settings().oidc_client_id,
        "code",
        redirect_uri=settings().base_url + CALLBACK,
        scope=SCOPE,
        state=ticket.state,
        nonce=ticket.nonce,
        code_challenge=create_s256_code_challenge(ticket.verifier),
        code_challenge_method="S256",
    )
    return str(address), ticket


async def identity(ticket: Ticket, code: str, state: str) -> Identity:
    """Who has signed in there. Raises Failed."""
    if not code or not hmac.compare_digest(state.encode(), ticket.state.encode()):
        raise Failed("the state is not the one that was sent")
    provider = await _provider()
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            tokens = await client.post(provider.token_endpoint, data=_exchange(code, ticket), auth=_ourselves())
            keys = await client.get(provider.jwks_uri)
        id_token = str(tokens.raise_for_status().json()["id_token"])
        return _believed(provider, id_token, keys.raise_for_status().json(), ticket.nonce)
    except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as wrong:
        raise Failed(f"{type(wrong).__name__}: {wrong}") from wrong


def _exchange(code: str, ticket: Ticket) -> dict[str, str]:
    """The body that exchanges a code (RFC 6749 4.1.3, RFC 7636 4.5)."""
    where = settings().base_url + CALLBACK
    proof = {"code": code, "redirect_uri": where, "code_verifier": ticket.verifier}
    return {"grant_type": "authorization_code"} | proof


def _ourselves() -> httpx.BasicAuth:
    """Who asks, form-encoded before it is put together (RFC 6749 2.3.1)."""
    given = settings()
    return httpx.BasicAuth(quote_plus(given.oidc_client_id), quote_plus(given.oidc_client_secret))


def _believed(provider: Provider, id_token: str, keys: dict[str, Any], nonce: str) -> Identity:
    """The claims of an ID token that is signed, ours, current and answers our request (Core 3.1.3.7)."""
    client_id = settings().oidc_client_id
    claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(SIGNED_WITH)).claims  # type: ignore[arg-type]
    jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    ).validate(claims)
    if claims.get("azp", client_id) != client_id or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1):
        raise ValueError("the token is for somebody else too")
    verified = claims.get("email_verified") in (True, "true")
    strong = not OTHER_FACTORS.isdisjoint(claims.get("amr") or ())
    return Identity(provider.issuer, str(claims["sub"]), str(claims.get("email") or "") if verified else "", strong)


async def _provider() -> Provider:
    """What the provider says of itself, asked once an hour. Raises Failed."""
    issuer = settings().oidc_issuer
    if _kept.provider is not None and _kept.provider.issuer == issuer and time.monotonic() < _kept.until:
        return _kept.provider
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        provider = msgspec.json.decode(answer.raise_for_status().content, type=Provider)
    except (httpx.HTTPError, msgspec.MsgspecError) as wrong:
        raise Failed(f"{type(wrong).__name__}: {wrong}") from wrong
    if provider.issuer != issuer:
        raise Failed(f"the provider calls itself {provider.issuer}")
    _kept.provider, _kept.until = provider, time.monotonic() + KEEP_SECONDS
    return provider

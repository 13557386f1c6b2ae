"""Where letters are handed over and how: `PORTAL_SMTP_URL`, and what signing in with OAuth needs beside it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Tls = Literal["none", "starttls", "tls"]
Auth = Literal["password", "xoauth2"]
PORTS: dict[Tls, int] = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True)
class OAuth:
    """How to get access tokens: RFC 6749 6, with a refresh token that a person has consented to once."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True)
class SmtpUrl:
    """Where letters are handed over, and how. `tls`: none, starttls (required, never skipped), tls from the start."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "none"
    auth: Auth = "password"
    oauth: OAuth | None = None


def parse_smtp_url(url: str) -> SmtpUrl:
    """`smtp://user:pass@host:587?tls=starttls&auth=xoauth2` or `smtps://host`. Raises ValueError: what is expected."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("smtp://user:password@host:port?tls=starttls or smtps://user:password@host:port")
    query = parse_qs(parts.query)
    wanted, auth = query.get("tls", ["none"])[-1], query.get("auth", ["password"])[-1]
    if wanted not in ("none", "starttls"):
        raise ValueError("tls=starttls or tls=none at the end")
    if auth not in ("password", "xoauth2"):
        raise ValueError("auth=xoauth2 at the end, or nothing of the kind")
    if auth == "xoauth2" and not parts.username:
        raise ValueError("the mailbox's name before the host, such as smtp://user@host:587?tls=starttls&auth=xoauth2")
    tls: Tls = "tls" if parts.scheme == "smtps" else ("starttls" if wanted == "starttls" else "none")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpUrl(
        parts.hostname, parts.port or PORTS[tls], user, password, tls, "xoauth2" if auth == "xoauth2" else "password"
    )


def is_loopback(host: str) -> bool:
    """Whether a server is on this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_token_url(url: str) -> bool:
    """Whether access tokens may be asked for there: secrets travel, so https only, unless it is this very machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    )

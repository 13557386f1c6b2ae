"""Links that open one thing for whoever holds them: HMAC over purpose and id, nothing stored, nothing personal inside.

120 bits, bound to their purpose, compared in constant time. They do not expire (a candidate may come back after a
year); a new secret key ends them all.

There are two forms: the one that is made here, and one that PostgreSQL can make, so that the links of a million letters
never leave it (`in_sql`): `12-` and 15 octets in hexadecimal. Both are read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from portal.settings import settings

OCTETS = 15
BLOCK = 64  # octets of HMAC-SHA256's block (RFC 2104)


def sign(purpose: str, number: int) -> str:
    """A token for a row: `12-mfrggzdfmztwq2lk...` (its id and 24 lower-case characters)."""
    return f"{number}-{_mac(purpose, number)}"


def verify(purpose: str, token: str) -> int | None:
    """The row's id, or None when the token was not made here for this purpose."""
    number, _dash, mac = token.partition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    made = _sql_mac if len(mac) == 2 * OCTETS else _mac
    if number != str(int(number)) or not hmac.compare_digest(mac.encode(), made(purpose, int(number)).encode()):
        return None
    return int(number)


class Pads(NamedTuple):
    """HMAC's key as PostgreSQL needs it: the two blocks before the message and before the inner digest."""

    inner: bytes
    outer: bytes


def pads(purpose: str) -> Pads:
    """The pads of a purpose, as parameters of `in_sql`."""
    key = _sql_key(purpose).ljust(BLOCK, b"\0")
    return Pads(bytes(octet ^ 0x36 for octet in key), bytes(octet ^ 0x5C for octet in key))


def in_sql(number: str, inner: str, outer: str) -> str:
    """The token of a row as SQL: its number and the places of its purpose's pads, all three SQL themselves."""
    inside = f"sha256({inner} || convert_to({number}::text, 'UTF8'))"
    return f"({number} || '-' || encode(substring(sha256({outer} || {inside}) for {OCTETS}), 'hex'))"


def dossier_link(slug: str, dossier_id: int) -> str:
    """The candidate's own way back to a dossier, as letters carry it."""
    return f"{settings().base_url.rstrip('/')}/apply/{slug}/{sign('dossier', dossier_id)}"


def opt_out_link(person_id: int) -> str:
    """The page where a person says which e-mail she wants; a POST to it opts out with one click (RFC 8058)."""
    return f"{settings().base_url.rstrip('/')}/u/{sign('opt_out', person_id)}"


def _mac(purpose: str, number: int) -> str:
    digest = hmac.digest(settings().secret_key.encode(), f"{purpose}:{number}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:OCTETS]).decode().lower()


def _sql_key(purpose: str) -> bytes:
    return hmac.digest(settings().secret_key.encode(), f"sql:{purpose}".encode(), hashlib.sha256)


def _sql_mac(purpose: str, number: int) -> str:
    return hmac.digest(_sql_key(purpose), str(number).encode(), hashlib.sha256)[:OCTETS].hex()

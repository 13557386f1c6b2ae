"""Links that open one thing for whoever holds them: HMAC over purpose and id, nothing stored, nothing personal inside.

120 bits, bound to their purpose, compared in constant time. They do not expire (a candidate may come back after a
year); a new secret key ends them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from portal.settings import settings

OCTETS = 15


def sign(purpose: str, number: int) -> str:
    """A token for a row: `12-mfrggzdfmztwq2lk...` (its id and 24 lower-case characters)."""
    return f"{number}-{_mac(purpose, number)}"


def verify(purpose: str, token: str) -> int | None:
    """The row's id, or None when the token was not made here for this purpose."""
    number, _dash, mac = token.partition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    if number != str(int(number)) or not hmac.compare_digest(mac.encode(), _mac(purpose, int(number)).encode()):
        return None
    return int(number)


def dossier_link(slug: str, dossier_id: int) -> str:
    """The candidate's own way back to a dossier, as letters carry it."""
    return f"{settings().base_url.rstrip('/')}/apply/{slug}/{sign('dossier', dossier_id)}"


def opt_out_link(person_id: int) -> str:
    """The page where a person says which e-mail she wants; a POST to it opts out with one click (RFC 8058)."""
    return f"{settings().base_url.rstrip('/')}/u/{sign('opt_out', person_id)}"


def _mac(purpose: str, number: int) -> str:
    digest = hmac.digest(settings().secret_key.encode(), f"{purpose}:{number}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:OCTETS]).decode().lower()

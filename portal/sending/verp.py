"""Envelope senders that say which message came back: `b-<uuid and 80 bits of HMAC>@bounces.example.org`.

RFC 5321 4.5.5. Hexadecimal, for servers that fold the case of a local part; 54 characters, under the limit of 64.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

PREFIX = "b-"
OCTETS = 10
PURPOSE = b"verp:"


def bounce_address(message_id: UUID, bounce_domain: str, secret: bytes) -> str:
    """The envelope sender of a message."""
    octets = message_id.bytes
    return f"{PREFIX}{octets.hex()}{mac(octets, secret).hex()}@{bounce_domain}"


def bounced_message(address: str, secret: bytes) -> UUID | None:
    """The message a bounce came back for, or None when the address was not made here."""
    local = address.partition("@")[0].lower()
    if not local.startswith(PREFIX):
        return None
    try:
        octets = bytes.fromhex(local.removeprefix(PREFIX))
    except ValueError:
        return None
    if len(octets) != 16 + OCTETS or not hmac.compare_digest(octets[16:], mac(octets[:16], secret)):
        return None
    return UUID(bytes=octets[:16])


def mac(octets: bytes, secret: bytes) -> bytes:
    """80 bits, bound to this purpose."""
    made = begun(secret).copy()
    made.update(octets)
    return made.digest()[:OCTETS]


@lru_cache(maxsize=4)
def begun(secret: bytes) -> hmac.HMAC:
    """The part that all messages have in common."""
    return hmac.new(secret, PURPOSE, hashlib.sha256)

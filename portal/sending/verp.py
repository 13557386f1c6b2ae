"""Envelope senders that say which message came back: `b-<uuid and 80 bits of HMAC>@bounces.example.org`.

RFC 5321 4.5.5. Lower-case base32, for servers that fold the case of a local part; 44 characters, under the limit of 64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

PREFIX = "b-"
OCTETS = 10
PURPOSE = b"verp:"


def bounce_address(message_id: UUID, bounce_domain: str, secret: bytes) -> str:
    """The envelope sender of a message."""
    token = base64.b32encode(message_id.bytes + mac(message_id.bytes, secret)).rstrip(b"=").decode().lower()
    return f"{PREFIX}{token}@{bounce_domain}"


def bounced_message(address: str, secret: bytes) -> UUID | None:
    """The message a bounce came back for, or None when the address was not made here."""
    local = address.partition("@")[0].lower()
    if not local.startswith(PREFIX):
        return None
    token = local.removeprefix(PREFIX).upper()
    try:
        octets = base64.b32decode(token + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    if len(octets) != 16 + OCTETS or not hmac.compare_digest(octets[16:], mac(octets[:16], secret)):
        return None
    return UUID(bytes=octets[:16])


def mac(octets: bytes, secret: bytes) -> bytes:
    """80 bits, bound to this purpose."""
    return hmac.digest(secret, PURPOSE + octets, hashlib.sha256)[:OCTETS]

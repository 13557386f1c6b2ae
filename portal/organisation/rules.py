"""What may be said about an organisation. Values in, values out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from portal.addresses import domain_to_ascii

COLOUR = re.compile(r"#[0-9a-f]{6}")
READABLE = 4.5  # WCAG 2.2 1.4.3: white words on the brand colour
NOWHERE = "localhost.localdomain"
RESEND = ("none", "receipts", "necessary")  # what goes again by itself when nobody could confirm it


def colour(text: str) -> str | None:
    """A colour as `#1f5c4d`, whatever its capitals; None when it is none."""
    text = text.strip().lower()
    return text if COLOUR.fullmatch(text) else None


def readable(brand: str) -> bool:
    """Whether white words on the colour can be read: buttons of letters and public pages have them."""
    return 1.05 / (_luminance(brand) + 0.05) >= READABLE


def web_address(text: str) -> str | None:
    """An http(s) address, completed with https:// where people leave that out; None when it is none."""
    text = text.strip()
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        host = domain_to_ascii(parts.hostname or "")
    except ValueError:
        return None
    fits = parts.scheme in ("http", "https") and host and not parts.username and not re.search(r"\s", whole)
    return whole if fits else None


def mail_domain(base_url: str) -> str:
    """The domain of the first sender: the portal's own host, where that is a name that mail can come from."""
    return domain_to_ascii(urlsplit(base_url).hostname or "") or NOWHERE


def _luminance(brand: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(brand[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

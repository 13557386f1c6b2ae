"""E-mail addresses: which ones we accept. Pure; used wherever somebody types one."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST, LONGEST_LOCAL, LONGEST_LABEL, LONGEST_DOMAIN = 254, 64, 63, 253  # RFC 5321 4.5.3.1
LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")  # dot-atom; \w also takes UTF-8 (RFC 6531)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
TOP_LABEL = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")


def valid_email(address: str) -> bool:
    """Whether `address` is one plain address that can be written to: `name@example.org`.

    ASCII or UTF-8 local part, a domain name (also IDN) with at least two labels. No quotes, comments, display names,
    address literals, blanks or control characters; so never a way to smuggle a second header or address.
    """
    local, at, domain = address.rpartition("@")
    if not at or not LOCAL.fullmatch(local) or len(local.encode()) > LONGEST_LOCAL:
        return False
    ascii_domain = domain_to_ascii(domain)
    return ascii_domain is not None and len(local.encode()) + 1 + len(ascii_domain) <= LONGEST


@lru_cache(maxsize=4096)  # recipients share their domains
def domain_to_ascii(domain: str) -> str | None:
    """The domain as DNS writes it, in lower case (`żółw.pl` -> `xn--w-uga1v8h.pl`); None when it is none."""
    try:
        ascii_domain = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        return None
    labels = ascii_domain.lower().split(".")
    fits = len(labels) > 1 and len(ascii_domain) <= LONGEST_DOMAIN and TOP_LABEL.fullmatch(labels[-1])
    whole = all(LABEL.fullmatch(each) and len(each) <= LONGEST_LABEL for each in labels)
    return ascii_domain.lower() if fits and whole else None

"""What DNS must say about our keys, and what it says. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Literal

ALGORITHMS = ("rsa", "ed25519")
DNS_DAYS = 7  # a retired key stays in DNS so long: letters signed with it are still on their way
STRING = 255  # octets of one string of a TXT record (RFC 1035 3.3.14)
SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Seen = Literal["published", "missing", "different", "several", "unknown"]


def next_selector(today: date, taken: Collection[str]) -> str:
    """`c202611a`, `c202611b` ...: the month, and the first letter that is free. Raises ValueError after z."""
    for letter in LETTERS:
        if (selector := f"c{today:%Y%m}{letter}") not in taken:
            return selector
    raise ValueError(selector)


def record_name(domain: str, selector: str) -> str:
    """Where the public key is published (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"


def record_value(algorithm: str, public_key: str) -> str:
    """What is published there (RFC 6376 3.6.1, RFC 8463 4)."""
    return f"v=DKIM1; k={algorithm}; p={public_key}"


def quoted(value: str) -> str:
    """The value as zone files have it: strings of at most 255 octets, each in quotation marks."""
    return " ".join(f'"{value[at : at + STRING]}"' for at in range(0, len(value), STRING))


def tags(record: str) -> dict[str, str]:
    """`v=DKIM1; p=...` as {name: value} without blanks inside values (RFC 6376 3.2)."""
    pairs = [each.partition("=") for each in record.split(";") if "=" in each]
    return {name.strip(): "".join(value.split()) for name, _equals, value in pairs}


def seen(records: Sequence[str], algorithm: str, public_key: str) -> Seen:
    """What DNS says at a key's name, beside what it should."""
    keys = [found for found in map(tags, records) if "p" in found]
    if not keys:
        return "missing"
    if len(keys) > 1:  # undefined for verifiers (RFC 6376 3.6.2.2)
        return "several"
    found = keys[0]
    equal = found["p"] == public_key and found.get("k", "rsa") == algorithm and found.get("v", "DKIM1") == "DKIM1"
    return "published" if equal else "different"


def spf_problem(records: Iterable[str]) -> str | None:
    """`missing`, `several`, `open` (+all lets everybody write) or None: it is there (RFC 7208 3, 4.5)."""
    found = [words for words in (record.lower().split() for record in records) if words[:1] == ["v=spf1"]]
    if len(found) != 1:
        return "several" if found else "missing"
    return "open" if {"all", "+all"} & set(found[0]) else None


def dmarc(records: Iterable[str]) -> dict[str, str] | None:
    """The tags of the one DMARC record, in lower case; None where there is none or more than one (RFC 7489 6.6.3)."""
    found = [each for each in map(tags, records) if each.get("v") == "DMARC1"]
    return {name.lower(): value.lower() for name, value in found[0].items()} if len(found) == 1 else None


def upwards(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(len(labels) - 1, 1))]


def signer(domain: str, active: Collection[str]) -> str | None:
    """The domain whose keys sign letters from `domain`: itself or the nearest above it; None: they leave unsigned."""
    return next((each for each in upwards(domain) if each in active), None)


def aligned(theirs: str, from_domain: str, organisation: str, *, strict: bool) -> bool:
    """Whether a signature's or an envelope's domain speaks for From (RFC 7489 3.1).

    `organisation`: the domain that both must lie under; strict: they must be equal.
    """
    if strict or theirs == from_domain:
        return theirs == from_domain
    return all(each == organisation or each.endswith(f".{organisation}") for each in (theirs, from_domain))

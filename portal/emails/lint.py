"""What catches the eye in a template although it may be saved: warnings, language by language (B11). Pure.

Whether it fits the people who get it, portal.proofreading says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from portal.emails.letters import Variant, trees
from portal.emails.merge import Values

LONG_SUBJECT = 70  # characters that mailboxes show on a computer; telephones show about half
HEAVY_LETTER = 90_000  # octets of html; above 102,000 a large mail provider cuts letters off
PICTURE_WITHOUT_WORDS = re.compile(r'<img src="[^"]*" alt=""')
LINK = re.compile(r'<a href="([^"]*)"')
HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+", re.IGNORECASE)
EXPECTED = frozenset({"dossier_link", "dossier_number"})  # where one language has it, people of all languages need it

Kind = Literal["long_subject", "picture", "link", "unused_opt_out", "no_postal_address", "lacks_field", "heavy"]


class Finding(msgspec.Struct, frozen=True):
    """Something to look at. `detail`: a field's name, an address, a number of characters; by kind."""

    kind: Kind
    locale: str
    detail: str = ""


def of_text(variant: Variant, samples: Values, subject: str, html: str) -> list[Finding]:
    """What is to be said of one language. `subject`, `html`: the letter to somebody with the values `samples`."""
    found = [Finding("picture", variant.locale) for _one in PICTURE_WITHOUT_WORDS.findall(variant.body)[:1]]
    if len(subject) > LONG_SUBJECT:
        found.append(Finding("long_subject", variant.locale, str(len(subject))))
    if len(html.encode()) > HEAVY_LETTER:
        found.append(Finding("heavy", variant.locale))
    if not variant.optional and "unsubscribe_link" in trees(variant).fields():
        found.append(Finding("unused_opt_out", variant.locale))
    return found + [Finding("link", variant.locale, each) for each in links(variant) if not leads_somewhere(each)]


def of_brand(optional: bool, postal_address: str) -> list[Finding]:
    """Optional mail carries the postal address of whoever sends it (CAN-SPAM 5(a)(5))."""
    return [Finding("no_postal_address", "")] if optional and not postal_address.strip() else []


def of_languages(variants: Mapping[str, Variant]) -> list[Finding]:
    """Fields that people of one language get and those of another do not."""
    used = {locale: trees(variant).fields() for locale, variant in variants.items()}
    all_of_them = frozenset().union(*used.values()) & EXPECTED if used else frozenset()
    return [
        Finding("lacks_field", locale, name) for locale, fields in used.items() for name in sorted(all_of_them - fields)
    ]


def links(variant: Variant) -> list[str]:
    """The written-out web addresses of a letter, each once."""
    found = (unescape(address) for address in LINK.findall(variant.body))
    return list(dict.fromkeys(each for each in found if each.startswith(("http:", "https:"))))


def leads_somewhere(address: str) -> bool:
    """Whether an address can be one of the web: its host has a name with a dot, or is written as people see it."""
    try:
        host = urlsplit(address).hostname or ""
        host = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError):
        return False
    return HOST.fullmatch(host) is not None and not host.endswith((".local", ".localhost", ".internal"))

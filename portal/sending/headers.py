"""Header lines by hand: encoded words (RFC 2047), folding (RFC 5322 2.2.3), addresses. Refuses to smuggle."""

from __future__ import annotations

import re
from binascii import b2a_base64
from functools import lru_cache

from portal.addresses import domain_to_ascii, valid_email

WIDTH = 78  # characters of a line we want (RFC 5322 2.1.1)
WORD_OCTETS = 45  # of text in one encoded word: 60 characters of base64 and 12 around them
FORBIDDEN = re.compile("[\r\n\0]")
FOLDABLE = re.compile(r" (?=[^ ])")  # a line may break before this blank; the next line has something to show
PHRASE = 60  # characters of a display name that is not folded


class Injection(ValueError):
    """CR, LF or NUL where a header value or an address belongs. Nothing is built."""


def checked(value: str) -> str:
    """The value itself; raises Injection (RFC 5322 2.2)."""
    if not value.isprintable() and FORBIDDEN.search(value):
        raise Injection
    return value


def unstructured(name: str, value: str) -> str:
    """`Subject: ...`, folded, with encoded words where it has more than printable ASCII. Without the final CRLF."""
    checked(value)
    if is_plain(value) and value == value.strip() and longest(value) < WIDTH - len(name):
        return fold(f"{name}: {value}")
    return f"{name}: " + "\r\n ".join(encoded_words(value, len(name) + 2))


def is_plain(value: str) -> bool:
    """Printable ASCII that nobody takes for encoded words."""
    return value.isascii() and value.isprintable() and "=?" not in value


def longest(value: str) -> int:
    """Characters of the longest word."""
    return max(map(len, value.split(" ")))


def fold(line: str) -> str:
    """Break a header line before blanks, so that no line is longer than WIDTH where words allow it."""
    if len(line) <= WIDTH:
        return line
    lines: list[str] = []
    rest = line
    while len(rest) > WIDTH:
        breaks = [found.start() for found in FOLDABLE.finditer(rest) if found.start() > line.find(":") + 1 or lines]
        before = [at for at in breaks if 0 < at <= WIDTH]
        at = before[-1] if before else next((each for each in breaks if each > 0), None)
        if at is None:
            break
        lines.append(rest[:at])
        rest = rest[at:]
    return "\r\n".join([*lines, rest])


def encoded_words(value: str, column: int = 1) -> list[str]:
    """Encoded words of at most 75 characters, ending between characters (RFC 2047 2, 5); the first from `column` on."""
    octets = value.encode()
    words: list[str] = []
    start, room = 0, min(WORD_OCTETS, (WIDTH - column - len("=?utf-8?b??=")) // 4 * 3)
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # within a character
            end -= 1
        words.append(encoded_word(octets[start:end]))
        start, room = end, WORD_OCTETS
    return [*words, encoded_word(octets[start:])]


def encoded_word(octets: bytes) -> str:
    """One encoded word of UTF-8."""
    return f"=?utf-8?b?{b2a_base64(octets, newline=False).decode()}?="


def mailbox(name: str, address: str) -> str:
    """`"Ana Nowak" <ana@example.org>`; the name quoted or encoded, the domain as DNS writes it."""
    route = f"<{wire_address(address)}>"
    name = " ".join(checked(name).split())
    if not name:
        return route
    if is_plain(name) and len(name) <= PHRASE:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" {route}'
    return "\r\n ".join([*encoded_words(name), route])


def address_line(name: str, mailboxes: list[str]) -> str:
    """`Cc: ...`, one mailbox a line."""
    line = f"{name}: " + ",\r\n ".join(mailboxes)
    first = line.partition("\r\n")[0]
    return line if len(first) <= WIDTH else f"{name}:\r\n " + line[len(name) + 2 :]


@lru_cache(maxsize=1024)  # senders and their domains come again and again
def wire_address(address: str) -> str:
    """The address for headers and envelopes: an IDN domain as A-labels (RFC 5890). Raises Injection or ValueError."""
    if not valid_email(checked(address)):
        raise ValueError(address)
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain_to_ascii(domain)}"

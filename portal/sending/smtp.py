"""SMTP's grammar: replies, what a server offers, envelopes, how long to wait. Pure."""

from __future__ import annotations

import asyncio

import msgspec

# RFC 5321 4.5.3.2. The reply to the dot is the one that matters: whoever gives up sooner sends twice.
TIMEOUTS = {
    **dict.fromkeys(("banner", "hello", "mail", "rcpt", "rset"), 300.0),
    "data": 120.0,
    "dot": 600.0,
    "nothing": 60.0,  # the reply to an empty letter
    "quit": 5.0,
}
PATIENCE = 60.0  # seconds with a server that has several commands at a time and answers none of them
LONGEST_LINE = 65_536  # octets of one reply before we call it nonsense
LONGEST_REPLY = 500  # characters of a reply that are kept

CODES = {b"%d" % code: code for code in range(200, 600)}

FIRST_PAUSE, LONGEST_PAUSE, POLITE_PAUSE = 1.0, 900.0, 30.0  # seconds between attempts to reach the server


class Offer(msgspec.Struct, frozen=True):
    """What a server said after EHLO."""

    pipelining: bool = False  # RFC 2920
    eight_bit: bool = False  # RFC 6152
    utf8: bool = False  # RFC 6531
    starttls: bool = False  # RFC 3207
    auth: frozenset[str] = frozenset()  # RFC 4954


class Envelope(msgspec.Struct, frozen=True):
    """A letter ready to go: commands, and the octets before the dot's own line. No line of them begins with a dot."""

    mail: bytes
    rcpt: bytes
    letter: bytes | asyncio.Future[bytes]  # a Future: it is being signed


def offer_of(lines: list[str]) -> Offer:
    """Read the lines of an EHLO reply, without their codes; the first one is the server's name."""
    words = [line.upper().split() for line in lines[1:] if line.strip()]
    names = {each[0] for each in words}
    methods = frozenset(method for each in words if each[0] == "AUTH" for method in each[1:])
    return Offer("PIPELINING" in names, "8BITMIME" in names, "SMTPUTF8" in names, "STARTTLS" in names, methods)


def mail_command(sender: bytes, *, eight_bit: bool, utf8: bool) -> bytes:
    """MAIL FROM with the parameters that this letter needs."""
    return b"MAIL FROM:<%b>%b%b\r\n" % (sender, b" BODY=8BITMIME" if eight_bit else b"", b" SMTPUTF8" if utf8 else b"")


def rcpt_command(address: bytes) -> bytes:
    """RCPT TO one address."""
    return b"RCPT TO:<%b>\r\n" % address


def code_of(line: bytes) -> int | None:
    """The three digits of a reply line, or None when it is no reply."""
    return CODES.get(line[:3])


def text_of(lines: list[bytes]) -> str:
    """A reply as kept in the ledger: its code once, its lines joined, no control characters."""
    first, *others = [line.decode("utf-8", "replace").rstrip() for line in lines]
    words = f"{first[:3]} {first[4:]}"
    if others:
        words = " ".join([words, *(other[4:] for other in others)])
    if not words.isprintable():
        words = "".join(filter(str.isprintable, words))
    return words[:LONGEST_REPLY].rstrip()


def route_pause(failures: int, *, polite: bool, chance: float) -> float:
    """Seconds until the server is tried again after `failures` (from 1) in a row; `chance` in 0..1 is the jitter.

    `polite`: it asked for less (421, 4.7.x), so not before half a minute.
    """
    base = POLITE_PAUSE if polite else FIRST_PAUSE
    return float(min(base * 2 ** min(failures - 1, 12), LONGEST_PAUSE) * (0.8 + 0.4 * chance))

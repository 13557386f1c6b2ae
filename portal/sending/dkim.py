"""DKIM signatures (RFC 6376, 8301, 8463): the header lines that say a domain answers for a letter.

How to call it
--------------
Once for a batch, where awaiting is allowed (`Composer.prepare`); it asks the database every 10 s at most:

    self.signatories = await dkim.signatories()                      # {"example.org": Signatory}

For each letter, where nothing may wait (`Composer.compose`); the domain is that of From, as DNS writes it. The nearest
domain above it that has active keys signs, so d= is aligned with From (RFC 7489 3.1.1):

    signatory = dkim.signatory_of(self.signatories, "news.example.org")      # or None: the letter goes unsigned
    if signatory is None:
        raw = head + b"\\r\\n" + body
    elif not signatory.slow:
        raw = signatory.sign(head, body) + head + b"\\r\\n" + body
    else:
        future = signatory.begin(head, body, lambda lines: (lines + head + b"\\r\\n" + body))

`head`: all header lines as they will be sent, each with its CRLF, folded or not, without the empty line.
`body`: all octets after the empty line, before dots are doubled. The letter must be 7-bit (quoted-printable): a relay
that re-encodes it would break the signature.
`sign` returns one `DKIM-Signature: ...CRLF` for each active key, to stand before the head: about 45 us with ed25519.
`begin` returns a future of the same lines (or of what its third argument makes of them). RSA takes 250 us, so that
other processes sign meanwhile (portal.sending.signing): call it early, and ask for the dot when the future is done. It
never fails because of them: without them the letter is signed here and now. `await signing.close()` ends them; they
also end by themselves when this process does.

What is signed: relaxed headers, simple body, no l=, SHA-256. The headers of SIGNED that the letter has, each as often
as it has them; From, Subject and Date are named once more, so that nobody can add a second one.
"""

from __future__ import annotations

import asyncio
import re
import time
from binascii import b2a_base64
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from portal import db, sealed
from portal.sending import signing
from portal.sending.signing import Key

SIGNED = (
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"),
)
OVERSIGNED = frozenset((b"from", b"subject", b"date"))
NAMES = tuple(name.lower().encode() for name in SIGNED)
WIDTH = 76  # octets of a line of our own
LOOK_AGAIN = 10.0  # seconds after which the active keys are read again
BLANKS = re.compile(b"  +")
PURPOSE = "dkim"  # of sealed private keys

# RSA before ed25519: verifiers that give up after the first signature they do not know still find the one they do.
ACTIVE = """select id, domain, selector, algorithm, secret from dkim_key where state = 'active'
order by domain, algorithm desc, id"""


class Shape(NamedTuple):
    """What letters with the same header names have in common."""

    lines: tuple[tuple[int, bytes, int], ...]  # to sign, in order: line, canonical beginning, where its value is
    starts: tuple[tuple[bytes, bytes], ...]  # of each key's own header: as sent, canonical


class Signatory:
    """All active keys of one domain. Each signs each letter."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = tuple(keys)
        self.slow = any(key.slow for key in self.keys)
        self.shapes: dict[tuple[bytes, ...], Shape] = {}

    def sign(self, head: bytes, body: bytes) -> bytes:
        """The signatures of a letter, to stand before its head."""
        heads, digests = self.prepared(head, body)
        return finished(heads, [key.sign(digest) for key, digest in zip(self.keys, digests, strict=True)])

    def begin(self, head: bytes, body: bytes, whole: Callable[[bytes], bytes] = bytes) -> asyncio.Future[bytes]:
        """The same, made by other processes: a future of `whole(signatures)`."""
        heads, digests = self.prepared(head, body)
        return signing.begin(self.keys, digests, lambda signed: whole(finished(heads, signed)))

    def prepared(self, head: bytes, body: bytes) -> tuple[list[bytes], list[bytes]]:
        """For each key: its header as sent, up to b=, and the digest to sign (RFC 6376 3.7)."""
        lines = unfolded(head)
        names = tuple([line[: line.index(b":")] for line in lines])
        shape = self.shapes.get(names) or self.shaped(names)
        signed = [start + lines[at][cut:].strip(b" ") for at, start, cut in shape.lines]
        hashed = sha256(b"\r\n".join([*signed, b""]))
        rest = b" t=%d; bh=%b;" % (int(time.time()), b2a_base64(body_digest(body), newline=False))
        heads, digests = [], []
        for sent, canonical in shape.starts:
            each = hashed.copy()
            each.update(b"%b%b b=" % (canonical, rest))
            heads.append(b"%b%b\r\n b=" % (sent, rest))
            digests.append(each.digest())
        return heads, digests

    def shaped(self, names: tuple[bytes, ...]) -> Shape:
        """Work out once what is signed of letters with these header names."""
        order = signed_lines([name.strip(b" ").lower() for name in names])
        lines = tuple((at, name + b":", len(names[at]) + 1) for name, at in order if at is not None)
        starts = tuple(key_start(key, [name for name, _at in order]) for key in self.keys)
        shape = self.shapes[names] = Shape(lines, starts)
        return shape


def signatory_of(signatories: dict[str, Signatory], domain: str) -> Signatory | None:
    """Who signs letters from this domain: itself, or the nearest domain above it that has active keys."""
    while domain:
        if (found := signatories.get(domain)) is not None:
            return found
        domain = domain.partition(".")[2]
    return None


# ------------------------------------------------------------------------------------------------ canonical forms
def unfolded(head: bytes) -> list[bytes]:
    """Header lines without folds and with single blanks (RFC 6376 3.4.2). The ends of values are not stripped yet."""
    head = head.removesuffix(b"\r\n").replace(b"\r\n ", b" ")
    if b"\t" in head:
        head = head.replace(b"\r\n\t", b" ").replace(b"\t", b" ")
    if b"  " in head:
        head = BLANKS.sub(b" ", head)
    return head.split(b"\r\n")


def body_digest(body: bytes) -> bytes:
    """SHA-256 of the simple body: exactly one CRLF at its end (RFC 6376 3.4.3)."""
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return sha256(body if body.endswith(b"\r\n") else body + b"\r\n").digest()


def signed_lines(names: list[bytes]) -> list[tuple[bytes, int | None]]:
    """h= as (name, line): several of a name from the last to the first (RFC 6376 5.4.2), None for one too many."""
    order: list[tuple[bytes, int | None]] = []
    for name in NAMES:
        order += [(name, at) for at in reversed(range(len(names))) if names[at] == name]
        if name in OVERSIGNED:
            order.append((name, None))
    return order


def key_start(key: Key, names: list[bytes]) -> tuple[bytes, bytes]:
    """A key's DKIM-Signature up to h=, as sent and in canonical form; t=, bh= and b= follow."""
    start = f"v=1; a={key.algorithm}-sha256; c=relaxed/simple;\r\n d={key.domain}; s={key.selector};\r\n h="
    value = start.encode() + listed(names) + b";"
    return b"DKIM-Signature: %b\r\n" % value, b"dkim-signature:" + b"".join(unfolded(value))


def listed(names: list[bytes]) -> bytes:
    """Names with colons between them, folded after colons."""
    lines, width = [b""], 3
    for name in names:
        if width + len(name) + 1 > WIDTH:
            lines.append(b"")
            width = 2
        lines[-1] += name + b":"
        width += len(name) + 1
    return b"\r\n  ".join(lines)[:-1]


def finished(heads: list[bytes], signatures: list[bytes]) -> bytes:
    """The header lines with their signatures, folded."""
    return b"".join([head + folded(signed) for head, signed in zip(heads, signatures, strict=True)])


def folded(signature: bytes) -> bytes:
    """Base64 in lines, with the CRLF that ends a header."""
    text = b2a_base64(signature, newline=False)
    return b"\r\n ".join([text[at : at + WIDTH - 3] for at in range(0, len(text), WIDTH - 3)]) + b"\r\n"


# ------------------------------------------------------------------------------------------------ the keys in use
class _Kept:
    """The active keys of this process, read at most every LOOK_AGAIN seconds, opened once."""

    def __init__(self) -> None:
        self.read_at = float("-inf")  # monotonic seconds
        self.rows: list[tuple[int, bytes]] = []
        self.found: dict[str, Signatory] = {}


_kept = _Kept()


async def signatories() -> dict[str, Signatory]:
    """Who signs, by domain (d=). Raises sealed.Unreadable: a key that cannot be opened holds the mail, and is named."""
    now = time.monotonic()
    if now - _kept.read_at >= LOOK_AGAIN:
        rows = await db.fetch(ACTIVE)
        current = [(row["id"], row["secret"]) for row in rows]
        if current != _kept.rows:
            _kept.found = by_domain([opened(**row) for row in rows])
            _kept.rows = current
        _kept.read_at = now
    return _kept.found


def forget() -> None:
    """Read the keys again at the next letter."""
    global _kept
    _kept = _Kept()


def by_domain(keys: Iterable[Key]) -> dict[str, Signatory]:
    """All keys of a domain sign for it."""
    sorted_keys = sorted(keys, key=lambda key: key.domain)  # stable: the order within a domain stays
    return {domain: Signatory(each) for domain, each in groupby(sorted_keys, key=lambda key: key.domain)}


def opened(id: int, domain: str, selector: str, algorithm: str, secret: bytes) -> Key:
    """A row of dkim_key, ready to sign. Raises sealed.Unreadable."""
    try:
        return Key(domain, selector, algorithm, sealed.unseal(secret, PURPOSE))
    except sealed.Unreadable as wrong:
        raise sealed.Unreadable(
            f"The DKIM key {selector} of {domain} cannot be opened: was PORTAL_SECRET_KEY changed? "
            "Name the former one in PORTAL_SECRET_KEY_BEFORE."
        ) from wrong

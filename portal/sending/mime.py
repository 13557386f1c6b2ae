"""The bytes of a letter: multipart/alternative, text before html, CRLF only (the rules of outgoing mail, docs/mail.md).

Own code, because the standard library's takes 2.9 ms a letter; there it is the oracle of the tests.
"""

from __future__ import annotations

import re
import time
from base64 import encodebytes
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from portal.emails.octets import quoted_lines
from portal.sending.headers import address_line, checked, mailbox, unstructured, wire_address

LONGEST_LINE = 998  # octets (RFC 5321 4.5.3.1.6)
LINE_ENDS = re.compile("\r\n|\r")
UNEVEN = re.compile(rb"\r\n(?:\.|\r\n\r\n)")  # a dot first, two empty lines; `in` would take thrice as long
PLAIN_NAME = re.compile(r"[\w .,()+-]{1,60}", re.ASCII)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
EIGHT_BIT, QUOTED = "8bit", "quoted-printable"
PART_HEADS = {
    (kind, encoding): f"\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
    f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    for kind in ("plain", "html")
    for encoding in (EIGHT_BIT, QUOTED)
}


class Heads(msgspec.Struct, frozen=True, kw_only=True):
    """What stands above a letter. `unsubscribe`: the https address of one-click opt-out, on optional mail only.

    `bulk`: the list that mass mail belongs to, such as campaign-7; "" for letters to one person. `automatic`: nobody
    is expected to answer (RFC 3834 5.1); sequence mail invites answers.
    """

    uuid: str
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    reply_to: str = ""
    cc: tuple[str, ...] = ()
    unsubscribe: str = ""
    bulk: str = ""
    automatic: bool = True
    date: float | None = None  # seconds since the epoch; None: now


class Part(msgspec.Struct, frozen=True):
    """The content of a part as it stands in the letter: its transfer encoding, and octets with CRLF."""

    encoding: str
    octets: bytes


def needs_utf8(heads: Heads) -> bool:
    """Whether an address has a local part beyond ASCII: only a server with SMTPUTF8 takes it (RFC 6531)."""
    return frame_of(heads).utf8 or is_utf8(heads.to_address)


def is_utf8(address: str) -> bool:
    """Whether its local part is beyond ASCII."""
    return not address.isascii() and not address.rpartition("@")[0].isascii()


# ------------------------------------------------------------------------------------------------ the head
class Frame(NamedTuple):
    """What thousands of heads have in common; lines with their ends."""

    above: str  # From
    between: str  # behind To, before Subject: Cc, Reply-To
    domain: str  # of Message-IDs
    below: str  # behind Message-ID
    utf8: bool  # whether one of these addresses has a local part beyond ASCII


def head(heads: Heads, attachments: bool = False) -> bytes:
    """The header block; every line ends with CRLF. Raises headers.Injection or ValueError."""
    frame = frame_of(heads)
    second = date(int(time.time() if heads.date is None else heads.date))
    opt_out = one_click(heads.unsubscribe) if heads.unsubscribe else ""
    kind = "mixed" if attachments else "alternative"
    return (
        f"{frame.above}{to_line(heads.to_name, heads.to_address)}\r\n"
        f"{frame.between}{unstructured('Subject', heads.subject)}\r\n"
        f"Date: {second}\r\nMessage-ID: <{heads.uuid}@{frame.domain}>\r\n{frame.below}{opt_out}"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind};\r\n boundary="=_{heads.uuid}"\r\n'
    ).encode()


def frame_of(heads: Heads) -> Frame:
    """The frame of a letter's head."""
    return framed(heads.from_name, heads.from_address, heads.reply_to, heads.cc, heads.automatic, heads.bulk)


@lru_cache(maxsize=1024)
def framed(from_name: str, from_address: str, reply_to: str, cc: tuple[str, ...], automatic: bool, bulk: str) -> Frame:
    """Made once for all letters of a mailing."""
    domain = wire_address(from_address).rpartition("@")[2]
    above = [address_line("From", [mailbox(from_name, from_address)])]
    between = [address_line("Cc", [wire_address(address) for address in cc])] if cc else []
    between += [address_line("Reply-To", [wire_address(reply_to)])] if reply_to else []
    below = ["Auto-Submitted: auto-generated"] if automatic else []
    below += bulk_lines(bulk, domain) if bulk else []
    utf8 = any(map(is_utf8, (from_address, reply_to, *cc)))
    return Frame(with_ends(above), with_ends(between), domain, with_ends(below), utf8)


def with_ends(lines: list[str]) -> str:
    """Header lines as they follow one another."""
    return "".join(f"{line}\r\n" for line in lines)


def to_line(name: str, address: str) -> str:
    """`To: ...`; without an address, the group that says so (RFC 5322 3.4)."""
    return address_line("To", [mailbox(name, address)]) if address else "To: undisclosed-recipients:;"


def bulk_lines(bulk: str, domain: str) -> list[str]:
    """What mass mail carries: its list (RFC 2919), its name in providers' feedback, no wish for answers by machines."""
    return [
        f"List-Id: <{bulk}.{domain}>",
        f"Feedback-ID: {bulk}:{domain}:mass:convoca",
        "X-Auto-Response-Suppress: OOF, AutoReply",
    ]


def one_click(address: str) -> str:
    """Opt-out in one click (RFC 8058 3)."""
    return f"List-Unsubscribe: <{link(address)}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@lru_cache(maxsize=16)
def date(second: int) -> str:
    """RFC 5322 3.3, in UTC; `second` since the epoch."""
    return format_datetime(datetime.fromtimestamp(second, UTC))


def link(address: str) -> str:
    """A web address that can stand in angle brackets (RFC 2369)."""
    if not checked(address).isascii() or any(character in ' <>"' for character in address):
        raise ValueError(address)
    return address


# ------------------------------------------------------------------------------------------------ the body
def boundary(heads: Heads) -> str:
    """What separates the parts. Nobody can know it before the letter is there, so no value can end a part."""
    return f"=_{heads.uuid}"


def body(heads: Heads, text: Part, html: Part, attachments: Sequence[bytes] = ()) -> bytes:
    """Everything behind the head and its empty line; attachments as `attached` makes them."""
    if not attachments:
        return alternatives(boundary(heads), text, html)
    outer, inner = boundary(heads), f"=_a{heads.uuid}"
    between = f"--{outer}\r\n".encode()
    first = f'{between.decode()}Content-Type: multipart/alternative;\r\n boundary="{inner}"\r\n\r\n'.encode()
    parts = b"".join(between + attachment for attachment in attachments)
    return b"%b%b\r\n%b--%b--\r\n" % (first, alternatives(inner, text, html), parts, outer.encode())


def alternatives(border: str, text: Part, html: Part) -> bytes:
    """Text, then html (RFC 2046 5.1.4)."""
    line = b"--" + border.encode()
    first, second = PART_HEADS["plain", text.encoding], PART_HEADS["html", html.encoding]
    return b"".join((line, first, text.octets, b"\r\n", line, second, html.octets, b"\r\n", line, b"--\r\n"))


def encode(content: str, eight_bit: bool) -> Part:
    """A text with any line ends. Quoted-printable where 8-bit is not offered, a line is too long or begins with a dot.

    So no letter ever needs its dots doubled (RFC 5321 4.5.2).
    """
    plain = (LINE_ENDS.sub("\n", content) if "\r" in content else content).encode()
    if eight_bit and b"\0" not in plain and b"\n." not in plain and not plain.startswith(b"."):
        octets = plain.replace(b"\n", b"\r\n")
        if has_short_lines(octets):
            return Part(EIGHT_BIT, octets)
    return Part(QUOTED, quoted_lines(plain))


def is_ordinary(octets: bytes) -> bool:
    """Whether a text can go as it is, 8-bit or encoded: one CRLF at its end, no two empty lines, no dot first."""
    return (
        octets.endswith(b"\r\n")
        and not octets.endswith(b"\r\n\r\n")
        and not octets.startswith((b"\r\n", b"."))
        and not UNEVEN.search(octets)
        and b"\0" not in octets
        and has_short_lines(octets)
    )


def has_short_lines(octets: bytes) -> bool:
    """Whether no line has more than 998 octets without its CRLF; looks at one line end in a thousand octets."""
    start, end = 0, len(octets)
    while end - start > LONGEST_LINE:
        found = octets.rfind(b"\r\n", start, start + LONGEST_LINE + 2)
        if found < 0:
            return False
        start = found + 2
    return True


def attached(name: str, media_type: str, content: bytes) -> bytes:
    """An attachment as a part of its own, encoded once for all letters of a batch. Raises headers.Injection."""
    kind = media_type.lower() if MEDIA_TYPE.fullmatch(media_type.lower()) else "application/octet-stream"
    plain = PLAIN_NAME.fullmatch(checked(name))
    shown = f' filename="{name}"' if plain else rfc2231(quote(name or "attachment", safe=""))
    lines = [
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: attachment;\r\n{shown}",
        "\r\n",
    ]
    return "\r\n".join(lines).encode() + encodebytes(content).replace(b"\n", b"\r\n")


def rfc2231(quoted_name: str) -> str:
    """`filename*0*=utf-8''...; filename*1*=...`, a line each (RFC 2231 3, 4.1)."""
    chunks = re.findall(r"(?:%..|[^%]){1,20}", f"utf-8''{quoted_name}")
    if len(chunks) == 1:
        return f" filename*={chunks[0]}"
    return ";\r\n".join(f" filename*{number}*={chunk}" for number, chunk in enumerate(chunks))

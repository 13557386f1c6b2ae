"""Whether a letter is what a picky receiver would take: the rules of outgoing mail, on the bytes that arrived."""

from __future__ import annotations

import email
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import policy
from email.errors import NonASCIILocalPartDefect, UndecodableBytesDefect
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, cast

from portal.sending import mime
from portal.sending.letters import whole
from portal.sending.mime import Heads
from portal.sending.smtp import Offer

LONGEST_LINE, WANTED_LINE = 998, 78  # octets (RFC 5322 2.1.1)
LATE = timedelta(minutes=5)
ALWAYS = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type")
MAY_REPEAT = {"received", "return-path", "delivered-to", "x-original-to"}  # what servers add on the way
MAY_BE_LONG = (b"List-Unsubscribe:", b"Return-Path:")  # one address that cannot be folded; a server's own
MESSAGE_ID = re.compile(r"<[0-9a-f-]{36}@([a-z0-9.-]+)>")
UTF8_DEFECTS = (NonASCIILocalPartDefect, UndecodableBytesDefect)
ONE_CLICK = "List-Unsubscribe=One-Click"


def build(heads: Heads, text: str, html: str, offer: Offer = Offer()) -> bytes:  # noqa: B008 - immutable
    """A whole letter of any two texts, as the sender puts its own together. Raises headers.Injection or ValueError."""
    parts = mime.encode(text, offer.eight_bit), mime.encode(html, offer.eight_bit)
    return whole(mime.head(heads), mime.body(heads, *parts))


def check_letter(raw: bytes, *, optional: bool = False, seven_bit: bool = False, utf8: bool = False) -> EmailMessage:
    """Read a letter as strictly as the standard library can and hold it to the rules; returns it parsed.

    `optional`: it has to offer one-click opt-out. `seven_bit`: the server offered no 8BITMIME. `utf8`: a local part
    beyond ASCII needed SMTPUTF8. The envelope is for the caller to check.
    """
    _check_lines(raw, seven_bit=seven_bit, utf8=utf8)
    message = _parsed(raw, utf8=utf8)
    _check_heads(message)
    _check_parts(message)
    _check_opt_out(message, optional)
    return message


def addresses(message: EmailMessage, name: str) -> list[str]:
    """The addresses of a header, without names."""
    found = getaddresses(cast(Sequence[str], message.get_all(name, [])))
    return [address.encode("utf-8", "surrogateescape").decode() for _name, address in found]


def text_of(message: EmailMessage) -> str:
    """What a reader without html sees."""
    return str(cast(Any, message.get_body(("plain",))).get_content())


def html_of(message: EmailMessage) -> str:
    """What everybody else sees."""
    return str(cast(Any, message.get_body(("html",))).get_content())


def _check_lines(raw: bytes, *, seven_bit: bool, utf8: bool) -> None:
    """Rows 4 and 5: CRLF only, short lines, octets above 127 only where they were offered."""
    assert re.search(rb"[^\r]\n|\A\n|\r[^\n]|\r\Z|\0", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE
    head = raw.partition(b"\r\n\r\n")[0]
    assert [line for line in head.split(b"\r\n") if len(line) > WANTED_LINE and not line.startswith(MAY_BE_LONG)] == []
    assert utf8 or head.isascii()
    assert not seven_bit or raw.isascii()


def _parsed(raw: bytes, *, utf8: bool) -> EmailMessage:
    """Any defect counts, but those the library sees in every header with SMTPUTF8: it knows no such parser."""
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.SMTP))
    defects: list[object] = []
    for part in message.walk():
        defects += [*part.defects, *(defect for value in part.values() for defect in cast(Any, value).defects)]
    assert [defect for defect in defects if not (utf8 and isinstance(defect, UTF8_DEFECTS))] == []
    return message


def _check_heads(message: EmailMessage) -> None:
    """Rows 1, 2, 7, 10: what must be there is there once, nothing twice, no hidden recipient."""
    counted = Counter(name.lower() for name in message.keys())  # noqa: SIM118 - a message lists names twice
    assert [name for name in ALWAYS if counted[name.lower()] != 1] == []
    assert [name for name, times in counted.items() if times > 1 and name not in MAY_REPEAT] == []
    assert "Bcc" not in message
    assert "Content-Length" not in message
    sent = parsedate_to_datetime(message["Date"])
    assert sent.tzinfo is not None
    assert abs(datetime.now(UTC) - sent) < LATE
    found = MESSAGE_ID.fullmatch(message["Message-ID"])
    [sender] = addresses(message, "From")
    assert found
    assert found[1] == sender.rpartition("@")[2]
    assert message["Auto-Submitted"] == "auto-generated"
    assert "X-Auto-Response-Suppress" not in message
    for name in ("From", "To", "Cc", "Reply-To"):
        assert all(address.rpartition("@")[2].isascii() for address in addresses(message, name))


def _check_parts(message: EmailMessage) -> None:
    """Row 3: a text part that says something, then the html part, both in UTF-8."""
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]
    text, html = text_of(message), html_of(message)
    assert len(text.split()) > 5
    assert "{{" not in text + html
    assert "<script" not in html
    assert "<form" not in html
    assert len(html.encode()) < 100_000


def _check_opt_out(message: EmailMessage, optional: bool) -> None:
    """Row 8: optional mail can be refused with one click over https, other mail offers nothing to refuse."""
    assert ("List-Unsubscribe" in message, "List-Unsubscribe-Post" in message) == (optional, optional)
    if optional:
        first, *others = re.findall(r"<([^<>]+)>", message["List-Unsubscribe"])
        assert first.startswith("https://")
        assert [other for other in others if not other.startswith("mailto:")] == []
        assert message["List-Unsubscribe-Post"] == ONE_CLICK
        assert first in html_of(message).replace("&amp;", "&")

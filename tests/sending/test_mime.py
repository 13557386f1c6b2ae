"""The bytes of a letter against the strict parser of the standard library: what goes in comes out, and nothing else."""

from __future__ import annotations

import email
import itertools
import quopri
import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.emails.language import parse
from portal.emails.letters import Compiled, Trees
from portal.emails.programs import pieces
from portal.sending import verp
from portal.sending.headers import Injection, encoded_words, wire_address
from portal.sending.letters import text_part
from portal.sending.mime import Heads
from portal.sending.smtp import Offer
from tests.emails.test_programs import SOURCE, VALUES
from tests.letters import build

UUID_ = "0e4f6a3c-6d0a-4d5e-9c39-3f7a6b2f9c11"
PLAIN = Heads(
    uuid=UUID_,
    from_name="Passerelle",
    from_address="office@passerelle.example",
    to_name="Ana Nowak",
    to_address="ana@people.example",
    subject="Your application",
)
EIGHT_BIT = Offer(eight_bit=True)
WORDS = st.text(
    st.sampled_from("abc XYZ 123 .,:;!?\"'()<>@[]\\=_-ñáéíóúü¿¡çàèêœ«»ąćęłńóśźżŻÓŁ„”🎓👩🏽‍🚀 \u00a0\u202f"),
    max_size=200,
)
PIECES = st.sampled_from("abc. =\n\tñé„🎓\r") | st.sampled_from(
    ("\n.\n", "x" * 300, "é" * 600, "From me\n", "\r\n", "= \n")
)
BODY = st.lists(PIECES, max_size=60).map("".join)


def parsed(raw: bytes) -> EmailMessage:
    """Read it as a picky receiver: any defect fails the test."""
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.SMTP))
    assert message.defects == []
    for part in message.walk():
        assert part.defects == []
        assert all(header.defects == () for header in part.values())  # type: ignore[attr-defined]
    return message


def display_name(raw: bytes, field: str) -> str:
    """The name before an address; decoded by RFC 2047 (the new parser keeps blanks between encoded words of names)."""
    name, _address = parseaddr(str(email.message_from_bytes(raw)[field]))
    return str(make_header(decode_header(name))) if name.startswith("=?") else name


def heads(**changes: Any) -> Heads:
    return msgspec.structs.replace(PLAIN, **changes)


def check_lines(raw: bytes) -> None:
    """CRLF only, no line over 998 octets; header lines of at most 78."""
    assert re.search(rb"[^\r]\n|\r[^\n]|\r\Z", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\r\n." not in raw
    top = raw.partition(b"\r\n\r\n")[0]
    assert [line for line in top.split(b"\r\n") if len(line) > 78 and not line.startswith(b"List-Un")] == []


def test_a_letter_has_the_fields_it_must_have_once_each() -> None:
    raw = build(heads(reply_to="help@passerelle.example", cc=("bob@team.example",)), "Hello\n", "<p>Hello</p>\n")
    message = parsed(raw)
    assert [name for name, _value in message.items()] == [
        *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"),
        "Content-Type",
    ]
    assert str(message["From"]) == "Passerelle <office@passerelle.example>"
    assert str(message["To"]) == "Ana Nowak <ana@people.example>"
    assert (message["Cc"], message["Reply-To"]) == ("bob@team.example", "help@passerelle.example")
    assert message["Message-ID"] == f"<{UUID_}@passerelle.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs(parsedate_to_datetime(message["Date"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert message.get_content_type() == "multipart/alternative"
    kinds = [(part.get_content_type(), part.get_content_charset()) for part in message.iter_parts()]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    check_lines(raw)


@pytest.mark.parametrize("offer", [Offer(), EIGHT_BIT], ids=["7bit", "8bit"])
@settings(deadline=None)
@given(text=BODY, html=BODY)
def test_parts_say_what_was_rendered(offer: Offer, text: str, html: str) -> None:
    raw = build(PLAIN, text, html, offer)
    check_lines(raw)
    if not offer.eight_bit:
        assert raw.isascii()
    parts = list(parsed(raw).iter_parts())
    for part, content in zip(parts, (text, html), strict=True):
        wanted = content.replace("\r\n", "\n").replace("\r", "\n")
        found = cast(bytes, part.get_payload(decode=True)).decode().replace("\r\n", "\n")
        assert found == wanted


@settings(deadline=None)
@given(name=WORDS, subject=WORDS, to_name=WORDS)
def test_names_and_subjects_come_back_as_they_were(name: str, subject: str, to_name: str) -> None:
    raw = build(heads(from_name=name, subject=subject, to_name=to_name), "a\n", "<p>a</p>\n")
    check_lines(raw)
    assert raw.isascii()
    message = parsed(raw)
    assert str(message["Subject"]) == subject
    assert display_name(raw, "From") == " ".join(name.split())
    assert display_name(raw, "To") == " ".join(to_name.split())
    assert message["To"].addresses[0].addr_spec == "ana@people.example"


@settings(deadline=None)
@given(st.text(max_size=300).filter(lambda text: not re.search("[\ud800-\udfff]", text)))
def test_encoded_words_are_short_and_end_between_characters(text: str) -> None:
    words = encoded_words(text)
    assert max(map(len, words)) <= 75
    decoded = [decode_header(word)[0] for word in words]
    assert (
        "".join(octets.decode(charset) if isinstance(octets, bytes) else octets for octets, charset in decoded) == text
    )


LINE_BREAKS = ("\r\n", "\n", "\r", "\r\n\r\n", "\0")
SMUGGLED = (
    "Bcc: eve@evil.example",
    "X-Evil: 1",
    "<script>",
    ".",
    "Content-Type: text/html",
    "DATA",
    "RSET",
    " folded",
    "\tfolded",
    "",
)
FIELDS = ("from_name", "from_address", "to_name", "to_address", "subject", "reply_to", "cc", "unsubscribe", "envelope")
PAYLOADS = [f"a{line}{text}" for line, text in itertools.product(LINE_BREAKS, SMUGGLED)]
CASES = [(field, payload) for field in FIELDS for payload in PAYLOADS]


@pytest.mark.parametrize("field", FIELDS)
def test_nothing_is_built_from_an_injection(field: str) -> None:
    """450 payloads: line breaks and NUL in every place that a value can reach."""
    assert len(CASES) == 450
    for payload in PAYLOADS:
        with pytest.raises(ValueError):
            if field == "envelope":
                wire_address(f"{payload}@people.example")
            else:
                build(heads(**{field: (payload,) if field == "cc" else payload}), "a", "<p>a</p>")
    with pytest.raises(Injection):
        build(heads(subject="a\r\nBcc: eve@evil.example"), "a", "a")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@exa mple.org",
        "ana@example.org>",
        "<ana@example.org",
        "a,b@example.org",
        "ana@example.org,eve@evil.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        wire_address(address)


def test_idn_domains_travel_as_a_labels() -> None:
    message = parsed(build(heads(to_address="ana@żółw.example", from_address="biuro@łódź.example"), "a\n", "a\n"))
    assert message["To"].addresses[0].addr_spec == "ana@xn--w-uga1v8h.example"
    assert message["Message-ID"] == f"<{UUID_}@xn--d-uga0v4h.example>"


def test_optional_mail_carries_one_click_opt_out_and_necessary_mail_does_not() -> None:
    link = "https://portal.example/u/" + "a" * 120
    message = parsed(build(heads(unsubscribe=link), "a\n", "a\n"))
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (
        f"<{link}>",
        "List-Unsubscribe=One-Click",
    )
    assert "List-Unsubscribe" not in parsed(build(PLAIN, "a\n", "a\n"))


def test_no_line_begins_with_a_dot_so_none_has_to_be_doubled() -> None:
    text, html = ".\n..\na.\n." + "x" * 74 + "\n" + "." * 200 + "\n", "<p>.</p>\n.\n"
    raw = build(PLAIN, text, html, EIGHT_BIT)
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    parts = [cast(bytes, part.get_payload(decode=True)) for part in parsed(raw).iter_parts()]
    assert [part.decode() for part in parts] == [text.replace("\n", "\r\n"), html.replace("\n", "\r\n")]


@settings(deadline=None)
@given(st.uuids())
def test_bounce_addresses_come_back_whatever_the_case_and_cannot_be_forged(uuid: UUID) -> None:
    address = verp.bounce_address(uuid, "bounces.example", b"secret")
    assert len(address.partition("@")[0]) <= 64
    assert verp.bounced_message(address.upper(), b"secret") == uuid
    assert verp.bounced_message(address, b"another secret") is None
    flipped = ("a" if address[2] != "a" else "b") + address[3:]
    assert verp.bounced_message(f"b-{flipped}", b"secret") is None
    assert verp.bounced_message("ana@people.example", b"secret") is None
    assert verp.bounced_message("b-!!!!@x", b"secret") is None


@settings(deadline=None)
@given(source=SOURCE, values=VALUES, eight_bit=st.booleans())
def test_a_text_part_is_the_text_that_pages_show(source: str, values: dict[str, str], eight_bit: bool) -> None:
    tree = parse(f"Dear all{source}Yours\n")
    made = Compiled(Trees((), (), tree), (), pieces(tree, "text"))
    part = text_part(made, values, eight_bit)
    quoted = part.encoding == "quoted-printable"
    lines = part.octets.split(b"\r\n")
    assert max(map(len, lines)) <= (76 if quoted else 998)
    assert not any(line.startswith(b".") or b"\n" in line for line in lines)
    octets = quopri.decodestring(part.octets) if quoted else part.octets
    assert octets.replace(b"\r\n", b"\n").decode() == made.plain(values)

"""The judge of letters is strict: each spoiled letter is refused, the good one is taken."""

from __future__ import annotations

import pytest

from portal.sending.mime import Heads
from portal.sending.smtp import Offer
from tests.letters import build, check_letter

HEADS = Heads(
    uuid="0e4f6a3c-6d0a-4d5e-9c39-3f7a6b2f9c11",
    from_name="Passerelle",
    from_address="office@passerelle.example",
    to_name="Ana Nowak",
    to_address="ana@people.example",
    subject="Your application",
    unsubscribe="https://portal.example/u/abc",
)
TEXT = "Dear Zoë, we have received your application today.\n"
HTML = f'<p>{TEXT}</p><a href="https://portal.example/u/abc">.</a>\n'

SPOILED = {
    "no sender": (b"From: ", b"X-From: "),
    "two subjects": (b"Subject: ", b"Subject: one\r\nSubject: "),
    "a hidden recipient": (b"Subject: ", b"Bcc: eve@evil.example\r\nSubject: "),
    "another day": (b"\r\nDate: ", b"\r\nDate: Sun, 01 Nov 2026 09:00:00 +0000\r\nX-Date: "),
    "no zone": (b" +0000\r\n", b"\r\n"),
    "a foreign Message-ID": (b"9c11@passerelle.example>", b"9c11@other.example>"),
    "answered by robots": (b"Auto-Submitted: auto-generated\r\n", b""),
    "a bare line feed": (b"Subject: Your", b"Subject:\n Your"),
    "a long header": (b"Subject: ", b"X-Long: " + b"a" * 80 + b"\r\nSubject: "),
    "a long line": (b"Dear", b"a" * 999),
    "bytes in a header": (b"Subject: Your", "Subject: Żółw".encode()),
    "html alone": (b"Content-Type: text/plain", b"Content-Type: text/html"),
    "an unfilled field": (b"Dear", b"Dear {{ first_name }}"),
    "a script": (b"<p>", b"<script>"),
    "no one-click": (b"=One-Click", b"=Ask"),
    "opt-out in the open": (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <http:"),
    "an open part": (b"--\r\n", b"\r\n"),
}


@pytest.fixture
def good() -> bytes:
    """Made now: a letter is refused once its date is five minutes old."""
    return build(HEADS, TEXT, HTML, Offer(eight_bit=True))


def test_a_good_letter_is_taken(good: bytes) -> None:
    assert check_letter(good, optional=True)["Subject"] == "Your application"


@pytest.mark.parametrize("what", SPOILED)
def test_a_spoiled_letter_is_refused(what: str, good: bytes) -> None:
    old, new = SPOILED[what]
    spoiled = good.replace(old, new, 1) if what != "an open part" else new.join(good.rsplit(old, 1))
    assert spoiled != good
    with pytest.raises(AssertionError):
        check_letter(spoiled, optional=True)


def test_what_was_not_offered_is_refused(good: bytes) -> None:
    with pytest.raises(AssertionError):
        check_letter(good, optional=True, seven_bit=True)
    with pytest.raises(AssertionError):
        check_letter(good, optional=False)

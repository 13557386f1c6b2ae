"""Signatures of letters, read by a verifier that somebody else wrote (dkimpy)."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import dkim as verifier
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from portal import db, sealed
from portal.sending import dkim, signing
from portal.sending.dkim import Signatory, body_digest, signatory_of, unfolded
from portal.sending.signing import Key

HEAD = (
    b'From: "Rural Labs" <calls@example.org>\r\n'
    b"To: =?utf-8?b?xbvDs8WCdyA=?=\r\n =?utf-8?b?QcWC?= <ala@example.com>\r\n"
    b"Reply-To: help@example.org\r\n"
    b"Subject: =?utf-8?b?WmHFvMOzxYLEhyBnxJnFm2zEhSBqYcW6xYQgaSBuaWMgd2nEmWNlag==?=\r\n =?utf-8?b?IGRvIG5hcw==?=\r\n"
    b"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <4c4637df-0000-4000-8000-000000000001@example.org>\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"List-Unsubscribe: <https://portal.example.org/u/12-mfrggzdfmztwq2lk>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="=_4c4637df"\r\n'
)
BODY = b"--=_4c4637df\r\n\r\nGood morning.\r\n\r\n--=_4c4637df--\r\n"


def octets(key: Ed25519PrivateKey | RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


ED25519 = Key("example.org", "edwards", "ed25519", octets(Ed25519PrivateKey.generate()))
RSA = Key("example.org", "rivest", "rsa", octets(generate_private_key(65537, 2048)))


def record(name: bytes, timeout: float = 5) -> bytes:
    """What DNS would say."""
    key = {b"edwards": ED25519, b"rivest": RSA}[name.partition(b"._domainkey.example.org.")[0]]
    public = load_der_private_key(key.private, None).public_key()
    if key.algorithm == "ed25519":
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public.public_bytes_raw())  # type: ignore[union-attr]
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


def verdicts(letter: bytes) -> list[bool]:
    """Of each signature, from the first."""
    count = letter.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
    found = []
    for each in range(count):
        try:
            found.append(verifier.DKIM(letter).verify(each, dnsfunc=record))
        except verifier.ValidationError:
            found.append(False)
    return found


def signed(head: bytes, body: bytes, *keys: Key) -> bytes:
    return Signatory(keys or (ED25519,)).sign(head, body) + head + b"\r\n" + body


def without(*names: bytes) -> bytes:
    """HEAD without these headers, folds included."""
    fields = HEAD.replace(b"\r\n ", b"\0").split(b"\r\n")
    return b"\r\n".join(each for each in fields if not each.startswith(names)).replace(b"\0", b"\r\n ")


LETTERS = {
    "as we write them": (HEAD, BODY),
    "one address, no opt-out": (without(b"Reply-To", b"List-"), BODY),
    "with a list and a copy": (HEAD + b"Cc: a@example.net,\r\n b@example.net\r\nList-Id: <c7.example.org>\r\n", BODY),
    "a campaign's": (HEAD + b"Feedback-ID: 7:mass:convoca\r\n", BODY),
    "no subject": (without(b"Subject"), BODY),
    "blanks and tabs": (HEAD.replace(b"Subject: ", b"Subject: \t  a  b\t\r\n\tc   \r\n  "), BODY),
    "an empty value": (HEAD.replace(b"help@example.org", b""), BODY),
    "8-bit subject": (without(b"Subject") + "Subject: Zażółć  gęślą\r\n".encode(), BODY),
    "two of one name": (HEAD + b"Reply-To: second@example.org\r\n", BODY),
    "empty body": (HEAD, b""),
    "only empty lines": (HEAD, b"\r\n\r\n\r\n"),
    "empty lines at the end": (HEAD, BODY + b"\r\n\r\n"),
    "no end of line": (HEAD, BODY + b"and more"),
    "dots and blanks": (HEAD, b".\r\n..  \r\n \r\n"),
}


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS.keys())
@pytest.mark.parametrize("keys", [(ED25519,), (RSA,), (RSA, ED25519)], ids=["ed25519", "rsa", "both"])
def test_a_letter_is_verified(letter: tuple[bytes, bytes], keys: tuple[Key, ...]) -> None:
    assert verdicts(signed(*letter, *keys)) == [True] * len(keys)


@pytest.mark.parametrize("at", [0, len(BODY) // 2, len(BODY) - 5])
def test_a_flipped_bit_of_the_body_is_found(at: int) -> None:
    letter = bytearray(signed(HEAD, BODY, RSA, ED25519))
    letter[len(letter) - len(BODY) + at] ^= 1

    assert verdicts(bytes(letter)) == [False, False]


@pytest.mark.parametrize(
    "name", [b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"List-Unsubscribe", b"MIME-Version"]
)
def test_a_changed_header_is_found(name: bytes) -> None:
    letter = signed(HEAD, BODY, RSA, ED25519)
    start = letter.index(b"\r\n" + name + b": ") + len(name) + 4
    changed = letter[:start] + b"Z" + letter[start + 1 :]

    assert verdicts(changed) == [False, False]


@pytest.mark.parametrize(
    "line", [b"From: eve@example.net", b"Subject: Pay here", b"Date: Mon, 23 Nov 2026 09:00:00 +0000"]
)
def test_nobody_can_add_a_second_from_subject_or_date(line: bytes) -> None:
    letter = signed(HEAD, BODY)

    assert verdicts(line + b"\r\n" + letter) == [False]
    assert verdicts(b"X-Relay: seen\r\n" + letter) == [True]


def test_lines_are_short_and_the_body_is_signed_whole() -> None:
    lines = Signatory((RSA, ED25519)).sign(HEAD + b"List-Id: <c7.example.org>\r\nCc: a@example.net\r\n", BODY)

    assert max(map(len, lines.split(b"\r\n"))) <= 78
    assert b" l=" not in lines
    assert lines.count(b"DKIM-Signature: v=1;") == 2
    assert lines.endswith(b"\r\n")


def test_the_example_of_rfc_8463_is_signed_alike() -> None:
    """Appendix A: the same octets are hashed, and the key gives the very same signature."""
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = Key("football.example.com", "brisbane", "ed25519", octets(Ed25519PrivateKey.from_private_bytes(seed)))
    head = (
        b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    )
    own = (
        b" v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
        b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        b" subject : date : message-id : from : subject : date;\r\n"
        b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
    )
    body = b"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n"  # relaxed: one blank after the stop
    lines = [line.replace(b": ", b":", 1) for line in unfolded(head)]
    names = [line.partition(b":")[0] for line in lines]
    canonical = [line.replace(name, name.lower(), 1) for line, name in zip(lines, names, strict=True)]
    hashed = sha256(b"\r\n".join([*canonical, b"dkim-signature:" + b"".join(unfolded(own)).strip()])).digest()

    assert base64.b64encode(body_digest(body)) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    assert base64.b64encode(key.sign(hashed)) == (
        b"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    )


def test_the_nearest_domain_above_signs() -> None:
    whole, part = Signatory((ED25519,)), Signatory((RSA,))
    known = {"example.org": whole, "labs.example.org": part}

    assert signatory_of(known, "example.org") is whole
    assert signatory_of(known, "news.example.org") is whole
    assert signatory_of(known, "a.b.labs.example.org") is part
    assert signatory_of(known, "notexample.org") is None
    assert signatory_of(known, "org") is None


# ------------------------------------------------------------------------------------------------ other processes
@pytest.fixture
async def hands() -> AsyncIterator[None]:
    """Signing processes may be started; they are ended."""
    yield
    await signing.close()


async def begun(number: int, *keys: Key) -> list[bytes]:
    """So many letters at once, signed elsewhere."""
    signatory = Signatory(keys)
    heads = [HEAD.replace(b"000001@", b"%06d@" % each) for each in range(number)]
    futures = [signatory.begin(head, BODY, lambda lines, head=head: lines + head + b"\r\n" + BODY) for head in heads]
    return list(await asyncio.gather(*futures))


async def processes() -> list[int]:
    """The ids of the signing processes, once they run."""
    await begun(1, RSA)
    hands = signing._hands[asyncio.get_running_loop()]
    async with asyncio.timeout(20):
        while not all(hand.ready for hand in hands.all) or len(hands.all) < signing.cores():
            await asyncio.sleep(0.01)
    return [hand.process.pid for hand in hands.all]


async def test_letters_are_signed_by_other_processes(hands: None) -> None:
    assert len(await processes()) == signing.cores()

    letters = await begun(20, RSA, ED25519)

    assert [verdicts(letter) for letter in letters] == [[True, True]] * 20
    assert len({letter.partition(b"Message-ID")[2] for letter in letters}) == 20


async def test_the_first_letter_does_not_wait_for_processes_to_start(hands: None) -> None:
    signatory = Signatory((RSA,))

    assert signatory.begin(HEAD, BODY).done()


async def test_what_a_dead_process_owed_is_signed_here(hands: None) -> None:
    before = await processes()
    for process in before:
        os.kill(process, signal.SIGKILL)

    assert [verdicts(letter) for letter in await begun(12, RSA, ED25519)] == [[True, True]] * 12


async def test_what_a_silent_process_owes_is_signed_here(hands: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "SILENT", 0.05)
    for process in await processes():
        os.kill(process, signal.SIGSTOP)

    assert [verdicts(letter) for letter in await begun(6, RSA)] == [[True]] * 6


async def test_a_letter_that_nobody_waits_for_any_more_does_not_stop_the_others(hands: None) -> None:
    await processes()
    signatory = Signatory((RSA,))
    first, second = signatory.begin(HEAD, BODY), signatory.begin(HEAD, BODY)
    first.cancel()

    assert verdicts(await second + HEAD + b"\r\n" + BODY) == [True]


async def test_closing_leaves_no_process_and_no_letter_behind(hands: None) -> None:
    before = await processes()
    waiting = [Signatory((RSA,)).begin(HEAD, BODY) for _each in range(6)]

    await signing.close()

    assert [verdicts(await each + HEAD + b"\r\n" + BODY) for each in waiting] == [[True]] * 6
    for process in before:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


# ------------------------------------------------------------------------------------------------ keys in the database
@pytest.fixture
def fresh_keys() -> Iterator[None]:
    """No key of another test is remembered, and none of this one."""
    dkim.forget()
    yield
    dkim.forget()


async def insert(key: Key, state: str = "active") -> None:
    await db.execute(
        "insert into dkim_key (domain, selector, algorithm, public_key, secret, state) values ($1, $2, $3, '', $4, $5)",
        *(key.domain, key.selector, key.algorithm, sealed.seal(key.private, dkim.PURPOSE), state),
    )


async def test_active_keys_sign_and_rsa_comes_first(db: None, fresh_keys: None) -> None:
    await insert(ED25519)
    await insert(RSA)
    await insert(Key("example.org", "old", "rsa", RSA.private), "retired")
    await insert(Key("example.org", "next", "rsa", RSA.private), "new")

    found = await dkim.signatories()

    assert [(domain, [key.selector for key in each.keys], each.slow) for domain, each in found.items()] == [
        ("example.org", ["rivest", "edwards"], True)
    ]
    assert verdicts(found["example.org"].sign(HEAD, BODY) + HEAD + b"\r\n" + BODY) == [True, True]
    assert await dkim.signatories() is found


async def test_a_key_that_cannot_be_opened_is_named(db: None, fresh_keys: None) -> None:
    await insert(ED25519)
    await db_break()

    with pytest.raises(sealed.Unreadable, match=r"The DKIM key edwards of example\.org cannot be opened"):
        await dkim.signatories()


async def db_break() -> None:
    """One bit of the sealed key is another."""
    await db.execute("update dkim_key set secret = set_byte(secret, 40, get_byte(secret, 40) # 1)")


def test_keys_do_not_show_themselves() -> None:
    assert repr(RSA) == "Key(rivest._domainkey.example.org, rsa)"

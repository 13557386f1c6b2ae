"""The local SMTP server: keeps what it gets, refuses the known bad addresses."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest
import pytest_asyncio

from portal import db as database
from portal.mailbox import queries, server


@pytest_asyncio.fixture
async def port(fresh_database: str) -> AsyncIterator[int]:
    """The port of a mailbox that listens."""
    listening = await server.listen("127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()


def letter(to: str = "ana@example.org", subject: str = "Zażółć gęślą jaźń") -> EmailMessage:
    """A letter with a text and an html part."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Passerelle <office@passerelle.example>", to, subject
    message["Message-ID"] = "<abc-1@passerelle.example>"
    message.set_content("Hello\n.\nthe dot above is mine\n")
    message.add_alternative("<p>Hello</p>", subtype="html")
    return message


async def test_a_letter_is_kept_as_it_came(port: int) -> None:
    message = letter()
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, sender="b+1@passerelle.example")
    (row,) = (await queries.search("", None)).items
    assert (row.mail_from, row.rcpt_to, row.subject) == (
        "b+1@passerelle.example",
        ["ana@example.org"],
        "Zażółć gęślą jaźń",
    )
    kept = await queries.letter(row.id)
    assert kept is not None
    assert b"\r\n.\r\nthe dot above is mine\r\n" in kept.raw
    assert kept.message_id == "abc-1@passerelle.example"
    assert await queries.id_of("<abc-1@passerelle.example>") == row.id


@pytest.mark.parametrize(
    ("domain", "code", "enhanced"),
    [("bounce.example", 550, "5.1.1"), ("slow.example", 451, "4.3.0"), ("full.example", 452, "4.2.2")],
)
async def test_known_bad_addresses_are_refused_always_in_the_same_way(
    port: int, domain: str, code: int, enhanced: str
) -> None:
    for _ in range(2):
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            await client.mail("b@passerelle.example")
            with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
                await client.rcpt(f"Anyone@{domain.upper()}")
            assert (refused.value.code, refused.value.message[:5]) == (code, enhanced)
    assert not await queries.any_letter()


async def test_it_offers_eight_bits_and_utf8_addresses(port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.ehlo()
        assert client.supports_extension("8bitmime")
        assert client.supports_extension("smtputf8")
        raw = letter("żółw@example.org").as_bytes()
        await client.sendmail(
            "b@passerelle.example", ["żółw@example.org"], raw, mail_options=["SMTPUTF8", "BODY=8BITMIME"]
        )
    (row,) = (await queries.search("zolw", None)).items
    assert row.rcpt_to == ["żółw@example.org"]


async def test_many_letters_over_several_connections_are_all_kept(port: int) -> None:
    async def connection(number: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            for count in range(25):
                await client.send_message(letter(subject=f"{number}-{count}"), sender="b@passerelle.example")

    await asyncio.gather(*(connection(number) for number in range(4)))
    subjects = [row["subject"] for row in await database.fetch("select subject from mailbox_letter")]
    assert sorted(subjects) == sorted(f"{number}-{count}" for number in range(4) for count in range(25))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: \x00 nul \xff\r\nMessage-ID: <broken\r\n\r\nbody",
        b"Content-Type: multipart/alternative\r\n\r\nno boundary",
        b"Content-Type: text/plain; charset=martian\r\nSubject: =?martian?q?x?=\r\n\r\n\xff\xfe",
    ],
)
async def test_nonsense_is_kept_too(fresh_database: str, raw: bytes) -> None:
    await server.store("", ["ana@example.org"], raw)
    (row,) = (await queries.search("", None)).items
    kept = await queries.letter(row.id)
    assert kept is not None
    assert kept.raw == raw

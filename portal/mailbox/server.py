"""The on-screen mailbox: a local SMTP server that delivers nothing and shows everything it got under /mailbox.

It stands in for the mail server while PORTAL_SMTP_URL is not set. So that a demonstration has failures too, some
addresses are refused, always in the same way:

    anyone@bounce.example   550 5.1.1   no such person: not delivered, the address is blocked
    anyone@slow.example     451 4.3.0   not now: tried again later
    anyone@full.example     452 4.2.2   mailbox full: tried again later
"""

from __future__ import annotations

import asyncio
import signal
from email import message_from_bytes, policy
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal import db
from portal.mailbox.reading import header

LARGEST = 26_214_400  # octets
HOSTNAME = "mailbox.localhost"
CONNECTIONS = 8  # to PostgreSQL
REFUSALS = {
    "bounce.example": "550 5.1.1 No such person here",
    "slow.example": "451 4.3.0 Not now, try again later",
    "full.example": "452 4.2.2 The mailbox is full",
}
STORE = "insert into mailbox_letter (mail_from, rcpt_to, message_id, subject, raw) values ($1, $2, $3, $4, $5)"


class Mailbox:
    """What to do with a letter: keep it. The answer 250 is given when it is stored, not before."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take every recipient but the known bad ones."""
        if refusal := REFUSALS.get(address.rpartition("@")[2].lower()):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Store the letter."""
        await store(envelope.mail_from or "", list(envelope.rcpt_tos), cast(bytes, envelope.content))
        return "250 2.0.0 Kept for you to read"


async def store(mail_from: str, rcpt_to: list[str], raw: bytes) -> None:
    """Keep one letter with what the list shows of it."""
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    letter = message_from_bytes(head, policy=policy.default)
    message_id = header(letter, "Message-ID").strip("<> ")
    await db.execute(STORE, mail_from, rcpt_to, message_id, header(letter, "Subject"), raw)


async def listen(host: str, port: int) -> asyncio.Server:
    """Open the port in the running loop, whose pool has to be open. Port 0: any free one."""
    handler = Mailbox()

    def session() -> SMTP:
        return SMTP(handler, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname=HOSTNAME, ident="Convoca mailbox")

    return await asyncio.get_running_loop().create_server(session, host, port)


async def serve(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await db.open_pool(max_size=CONNECTIONS)
    try:
        server = await listen(host, port)
        await stop.wait()
        server.close()
    finally:
        await db.close_pool()


def run(host: str, port: int) -> Any:
    """The process: the database has to be configured (db.configure) by whoever starts it."""
    asyncio.run(serve(host, port))

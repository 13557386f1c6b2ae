"""The worker as its user would write it: `dramatiq dramatiq_app --processes 2`. It runs in the environment of `.bench`.

Templates are compiled once; each process keeps a pool of database connections and five SMTP connections, which the
documentation of aiosmtplib advises for many letters.
"""

from __future__ import annotations

import asyncio
import json
import os
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import aiosmtplib
import asyncpg
import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO
from jinja2 import Environment

CONNECTIONS = 5

broker = RedisBroker(url=os.environ["BENCH_QUEUE"])
broker.add_middleware(AsyncIO())
dramatiq.set_broker(broker)

PLAIN = Environment(autoescape=False, keep_trailing_newline=True)
HTML = Environment(autoescape=True, keep_trailing_newline=True)
TEMPLATES = {
    locale: {
        "subject": PLAIN.from_string(template["subject"]),
        "text": PLAIN.from_string(template["text"]),
        "html": HTML.from_string(template["html"]),
    }
    for locale, template in json.loads(Path(os.environ["BENCH_TEMPLATES"]).read_text()).items()
}


class Connections:
    """What a process keeps open, made when the first letter needs it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.database: asyncpg.Pool | None = None
        self.smtp: asyncio.LifoQueue[aiosmtplib.SMTP] = asyncio.LifoQueue()

    async def open(self) -> asyncpg.Pool:
        """The pool of the database; opens everything once."""
        async with self.lock:
            if self.database is None:
                for _ in range(CONNECTIONS):
                    self.smtp.put_nowait(client())
                self.database = await asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=1, max_size=8)
        return self.database

    async def deliver(self, message: EmailMessage) -> None:
        """Over the next free SMTP connection, which stays open."""
        smtp = await self.smtp.get()
        try:
            if not smtp.is_connected:
                await smtp.connect()
            await smtp.send_message(message)
        finally:
            self.smtp.put_nowait(smtp)


def client() -> aiosmtplib.SMTP:
    """An SMTP connection that is not open yet."""
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=int(os.environ["BENCH_PORT"]), start_tls=False)


connections = Connections()


@dramatiq.actor(max_retries=3)
async def send(letter_id: int) -> None:
    """One letter: its row, its text, its delivery, its row."""
    database = await connections.open()
    row = await database.fetchrow("select address, locale, values, state from letter where id = $1", letter_id)
    if row is None or row["state"] == "sent":
        return
    await connections.deliver(letter(row["address"], row["locale"], json.loads(row["values"])))
    await database.execute("update letter set state = 'sent', sent_at = clock_timestamp() where id = $1", letter_id)


def letter(address: str, locale: str, values: dict[str, str]) -> EmailMessage:
    """Text and html, in the recipient's language."""
    template = TEMPLATES[locale]
    message = EmailMessage()
    message["From"], message["To"] = os.environ["BENCH_SENDER"], address
    message["Subject"] = template["subject"].render(values)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="portal.example.org")
    message.set_content(template["text"].render(values))
    message.add_alternative(template["html"].render(values), subtype="html")
    return message

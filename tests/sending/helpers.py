"""Planning mail and running the sender in a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from portal import db
from portal.ledger import actions
from portal.ledger.rules import Intent, Lane, Letter
from portal.sending.engine import Engine
from portal.sending.letters import Composer
from portal.settings import SmtpUrl
from tests import factories
from tests.sending.sink import Sink

SECRET = b"tests"
FROM = "office@passerelle.example"


def letter(version_id: int, **more: Any) -> Letter:
    """A letter of a template, as a trigger would freeze it."""
    values = {"first_name": "Zoë", "dossier_number": "RL-1", "unsubscribe_link": "https://portal.test/u/abc"}
    fields = {
        "locale": "en",
        "subject": "Your application RL-1",
        "from_name": "Passerelle",
        "to_name": "Zoë Żak",
        "values": values,
    }
    return Letter(version_id=version_id, from_address=FROM, **{**fields, **more})


def intents(version_id: int, count: int, *, optional: bool = False, **more: Any) -> list[Intent]:
    """`count` messages to addresses of their own."""
    each = letter(version_id)
    return [
        Intent(address=f"person{n}@people.example", locale="en", optional=optional, occurrence=1, letter=each, **more)
        for n in range(count)
    ]


async def plan(
    count: int, lane: Lane = Lane.trigger, *, kind: str = "trigger", ref_id: int = 1, **more: Any
) -> list[int]:
    """Post `count` messages of the organisation's sender. Returns their ids."""
    sender_id = await factories.organisation()
    template = await factories.template()
    async with db.transaction():
        return await actions.post(kind, ref_id, sender_id, lane, intents(template.version_id, count, **more))


@asynccontextmanager
async def sending(
    sink: Sink, *, host: str = "127.0.0.1", lease: float = 60, size: int = 10, **route: Any
) -> AsyncIterator[Engine]:
    """The sender, running against the sink for the length of the block; it ends clean."""
    engine = Engine("test", SmtpUrl(host, sink.port, **route), Composer(SECRET), lease=lease, size=size)
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.stop()
        await asyncio.wait_for(task, 20)


async def states() -> dict[str, int]:
    """How many messages are in which state."""
    return {row[0]: row[1] for row in await db.fetch("select state::text, count(*) from message group by 1")}


async def until(condition: Any, seconds: float = 60) -> None:
    """Wait until an async condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def settled(count: int, seconds: float = 60) -> None:
    """Wait until no more than `count` messages are still queued."""

    async def few() -> bool:
        return (await states()).get("queued", 0) <= count

    await until(few, seconds)

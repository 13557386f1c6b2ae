"""The history's letters are really sent: by the sending engine, to the on-screen mailbox, before the portal starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from portal import db
from portal.mailbox import server
from portal.sending.engine import Engine
from portal.sending.letters import Composer
from portal.settings import SmtpUrl, settings

HOST = "127.0.0.1"
LOOK_AGAIN = 0.05  # seconds
PATIENCE = 1_200  # looks: a minute without an end is a bug

# What should be on its way by now. Put-off letters (another try, time to undo) do not count.
WAITING = "select exists (select from batch where done_at is null and due_at <= now() and waits_for is null)"


@asynccontextmanager
async def sending() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Send what is queued while the block lasts; the value waits until nothing is left."""
    mailbox = await server.listen(HOST, 0)
    port = mailbox.sockets[0].getsockname()[1]
    engine = Engine("demonstration", SmtpUrl(HOST, port), Composer(settings().secret_key.encode()), lease=60, size=4)
    task = asyncio.create_task(engine.run())

    async def all_sent() -> None:
        engine.wake()
        for _look in range(PATIENCE):
            if task.done():
                task.result()
            if not await db.fetchval(WAITING):
                return
            await asyncio.sleep(LOOK_AGAIN)
        raise TimeoutError("the demonstration's letters do not leave")

    try:
        yield all_sent
    finally:
        engine.stop()
        engine.wake()
        await task
        mailbox.close()

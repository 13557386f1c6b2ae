"""Database sessions that fail at the worst moment, around real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from portal import db
from portal.ledger import takeover

BLOCKED = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' limit 1"


class Flaky:
    """A session that breaks once: before its statement or transaction is done, or after it, unheard."""

    def __init__(self, session: Any, when: str) -> None:
        self.session, self.when = session, when

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    async def fetchval(self, *words: Any) -> Any:
        """Done or not, nobody hears of it."""
        if self.when == "after":
            await self.session.fetchval(*words)
        raise ConnectionResetError

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Committed or not, nobody hears of it."""
        async with self.session.transaction():
            yield
            if self.when == "before":
                raise ConnectionResetError
        raise ConnectionResetError


class Raced:
    """A session whose flush is under way when somebody takes its run over: it commits while that waits for it."""

    def __init__(self, session: Any, run_id: int) -> None:
        self.session, self.run_id = session, run_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    async def fetchval(self, *words: Any) -> Any:
        """The flush was there first: the take-over has to see it."""
        async with self.session.transaction():
            said = await self.session.fetchval(*words)
            other = asyncio.create_task(takeover.take_over(self.run_id))
            while not other.done() and not await db.fetchval(BLOCKED):
                await asyncio.sleep(0.001)
        await other
        return said

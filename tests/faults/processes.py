"""A house full of workers, and everything that can be done to them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
import redis

from portal import db, migrate
from portal import settings as portal_settings
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.ledger.sessions import GONE
from portal.sending import pool, smtp
from portal.sending.pool import CONNECTIONS
from tests.faults.nursery import Child, Nursery
from tests.workers.processes import House

PATIENCE = 240  # seconds: a test that is slow on a busy machine is no failure

# A busy machine makes the only domain of a test look slow, whose letters then wait in the register for their turn.
LONG_ASIDE = 20.0  # seconds
ASIDE_IS_DUE = """
update batch set due_at = now() where run_id is null and done_at is null and waits_for is null and due_at > now()"""
LEASE = 2.0


class Counting(Protocol):
    """A mail server that counts letters."""

    port: int

    @property
    def count(self) -> int:
        """How many letters arrived."""


@dataclass
class Town(House):
    """A house whose processes are forked, so that many can die."""

    nursery: Nursery = field(kw_only=True)
    children: list[Child] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)  # of the environment

    def fork(self, what: str = "work", *, limits: dict[int, int] | None = None, group: int = 0) -> Child:
        """A worker or a clock, not waited for."""
        child = self.nursery.start(what, self.environment | self.more, limits=limits or {}, group=group)
        self.children.append(child)
        return child

    async def workers(self, count: int) -> list[Child]:
        """So many workers, all at work."""
        started = [self.fork() for _ in range(count)]
        for child in started:
            await self.at_work(child)
        return started

    async def at_work(self, child: Child) -> None:
        """Wait until it has begun its run."""
        async with asyncio.timeout(PATIENCE):
            while not await db.fetchval("select 1 from run where worker like '%:' || $1::text", str(child.pid)):
                assert child.poll() is None, "the worker ended before it began"
                await asyncio.sleep(0.02)

    async def gone(self, child: Child) -> int:
        """Its exit status, when it has one."""
        async with asyncio.timeout(PATIENCE):
            while (status := child.poll()) is None:
                await asyncio.sleep(0.01)
        return status

    async def ended(self, *children: Child) -> list[int]:
        """SIGTERM for all of them; their exit statuses."""
        for child in children:
            child.send_signal(signal.SIGTERM)
        return [await self.gone(child) for child in children]

    async def killed(self, *children: Child) -> None:
        """kill -9."""
        for child in children:
            child.kill()
        for child in children:
            await self.gone(child)


@asynccontextmanager
async def town(
    nursery: Nursery, database: str, valkey: str, server: Counting, *, lease: float = LEASE, **more: str
) -> AsyncIterator[Town]:
    """Nothing of it is left after the block."""
    mine = Town(database, valkey, f"smtp://127.0.0.1:{server.port}", lease, nursery=nursery, more=more)
    try:
        yield mine
    finally:
        await mine.killed(*mine.children)


async def arrived(server: Counting, count: int) -> None:
    """Wait until the server has so many letters."""
    async with asyncio.timeout(PATIENCE):
        while server.count < count:
            await asyncio.sleep(0.01)


async def drained(left: int = 0) -> None:
    """Wait until no more than `left` messages are queued. PostgreSQL may be away meanwhile."""
    sql = "select count(*) from message where state = 'queued'"
    look_again = time.monotonic() + LONG_ASIDE
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if await db.fetchval(sql) <= left:
                    return
                if time.monotonic() > look_again:
                    await db.execute(ASIDE_IS_DUE)
                    look_again = time.monotonic() + LONG_ASIDE
            except GONE:
                pass
            await asyncio.sleep(0.05)


async def retries_due() -> None:
    """What was put off, by its server or for its domain, is due now."""
    put_off = "run_id is null and done_at is null and coalesce(waits_for, 'retry') = 'retry'"
    await db.execute(f"update batch set due_at = now() where {put_off} and due_at > now()")


async def spread() -> None:
    """Give the messages many receiving domains, so that none of them is left alone for a while after refusals."""
    await db.execute("update message set address = replace(address, '@people.', '@people' || id % 199 || '.')")


async def drained_with_retries() -> None:
    """Like `drained`, with no patience for greylisting."""
    async with asyncio.timeout(PATIENCE):
        while await db.fetchval("select count(*) from message where state = 'queued'"):
            await retries_due()
            await asyncio.sleep(0.2)


async def each_part(server: Counting, count: int, parts: int) -> AsyncIterator[int]:
    """0, 1, 2 ... whenever another part of the letters has arrived, at a moment nobody chose; the last part is left."""
    for part in range(parts):
        await arrived(server, count * (part + 1) // (parts + 2))
        await asyncio.sleep(random.random() * 0.05)
        yield part


# ------------------------------------------------------------------------------------------------ databases, queues
async def use(url: str) -> None:
    """Let this process's portal.db talk to another database."""
    await db.close_pool()
    db.configure(url)
    await db.open_pool()


@asynccontextmanager
async def postgres_in(home: Path, before: str) -> AsyncIterator[tuple[Postgres, str]]:
    """A durable, migrated PostgreSQL in this folder, and its URL; in use until the block ends, then `before` again."""
    server = Postgres(home)
    try:
        url = await asyncio.to_thread(server.start)
        await use(url)
        portal_settings.use(database_url=url)
        await migrate.migrate()
        yield server, url
    finally:
        await use(before)
        portal_settings.use(database_url=before)
        server.stop()


async def answers() -> None:
    """Wait until PostgreSQL answers again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await db.fetchval("select 1")
                return
            except GONE:
                await asyncio.sleep(0.05)


def shut_down_at_once(server: Postgres) -> None:
    """pg_ctl stop -m immediate: no checkpoint, recovery at the next start. Its sockets stay where they are."""
    assert server.process
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(60)


def start_again(server: Postgres) -> None:
    """The same server on the same sockets; the log is replayed first."""
    assert server.process and server.sockets
    folder = server.sockets
    command = [str(word) for word in server.process.args]  # type: ignore[union-attr]
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    server.process = processes.start(command, server.log, signal.SIGINT, environment)
    processes.wait_until(server._is_ready, server.process, "PostgreSQL", server.log)
    assert folder == server.sockets


def flush(valkey: str) -> None:
    """FLUSHALL: every wake-up is lost."""
    with redis.Redis.from_url(valkey) as client:
        client.flushall()


def most_uncertain(kills: int, connections: int = CONNECTIONS) -> int:
    """The bound of P3: one message for each connection and kill."""
    return kills * connections


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of the route are short: what is tested is what happens after them."""
    monkeypatch.setattr(smtp, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(smtp, "POLITE_PAUSE", 0.05)
    monkeypatch.setattr(smtp, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(pool, "RECOVERY", 0.1)
    monkeypatch.setattr(pool, "LONGEST_RECOVERY", 0.2)

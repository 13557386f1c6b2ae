"""PostgreSQL crashes in mid-send. A backend is killed: the server ends every session and recovers from its log."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from portal import db, migrate
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.ledger import queries
from portal.ledger.sessions import GONE
from tests.sending.helpers import plan, sending, settled, states
from tests.sending.sink import Sink, running

COUNT = 2_000


@pytest.fixture
async def own_server(fresh_database: str) -> AsyncIterator[str]:
    """A PostgreSQL of the test's own, durable, migrated, in use by portal.db; its URL."""
    home = Path(tempfile.mkdtemp(prefix="convoca-crash-", dir="/var/tmp"))
    processes.open_to_servant(home)
    server = Postgres(home)
    try:
        url = await asyncio.to_thread(server.start)
        await use(url)
        await migrate.migrate()
        yield url
    finally:
        await use(fresh_database)
        server.stop()
        processes.remove_folder(home)


async def use(url: str) -> None:
    await db.close_pool()
    db.configure(url)
    await db.open_pool()


async def crash(url: str) -> None:
    """SIGKILL for a backend; back when PostgreSQL answers again."""
    victim = await asyncpg.connect(url)
    os.kill(await victim.fetchval("select pg_backend_pid()"), signal.SIGKILL)
    victim.terminate()
    await asyncio.sleep(0.2)
    async with asyncio.timeout(20):
        while True:
            try:
                await db.fetchval("select 1")
                return
            except GONE:
                await asyncio.sleep(0.05)


async def test_the_sender_can_be_ended_while_postgresql_is_away(own_server: str) -> None:
    async with running(Sink()) as sink:
        db.configure("postgresql://convoca@/postgres?host=/nowhere")
        try:
            async with sending(sink):
                await asyncio.sleep(0.5)
        finally:
            db.configure(own_server)


async def test_P1_P3_postgresql_crashes_in_mid_send(own_server: str) -> None:
    await plan(COUNT)
    before = await db.fetchval("select id from life") if await db.fetchval("select count(*) from life") else None
    async with running(Sink(delay=0.01)) as sink, sending(sink, lease=10):
        for crashes in range(2):
            async with asyncio.timeout(15):
                while len(sink.got) < COUNT * (crashes + 1) // 4:
                    await asyncio.sleep(0.01)
            await crash(own_server)
        await settled(0, 20)
    assert await db.fetchval("select id from life") != before
    assert await states() == {"accepted": COUNT}
    assert set(sink.ids.values()) == {1} and len(sink.ids) == COUNT
    totals = await queries.totals()
    assert (totals.duplicates, totals.balanced) == (0, True)

"""The disk of PostgreSQL is full for a while."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from portal import db
from portal import settings as portal_settings
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.ledger.sessions import GONE
from tests.faults.nursery import Nursery
from tests.faults.oracle import Oracle
from tests.faults.processes import answers, arrived, drained, most_uncertain, postgres_in, start_again, town
from tests.sending.chaos import Temper, outside
from tests.sending.helpers import plan

CALM = Temper(delay=0.005)


@pytest.fixture
async def small_disk(fresh_database: str) -> AsyncIterator[tuple[Path, Postgres]]:
    """A PostgreSQL on a disk of its own that can be filled; skipped where nobody may mount one."""
    home = Path(tempfile.mkdtemp(prefix="convoca-disk-", dir="/var/tmp"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=220m", "tmpfs", str(home)], capture_output=True)
    if mounted.returncode:
        home.rmdir()
        pytest.skip("mounting a disk that can be filled needs root")
    processes.open_to_servant(home)
    try:
        async with postgres_in(home, fresh_database) as (server, _url):
            yield home, server
    finally:
        subprocess.run(["umount", str(home)], check=True)
        home.rmdir()


def fill(home: Path) -> Path:
    """Take all the space there is."""
    ballast = home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        break
        finally:
            os.fsync(file.fileno())
    return ballast


async def test_P1_P3_the_disk_is_full_for_a_while(
    small_disk: tuple[Path, Postgres], valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    home, server = small_disk
    count = 4_000
    await plan(count)
    async with (
        outside(tmp_path / "ids", CALM) as sink,
        town(nursery, portal_settings.settings().database_url or "", valkey_url, sink, lease=20) as own,
    ):
        own.fork("clock")
        workers = await own.workers(2)
        await arrived(sink, count // 8)
        ballast = await asyncio.to_thread(fill, home)
        await until_it_hurts()
        await asyncio.sleep(2)
        ballast.unlink()
        if server.process and server.process.poll() is not None:
            await asyncio.to_thread(start_again, server)
        await answers()
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(sink, count, uncertain=most_uncertain(2), faults=1)


async def until_it_hurts() -> None:
    """Write until PostgreSQL says that it cannot."""
    try:
        async with asyncio.timeout(60):
            await db.execute("create table if not exists more (what text)")
            while True:
                await db.execute(
                    "insert into more select repeat(gen_random_uuid()::text, 50) from generate_series(1, 500)"
                )
                await asyncio.sleep(0.02)
    except (asyncpg.PostgresError, *GONE):
        return

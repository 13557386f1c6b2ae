"""Worker and clock as processes of their own, as in production, for tests that kill them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal import db
from workers.clock import LEADER

LEADS = """
select 1 from pg_locks where locktype = 'advisory' and objid::bigint = $1 and granted
and database = (select oid from pg_database where datname = current_database())"""
ROOT = Path(__file__).parent.parent.parent
STOPS_WITHIN = 20


@dataclass
class House:
    """Starts processes against one database, one Valkey and one mail server."""

    database: str
    valkey: str
    smtp_url: str
    lease: float = 2.0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        return {
            "PORTAL_DATABASE_URL": self.database,
            "PORTAL_REDIS_URL": self.valkey,
            "PORTAL_SMTP_URL": self.smtp_url,
            "PORTAL_SECRET_KEY": "a secret of the tests, long enough to be accepted",
            "PORTAL_LEASE_SECONDS": str(self.lease),
        }

    def start(self, what: str) -> subprocess.Popen[bytes]:
        """`work` or `clock`."""
        code = f"from workers.run import {what}; {what}()"
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **self.environment})
        self.processes.append(process)
        return process

    async def worker(self) -> subprocess.Popen[bytes]:
        """A worker that has begun its run."""
        process = self.start("work")
        async with asyncio.timeout(STOPS_WITHIN):
            while not await db.fetchval("select 1 from run where worker like '%:' || $1::text", str(process.pid)):
                await asyncio.sleep(0.05)
        return process

    async def clock(self) -> subprocess.Popen[bytes]:
        """A clock; once one leads."""
        process = self.start("clock")
        async with asyncio.timeout(STOPS_WITHIN):
            while not await db.fetchval(LEADS, LEADER):
                await asyncio.sleep(0.05)
        return process

    async def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL: no goodbye."""
        process.kill()
        await asyncio.to_thread(process.wait)

    async def end(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM; its exit status."""
        process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(process.wait, STOPS_WITHIN)


@asynccontextmanager
async def house(database: str, valkey: str, smtp_port: int, lease: float = 2.0) -> AsyncIterator[House]:
    """Whatever was started has ended after the block."""
    mine = House(database, valkey, f"smtp://127.0.0.1:{smtp_port}", lease)
    try:
        yield mine
    finally:
        for process in mine.processes:
            if process.poll() is None:
                process.kill()
                await asyncio.to_thread(process.wait)

"""A portal of the bench's own: durable servers in a temporary folder, and workers as `portal work` runs them."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import children, material
from portal import db, migrate
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.settings import settings

STARTS_WITHIN = 30.0


@dataclass
class House:
    """The servers. `home` is for logs and whatever else is written down; all of it goes in the end."""

    home: Path
    database: str
    valkey: str
    postgres_pid: int
    sender_id: int = 0

    def environment(self, port: int) -> dict[str, str]:
        """Of a process of the portal whose mail goes to this port of loopback."""
        return children.environment(
            PORTAL_DATABASE_URL=self.database,
            PORTAL_REDIS_URL=self.valkey,
            PORTAL_SMTP_URL=f"smtp://127.0.0.1:{port}",
            PORTAL_SECRET_KEY=settings().secret_key,
            PORTAL_DATA_DIR=str(self.home / "data"),
        )

    @contextlib.asynccontextmanager
    async def worker(self, port: int, connections: int = 0) -> AsyncIterator[subprocess.Popen[bytes]]:
        """One worker process, which has begun its run. 0 connections: as many as it takes by itself."""
        chosen = ["bench.worker", connections] if connections else ["portal", "work"]
        command = [sys.executable, "-m", *map(str, chosen)]
        log = self.home / "worker.log"
        with children.child(command, self.environment(port), log) as process:
            await self.until_running(process, log)
            yield process

    async def until_running(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """Raises RuntimeError with the end of its log when it ends or takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STARTS_WITHIN):
                while process.poll() is None:
                    if await db.fetchval("select 1 from run where worker like '%:' || $1::text", str(process.pid)):
                        return
                    await asyncio.sleep(0.05)
        raise RuntimeError(f"The worker did not start: {children.last_words(log)}")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder that the servers' account can walk through, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="convoca-bench-", dir="/var/tmp"))
    processes.open_to_servant(home)
    try:
        yield home
    finally:
        processes.remove_folder(home)


@contextlib.asynccontextmanager
async def open_house(*, durable: bool = True) -> AsyncIterator[House]:
    """Servers, a migrated database, this process's pool, an organisation with its sender."""
    with folder() as home:
        postgres, valkey = Postgres(home, durable=durable), Valkey(home, durable=durable)
        try:
            database, queue = postgres.start(), valkey.start()
            assert postgres.process
            house = House(home, database, queue, postgres.process.pid)
            await furnish(house)
            yield house
        finally:
            await db.close_pool()
            valkey.stop()
            postgres.stop()


async def furnish(house: House) -> None:
    """The schema, the organisation and its sender."""
    db.configure(house.database)
    await db.open_pool()
    await migrate.migrate()
    house.sender_id = await sender(material.SENDER)
    brand = material.BRAND
    await db.execute(
        "insert into organisation (name, postal_address, website, sender_id) values ($1, $2, $3, $4)",
        *(brand.name, brand.postal_address, brand.website, house.sender_id),
    )


async def sender(address: str) -> int:
    """A verified sender. Its id."""
    return int(
        await db.fetchval(
            "insert into sender (address, bounce_domain, verified) values ($1, $2, true) returning id",
            *(address, f"bounce.{address.rpartition('@')[2]}"),
        )
    )

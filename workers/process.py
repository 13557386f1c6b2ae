"""What a worker process has on Dramatiq's event loop: one database pool and one sender of mail."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import structlog
from dramatiq import Broker, Middleware, Worker
from dramatiq.asyncio import get_event_loop_thread

from portal import db
from portal.ledger.sessions import GONE
from portal.sending.engine import Engine
from portal.sending.letters import Composer
from portal.settings import settings

log = structlog.get_logger(__name__)

POOL = 6
YOUNG = 50_000  # objects between looks for garbage: messages leave no cycles, so a look finds nothing
AGAIN = 1.0  # seconds


class Process(Middleware):
    """Opens pool and sender when the worker starts; ends them clean before it stops."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.running: Future[None] | None = None

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """No actor runs before the pool is open; waits while PostgreSQL is away."""
        self.submit(open_pool()).result()

    def after_worker_boot(self, broker: Broker, worker: Worker) -> None:
        """Start the sender on Dramatiq's loop."""
        self.running = self.submit(self.run())

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """No new envelope; every dot gets its reply."""
        self.submit(self.stop()).result()
        if self.running:
            self.running.result()

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        """The actors have ended: so may the pool."""
        self.submit(db.close_pool()).result()

    def submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Run it on Dramatiq's loop."""
        thread = get_event_loop_thread()
        assert thread, "the AsyncIO middleware comes first"
        return asyncio.run_coroutine_threadsafe(work, thread.loop)

    async def run(self) -> None:
        """The sender, until `stop`. Without PORTAL_SMTP_URL letters go to the on-screen mailbox."""
        gc.freeze()
        gc.set_threshold(YOUNG)
        lease, size = settings().lease_seconds, settings().smtp_connections
        self.engine = Engine(name(), settings().relay, composer(), lease=lease, size=size)
        await self.engine.run()

    async def stop(self) -> None:
        """Tell the sender."""
        if self.engine:
            self.engine.stop()

    def wake(self) -> None:
        """Something is due."""
        if self.engine:
            self.engine.wake()


async def open_pool() -> None:
    """Open the loop's pool; waits while PostgreSQL is away."""
    while True:
        try:
            return await db.open_pool(max_size=POOL)
        except GONE:
            log.warning("database cannot be reached")
            await asyncio.sleep(AGAIN)


def composer() -> Composer:
    """With the secret that bounce addresses are signed with."""
    return Composer(settings().secret_key.encode())


def name() -> str:
    """This worker, for people who look into `run`."""
    return f"{socket.gethostname()}:{os.getpid()}"

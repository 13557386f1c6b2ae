"""The two processes beside the web: `work()` sends mail and does chores, `clock()` wakes it. Both run until SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import structlog
import uvloop
from dramatiq import Worker

from portal import db
from portal.settings import settings
from workers import actors
from workers.broker import broker, connect, process
from workers.clock import Clock

log = structlog.get_logger(__name__)

THREADS = 4
LOOK_EVERY = 1000  # milliseconds between looks at an idle queue: each takes the interpreter from the sender
LONGEST_STOP = 620_000  # milliseconds; a dot's reply may take 600 s (RFC 5321 4.5.3.2.6)


def prepare() -> None:
    """Settings to where they are needed. Ends the process with one sentence when they are wrong."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    values = settings()
    if not values.database_url or not values.redis_url:
        raise SystemExit("PORTAL_DATABASE_URL and PORTAL_REDIS_URL must be set; `portal up` sets them.")
    db.configure(values.database_url)
    connect(values.redis_url)


def work() -> None:
    """Send mail and do chores until SIGTERM or SIGINT; then end clean: 0 duplicates, 0 uncertain."""
    prepare()
    stop = threading.Event()

    def end(*_signal: object) -> None:
        stop.set()
        if process.running is None:  # it waits for PostgreSQL: no mail is under way
            raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    worker = Worker(broker, worker_threads=THREADS, worker_timeout=LOOK_EVERY)
    broker.emit_after("process_boot")
    start(worker)
    log.info("worker started", actors=len(broker.actors), deliver=actors.deliver.queue_name)
    stop.wait()
    worker.stop(timeout=LONGEST_STOP)
    broker.close()


def start(worker: Worker) -> None:
    """Start it or end the process: threads that began already would keep half a worker alive that does nothing."""
    try:
        worker.start()
    except BaseException as failure:
        ended = isinstance(failure, SystemExit)
        if not ended:
            log.critical("worker cannot start", reason=str(failure) or type(failure).__name__)
        sys.stdout.flush()
        os._exit(0 if ended else 1)


def clock() -> None:
    """Wake the workers until SIGTERM or SIGINT."""
    prepare()
    asyncio.run(tick())


async def tick() -> None:
    """The clock on this loop."""
    leading = Clock()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leading.stop)
    await leading.run()

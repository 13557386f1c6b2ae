"""The timetable: who is woken when. One clock leads, by an advisory lock; others stand by and take over.

It decides nothing: every entry is a wake-up that may be lost or sent twice. NOTIFY makes wake-ups quick, the sweep
of each second makes them certain, also after PostgreSQL or Valkey was away.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from dramatiq.errors import BrokerConnectionError
from redis import RedisError

from portal.jobs.actions import CHANNEL as JOBS
from portal.jobs.running import DUE as JOBS_DUE
from portal.ledger.claims import DUE_LANES
from portal.ledger.sessions import GONE, Connection, open_session
from portal.ledger.waking import CHANNEL
from portal.mailings.launching import CHANNEL as MAILINGS
from workers import actors

log = structlog.get_logger(__name__)

LEADER = 464_646  # the advisory lock
STAND_BY = 1.0  # seconds between looks at whether the leader is still there
SWEEP = 1.0  # seconds between sweeps; a batch that has been due for as long is drained by nobody
ALIVE = 10.0  # seconds without an answer from PostgreSQL


@dataclass(frozen=True)
class Entry:
    """An actor and its interval in seconds."""

    wake: Callable[[], Any]
    every: float


TIMETABLE = (
    Entry(actors.seal.send, 1),
    Entry(actors.take_over.send, 5),
    Entry(actors.check_totals.send, 60),
    Entry(actors.tell_owners.send, 5),
    Entry(actors.sweep.send, 10),
    Entry(actors.settle_doubts.send, 60),
    Entry(actors.send_mailings.send, 2),
    Entry(actors.remind.send, 30),
    Entry(actors.follow_up.send, 30),
    Entry(actors.run_schedules.send, 5),
    Entry(actors.sweep_told.send, 60),
    Entry(actors.keep_wishes.send, 60),
    Entry(actors.tidy_up.send, 3600),
)


# Channels of which any notification is one wake-up, whatever it says; those of lanes say which lane (`Clock.hear`).
HEARD: dict[str, Callable[[], Any]] = {JOBS: actors.do_jobs.send, MAILINGS: actors.send_mailings.send}


class Clock:
    """`run()` until `stop()`. Dramatiq's send() blocks: always in a thread, one after the other."""

    def __init__(self, timetable: tuple[Entry, ...] = TIMETABLE) -> None:
        self.timetable = timetable
        self.due = dict.fromkeys(timetable, time.monotonic())
        self.lanes: set[int] = set()
        self.heard: set[str] = set()  # of HEARD
        self.told = asyncio.Event()
        self.stopping = asyncio.Event()
        self.away = False

    def stop(self) -> None:
        """Let `run` return."""
        self.stopping.set()
        self.told.set()

    async def run(self) -> None:
        """Lead whenever nobody else does."""
        while not self.stopping.is_set():
            with contextlib.suppress(*GONE):
                await self.stand_by()

    async def stand_by(self) -> None:
        """One session: wait for the lock, lead as long as the session lives."""
        db = await self.unless_stopped(open_session())
        if db is None:
            return
        try:
            while not self.stopping.is_set():
                if await db.fetchval("select pg_try_advisory_lock($1)", LEADER):
                    return await self.lead(db)
                await self.wait(STAND_BY)
        finally:
            db.terminate()

    async def lead(self, db: Connection) -> None:
        """Pass on notifications at once, the timetable and the sweep at their seconds. Ends with the session."""
        log.info("clock leads")
        await db.add_listener(CHANNEL, lambda _db, _pid, _channel, payload: self.hear(payload))
        for channel in HEARD:
            await db.add_listener(channel, lambda _db, _pid, channel, _payload: self.hear_of(channel))
        next_sweep = 0.0
        while not self.stopping.is_set():
            await self.pass_on()
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + SWEEP
                self.lanes |= {row[0] for row in await db.fetch(DUE_LANES, SWEEP, timeout=ALIVE)}
                if await db.fetchval(JOBS_DUE, timeout=ALIVE):
                    self.heard.add(JOBS)
                await self.ring()
            if not self.lanes and not self.heard:
                await self.wait(max(0.01, next_sweep - time.monotonic()))

    def hear(self, payload: str) -> None:
        """A transaction with messages of a lane has committed."""
        if payload.isdigit():
            self.lanes.add(int(payload))
            self.told.set()

    def hear_of(self, channel: str) -> None:
        """A transaction that started or resumed a job, or launched or stopped a mailing, has committed."""
        self.heard.add(channel)
        self.told.set()

    async def pass_on(self) -> None:
        """One wake-up a lane, however many notifications came."""
        lanes, self.lanes = sorted(self.lanes), set()
        heard, self.heard = sorted(self.heard), set()
        for lane in lanes:
            await self.send(lambda lane=lane: actors.deliver.send(lane))  # type: ignore[misc]
        for channel in heard:
            await self.send(HEARD[channel])

    async def ring(self) -> None:
        """Whatever the timetable says is due. A late clock does not catch up: once is enough."""
        now = time.monotonic()
        for entry in self.timetable:
            if now >= self.due[entry]:
                self.due[entry] = now + entry.every
                await self.send(entry.wake)

    async def send(self, wake: Callable[[], Any]) -> None:
        """Off the loop. While Valkey is away wake-ups are lost; the next sweep sends them again."""
        try:
            await asyncio.to_thread(wake)
            self.away = False
        except (BrokerConnectionError, RedisError, OSError) as gone:
            if not self.away:
                log.warning("queue cannot be reached", reason=str(gone))
            self.away = True

    async def wait(self, seconds: float) -> None:
        """Until told, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.told.wait()
        self.told.clear()

    async def unless_stopped(self, opening: Any) -> Connection | None:
        """A session, or None when the clock is stopped while PostgreSQL is away."""
        session, stopped = asyncio.ensure_future(opening), asyncio.ensure_future(self.stopping.wait())
        await asyncio.wait((session, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if session.done():
            return session.result()
        session.cancel()
        return None

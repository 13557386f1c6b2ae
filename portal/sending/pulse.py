"""What a run says about itself once a second, for those who watch: its pulse.

Counting costs well under a microsecond a message. The row is unlogged, the last word of each run, and nobody's truth:
when it cannot be written sending goes on, and a row older than STALE seconds is nobody's any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from portal import db
from portal.ledger.work import Work

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds between words
PATIENCE = 2.0  # seconds for one statement
STALE = 10  # seconds after which a run's last word counts no more
DOMAINS = 50  # named in a pulse; the others are one
REMEMBERED = 500  # domains that are counted by name between two words
OTHERS = "*"  # the name of all other domains
WINDOW = 10  # seconds over which a rate is taken
# Upper bounds of the flushes' latency in milliseconds; whatever is slower is counted behind the last.
BOUNDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)

SAY = """
insert into pulse (run_id, at, said) values ($1, now(), $2)
on conflict (run_id) do update set at = excluded.at, said = excluded.said"""
FALL_SILENT = "delete from pulse where run_id = $1"


class Dispatcher(Protocol):
    """As much of portal.sending.dispatcher as is told."""

    alive: set[Any]
    parked: deque[Any]
    lanes: Any


class Pool(Protocol):
    """As much of portal.sending.pool as is told."""

    cap: int
    size: int
    opening: set[Any]
    failures: int
    closed_until: float

    @property
    def now(self) -> float:
        """Loop time."""


class Pulse:
    """Counters of one run, from its start."""

    def __init__(self) -> None:
        self.counts: defaultdict[tuple[int, int, str], int] = defaultdict(int)  # by lane, sender and state
        self.domains: defaultdict[tuple[str, str], int] = defaultdict(int)  # by domain and state
        self.flushes = [0] * (len(BOUNDS) + 1)
        self.flush_seconds, self.flushed_dots = 0.0, 0
        self.before: deque[tuple[float, int]] = deque(maxlen=WINDOW + 1)  # monotonic time, messages sent until then

    # ------------------------------------------------------------------------------------------ the hot path
    def ended(self, work: Work, state: str) -> None:
        """A try has ended so: accepted, retry, failed, uncertain."""
        batch = work.batch
        self.counts[batch.lane, batch.sender_id, state] += 1
        self.domains[work.parcel.address.rpartition("@")[2], state] += 1

    def flushed(self, seconds: float, dots: int) -> None:
        """The journal took so long to allow so many dots."""
        self.flushes[bisect_left(BOUNDS, seconds * 1000)] += 1
        self.flush_seconds += seconds
        self.flushed_dots += dots

    # ------------------------------------------------------------------------------------------ once a second
    def said(self, dispatcher: Dispatcher, pool: Pool) -> dict[str, Any]:
        """The row for `pulse`: plain values."""
        self.domains = self.by_domain(REMEMBERED)  # what a pulse costs does not grow with the recipients
        return {
            "ended": [[*key, count] for key, count in self.counts.items()],
            "domains": [[*key, count] for key, count in self.by_domain(DOMAINS).items()],
            "per_second": round(self.rate(time.monotonic()), 2),
            "connections": {
                "open": len(dispatcher.alive),
                "idle": len(dispatcher.parked),
                "opening": len(pool.opening),
                "cap": pool.cap,
                "most": pool.size,
            },
            "waiting": waiting(dispatcher.lanes),
            "held_back": held_back(dispatcher.lanes),
            "flushes": self.flushes,
            "flush_seconds": round(self.flush_seconds, 6),
            "flushed": self.flushed_dots,
            "route": {"failures": pool.failures, "pause": round(max(0.0, pool.closed_until - pool.now), 1)},
        }

    def rate(self, now: float) -> float:
        """Messages sent a second, over the last seconds."""
        sent = sum(count for (_lane, _sender, state), count in self.counts.items() if state == "accepted")
        self.before.append((now, sent))
        seconds = now - self.before[0][0]
        return (sent - self.before[0][1]) / seconds if seconds > 0 else 0.0

    def by_domain(self, most: int) -> defaultdict[tuple[str, str], int]:
        """The counts of so many domains, the busiest, in lower case; those of the others under one name."""
        sums: defaultdict[str, int] = defaultdict(int)
        for (domain, _state), count in self.domains.items():
            sums[domain.lower()] += count
        named = set(sorted((name for name in sums if name != OTHERS), key=lambda name: -sums[name])[:most])
        kept: defaultdict[tuple[str, str], int] = defaultdict(int)
        for (domain, state), count in self.domains.items():
            name = domain.lower()
            kept[name if name in named else OTHERS, state] += count
        return kept


def waiting(lanes: Any) -> dict[str, int]:
    """How many claimed messages wait for a connection, by lane."""
    return {str(int(lane)): len(queue) for lane, queue in lanes.queues.items() if queue}


def held_back(lanes: Any) -> list[dict[str, Any]]:
    """Receiving domains that are slow or limited here, and how many messages wait aside for them."""
    named = [(name, gate) for name, gate in lanes.gates.items() if isinstance(name, str)]
    named.sort(key=lambda pair: -len(pair[1]))
    return [described(name, gate, lanes.clock()) for name, gate in named[:DOMAINS]]


def described(name: str, gate: Any, now: float) -> dict[str, Any]:
    """One domain that is held back. `pause`: seconds for which nothing is tried."""
    return {
        "domain": name,
        "waiting": len(gate),
        "slow": bool(gate.is_slow),
        "per_minute": gate.bucket.per_minute if gate.bucket else None,
        "pause": round(max(0.0, gate.domain.shut_until - now), 1) if gate.domain else 0.0,
    }


async def beat_forever(run_id: int, say: Callable[[], dict[str, Any]]) -> None:
    """Say it once a second, until cancelled; then fall silent. No failure leaves this function."""
    try:
        while True:
            await attempt(SAY, run_id, say)
            await asyncio.sleep(EVERY)
    finally:
        await attempt(FALL_SILENT, run_id)


async def attempt(sql: str, run_id: int, *say: Callable[[], dict[str, Any]]) -> None:
    """One statement on the pool. Whatever goes wrong with it is worth a line, and no letter."""
    try:
        async with asyncio.timeout(PATIENCE):
            await db.execute(sql, run_id, *(each() for each in say))
    except Exception as failure:
        with contextlib.suppress(Exception):
            log.debug("pulse was not written", run=run_id, reason=repr(failure))

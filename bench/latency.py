"""The part *latency*: how long an acknowledgement takes while a mailing to a million goes out.

From the end of the transaction that posts it (its commit included) to its final dot at the mail server, which is a sink
of our own that tells the time. Worker and timetable run as they do in production.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import sys
import threading
import time
from collections.abc import AsyncIterator
from typing import IO, Any

from bench import children, mailing, quiet, recipients, sinks
from bench.house import House, open_house
from bench.mailing import Kind
from bench.options import Options
from portal import db
from portal.ledger import actions
from portal.ledger.planning import post_all
from portal.ledger.rules import Lane

PAUSES = 0.1, 0.4  # seconds between two probes, at random: nothing here shall keep step with a timer there
IDLE_PROBES = 20  # before the mailing, for comparison
LAST_ARRIVALS = 30.0
UNDER_WAY = "select coalesce(sum(n), 0)::bigint from tally where state = 'accepted'"
WAITING = "select coalesce(sum(n), 0)::bigint from tally where state = 'queued'"
MAILING = 1


class Arrivals(threading.Thread):
    """What the sink tells: when which probe arrived (seconds of CLOCK_MONOTONIC)."""

    def __init__(self, said: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.said, self.times = said, dict[int, float]()

    def run(self) -> None:
        """Until the sink ends."""
        for line in self.said:
            number, _, at = line.partition(b" ")
            self.times.setdefault(int(number), float(at))


class Probes:
    """Acknowledgements, one after the other, and when each was committed."""

    def __init__(self, kind: Kind, arrivals: Arrivals) -> None:
        self.kind, self.arrivals = kind, arrivals
        self.sent: dict[int, float] = {}

    async def send(self, count: int) -> list[int]:
        """Post so many, with pauses. Their numbers."""
        numbers = range(len(self.sent) + 1, len(self.sent) + 1 + count)
        for n in numbers:
            await asyncio.sleep(random.uniform(*PAUSES))
            async with db.transaction():
                intent = mailing.intent(self.kind, n, f"probe{n}@example.org")
                await actions.post("trigger", n, self.kind.sender_id, Lane.urgent, [intent])
                self.sent[n] = time.monotonic()
        return list(numbers)

    async def seconds(self, numbers: list[int]) -> list[float]:
        """How long these took, in order of length. Waits for the last ones."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_ARRIVALS):
                while not self.arrivals.times.keys() >= set(numbers):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        times = self.arrivals.times
        return sorted(times[n] - self.sent[n] for n in numbers if n in times)


async def run(options: Options) -> dict[str, Any]:
    """Probes without a mailing, then while one goes out; the rest of it is left unsent."""
    async with open_house() as house:
        await recipients.fill(1, options.recipients)
        kind = await mailing.plain(house)
        async with running(house, options) as arrivals:
            probes = Probes(kind, arrivals)
            idle = await probes.seconds(await probes.send(IDLE_PROBES))
            await begin(kind, options.recipients)
            return await during(probes, options, idle)


@contextlib.asynccontextmanager
async def running(house: House, options: Options) -> AsyncIterator[Arrivals]:
    """Sink, worker and timetable."""
    with sinks.own(house.home) as sink:
        assert sink.process.stdout
        arrivals = Arrivals(sink.process.stdout)
        arrivals.start()
        clock = [sys.executable, "-m", "portal", "clock"]
        with children.child(clock, house.environment(sink.port), house.home / "clock.log"):
            async with house.worker(sink.port, options.connections):
                yield arrivals


async def begin(kind: Kind, count: int) -> None:
    """Plan a mailing to everybody; return when its first letters have gone."""
    before = await db.fetchval(UNDER_WAY)
    async with db.transaction():
        await post_all(mailing.KIND, MAILING, kind.sender_id, Lane.mass, recipients.audience(kind.version_id, 1, count))
    async with asyncio.timeout(mailing.STUCK):
        while await db.fetchval(UNDER_WAY) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def during(probes: Probes, options: Options, idle: list[float]) -> dict[str, Any]:
    """The measurement."""
    before, accepted, began = quiet.now(), await db.fetchval(UNDER_WAY), time.monotonic()
    numbers = await probes.send(options.probes)
    left, accepted = await db.fetchval(WAITING), await db.fetchval(UNDER_WAY) - accepted
    rate, span = accepted / (time.monotonic() - began), quiet.between(before, quiet.now())
    found = await probes.seconds(numbers)
    p95, reason = judged(found, len(numbers), left)
    return {
        "acknowledgement_p95_s": p95,
        "reason": reason,
        "recipients": options.recipients,
        "waiting_at_the_end": left,
        "mailing_rate": rate,
        "probes": len(numbers),
        "arrived": len(found),
        "during": spread(found),
        "before": spread(idle),
        "seconds": found,
        **span.row(),
    }


def judged(found: list[float], asked: int, left: int) -> tuple[float | None, str | None]:
    """The p95, or why there is none. A machine that is not quiet only makes it longer."""
    if left <= 0:
        return None, "the mailing ended before the last probe: more --recipients, or fewer --probes"
    if len(found) < asked:
        return None, f"only {len(found)} of {asked} acknowledgements arrived"
    return at(found, 0.95), None


def at(ordered: list[float], share: float) -> float:
    """The value that this share of all does not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(ordered: list[float]) -> dict[str, float] | None:
    """Median, p95 and the longest."""
    if not ordered:
        return None
    return {"p50": at(ordered, 0.5), "p95": at(ordered, 0.95), "longest": ordered[-1]}


def table(found: dict[str, Any]) -> list[list[str]]:
    """Before and during the mailing, in milliseconds."""
    rows = [["acknowledgements", "arrived", "p50 ms", "p95 ms", "longest ms", "mailing, messages/s"]]
    for name, count, rate in (("before", IDLE_PROBES, 0), ("during", found["probes"], found["mailing_rate"])):
        said = found[name] or {"p50": math.nan, "p95": math.nan, "longest": math.nan}
        times = [f"{said[each] * 1e3:.0f}" for each in ("p50", "p95", "longest")]
        arrived = found["arrived"] if name == "during" else count
        rows.append([f"{name} the mailing", f"{arrived} of {count}", *times, f"{rate:,.0f}" if rate else ""])
    return rows

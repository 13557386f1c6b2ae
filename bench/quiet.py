"""How quiet the machine was during a measurement: time that the host took away, and CPU of processes not ours.

A ratio is worth something when nothing else ran. The limits are small on purpose; a round beyond them is kept in the
file, marked, and takes no part in the ratios.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import children

STEAL = 0.05  # cores: seconds taken by the host a second
FOREIGN = 0.15  # cores: CPU seconds of others a second (a kernel's own threads are others too)

# /proc/stat, first line: user nice system idle iowait irq softirq steal (proc(5)), in ticks of all cores together.
BUSY = (0, 1, 2, 5, 6)
STOLEN = 7


@dataclass(frozen=True)
class Moment:
    """The counters at one time, in seconds."""

    busy: float
    stolen: float
    ours: float
    at: float


@dataclass(frozen=True)
class Quiet:
    """Cores lost to the host (`steal`) and to other processes (`foreign`), and the load average at the end."""

    steal: float
    foreign: float
    load: float

    @property
    def quiet(self) -> bool:
        """Whether both are below their limits."""
        return self.steal <= STEAL and self.foreign <= FOREIGN

    def row(self) -> dict[str, float | bool]:
        """As it stands in the results."""
        return {"steal": self.steal, "foreign_cpu": self.foreign, "load": self.load, "quiet": self.quiet}


def now() -> Moment:
    """The counters; `ours` is this process and all below it."""
    ticks = [int(word) / children.TICK for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return Moment(sum(ticks[i] for i in BUSY), ticks[STOLEN], children.cpu(os.getpid()), uptime)


def between(before: Moment, after: Moment, load: float | None = None) -> Quiet:
    """How quiet it was between two moments."""
    seconds = max(after.at - before.at, 0.01)
    foreign = max(0.0, (after.busy - before.busy) - (after.ours - before.ours))
    load = os.getloadavg()[0] if load is None else load
    return Quiet(round((after.stolen - before.stolen) / seconds, 3), round(foreign / seconds, 3), round(load, 2))


def worst(spans: Sequence[Quiet]) -> Quiet:
    """A round is as quiet as its loudest measurement."""
    return Quiet(max(s.steal for s in spans), max(s.foreign for s in spans), max(s.load for s in spans))

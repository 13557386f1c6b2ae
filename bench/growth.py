"""The part *growth*: what a message costs while there are ten thousand others in the register, and ten million.

A database for each size in one server; in every round the same number of messages is planned and sent from each of
them, by a worker of its own, the order turned round each time. The cost is CPU of the worker and of PostgreSQL with all
its processes: what the machine does besides weighs less on it than on the rate.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench import children, mailing, registers, rounds, sinks
from bench.house import House, open_house
from bench.mailing import Kind
from bench.options import Options
from bench.planning import WAL, print_now
from bench.portal_side import WARM
from bench.rounds import Contender, Measured, Round
from portal import db

SMALL, LARGE = 10_000, 10_000_000  # what the goal compares
FULL_PAGES = "select wal_fpi from pg_stat_wal"


class Register:
    """One size: sends a mailing a round from its database."""

    def __init__(self, house: House, kind: Kind, sink: sinks.Sink, options: Options) -> None:
        self.house, self.kind, self.sink, self.options = house, kind, sink, options
        self.open = contextlib.AsyncExitStack()
        self.pids: dict[str, int] = {}
        self.number = 0

    async def prepare(self) -> None:
        """Plan, start the worker and warm it up. After the checkpoint: no page is logged whole while letters go."""
        await self.open.enter_async_context(registers.opened(self.house))
        await db.execute("checkpoint")
        warm = await mailing.plan(self.kind, min(WARM, self.options.messages))
        self.number = await mailing.plan(self.kind, self.options.messages)
        worker = await self.open.enter_async_context(self.house.worker(self.sink.port, self.options.connections))
        self.pids = {"worker": worker.pid, "postgres": self.house.postgres_pid}
        await mailing.send(warm)

    async def send(self) -> Measured:
        """From the opening of the gate until all of it is settled."""
        before, wal, fpi = children.cpus(self.pids), await db.fetchval(WAL), await db.fetchval(FULL_PAGES)
        seconds = await mailing.send(self.number)
        after, count = children.cpus(self.pids), self.options.messages
        return {
            "rate": count / seconds,
            "messages": count,
            "cpu_us": {name: (after[name] - before[name]) / count * 1e6 for name in self.pids},
            "wal_bytes": round((await db.fetchval(WAL) - wal) / count),
            "full_pages": await db.fetchval(FULL_PAGES) - fpi,
            "memory_mb": children.memory(self.pids["worker"])["rss"],
        }

    async def prove(self) -> Measured:
        """The rows of this mailing; end the worker. (All rows are not counted: with ten million it takes minutes.)"""
        states = {row[0]: row[1] for row in await db.fetch(mailing.STATES, mailing.KIND, self.number)}
        await self.open.aclose()
        return {"accepted": states.get("accepted", 0), "holds": states == {"accepted": self.options.messages}}


async def run(options: Options) -> dict[str, Any]:
    """Registers of all sizes, then interleaved rounds. Raises RuntimeError when a worker does not start."""
    async with open_house() as house:
        with sinks.best(house.home) as sink:
            made = {size: await register(house, size, sink, options) for size in sorted(options.rows)}
            sides = [Contender(name(size), each.send, each.prepare, each.prove) for size, each in made.items()]
            return result(options, await rounds.interleave(sides, options.rounds, print_now))


async def register(house: House, size: int, sink: sinks.Sink, options: Options) -> Register:
    """A filled database and its sender."""
    made, kind = await registers.register(house, size)
    print_now(f"a register of {size:,} messages is there")
    return Register(made, kind, sink, options)


def name(size: int) -> str:
    """What a size is called in the results."""
    return f"{size:,} rows"


def result(options: Options, played: Sequence[Round]) -> dict[str, Any]:
    """As it stands in growth.json."""
    small, large = min(options.rows), max(options.rows)
    found = compared(played, small, large)
    is_goal = (small, large) == (SMALL, LARGE)
    return {
        "rows": sorted(options.rows),
        "messages": options.messages,
        "cost_10m_vs_10k": found["value"] if is_goal else None,
        "reason": found["reason"] if is_goal else f"the registers had {small:,} to {large:,} messages",
        "largest_vs_smallest": found,
        "cost_us": {size: middle(played, size, cost) for size in sorted(options.rows)},
        "wal_bytes": {size: middle(played, size, wal) for size in sorted(options.rows)},
        "rounds": [each.row() for each in played],
    }


def compared(played: Sequence[Round], small: int, large: int) -> dict[str, Any]:
    """The median of the rounds' ratios of cost: of quiet ones (`value`), of all."""
    pairs = [(each.is_quiet(name(small), name(large)), ratio(each, small, large)) for each in played]
    still = [value for is_quiet, value in pairs if is_quiet]
    noisy = statistics.median(value for _, value in pairs)
    reason = None if still else f"no round was quiet; {noisy:.2f} is the median of all"
    return {"value": statistics.median(still) if still else None, "all_rounds": noisy, "reason": reason}


def ratio(played: Round, small: int, large: int) -> float:
    """The cost of a message in the large register by that in the small one."""
    return cost(played.results[name(large)]) / cost(played.results[name(small)])


def cost(said: Measured) -> float:
    """CPU microseconds of a message."""
    return float(sum(said["cpu_us"].values()))


def wal(said: Measured) -> float:
    """Bytes written ahead for a message."""
    return float(said["wal_bytes"])


def middle(played: Sequence[Round], size: int, figure: Callable[[Measured], float]) -> float:
    """The median over all rounds."""
    return round(statistics.median(figure(each.results[name(size)]) for each in played), 1)


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each measurement, then medians and the ratio."""
    rows = [["round", "messages/s", "worker", "PostgreSQL", "both (CPU us a message)", "WAL bytes", "quiet"]]
    for each in found["rounds"]:
        for size, said in each["results"].items():
            spent = [f"{said['cpu_us'][name]:.0f}" for name in ("worker", "postgres")]
            shown = [f"{said['rate']:,.0f}", *spent, f"{cost(said):.0f}", str(said["wal_bytes"])]
            rows.append([f"{each['round']} {size}", *shown, "yes" if said["quiet"] else "no"])
    rows += [
        ["median " + name(int(size)), "", "", "", f"{each:.0f}", "", ""] for size, each in found["cost_us"].items()
    ]
    compared = found["largest_vs_smallest"]
    of_quiet = "-" if compared["value"] is None else f"{compared['value']:.2f}"
    rows.append(["largest / smallest", "", "", "", of_quiet, f"{compared['all_rounds']:.2f} all", ""])
    return rows


if __name__ == "__main__":
    from bench import report

    print_now(report.table(table(asyncio.run(run(Options())))))

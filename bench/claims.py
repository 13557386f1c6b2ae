"""The part *claims*: claiming, asking for dots, and settling, without a letter or a mail server.

The ledger's own code in this process: batches are claimed, asked for in groups as that many connections would, granted
by the journal's flush, reported as accepted and settled. What is left is what the proof costs.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench import children, mailing, recipients, registers, rounds
from bench.house import House, open_house
from bench.mailing import Kind
from bench.options import Options
from bench.planning import WAL, print_now
from bench.rounds import Contender, Measured, Round
from portal import db
from portal.ledger import claims, runs
from portal.ledger.journal import Journal
from portal.ledger.planning import post_all
from portal.ledger.rules import Lane
from portal.ledger.settling import settle
from portal.ledger.work import Run, Work

CONNECTIONS = 20  # as many ask in one flush
SETTLE_AT = 1_000  # outcomes of one settlement, as in portal.ledger.journal
REPLY = "250 2.0.0 Ok: queued as 4fXy1Z2abcD"
LARGEST = 1_000_000  # the part growth measures larger ones
STATES = "select state::text, count(*) from message where origin_id = $1 group by 1"
HOT = """
select n_tup_upd as updates, n_tup_hot_upd as hot, pg_table_size(relid) as heap, pg_indexes_size(relid) as indexes
from pg_stat_user_tables where relname = 'message'"""


class Answers:
    """All connections at once: whatever may go is sent and accepted in no time."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def granted(self, work: Work) -> None:
        """It went."""
        self.journal.ended(work, 250, REPLY)

    def refused(self, work: Work, why: str) -> None:
        """Nothing stands in the way here. Raises RuntimeError."""
        raise RuntimeError(f"message {work.id} was not let go: {why}")


class Claims:
    """One size of the register: settles a mailing a round. Times by step are of this process, waiting included."""

    def __init__(self, house: House, kind: Kind, size: int, options: Options) -> None:
        self.house, self.kind, self.size, self.options = house, kind, size, options
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.mailings = 0
        self.before: Any = None

    async def prepare(self) -> None:
        """Plan."""
        await registers.change(self.house.database)
        await db.execute("checkpoint")
        self.mailings += 1
        first = 1 + (self.mailings - 1) * self.options.messages
        audience = recipients.audience(self.kind.version_id, first, first + self.options.messages - 1)
        made = await post_all(mailing.KIND, self.mailings, self.kind.sender_id, Lane.mass, audience)
        if made != self.options.messages:
            raise RuntimeError(f"{made} messages were planned of {self.options.messages}")
        self.before = await db.fetchrow(HOT)

    async def send(self) -> Measured:
        """Claim and settle all of it."""
        self.seconds.clear()
        run = await runs.start("bench", 60)
        own, postgres, before = time.process_time(), children.cpu(self.house.postgres_pid), await db.fetchval(WAL)
        began = time.perf_counter()
        await self.work(run)
        seconds, count = time.perf_counter() - began, self.options.messages
        own, postgres = time.process_time() - own, children.cpu(self.house.postgres_pid) - postgres
        wal = await db.fetchval(WAL) - before
        await runs.end(run)
        runs.hang_up(run)
        return {
            "rate": count / seconds,
            "messages": count,
            "cpu_us": {"own": own / count * 1e6, "postgres": postgres / count * 1e6},
            "wal_bytes": round(wal / count),
            "seconds_of": {step: round(spent, 3) for step, spent in self.seconds.items()},
        }

    async def work(self, run: Run) -> None:
        """Batch by batch until nothing is due."""
        journal = Journal(run)
        answers = Answers(journal)
        while works := await self.timed("claim", claims.claim(run, int(Lane.mass))):
            for first in range(0, len(works), CONNECTIONS):
                for work in works[first : first + CONNECTIONS]:
                    journal.ask(answers, work)
                await self.timed("flush", journal.flush())
            if len(run.facts) >= SETTLE_AT:
                await self.timed("settle", settle(run))
        await self.timed("flush", journal.flush())
        await self.timed("settle", settle(run))

    async def timed(self, step: str, waiting: Any) -> Any:
        """Its result; the seconds are added up."""
        began = time.perf_counter()
        found = await waiting
        self.seconds[step] += time.perf_counter() - began
        return found

    async def prove(self) -> Measured:
        """The rows, and what settling left behind: new versions off their page, growth in bytes a message."""
        origin = await db.fetchval("select id from origin where kind = $1 and ref_id = $2", mailing.KIND, self.mailings)
        states = {row[0]: row[1] for row in await db.fetch(STATES, origin)}
        await db.fetchval("select pg_stat_force_next_flush()")
        now, count = await db.fetchrow(HOT), self.options.messages
        assert now
        updates = now["updates"] - self.before["updates"]
        return {
            "accepted": states.get("accepted", 0),
            "hot_share": (now["hot"] - self.before["hot"]) / max(1, updates),
            "heap_growth": (now["heap"] - self.before["heap"]) / count,
            "index_growth": (now["indexes"] - self.before["indexes"]) / count,
            "holds": states == {"accepted": count},
        }


async def run(options: Options) -> dict[str, Any]:
    """Registers of all sizes up to LARGEST, then interleaved rounds."""
    sizes = sorted(size for size in options.rows if size <= LARGEST) or [min(options.rows)]
    async with open_house() as house:
        sides = []
        for size in sizes:
            made, kind = await registers.register(house, size)
            async with registers.opened(made):
                await more_recipients(options)
            side = Claims(made, kind, size, options)
            sides.append(Contender(f"{size:,} rows", side.send, side.prepare, side.prove))
        return result(options, sizes, await rounds.interleave(sides, options.rounds, print_now))


async def more_recipients(options: Options) -> None:
    """Enough of them for all rounds."""
    there = await db.fetchval("select max(id) from recipient")
    if (wanted := options.messages * options.rounds) > there:
        await recipients.fill(there + 1, wanted)


def result(options: Options, sizes: Sequence[int], played: Sequence[Round]) -> dict[str, Any]:
    """As it stands in claims.json: medians of all rounds by size, then the rounds."""
    return {
        "messages": options.messages,
        "asked_at_once": CONNECTIONS,
        "sizes": {f"{size:,} rows": medians(played, f"{size:,} rows") for size in sizes},
        "rounds": [each.row() for each in played],
    }


def medians(played: Sequence[Round], name: str) -> dict[str, float]:
    """What one size did."""
    said = [each.results[name] for each in played]
    return {
        "rate": round(statistics.median(each["rate"] for each in said)),
        "postgres_us": round(statistics.median(each["cpu_us"]["postgres"] for each in said), 1),
        "own_us": round(statistics.median(each["cpu_us"]["own"] for each in said), 1),
        "wal_bytes": statistics.median(each["wal_bytes"] for each in said),
        "hot_share": round(min(each["proof"]["hot_share"] for each in said), 4),
        "bytes_grown": round(max(each["proof"]["heap_growth"] + each["proof"]["index_growth"] for each in said), 1),
    }


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each size: medians; the least share of HOT updates, the most growth."""
    rows = [["register", "messages/s", "PostgreSQL CPU us", "own CPU us", "WAL bytes", "HOT", "bytes grown"]]
    for name, said in found["sizes"].items():
        cpu = [f"{said['postgres_us']:.1f}", f"{said['own_us']:.1f}", f"{said['wal_bytes']:.0f}"]
        rows.append([name, f"{said['rate']:,.0f}", *cpu, f"{said['hot_share']:.2%}", f"{said['bytes_grown']:.1f}"])
    return rows


if __name__ == "__main__":
    from bench import report

    print_now(report.table(table(asyncio.run(run(Options())))))

"""The part *plan*: planning a mailing to everybody, beside the bare INSERT .. SELECT of the same rows.

The bare one fills copies of `message` and `letter` (the same columns, indexes and storage) from the same relation: it
looks for nothing that exists, makes no batches, keeps no totals. Both end with their commit on disk.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from collections.abc import Sequence
from typing import Any

from bench import children, mailing, recipients, rounds
from bench.house import House, open_house
from bench.mailing import Kind
from bench.options import Options
from bench.rounds import Contender, Measured, Round
from portal import db
from portal.ledger.planning import post_all
from portal.ledger.rules import Lane

TABLES = ("message", "letter")
LIKE = "create table bare.{name} (like {name} including all) with (autovacuum_enabled = off{more})"
STORAGE = "select array_to_string(reloptions, ', ') from pg_class where oid = $1::text::regclass"
EMPTY = "truncate message, letter, batch, tally restart identity"
MESSAGES = """
insert into bare.message (origin_id, person_id, dossier_id, occurrence, address, optional, state, reason, due_at)
select 1, person_id, dossier_id, occurrence, address, optional, state, reason, now() from ({audience}) a"""
LETTERS = """
insert into bare.letter (version_id, system, locale, from_address, from_name, reply_to, to_name, shown_to, cc, subject,
    values, attachments)
select version_id, system, locale, from_address, from_name, reply_to, to_name, shown_to, cc, subject, values,
    attachments
from ({audience}) a"""
WAL = "select (pg_current_wal_insert_lsn() - '0/0')::bigint"


class Planning:
    """Both sides, in one database whose tables are empty before each measurement."""

    def __init__(self, house: House, kind: Kind, count: int) -> None:
        self.house, self.kind, self.count = house, kind, count
        self.audience = recipients.audience(kind.version_id, 1, count)

    async def plan(self) -> Measured:
        """Through the ledger. Raises RuntimeError when it did not make a message for everybody."""

        async def work() -> int:
            return await post_all(mailing.KIND, 1, self.kind.sender_id, Lane.mass, self.audience)

        return await self.measured(work)

    async def insert_select(self) -> Measured:
        """The bare statements."""

        async def work() -> int:
            for statement in (MESSAGES, LETTERS):
                made = await db.execute(statement.format(audience=self.audience.sql()), *self.audience.parameters)
            return made

        return await self.measured(work)

    async def measured(self, work: Any) -> Measured:
        """One transaction: seconds, CPU and WAL by message."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wal, own, postgres = await db.fetchval(WAL), time.process_time(), children.cpu(self.house.postgres_pid)
        began = time.perf_counter()
        async with db.transaction():
            made = await work()
        seconds, own, postgres = (
            time.perf_counter() - began,
            time.process_time() - own,
            children.cpu(self.house.postgres_pid) - postgres,
        )
        if made != self.count:
            raise RuntimeError(f"{made} messages were made of {self.count}")
        return {
            "rate": self.count / seconds,
            "messages": self.count,
            "seconds": round(seconds, 3),
            "cpu_us": {"own": own / self.count * 1e6, "postgres": postgres / self.count * 1e6},
            "wal_bytes": round((await db.fetchval(WAL) - wal) / self.count),
            "memory_grown_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1e3,  # kB on Linux
        }


async def fresh() -> None:
    """Fresh tables on both sides and nothing left to write: each measurement begins alike."""
    await db.execute(EMPTY)
    await db.execute_script("drop schema if exists bare cascade; create schema bare")
    for name in TABLES:
        storage = await db.fetchval(STORAGE, name)
        await db.execute(f"alter table {name} set (autovacuum_enabled = off)")
        kept = ", ".join(each for each in (storage or "").split(", ") if each and "autovacuum" not in each)
        await db.execute(LIKE.format(name=name, more=f", {kept}" if kept else ""))
    await db.execute("alter table bare.letter alter column id add generated always as identity")
    await db.execute("checkpoint")


async def run(options: Options) -> dict[str, Any]:
    """Interleaved rounds of both. Raises RuntimeError when a side did not do its work."""
    async with open_house() as house:
        await recipients.fill(1, options.recipients)
        part = Planning(house, await mailing.plain(house), options.recipients)
        sides = [
            Contender("plan", part.plan, fresh),
            Contender("insert_select", part.insert_select, fresh),
        ]
        return result(options, await rounds.interleave(sides, options.rounds, print_now))


def print_now(words: str) -> None:
    """To the person at the terminal."""
    print(words, flush=True)


def result(options: Options, played: Sequence[Round]) -> dict[str, Any]:
    """As it stands in plan.json."""
    found = rounds.ratio(played, "insert_select", "plan")  # of the rates, hence plan's time by the bare one's
    assert found
    noisy = None if found.value is not None else f"no round was quiet; {found.noisy:.2f} is the median of all"
    return {
        "recipients": options.recipients,
        "plan_vs_insert_select": found.value,
        "reason": noisy,
        "all_rounds": found.noisy,
        "cpu_ratio": statistics.median(cpu(each, "plan") / cpu(each, "insert_select") for each in played),
        "rounds": [each.row() for each in played],
    }


def cpu(played: Round, name: str) -> float:
    """CPU microseconds of a message, ours and PostgreSQL's."""
    return float(sum(played.results[name]["cpu_us"].values()))


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each measurement, then the ratios."""
    rows = [["round", "seconds", "messages/s", "CPU us a message", "WAL bytes", "Python grew by MB", "quiet"]]
    for each in found["rounds"]:
        for name, said in each["results"].items():
            cost = sum(said["cpu_us"].values())
            shown = [f"{said['seconds']:.1f}", f"{said['rate']:,.0f}", f"{cost:.1f}", str(said["wal_bytes"])]
            rows.append(
                [f"{each['round']} {name}", *shown, f"{said['memory_grown_mb']:.1f}", "yes" if said["quiet"] else "no"]
            )
    value = found["plan_vs_insert_select"]
    of_quiet = "-" if value is None else f"{value:.2f}"
    rows.append(
        ["plan / insert_select", of_quiet, f"{found['all_rounds']:.2f} all", f"{found['cpu_ratio']:.2f}", *[""] * 3]
    )
    return rows


if __name__ == "__main__":
    from bench import report

    print_now(report.table(table(asyncio.run(run(Options())))))

"""The part *mailings*: a mailing to everybody, as its pages see it and as it starts.

Counting and planning are timed as a page waits for them; the start beside the bare INSERT .. SELECT of the rows that it
makes (bench/planning.py), each once with empty tables; progress as the page asks for it, when
the mailing is in the register.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench import mailing as letters
from bench import material
from bench.house import open_house
from bench.options import Options
from bench.planning import LETTERS, MESSAGES, fresh
from portal import db
from portal.actor import Actor
from portal.audiences import sources
from portal.audiences.sources import Chosen
from portal.mailings import actions, launching, planning, progress, queries, work
from portal.mailings import letters as written
from portal.mailings.rules import Draft

TIMES = 5
ACCOUNT = """
insert into account (email, name, password_hash, roles) values ('bench@example.org', 'Bench', '', '{administrator}')
returning id"""
RIGHTS = frozenset({"mailing.see", "mailing.candidates", "mailing.contacts"})
PEOPLE = """
insert into person (email, first_name, last_name, locale)
select substr(md5(n::text), 1, 9) || n || '@example.org', ($3::text[])[n % cardinality($3::text[]) + 1],
    ($4::text[])[n / 7 % cardinality($4::text[]) + 1], ($2::text[])[n % 4 + 1]
from generate_series(1, $1::bigint) n"""


async def run(options: Options) -> dict[str, Any]:
    """The figures. Raises RuntimeError when the start did not make a message for everybody."""
    async with open_house() as house:
        await fill(options.recipients)
        kind = await letters.plain(house)
        by = Actor(kind="user", account_id=await db.fetchval(ACCOUNT), name="Bench", rights=RIGHTS, everywhere=True)
        template = await db.fetchval("select template_id from template_version where id = $1", kind.version_id)
        await db.execute("update template set version_id = $2 where id = $1", template, kind.version_id)
        mailing_id = await actions.create(by, Draft(name="Bench", template_id=template))
        mailing = await queries.one(by, mailing_id)
        found: dict[str, Any] = {"recipients": options.recipients}
        found["count"] = await timed(lambda: sources.count(by, Chosen(module="candidates")))
        found["plan"] = await timed(lambda: planning.plan_of(by, mailing))
        plan = await planning.plan_of(by, mailing)
        found["summary"] = await timed(lambda: planning.summary(plan))
        found["rows"] = await timed(lambda: planning.rows(plan, state="queued"))
        found["insert_select"] = await bare(by, mailing_id)
        found["start"] = await started(by, mailing_id)
        mailing = await queries.one(by, mailing_id)
        if mailing.total != options.recipients:
            raise RuntimeError(f"{mailing.total} messages were made of {options.recipients}: {mailing.problem}")
        found["start_vs_insert_select"] = found["start"]["seconds"] / found["insert_select"]["seconds"]
        await db.execute("analyze message")
        found["progress"] = await timed(lambda: progress.of(mailing))
        found["results"] = await timed(lambda: progress.results(mailing))
        return found


async def fill(count: int) -> None:
    """So many candidates, in four languages."""
    names = list(material.FIRST_NAMES), list(material.LAST_NAMES)
    await db.execute(PEOPLE, count, list(material.LOCALES), *names)
    await db.execute("vacuum analyze person")


async def timed(ask: Callable[[], Awaitable[Any]], times: int = TIMES) -> dict[str, float]:
    """Milliseconds: the median and the worst of some."""
    took = []
    for _time in range(times):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1e3)
    return {"median_ms": statistics.median(took), "worst_ms": max(took)}


async def bare(by: Actor, mailing_id: int) -> dict[str, float]:
    """The rows of the same audience by bare statements."""
    plan = await planning.plan_of(by, await queries.one(by, mailing_id))
    audience = await written.audience_of(plan)
    await fresh()
    began = time.perf_counter()
    async with db.transaction():
        for statement in (MESSAGES, LETTERS):
            await db.execute(statement.format(audience=audience.sql()), *audience.parameters)
    return {"seconds": time.perf_counter() - began}


async def started(by: Actor, mailing_id: int) -> dict[str, float]:
    """Launched and started, through the front door."""
    await fresh()
    mailing = await queries.one(by, mailing_id)
    counted = await planning.summary(await planning.plan_of(by, mailing))
    began = time.perf_counter()
    await launching.launch(by, mailing_id, mailing.version, counted.going, counted.seal)
    launched = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await work.sweep()
    ended = time.perf_counter()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1e3  # kB on Linux
    return {"launch_seconds": launched - began, "seconds": ended - launched, "memory_grown_mb": grown}


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each figure."""
    rows = [["what", "median", "worst"]]
    for name in ("count", "plan", "summary", "rows", "progress", "results"):
        rows.append([name, *(f"{found[name][key]:,.0f} ms" for key in ("median_ms", "worst_ms"))])
    start = found["start"]
    rows.append(["launch", f"{start['launch_seconds']:.1f} s", ""])
    rows.append(["start", f"{start['seconds']:.1f} s", f"{start['memory_grown_mb']:.1f} MB more in Python"])
    rows.append(["bare INSERT .. SELECT", f"{found['insert_select']['seconds']:.1f} s", ""])
    rows.append(["start / bare", f"{found['start_vs_insert_select']:.2f}", ""])
    return rows

"""The part *start*: seconds from the command to readiness, and memory then, of each process and of `portal up`.

`portal up` is started in an empty folder (it makes its servers and the database), then again in the same one. Memory of
a tree: `rss` counts shared pages in each process that has them, `pss` once.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bench import children, house, sinks
from bench.options import Options
from portal import db
from portal.settings import MAILBOX_OFFSET
from workers.clock import LEADER

READY_WITHIN = 120.0
LOOK_EVERY = 0.02
SETTLED = 2.0  # seconds after which the memory of a tree is looked at: its last process may still be starting
LEADS = """
select 1 from pg_locks where locktype = 'advisory' and objid::bigint = $1 and granted
and database = (select oid from pg_database where datname = current_database())"""
RUNS = "select 1 from run where worker like '%:' || $1::text"

Started = dict[str, float]  # seconds, rss and pss (MB)


async def run(options: Options) -> dict[str, Any]:
    """Every program `--rounds` times; medians."""
    found: dict[str, list[Started]] = {}
    async with house.open_house() as home:
        for _ in range(options.rounds):
            for name in ("serve", "work", "clock"):
                found.setdefault(name, []).append(await process(home, name))
    for _ in range(options.rounds):
        with house.folder() as folder:
            for name in ("up, first time", "up"):
                found.setdefault(name, []).append(await up(folder))
    return {"programs": {name: middle(each) for name, each in found.items()}, "all": found}


async def process(home: house.House, name: str) -> Started:
    """One process of the portal, with servers that run already."""
    port = sinks.free_port()
    env = home.environment(sinks.free_port()) | {"PORTAL_BIND": f"127.0.0.1:{port}"}

    async def ready(pid: int) -> bool:
        if name == "serve":
            return answers(port)
        return bool(await (db.fetchval(RUNS, str(pid)) if name == "work" else db.fetchval(LEADS, LEADER)))

    return await started(name, env, home.home / "start.log", ready)


async def up(folder: Path) -> Started:
    """Everything, with servers of its own."""
    port = sinks.free_port(MAILBOX_OFFSET)
    more = {"PORTAL_BIND": f"127.0.0.1:{port}", "PORTAL_DATA_DIR": str(folder / "data")}
    unset = {"PORTAL_DATABASE_URL": "", "PORTAL_REDIS_URL": "", "PORTAL_SMTP_URL": ""}

    async def ready(_pid: int) -> bool:
        return answers(port)

    return await started("up", children.environment(**more, **unset), folder / "up.log", ready, SETTLED)


async def started(
    name: str, env: Mapping[str, str], log: Path, ready: Callable[[int], Awaitable[bool]], settle: float = 0.0
) -> Started:
    """Start, wait, look, stop. Raises RuntimeError when it does not get ready."""
    began = time.perf_counter()
    with children.child([sys.executable, "-m", "portal", name], env, log) as process:
        while not await ready(process.pid):
            if process.poll() is not None or time.perf_counter() - began > READY_WITHIN:
                raise RuntimeError(f"portal {name} did not start: {children.last_words(log)}")
            await asyncio.sleep(LOOK_EVERY)
        seconds = time.perf_counter() - began
        await asyncio.sleep(settle)
        return {"seconds": round(seconds, 3), **children.memory(process.pid)}


def answers(port: int) -> bool:
    """Whether the web process says that it is ready."""
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as said,
    ):
        return bool(said.status == 200)
    return False


def middle(each: list[Started]) -> Started:
    """Medians."""
    return {key: statistics.median(one[key] for one in each) for key in each[0]}


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each program."""
    rows = [["portal ...", "seconds to ready", "RSS MB", "PSS MB"]]
    for name, said in found["programs"].items():
        rows.append([name, f"{said['seconds']:.2f}", f"{said['rss']:.0f}", f"{said['pss']:.0f}"])
    return rows

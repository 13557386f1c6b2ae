"""Workers whose clocks are wrong by an hour or a day: due times, leases, limits and take-overs go by the database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from portal import db
from portal.ledger.rules import Lane
from tests.faults.oracle import Oracle
from tests.faults.processes import arrived, drained, most_uncertain
from tests.sending.chaos import Temper, outside
from tests.sending.helpers import plan, states
from tests.workers.processes import House, house

HOUR, DAY = 3600, 86_400
# Read by Python before everything else: every module that asks for the time of day gets a wrong one.
WRONG = """
import datetime, time
OFF = {off}
time_, time_ns, clock_gettime = time.time, time.time_ns, time.clock_gettime
time.time = lambda: time_() + OFF
time.time_ns = lambda: time_ns() + OFF * 10**9
time.clock_gettime = lambda clock: clock_gettime(clock) + (OFF if clock == time.CLOCK_REALTIME else 0)
"""


@asynccontextmanager
async def wrong_by(
    own: House, seconds: int, folder: Path, what: str = "work"
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A worker that believes it is earlier or later."""
    place = folder / f"clock{seconds}"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(WRONG.format(off=seconds))
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(place)
    try:
        process = own.start(what)
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
    yield process


async def test_P1_P6_P9_workers_an_hour_ahead_and_a_day_behind(
    fresh_database: str, valkey_url: str, oracle: Oracle, tmp_path: Path
) -> None:
    """A cap, mail that is not due yet, and a worker killed: nothing leaves early, late, twice or beyond the limit."""
    count, cap = 1_000, 700
    await plan(count, Lane.mass)
    await db.execute("update sender set daily_cap = $1", cap)
    async with (
        outside(tmp_path / "ids", Temper(delay=0.01)) as server,
        house(fresh_database, valkey_url, server.port) as own,
        wrong_by(own, HOUR, tmp_path) as ahead,
        wrong_by(own, -DAY, tmp_path) as behind,
        wrong_by(own, -DAY, tmp_path, "clock"),
    ):
        await arrived(server, cap // 4)
        await plan(20, kind="trigger", ref_id=2, delay_minutes=30)
        await own.kill(behind)
        await drained(count - cap + 20)
        own.processes.remove(behind)
        assert await own.end(ahead) == 0
        counted = await oracle.judge(server, count + 20, uncertain=most_uncertain(1), faults=3, unsent=None)
    assert counted["accepted"] + counted.get("uncertain", 0) == cap
    assert (await states())["queued"] == count - cap + 20
    assert await db.fetchval("select used from quota where day = current_date") == cap
    assert await db.fetchval("select count(*) from message m join origin o on o.id = origin_id where ref_id = 2") == 20


async def test_the_clock_in_the_process_really_is_wrong(tmp_path: Path) -> None:
    """Or the test above would prove nothing."""
    (tmp_path / "sitecustomize.py").write_text(WRONG.format(off=DAY))
    code = "import time, subprocess; print(int(time.time()) - int(subprocess.check_output(['date', '+%s'])))"
    said = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert abs(int(said.stdout) - DAY) <= 2

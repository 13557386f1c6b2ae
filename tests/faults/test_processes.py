"""Faults of processes: killed, ended, stopped, starved. What the server got against the rows."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
from pathlib import Path

import pytest

from portal import db
from portal.ledger import takeover
from portal.ledger.rules import Lane
from tests.faults.nursery import Child, Nursery
from tests.faults.oracle import Oracle
from tests.faults.processes import (
    LEASE,
    Town,
    arrived,
    drained,
    drained_with_retries,
    each_part,
    flush,
    most_uncertain,
    town,
)
from tests.sending.chaos import Temper, outside
from tests.sending.helpers import plan, states
from tests.sending.sink import Sink, running

LONG = pytest.mark.long
CALM = Temper(delay=0.005)


@pytest.mark.parametrize(("count", "kills"), [(3_000, 4), pytest.param(20_000, 25, marks=LONG)])
async def test_P1_P3_random_workers_killed_and_wake_ups_lost(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, kills: int
) -> None:
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        workers = await own.workers(2)
        async for _ in each_part(server, count, kills):
            victim = random.randrange(2)
            await own.killed(workers[victim])
            flush(valkey_url)
            workers[victim] = own.fork()
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(server, count, uncertain=most_uncertain(kills), faults=kills)


async def a_group(own: Town) -> list[Child]:
    """Two workers and a clock in one process group."""
    leader = own.fork()
    return [leader, own.fork(group=leader.pid), own.fork("clock", group=leader.pid)]


@pytest.mark.parametrize(("count", "kills"), [(2_000, 1), pytest.param(20_000, 10, marks=LONG)])
async def test_P1_P3_the_whole_group_killed_at_once(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, kills: int
) -> None:
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        group = await a_group(own)
        async for _ in each_part(server, count, kills):
            os.killpg(group[0].pid, signal.SIGKILL)
            assert {await own.gone(child) for child in group} == {-signal.SIGKILL}
            group = await a_group(own)
        await drained()
        assert await own.ended(*group) == [0, 0, 0]
        await oracle.judge(server, count, uncertain=most_uncertain(2 * kills), faults=2 * kills)


@pytest.mark.parametrize(("count", "turns"), [(2_000, 2), pytest.param(20_000, 8, marks=LONG)])
async def test_P2_workers_ended_in_turn_leave_no_doubt(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, turns: int
) -> None:
    await plan(count)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        workers = await own.workers(2)
        async for turn in each_part(server, count, turns):
            assert await own.ended(workers[turn % 2]) == [0]
            [workers[turn % 2]] = await own.workers(1)  # one that only starts would not end clean
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(server, count, faults=turns)


@pytest.mark.parametrize(("count", "naps"), [(3_000, 1), pytest.param(20_000, 3, marks=LONG)])
async def test_P6_a_sleeping_worker_is_taken_over_and_writes_no_dot_after(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, naps: int
) -> None:
    await plan(count)
    async with (
        outside(tmp_path / "ids", CALM) as server,
        town(nursery, fresh_database, valkey_url, server, lease=1.0) as own,
    ):
        own.fork("clock")
        workers = await own.workers(2)
        async for nap in each_part(server, count, naps):
            sleeper = workers[nap % 2]
            run = await db.fetchval("select max(id) from run where worker like '%:' || $1::text", str(sleeper.pid))
            sleeper.send_signal(signal.SIGSTOP)
            await taken_over(run)
            sleeper.send_signal(signal.SIGCONT)
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(server, count, uncertain=most_uncertain(naps), faults=naps)


async def taken_over(run: int) -> None:
    """Wait until a run was sealed by somebody."""
    async with asyncio.timeout(60):
        while not await db.fetchval("select ended_at from run where id = $1", run):
            await asyncio.sleep(0.05)


async def test_P6_a_worker_whose_heartbeat_is_blocked_writes_no_dot_after(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    """Somebody holds the lock on its row of `run`: it cannot renew its lease, and others may believe that it died."""
    count = 1_500
    await plan(count, Lane.mass)
    async with (
        outside(tmp_path / "ids", Temper(delay=0.02)) as server,
        town(nursery, fresh_database, valkey_url, server, lease=1.0) as own,
    ):
        [worker] = await own.workers(1)
        await arrived(server, count // 10)
        blocker = await db.new_connection()
        try:
            async with blocker.transaction():
                run = await blocker.fetchval("select id from run where ended_at is null for update")
                await another_run(run)
                said = await db.fetchval(LAST_SAID, run)
                await asyncio.sleep(LEASE)
                assert await db.fetchval(LAST_SAID, run) == said
        finally:
            await blocker.close()
        await takeover.take_over_dead(1.0)
        await drained()
        assert await own.ended(worker) == [0]
        await oracle.judge(server, count, uncertain=most_uncertain(1), faults=1)


LAST_SAID = "select max(seq) from journal where run_id = $1"


async def another_run(run: int) -> None:
    """Wait until the worker has given this run up by itself and begun another."""
    async with asyncio.timeout(60):
        while not await db.fetchval("select 1 from run where id > $1", run):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("count", "cap", "many", "kills"),
    [(1_500, 777, 4, 1), pytest.param(20_000, 7_321, 16, 8, marks=LONG), pytest.param(20_000, 7_321, 4, 2, marks=LONG)],
)
async def test_P9_a_cap_is_exact_while_workers_are_killed(
    fresh_database: str,
    valkey_url: str,
    nursery: Nursery,
    oracle: Oracle,
    tmp_path: Path,
    count: int,
    cap: int,
    many: int,
    kills: int,
) -> None:
    await plan(count, Lane.mass)
    await db.execute("update sender set daily_cap = $1", cap)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        workers = await own.workers(many)
        async for kill in each_part(server, cap, kills):
            await own.killed(workers[kill % many])
            workers[kill % many] = own.fork()
        await drained(count - cap)
        assert set(await own.ended(*workers)) == {0}
        counted = await oracle.judge(server, count, uncertain=most_uncertain(kills), faults=kills, unsent=None)
    assert counted["accepted"] + counted.get("uncertain", 0) == cap
    assert server.count <= cap
    assert await db.fetchval("select used from quota") == cap


async def test_two_clocks_and_a_run_by_hand_send_each_letter_once(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    """Clocks elect a leader; when it is killed the other goes on. Chores started by hand change nothing."""
    count = 1_500
    await plan(count)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        clocks = [own.fork("clock"), own.fork("clock")]
        workers = await own.workers(2)
        await arrived(server, count // 4)
        await asyncio.gather(*(takeover.take_over_dead(LEASE) for _ in range(5)))
        await own.killed(clocks[0])
        await own.killed(workers[0])
        await drained()
        assert await own.ended(workers[1], clocks[1]) == [0, 0]
        await oracle.judge(server, count, uncertain=most_uncertain(1), faults=2)


@pytest.mark.parametrize("files", [20, 24])
async def test_few_file_descriptors_lose_nothing(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, files: int
) -> None:
    """With twenty it may not even begin, with a few more some connections can be opened. It may fail as it likes."""
    count = 1_000
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        starved = own.fork(limits={resource.RLIMIT_NOFILE: files})
        await asyncio.sleep(2)
        [worker] = await own.workers(1)
        await arrived(server, count // 2)
        await own.killed(starved)
        await drained()
        assert await own.ended(worker) == [0]
        await oracle.judge(server, count, uncertain=most_uncertain(1), faults=1)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
async def test_memory_that_runs_out_in_mid_send_loses_nothing(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    """The starved worker may fail as it likes, run after run; another one sends what it leaves."""
    count = 2_000
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        starved, worker = await own.workers(2)
        await arrived(server, count // 10)
        resource.prlimit(starved.pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))
        await arrived(server, count // 2)
        await own.killed(starved)
        await drained()
        assert await own.ended(worker) == [0]
        runs = await db.fetchval("select count(*) from run")
        await oracle.judge(server, count, uncertain=most_uncertain(runs), faults=1)


async def test_a_poison_letter_kills_no_worker_and_is_put_off_alone(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle
) -> None:
    count = 300
    await plan(count)
    poison = b"person30@people.example"

    def crash(step: str, line: bytes) -> bytes | None:
        return b"" if step == "rcpt" and poison in line else None

    async with running(Sink(answer=crash)) as sink, town(nursery, fresh_database, valkey_url, sink) as own:
        workers = await own.workers(2)
        await drained(1)
        assert await own.ended(*workers) == [0, 0]
        assert await states() == {"accepted": count - 1, "queued": 1}
        await oracle.judge(sink, count, unsent=1)


async def test_throughput_comes_back_after_a_worker_and_its_server_had_a_bad_day(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    """Greylisting, cuts, lost replies and a kill at the same time: all of it is sent in the end."""
    count = 1_000
    temper = Temper(seed=5, greylist=0.05, later=0.03, cut=0.005, lost=0.002, thrown=0.002, delay=0.003)
    await plan(count)
    async with outside(tmp_path / "ids", temper) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        workers = await own.workers(2)
        await arrived(server, count // 4)
        await own.killed(workers[0])
        workers[0] = own.fork()
        await drained_with_retries()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(server, count, uncertain=most_uncertain(1) + server.cuts, faults=1)

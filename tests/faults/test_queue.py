"""Faults of Valkey: emptied, killed, away for long; wake-ups lost, repeated, in any order. Mail goes all the same."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest
import redis

from portal import db
from portal.embedded.valkey import Valkey
from portal.ledger.rules import Lane
from portal.sending import engine
from tests.faults.nursery import Nursery
from tests.faults.oracle import Oracle
from tests.faults.processes import arrived, drained, each_part, flush, most_uncertain, town
from tests.sending.chaos import Temper, outside
from tests.sending.helpers import plan

LONG = pytest.mark.long
CALM = Temper(delay=0.005)
QUEUE = "convoca:wake"
Own = tuple[Valkey, str]


def kill(server: Valkey) -> None:
    """kill -9 for the server."""
    assert server.process
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(20)


def another(server: Valkey, url: str) -> None:
    """A new server where the old one was; what it remembers is what was on its disk."""
    assert server.process and server.sockets
    before = server.sockets
    server.start()
    assert server.sockets
    (before / "valkey").unlink(missing_ok=True)
    (before / "valkey").symlink_to(server.sockets / "valkey")


@pytest.mark.parametrize(
    ("count", "kills", "pause"), [(1_500, 1, 1.0), pytest.param(20_000, 4, 60.0, marks=LONG)], ids=["short", "long"]
)
async def test_valkey_is_killed_and_away_while_mail_goes_on(
    fresh_database: str,
    own_valkey: Own,
    nursery: Nursery,
    oracle: Oracle,
    tmp_path: Path,
    count: int,
    kills: int,
    pause: float,
) -> None:
    server, url = own_valkey
    await plan(count)
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, fresh_database, url, sink) as own:
        clock = own.fork("clock")
        workers = await own.workers(2)
        async for _ in each_part(sink, count, kills):
            await asyncio.to_thread(kill, server)
            await plan(5, Lane.urgent, kind="return_link", ref_id=count)
            await arrived_all(count)
            await asyncio.sleep(pause)
            await asyncio.to_thread(another, server, url)
        await drained()
        assert await own.ended(*workers, clock) == [0, 0, 0]
        await oracle.judge(sink, count + 5, faults=kills)


async def arrived_all(ref_id: int) -> None:
    """Wait until what was planned while Valkey was away has left: the poll finds it."""
    sql = """select count(*) from message m join origin o on o.id = m.origin_id
        where o.kind = 'return_link' and ref_id = $1 and state = 'queued'"""
    async with asyncio.timeout(120):
        while await db.fetchval(sql, ref_id):
            await asyncio.sleep(0.05)


async def test_P6_a_dead_worker_is_taken_over_without_valkey_and_without_a_clock(
    fresh_database: str, own_valkey: Own, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    """The living look after the dead by themselves."""
    count = 1_000
    assert engine.LOOK_AFTER <= 30
    await plan(count, Lane.mass)
    async with (
        outside(tmp_path / "ids", Temper(delay=0.02)) as sink,
        town(nursery, fresh_database, own_valkey[1], sink) as own,
    ):
        dying, living = await own.workers(2)
        await arrived(sink, count // 5)
        await asyncio.to_thread(kill, own_valkey[0])
        await own.killed(dying)
        await drained()
        assert await own.ended(living) == [0]
        await oracle.judge(sink, count, uncertain=most_uncertain(1), faults=2)


@pytest.mark.parametrize(("count", "times"), [(1_500, 10), pytest.param(20_000, 100, marks=LONG)])
async def test_wake_ups_are_emptied_repeated_and_reordered(
    fresh_database: str, own_valkey: Own, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, times: int
) -> None:
    url = own_valkey[1]
    await plan(count)
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, fresh_database, url, sink) as own:
        own.fork("clock")
        workers = await own.workers(2)
        async for turn in each_part(sink, count, times):
            if turn % 5 == 4:
                flush(url)
            await asyncio.to_thread(shuffle, url)
            await plan(3, Lane.urgent, kind="return_link", ref_id=turn + 1)
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(sink, count + 3 * times, faults=times)


def shuffle(url: str) -> None:
    """Put wake-ups that were sent before into the queue again, several times, in any order."""
    with redis.Redis.from_url(url) as client:
        bodies: dict[bytes, bytes] = client.hgetall(f"{QUEUE}.msgs")  # type: ignore[assignment]
        if not bodies:
            return
        for name in random.choices(list(bodies), k=20):
            client.rpush(QUEUE, name)
            client.hset(f"{QUEUE}.msgs", name.decode() + "again", bodies[name])
            client.rpush(QUEUE, name.decode() + "again")

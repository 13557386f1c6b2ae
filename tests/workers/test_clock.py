"""The clock: wakes what is due, once, whoever is away in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import redis

from portal import db
from portal.jobs.actions import CHANNEL as JOBS
from portal.mailings.launching import CHANNEL as MAILINGS
from tests.sending.helpers import plan
from workers import actors
from workers.broker import NAMESPACE, broker, connect
from workers.clock import TIMETABLE, Clock, Entry


@pytest.fixture
def queue(valkey_url: str) -> Iterator[redis.Redis]:
    """Valkey, empty, in use by the broker."""
    connect(valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        yield client


def waiting(queue: redis.Redis, name: str) -> int:
    """Messages in a queue of Dramatiq."""
    return int(queue.llen(f"{NAMESPACE}:{name}"))  # type: ignore[arg-type]


@asynccontextmanager
async def ticking(*clocks: Clock) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(clock.run()) for clock in clocks]
    try:
        yield
    finally:
        for clock in clocks:
            clock.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def grown(queue: redis.Redis, name: str, more_than: int, seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while waiting(queue, name) <= more_than:
            await asyncio.sleep(0.02)


async def test_a_committed_message_wakes_its_lane(fresh_database: str, queue: redis.Redis) -> None:
    async with ticking(Clock(())):
        await asyncio.sleep(0.3)
        await plan(1)
        await grown(queue, "wake", 0)


async def test_news_of_jobs_and_of_mailings_wake_their_workers(fresh_database: str, queue: redis.Redis) -> None:
    async with ticking(Clock(())):
        for channel, actor in ((JOBS, "do_jobs"), (MAILINGS, "send_mailings")):
            queue.flushall()
            async with asyncio.timeout(8):
                while not waiting(queue, "house"):
                    await db.execute("select pg_notify($1, '')", channel)  # until the clock listens
                    await asyncio.sleep(0.1)
            woken = queue.hvals(f"{NAMESPACE}:house.msgs")
            assert {json.loads(each)["actor_name"] for each in woken} == {actor}  # type: ignore[union-attr]


async def test_the_sweep_wakes_again_when_the_queue_forgot(fresh_database: str, queue: redis.Redis) -> None:
    await plan(1)
    async with ticking(Clock(())):
        await grown(queue, "wake", 0)
        queue.flushall()
        await grown(queue, "wake", 0)
    await db.execute("update batch set done_at = now()")


async def test_of_two_clocks_one_leads_and_the_other_follows(fresh_database: str, queue: redis.Redis) -> None:
    rung: list[str] = []
    first, second = (Clock((Entry(lambda name=name: rung.append(name), 0.1),)) for name in ("first", "second"))  # type: ignore[misc]

    async def rings(name: str, times: int) -> None:
        async with asyncio.timeout(15):
            while rung.count(name) < times:
                await asyncio.sleep(0.02)

    async with ticking(first):
        await rings("first", 1)  # it leads
        async with ticking(second):
            await rings("first", rung.count("first") + 3)  # some seconds: it rings at each sweep
            assert set(rung) == {"first"}
            first.stop()
            await rings("second", 1)


async def test_the_clock_survives_its_session_and_a_queue_that_is_away(fresh_database: str, queue: redis.Redis) -> None:
    rung: list[int] = []
    async with ticking(Clock((Entry(lambda: rung.append(1), 0.5), Entry(actors.seal.send, 0.5)))):
        async with asyncio.timeout(8):
            while not rung:
                await asyncio.sleep(0.02)
        before = broker.client.connection_pool
        connect("unix:///nowhere")
        await db.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted")
        seen = len(rung)
        async with asyncio.timeout(8):
            while len(rung) < seen + 2:
                await asyncio.sleep(0.02)
        broker.client.connection_pool = before
        await grown(queue, "house", waiting(queue, "house"))


def test_the_timetable_calls_each_chore() -> None:
    assert [entry.every for entry in TIMETABLE] == [1, 5, 60, 5, 10, 60, 2, 30, 30, 5, 60, 60, 3600]
    chores = ("take_over", "seal", "check_totals", "tell_owners", "sweep", "settle_doubts", "tidy_up", "do_jobs")
    queues = {
        "deliver": "wake",
        **dict.fromkeys((*chores, "remind", "run_schedules", "send_mailings", "keep_wishes", "sweep_told"), "house"),
        "follow_up": "house",
    }
    assert {name: actor.queue_name for name, actor in broker.actors.items()} == queues
    assert broker.heartbeat_timeout == 15_000 and broker.maintenance_chance == 200_000

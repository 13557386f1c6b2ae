"""Faults of processes: workers killed and ended in mid-send, Valkey emptied. What the sink got against the rows."""

from __future__ import annotations

import asyncio

import redis

from portal import db
from portal.ledger import queries
from portal.sending.pool import CONNECTIONS
from tests.sending.helpers import plan, settled, states, until
from tests.sending.sink import Sink, running
from tests.workers.processes import house

COUNT = 3_000


async def arrived(sink: Sink, count: int) -> None:
    """Wait until the sink has so many letters."""

    async def enough() -> bool:
        return len(sink.got) >= count

    await until(enough, 20)


async def compare(sink: Sink, count: int, most_uncertain: int) -> None:
    """The oracle: accepted ones arrived once, others at most once, uncertain ones are few, nothing is missing."""
    rows = {str(row[0]): row[1] for row in await db.fetch("select message_id, state::text from message")}
    ids, counted = sink.ids, await states()
    assert [each for each, times in ids.items() if times > 1] == []
    assert [each for each, state in rows.items() if state == "accepted" and each not in ids] == []
    assert [each for each, state in rows.items() if state not in ("accepted", "uncertain") and each in ids] == []
    assert counted.get("uncertain", 0) <= most_uncertain
    assert counted.get("accepted", 0) + counted.get("uncertain", 0) == count
    totals = await queries.totals()
    assert (totals.intended, totals.duplicates, totals.balanced) == (count, 0, True)


async def test_P1_P3_workers_killed_and_valkey_emptied_in_mid_send(fresh_database: str, valkey_url: str) -> None:
    await plan(COUNT)
    async with running(Sink(delay=0.01)) as sink, house(fresh_database, valkey_url, sink.port) as own:
        await own.clock()
        workers = [await own.worker(), await own.worker()]
        for kill in range(3):
            await arrived(sink, COUNT * (kill + 1) // 5)
            await own.kill(workers[kill % 2])
            with redis.Redis.from_url(valkey_url) as valkey:
                valkey.flushall()
            workers[kill % 2] = await own.worker()
        await settled(0, 30)
        assert [await own.end(worker) for worker in workers] == [0, 0]
    await compare(sink, COUNT, most_uncertain=3 * CONNECTIONS)


async def test_P2_workers_ended_in_turn_leave_no_doubt(fresh_database: str, valkey_url: str) -> None:
    await plan(COUNT)
    async with running(Sink(delay=0.01)) as sink, house(fresh_database, valkey_url, sink.port) as own:
        await own.clock()
        workers = [await own.worker(), await own.worker()]
        for turn in range(3):
            await arrived(sink, COUNT * (turn + 1) // 5)
            assert await own.end(workers[turn % 2]) == 0
            workers[turn % 2] = await own.worker()
        await settled(0, 30)
        assert [await own.end(worker) for worker in workers] == [0, 0]
    await compare(sink, COUNT, most_uncertain=0)


async def test_P6_a_sleeping_worker_is_taken_over_and_writes_no_dot_after(fresh_database: str, valkey_url: str) -> None:
    await plan(COUNT)
    async with running(Sink(delay=0.01)) as sink, house(fresh_database, valkey_url, sink.port, lease=1.0) as own:
        await own.clock()
        sleeper, _other = await own.worker(), await own.worker()
        await arrived(sink, COUNT // 5)
        sleeper.send_signal(19)  # SIGSTOP
        await asyncio.sleep(4)
        sleeper.send_signal(18)  # SIGCONT
        await settled(0, 30)
        assert await own.end(sleeper) == 0
    await compare(sink, COUNT, most_uncertain=CONNECTIONS)

"""Faults while mailings are launched, started and sent: each of their people has one row, and gets one letter."""

from __future__ import annotations

import asyncio
from pathlib import Path

from portal import db
from portal.embedded.postgres import Postgres
from portal.mailings import queries, work
from portal.mailings.queries import Mailing
from tests.factories import AccountRow
from tests.faults.nursery import Nursery
from tests.faults.oracle import Oracle, balanced
from tests.faults.processes import (
    answers,
    drained,
    each_part,
    most_uncertain,
    shut_down_at_once,
    start_again,
    town,
)
from tests.mailings import material
from tests.sending.chaos import Temper, outside

CALM = Temper(delay=0.005)
COUNT = 1_000
PATIENCE = 120  # seconds: a test that is slow on a busy machine is no failure

PEOPLE = """
insert into person (email, first_name) select 'p' || n || '@people.example', 'Ana' from generate_series(1, $1::int) n"""
WAITS = "select count(*) from pg_locks where not granted and relation = 'batch'::regclass"


async def launched(count: int = COUNT) -> tuple[AccountRow, Mailing]:
    """A mailing to so many candidates, launched and not started; nobody waits a minute."""
    alice = await material.alice("administrator")
    await db.execute(PEOPLE, count)
    mailing = await material.draft(alice.actor)
    await material.launch(alice.actor, mailing)
    await db.execute("update mailing set hold_seconds = 0")
    return alice, mailing


async def until(state: str, by: AccountRow, mailing: Mailing) -> None:
    """Return when it is in this state."""
    async with asyncio.timeout(PATIENCE):
        while (await queries.one(by.actor, mailing.id)).state != state:
            await asyncio.sleep(0.05)


async def waited() -> None:
    """Return when a worker waits to write batches: in the midst of a start."""
    async with asyncio.timeout(PATIENCE):
        while not await db.fetchval(WAITS):
            await asyncio.sleep(0.02)


async def test_workers_killed_in_the_start_and_in_the_midst_of_a_mailing(
    fresh_database: str, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    alice, mailing = await launched()
    async with outside(tmp_path / "ids", CALM) as server, town(nursery, fresh_database, valkey_url, server) as own:
        own.fork("clock")
        [victim] = await own.workers(1)
        async with db.transaction():  # the start cannot end while the worker lives
            await db.execute("lock table batch in share row exclusive mode")
            await waited()
            await own.killed(victim)
        workers = await own.workers(2)
        async for part in each_part(server, COUNT, 2):
            await own.killed(workers[part % 2])
            workers[part % 2] = own.fork()
        await drained()
        await until("finished", alice, mailing)
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(server, COUNT, uncertain=most_uncertain(2), faults=3)
        assert (await queries.one(alice.actor, mailing.id)).total == COUNT


async def test_postgresql_ends_at_once_in_the_midst_of_a_mailing(
    own_server: tuple[Postgres, str], valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    server, url = own_server
    alice, mailing = await launched()
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, url, valkey_url, sink, lease=20) as own:
        own.fork("clock")
        workers = await own.workers(2)
        async for _ in each_part(sink, COUNT, 1):
            await asyncio.to_thread(shut_down_at_once, server)
            await asyncio.to_thread(start_again, server)
            await answers()
        await drained()
        await until("finished", alice, mailing)
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(sink, COUNT, faults=1)


async def test_of_several_starters_one_makes_the_plan(fresh_database: str) -> None:
    _alice, mailing = await launched(300)
    assert sum(await asyncio.gather(*(work.start(mailing.id) for _starter in range(6)))) == 1
    assert not await work.start(mailing.id)
    await balanced(300)

"""Faults of PostgreSQL: it crashes alone or with the workers, loses sessions, is changed in mid-send."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from pathlib import Path

import asyncpg
import pytest

from portal import db, migrate
from portal.embedded.postgres import Postgres
from portal.ledger.posting import BATCH_SIZE
from portal.ledger.rules import Lane
from portal.sending.lanes import PREFETCH
from tests.faults.nursery import Nursery
from tests.faults.oracle import Oracle
from tests.faults.processes import (
    answers,
    arrived,
    drained,
    each_part,
    shut_down_at_once,
    start_again,
    town,
)
from tests.sending.chaos import Temper, outside
from tests.sending.helpers import plan, sending
from tests.sending.sink import Sink, running

LONG = pytest.mark.long
CALM = Temper(delay=0.005)
HELD = PREFETCH + 2 * BATCH_SIZE  # messages that a worker may have claimed and not settled
Own = tuple[Postgres, str]

SESSIONS = """
select pid from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()
and query like $1 and state = 'active' order by random() limit 1"""


async def crash(url: str) -> None:
    """SIGKILL for a backend: the server ends every session and recovers. Back when it answers again."""
    victim = await asyncpg.connect(url)
    os.kill(await victim.fetchval("select pg_backend_pid()"), signal.SIGKILL)
    victim.terminate()
    await asyncio.sleep(0.2)
    await answers()


async def test_the_sender_can_be_ended_while_postgresql_is_away(own_server: Own) -> None:
    async with running(Sink()) as sink:
        db.configure("postgresql://convoca@/postgres?host=/nowhere")
        try:
            async with sending(sink):
                await asyncio.sleep(0.5)
        finally:
            db.configure(own_server[1])


async def test_a_worker_that_waits_for_postgresql_ends_at_sigterm(valkey_url: str, nursery: Nursery) -> None:
    nowhere = "postgresql://convoca@/postgres?host=/nowhere"
    async with running(Sink()) as sink, town(nursery, nowhere, valkey_url, sink) as own:
        worker = own.fork()
        await asyncio.sleep(1)
        assert worker.poll() is None
        assert await own.ended(worker) == [0]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
async def test_a_worker_that_cannot_start_ends_instead_of_lingering(
    fresh_database: str, valkey_url: str, nursery: Nursery
) -> None:
    """Its threads need more memory than there is: whoever supervises it must see that."""
    async with running(Sink()) as sink, town(nursery, fresh_database, valkey_url, sink) as own:
        assert await own.gone(own.fork(limits={resource.RLIMIT_AS: nursery.size + (20 << 20)})) == 1


@pytest.mark.parametrize(("count", "crashes"), [(2_000, 2), pytest.param(20_000, 10, marks=LONG)])
async def test_P1_P3_a_backend_is_killed_in_mid_send(own_server: Own, oracle: Oracle, count: int, crashes: int) -> None:
    await plan(count)
    before = await db.fetchval("select id from life") if await db.fetchval("select count(*) from life") else None
    async with running(Sink(delay=0.01)) as sink, sending(sink, lease=10):
        async for _ in each_part(sink, count, crashes):
            await crash(own_server[1])
        await drained()
    assert await db.fetchval("select id from life") != before
    await oracle.judge(sink, count, faults=crashes)


@pytest.mark.parametrize(("count", "restarts"), [(2_000, 1), pytest.param(20_000, 6, marks=LONG)])
async def test_P1_P3_postgresql_is_restarted_at_once_under_living_workers(
    own_server: Own, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, restarts: int
) -> None:
    server, url = own_server
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, url, valkey_url, sink, lease=20) as own:
        own.fork("clock")
        workers = await own.workers(2)
        async for _ in each_part(sink, count, restarts):
            await asyncio.to_thread(shut_down_at_once, server)
            await asyncio.to_thread(start_again, server)
            await answers()
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(sink, count, faults=restarts)


@pytest.mark.parametrize(("count", "times"), [(3_000, 1), pytest.param(20_000, 8, marks=LONG)])
async def test_P1_P3_postgresql_and_all_workers_die_together(
    own_server: Own, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path, count: int, times: int
) -> None:
    """Intents of the last moment may be lost: what the workers held is in doubt then, and nothing is sent twice."""
    server, url = own_server
    await plan(count, Lane.mass)
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, url, valkey_url, sink) as own:
        own.fork("clock")
        workers = await own.workers(2)
        for turn in range(times):  # by the rows: what is in doubt may never have arrived
            await drained(count * (times + 1 - turn) // (times + 2))
            dying = asyncio.create_task(asyncio.to_thread(shut_down_at_once, server))
            await own.killed(*workers)
            await dying
            await asyncio.to_thread(start_again, server)
            await answers()
            workers = [own.fork(), own.fork()]
        await drained()
        assert await own.ended(*workers) == [0, 0]
        await oracle.judge(sink, count, uncertain=2 * times * HELD, faults=times)


async def test_P2_workers_told_to_end_while_postgresql_is_away_end_clean_when_it_is_back(
    own_server: Own, valkey_url: str, nursery: Nursery, oracle: Oracle, tmp_path: Path
) -> None:
    server, url = own_server
    count = 2_000
    await plan(count)
    async with outside(tmp_path / "ids", CALM) as sink, town(nursery, url, valkey_url, sink, lease=20) as own:
        workers = await own.workers(2)
        await arrived(sink, count // 4)
        await asyncio.to_thread(shut_down_at_once, server)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        await asyncio.to_thread(start_again, server)
        await answers()
        assert [await own.gone(worker) for worker in workers] == [0, 0]
        assert await db.fetchval("select count(*) from batch where run_id is not null and done_at is null") == 0
        workers = await own.workers(1)
        await drained()
        assert await own.ended(*workers) == [0]
        await oracle.judge(sink, count, faults=1)


@pytest.mark.parametrize(("count", "times"), [(1_500, 3), pytest.param(20_000, 25, marks=LONG)])
@pytest.mark.usefixtures("fresh_database")
async def test_P1_P2_the_session_is_terminated_between_250_and_commit(oracle: Oracle, count: int, times: int) -> None:
    """The settler waits for a lock with replies in its hands, and its backend is ended there."""
    await plan(count)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        async for _ in each_part(sink, count, times):
            locker = await db.new_connection()
            async with locker.transaction():
                await locker.execute("lock table message in share mode")
                await asyncio.sleep(0.05)
                await terminate("%update message%")
            await locker.close()
        await drained()
    await oracle.judge(sink, count, faults=times)


@pytest.mark.parametrize(("count", "times"), [(1_500, 4), pytest.param(20_000, 40, marks=LONG)])
@pytest.mark.usefixtures("fresh_database")
async def test_P1_P2_the_session_is_terminated_in_the_middle_of_a_flush(oracle: Oracle, count: int, times: int) -> None:
    """Whether the intents were committed is unknown then: asked again, under the next number."""
    await plan(count)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        async for turn in each_part(sink, count, times):
            locker = await db.new_connection()
            async with locker.transaction():
                await locker.execute("lock table journal in share mode")
                await terminate("%insert into journal%" if turn % 2 else "%batch%", patience=1)
            await locker.close()
        await drained()
    await oracle.judge(sink, count, faults=times)


async def terminate(what: str, patience: float = 30) -> None:
    """pg_terminate_backend for one of those who are at this statement; gives up when nobody is for so long."""
    try:
        async with asyncio.timeout(patience):
            while not (pid := await db.fetchval(SESSIONS, what)):
                await asyncio.sleep(0.005)
    except TimeoutError:
        return
    await db.execute("select pg_terminate_backend($1)", pid)


@pytest.mark.usefixtures("fresh_database")
async def test_a_migration_while_sending_makes_mail_wait_and_loses_none(oracle: Oracle) -> None:
    """As a deployment does it: everything in one transaction, tables locked, other migrators waiting."""
    count = 1_500
    await plan(count)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await arrived(sink, count // 4)
        await asyncio.gather(a_migration(), *(migrate.migrate() for _ in range(3)))
        await drained()
    await oracle.judge(sink, count, faults=1)


async def a_migration() -> None:
    """New columns, a new index, a rewritten table."""
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", migrate.MIGRATION_LOCK)
        for table in ("message", "letter", "batch", "journal", "run", "origin", "sender"):
            await db.execute(f"alter table {table} add column afterthought text not null default gen_random_uuid()")
        await db.execute("create index afterthought on message (afterthought)")
        await asyncio.sleep(0.5)

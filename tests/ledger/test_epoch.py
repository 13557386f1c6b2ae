"""A restored backup does not know what was sent since: nothing leaves from it until somebody has looked."""

from __future__ import annotations

import asyncio

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import epoch, queries, takeover
from tests import factories
from tests.sending.helpers import plan, sending, settled, states, until
from tests.sending.sink import Sink, running

ELSEWHERE = "update epoch set database = '1 1 1 1'"  # what a backup brings with it


@pytest.mark.usefixtures("db")
async def test_the_first_start_remembers_the_database_and_every_other_finds_it() -> None:
    assert [await epoch.may_send() for _start in range(3)] == [True, True, True]
    assert await epoch.held() is None
    assert await db.fetchval("select count(*) from timeline_event where subject = 'ledger'") == 0


@pytest.mark.usefixtures("db")
async def test_another_database_is_held_once_and_until_somebody_confirms() -> None:
    await epoch.may_send()
    await db.execute(ELSEWHERE)
    assert [await epoch.may_send() for _start in range(2)] == [False, False]
    adam = await factories.account("Adam", "administrator")
    assert [await epoch.confirm(adam.actor), await epoch.confirm(adam.actor)] == [True, False]
    assert await epoch.may_send()
    rows = await db.fetch("select what, actor_name from timeline_event where subject = 'ledger' order by id")
    assert [tuple(row) for row in rows] == [("ledger.held", ""), ("ledger.confirmed", "Adam")]


@pytest.mark.usefixtures("db")
async def test_somebody_who_copied_a_folder_back_holds_it_by_hand() -> None:
    assert [await epoch.hold(SYSTEM), await epoch.hold(SYSTEM)] == [True, False]
    assert not await epoch.may_send()


@pytest.mark.usefixtures("db")
async def test_a_dump_loaded_over_the_old_tables_is_another_database() -> None:
    before = await epoch.identity()
    await db.execute("alter table message rename to message_before")
    await db.execute("create table message (id bigint)")
    assert not epoch.same(before, await epoch.identity())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("7 1 5 9", "7 1 5 9", True),
        ("7 1 5 9", "8 1 5 9", False),
        ("7 1 5 9", "7 2 5 9", False),
        ("- - 5 9", "7 2 5 9", True),  # a host that forbids to look
        ("- - 5 9", "7 2 6 9", False),
        ("7 1 5", "7 1 5 9", False),
    ],
)
def test_identities_are_compared_part_by_part(one: str, other: str, expected: bool) -> None:
    assert epoch.same(one, other) is expected


@pytest.mark.usefixtures("fresh_database")
async def test_an_ordinary_role_knows_the_whole_identity() -> None:
    role = f"plain_{await db.fetchval('select oid from pg_database where datname = current_database()')}"
    await db.execute(f"create role {role}")
    try:
        async with db.transaction():
            await db.execute(f"set local role {role}")
            assert len((await epoch.identity()).replace(epoch.UNKNOWN, "").split()) == 4
    finally:
        await db.execute(f"drop role {role}")


@pytest.mark.usefixtures("fresh_database")
async def test_a_forbidden_part_is_left_open() -> None:
    role = f"poor_{await db.fetchval('select oid from pg_database where datname = current_database()')}"
    await db.execute(f"create role {role}")
    try:
        async with db.transaction():
            await db.execute("revoke execute on function pg_control_system() from public")
            await db.execute(f"set local role {role}")
            assert (await epoch.identity()).startswith("- - ")
    finally:
        await db.execute("grant execute on function pg_control_system() to public")
        await db.execute(f"drop role {role}")


@pytest.mark.usefixtures("fresh_database")
async def test_nothing_leaves_a_restored_database_before_the_word_is_given() -> None:
    ids = await plan(20)
    await epoch.may_send()
    await db.execute(ELSEWHERE)
    async with running(Sink()) as sink, sending(sink):
        await until(is_held)
        await asyncio.sleep(0.2)
        assert (len(sink.got), await states()) == (0, {"queued": 20})
        message = await queries.one(SYSTEM, ids[0])
        assert (message.state, message.reason) == ("held", "restored")
        await epoch.confirm(SYSTEM)
        await settled(0)
    assert await states() == {"accepted": 20} and set(sink.ids.values()) == {1}


async def is_held() -> bool:
    return await epoch.held() is not None


@pytest.mark.usefixtures("fresh_database")
async def test_a_sender_at_work_stops_when_somebody_holds_the_register() -> None:
    async with running(Sink()) as sink, sending(sink, lease=2):
        await plan(5)
        await settled(0)
        await epoch.hold(SYSTEM)
        await until(no_run)
        await plan(5, ref_id=2)
        await asyncio.sleep(1.2)
        assert len(sink.got) == 5
        await epoch.confirm(SYSTEM)
        await settled(0)
    assert await states() == {"accepted": 10}
    assert await takeover.take_over_dead(2) == 0


async def no_run() -> bool:
    return not await db.fetchval("select exists (select from run where ended_at is null)")

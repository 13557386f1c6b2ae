"""People and rules who change their mind in mid-send: pause, limit, opt-out, cancel; planners who all come at once."""

from __future__ import annotations

import asyncio

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, queries
from portal.ledger.rules import Lane
from portal.sending.pool import CONNECTIONS
from tests import factories
from tests.sending.helpers import intents, plan, sending, settled, states
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")
COUNT = 1_500


async def half_way(sink: Sink, count: int = COUNT // 3) -> None:
    async with asyncio.timeout(60):
        while len(sink.got) < count:
            await asyncio.sleep(0.005)


async def test_P8_pause_acts_at_commit_and_nothing_is_lost() -> None:
    await plan(COUNT)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await half_way(sink)
        await actions.set_gate("trigger", 1, "paused")
        at_commit = len(sink.got)
        await asyncio.sleep(1)
        assert len(sink.got) - at_commit <= CONNECTIONS
        assert (await queries.search(SYSTEM, queries.MessageFilters(state="held"))).items[0].reason == "paused"
        await actions.set_gate("trigger", 1, "open")
        await settled(0)
    assert await states() == {"accepted": COUNT}
    assert set(sink.ids.values()) == {1}


async def test_P8_a_paused_sender_sends_nothing_until_resumed() -> None:
    await plan(COUNT)
    sender_id = await db.fetchval("select sender_id from origin")
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await half_way(sink)
        await actions.pause_sender(sender_id, "by hand", SYSTEM)
        at_commit = len(sink.got)
        await asyncio.sleep(1)
        assert len(sink.got) - at_commit <= CONNECTIONS
        await actions.resume_sender(sender_id, SYSTEM)
        await settled(0)
    assert await states() == {"accepted": COUNT}
    assert set(sink.ids.values()) == {1}


@pytest.mark.seed("Z08")
async def test_P9_Z08_two_senders_share_a_cap_and_keep_it_exactly() -> None:
    await plan(COUNT, Lane.mass)
    await db.execute("update sender set daily_cap = 777")
    async with running(Sink(delay=0.005)) as sink, sending(sink), sending(sink):
        await settled(COUNT - 777)
        await asyncio.sleep(0.5)
    assert len(sink.got) == 777
    assert await states() == {"accepted": 777, "queued": COUNT - 777}
    assert await db.fetchval("select used from quota") == 777
    waiting = await db.fetchrow(
        "select sum(size) as size, bool_and(due_at > now()) as ahead from batch where waits_for = 'limit'"
    )
    assert waiting and (waiting["size"], waiting["ahead"]) == (COUNT - 777, True)
    assert (await queries.totals()).balanced


async def test_P11_opting_out_in_mid_send_stops_optional_mail_only() -> None:
    await plan(COUNT, Lane.mass, kind="mailing", optional=True)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await half_way(sink, 200)
        addresses = [row[0] for row in await db.fetch("select address from message where id % 3 = 0")]
        sql = """insert into suppression (address, scope, reason)
            select a, 'optional', (array['opted_out', 'taking_a_break', 'by_hand'])[n % 3 + 1]
            from unnest($1::text[]) with ordinality t(a, n)"""
        await db.execute(sql, addresses)
        at_commit = len(sink.got)
        await settled(0)
        late = [letter for letter in sink.got[at_commit:] if letter.rcpt[9:-1] in addresses]
        assert len(late) <= CONNECTIONS
        await plan(30, kind="trigger", ref_id=2)
        await settled(0)
    sql = "select distinct state::text, reason from message where state <> 'accepted' order by reason"
    skipped = [("skipped", "by_hand"), ("skipped", "opted_out"), ("skipped", "taking_a_break")]
    assert [tuple(row) for row in await db.fetch(sql)] == skipped
    assert (
        await db.fetchval(
            "select count(*) from message m join origin o on o.id = origin_id where ref_id = 2 and state = 'accepted'"
        )
        == 30
    )


async def test_cancelled_in_mid_send_is_not_sent_and_what_was_on_the_wire_says_sent() -> None:
    ids = await plan(COUNT)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await half_way(sink)
        await db.execute(
            "update message set state = 'cancelled' where state = 'queued' and id = any ($1::bigint[])", ids
        )
        await settled(0)
        await asyncio.sleep(1)
    counted = await states()
    assert counted["accepted"] == len(sink.got) == len(sink.ids)
    assert counted["accepted"] + counted["cancelled"] == COUNT


async def test_P5_sixteen_planners_at_once_make_each_message_once() -> None:
    sender_id = await factories.organisation()
    template = await factories.template()

    async def planner(start: int) -> int:
        wanted = intents(template.version_id, 200)
        wanted = wanted[start * 12 :] + wanted[: start * 12]
        async with db.transaction():
            return len(await actions.post("mailing", 7, sender_id, Lane.mass, sorted(wanted, key=lambda i: i.address)))

    made = await asyncio.gather(*(planner(start) for start in range(16)))
    assert sum(made) == 200
    totals = await queries.totals()
    assert (totals.intended, totals.duplicates, totals.balanced) == (200, 0, True)
    async with running(Sink()) as sink, sending(sink), sending(sink):
        await settled(0)
    assert len(sink.got) == 200 and set(sink.ids.values()) == {1}

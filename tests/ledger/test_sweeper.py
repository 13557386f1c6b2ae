"""A closed gate stops everything at once; the rows follow in portions, and add up in between."""

from __future__ import annotations

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, queries, sweeper
from portal.ledger.rules import Intent, Lane
from tests.sending.helpers import letter, plan, sending, settled, states, until
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


async def adds_up() -> bool:
    """Every queued message is in one open batch, and the sum of all states is all."""
    totals = await queries.totals()
    return totals.balanced and not totals.duplicates


async def test_P8_a_cancelled_gate_shows_at_once_and_is_written_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await plan(1_200)
    others = await plan(5, kind="test", ref_id=9)
    await actions.set_gate("trigger", 1, "cancelled", "by_hand")
    message = await queries.one(SYSTEM, ids[0])
    assert (message.state, message.reason) == ("cancelled", "by_hand")
    monkeypatch.setattr(sweeper, "PORTION", 500)
    monkeypatch.setattr(sweeper, "PORTIONS", 1)
    seen = []
    while swept := await sweeper.sweep():
        seen.append(swept)
        assert await adds_up()
    assert seen == [500, 500, 200]
    assert await states() == {"cancelled": 1_200, "queued": len(others)}
    reasons = await db.fetch("select distinct reason, settled_at is not null from message where state = 'cancelled'")
    assert [tuple(row) for row in reasons] == [("by_hand", True)]
    assert await db.fetchval("select count(*) from batch where done_at is null") == 1


async def test_what_was_on_hold_is_cancelled_with_the_rest() -> None:
    [waiting] = await plan(1)
    row = await db.fetchrow("select l.version_id, o.sender_id from letter l join message m using (id) "
                            "join origin o on o.id = m.origin_id")  # fmt: skip
    assert row
    held = Intent(address="held@people.example", locale="en", optional=False, occurrence=2, state="held",
                  reason="on_hold", letter=letter(row["version_id"]))  # fmt: skip
    [held_id] = await actions.post("trigger", 1, row["sender_id"], Lane.trigger, [held])
    await actions.set_gate("trigger", 1, "cancelled")
    assert await sweeper.sweep() == 2
    for each in (waiting, held_id):
        message = await queries.one(SYSTEM, each)
        assert (message.state, message.reason) == ("cancelled", "with_origin")
    assert await adds_up()


async def test_a_batch_that_a_worker_holds_is_left_until_it_comes_back() -> None:
    await plan(10)
    await db.execute("insert into life default values on conflict do nothing")
    run = await db.fetchval("insert into run (worker, life, lease_until) select 'w', id, now() from life returning id")
    await db.execute("update batch set run_id = $1", run)
    await actions.set_gate("trigger", 1, "cancelled")
    assert await sweeper.sweep() == 0
    await db.execute("update batch set run_id = null")
    assert await sweeper.sweep() == 10


async def test_the_days_quota_comes_back() -> None:
    await plan(10)
    sender = await db.fetchval("select id from sender limit 1")
    pools = [f"sender:{sender}", "organisation"]
    await db.execute("insert into quota (pool, day, used) select p, current_date, 10 from unnest($1::text[]) p", pools)
    await db.execute("update batch set reserved = 10, reserved_on = current_date, pools = $1", pools)
    await actions.set_gate("trigger", 1, "cancelled")
    await sweeper.sweep()
    assert [row["used"] for row in await db.fetch("select used from quota")] == [0, 0]


async def test_P8_cancelled_in_mid_send_everything_is_sent_or_cancelled() -> None:
    await plan(2_000)
    async with running(Sink(delay=0.01)) as sink, sending(sink):
        await settled(1_800)
        await actions.set_gate("trigger", 1, "cancelled")

        async def all_done() -> bool:
            await sweeper.sweep()
            return "queued" not in await states()

        await until(all_done)
    counted = await states()
    assert counted["accepted"] == len(sink.got) and counted["accepted"] + counted["cancelled"] == 2_000
    assert await adds_up()


async def test_a_cancelled_gate_is_not_opened_again() -> None:
    await plan(1)
    await actions.set_gate("trigger", 1, "cancelled")
    await actions.set_gate("trigger", 1, "open")
    assert await db.fetchval("select gate from origin") == "cancelled"

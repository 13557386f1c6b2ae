"""Letters really leave: from the ledger to a mail server on loopback."""

from __future__ import annotations

import pytest

from portal import db
from portal.ledger import queries
from tests.sending.helpers import plan, sending, settled, states
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


async def test_P1_every_planned_message_arrives_once_and_says_sent() -> None:
    await plan(500)
    async with running(Sink()) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 500}
    assert len(sink.ids) == 500 and set(sink.ids.values()) == {1}
    totals = await queries.totals()
    assert (totals.intended, totals.by_state["accepted"], totals.duplicates, totals.balanced) == (500, 500, 0, True)


async def test_P2_ending_in_mid_send_leaves_no_doubt_and_frees_the_rest() -> None:
    await plan(2_000)
    async with running(Sink(delay=0.01)) as sink:
        async with sending(sink):
            await settled(1_500)
        counted = await states()
        assert set(counted) == {"accepted", "queued"}
        assert counted["accepted"] == len(sink.got)
        async with sending(sink):
            await settled(0)
    assert await states() == {"accepted": 2_000}
    assert set(sink.ids.values()) == {1}


async def test_a_letter_without_its_template_fails_alone_and_says_why() -> None:
    ids = await plan(5)
    lose = "update letter set version_id = 999 where id = $1"
    await db.execute(lose, ids[0])
    await db.execute("update message set address = 'zoë@people.example' where id = $1", ids[1])
    await db.execute("update message set address = 'nobody' where id = $1", ids[2])
    async with running(Sink(offer=("PIPELINING",))) as sink, sending(sink):
        await settled(0)
    rows = [(row[0], row[1]) for row in await db.fetch("select state::text, reason from message order by id")]
    failed = [("failed", reason) for reason in ("unrenderable", "needs_smtputf8", "invalid_email")]
    assert rows == [*failed, ("accepted", None), ("accepted", None)]
    assert (await queries.totals()).balanced

"""Not confirmed: proven, sent again once by itself where that was decided, or left to a person (P4)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, decisions, epoch, queries, resend
from portal.ledger.rules import Lane
from portal.ledger.settling import record
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("db")


async def doubt(lane: Lane = Lane.urgent, *, minutes: int = 20, ref_id: int = 1, **more: Any) -> int:
    """A message whose reply never came, so many minutes ago; nothing of it waits any more."""
    [message] = await plan(1, lane, ref_id=ref_id, **more)
    await record(db, [(message, 0, -1, "connection_lost")])
    await db.execute(
        "update message set settled_at = now() - make_interval(mins => $2) where id = $1", message, minutes
    )
    await db.execute("update batch set done_at = now()")
    return message


async def state_of(message_id: int) -> tuple[str, str | None]:
    message = await queries.one(SYSTEM, message_id)
    return message.state, message.reason


async def policy(wanted: str) -> None:
    await db.execute("update organisation set resend_uncertain = $1", wanted)


@pytest.mark.parametrize(
    ("wanted", "lane", "optional", "again"),
    [
        ("none", Lane.urgent, False, 0),
        ("receipts", Lane.urgent, False, 1),
        ("receipts", Lane.trigger, False, 0),
        ("necessary", Lane.urgent, False, 1),
        ("necessary", Lane.trigger, False, 1),
        ("necessary", Lane.trigger, True, 0),
        ("necessary", Lane.sequence, False, 0),
        ("necessary", Lane.mass, False, 0),
    ],
)
async def test_P4_what_goes_again_by_itself_is_the_organisations_choice(
    wanted: str, lane: Lane, optional: bool, again: int
) -> None:
    message = await doubt(lane, optional=optional)
    await policy(wanted)
    assert await resend.by_policy() == again
    assert await state_of(message) == (("queued", "resent") if again else ("uncertain", "connection_lost"))
    assert (await queries.totals()).balanced


async def test_P4_it_goes_with_the_same_message_id_and_never_a_second_time() -> None:
    message = await doubt()
    before = (await queries.one(SYSTEM, message)).header_id
    assert await resend.by_policy() == 1
    await record(db, [(message, 1, -1, "connection_lost")])
    await db.execute("update message set settled_at = now() - interval '1 day'")
    assert await resend.by_policy() == 0
    assert await resend.never_arrived([message]) == 0
    assert (await queries.one(SYSTEM, message)).header_id == before
    assert await resend.again([message], "by_hand", SYSTEM) == 1  # a person may


async def test_nothing_goes_again_within_a_quarter_of_an_hour() -> None:
    await doubt(minutes=14)
    assert await resend.by_policy() == 0


@pytest.mark.parametrize(
    "closed",
    [
        "update origin set gate = 'paused'",
        "update sender set paused = true",
        "update epoch set held_since = now()",
        "update message set reason = 'left_as_is'",
    ],
)
async def test_nothing_goes_again_behind_the_back_of_somebody_who_said_no(closed: str) -> None:
    message = await doubt()
    await epoch.may_send()
    await db.execute(closed)
    assert (await resend.by_policy(), await resend.never_arrived([message])) == (0, 0)


async def test_what_certainly_never_arrived_goes_again_in_any_lane() -> None:
    message = await doubt(Lane.mass, minutes=1)
    await policy("none")
    assert await resend.never_arrived([message]) == 1
    event = await db.fetchrow("select what, details, actor_kind from timeline_event where subject = 'message'")
    assert event and (event["what"], event["details"]["why"], event["actor_kind"]) == (
        *("message.resent", "never_arrived"),
        "rule",
    )


async def test_many_go_again_in_batches_of_their_own() -> None:
    ids = await plan(600, Lane.mass)
    await record(db, [(each, 0, -1, "connection_lost") for each in ids])
    await db.execute("update batch set done_at = now()")
    assert await resend.again(ids, "by_hand", SYSTEM) == 600
    rows = await db.fetch("select size from batch where done_at is null order by id")
    assert [row["size"] for row in rows] == [250, 250, 100]
    totals = await queries.totals()
    assert (totals.balanced, totals.duplicates, totals.by_state["queued"]) == (True, 0, 600)


# ------------------------------------------------------------------------------------------------ evidence
async def test_proof_makes_it_sent_and_says_how_we_know() -> None:
    message = await doubt()
    row = await queries.one(SYSTEM, message)
    assert await actions.prove(row.message_id, "by_log")
    assert await state_of(message) == ("accepted", "by_log")
    tries = [(each.number, each.state, each.code, each.reply) for each in (await queries.one(SYSTEM, message)).attempts]
    assert tries == [(0, "accepted", -3, "by_log"), (0, "uncertain", -1, "connection_lost")] or tries == [
        *((0, "uncertain", -1, "connection_lost"), (0, "accepted", -3, "by_log"))
    ]
    assert not await actions.prove(row.message_id, "by_queue")
    assert not await actions.prove(uuid4(), "by_bounce")
    what = await db.fetch("select what, details ->> 'how' from timeline_event where subject = 'message'")
    assert [tuple(each) for each in what] == [("message.proven", "by_log")]
    assert (await queries.totals()).duplicates == 0


async def test_a_late_reply_after_the_proof_is_no_duplicate() -> None:
    message = await doubt()
    await actions.prove((await queries.one(SYSTEM, message)).message_id, "by_log")
    await record(db, [(message, 0, 250, "250 2.0.0 Ok")])
    assert (await state_of(message), (await queries.totals()).duplicates) == (("accepted", "by_log"), 0)


# ------------------------------------------------------------------------------------------------ what waits
async def test_P4_after_a_quarter_of_an_hour_a_person_is_asked() -> None:
    await doubt(Lane.mass, minutes=14)
    assert await decisions.uncertain(SYSTEM) == []
    old = await doubt(Lane.mass, ref_id=2)
    [row] = await decisions.uncertain(SYSTEM)
    assert (row.count, row.some) == (1, [old])
    assert await decisions.uncertain_ids(SYSTEM, row.id, 10) == [old]

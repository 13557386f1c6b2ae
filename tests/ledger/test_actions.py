"""What people do to messages. Alice the manager, Bob the evaluator, Dana the stranger, Adam the administrator."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db, timeline
from portal.actor import SYSTEM
from portal.ledger import actions, queries
from portal.ledger.rules import Intent, Lane
from portal.outcomes import Missing, Stale
from tests import factories
from tests.sending.helpers import letter

pytestmark = pytest.mark.usefixtures("db")


class Office:
    """Alice manages a campaign with one dossier; a trigger writes about it."""

    def __init__(self, alice: Any, dossier: Any, version_id: int, sender_id: int) -> None:
        self.alice, self.dossier, self.version_id, self.sender_id = alice, dossier, version_id, sender_id

    async def post(self, count: int = 1, lane: Lane = Lane.trigger, *, kind: str = "trigger", **more: Any) -> list[int]:
        """Post `count` messages about the dossier."""
        fields: dict[str, Any] = {"locale": "en", "optional": False, "occurrence": 1, "letter": letter(self.version_id)}
        fields |= {"dossier_id": self.dossier.id, "person_id": self.dossier.person_id, **more}
        intents = [Intent(address=f"ana{n}@people.example", **fields) for n in range(count)]
        return await actions.post(kind, 1, self.sender_id, lane, intents)


@pytest.fixture
async def office(db: None) -> Office:
    alice = await factories.account("Alice", "manager")
    campaign = await factories.campaign(managers=(alice,))
    template = await factories.template()
    return Office(alice.actor, await factories.dossier(campaign), template.version_id, await factories.organisation())


async def shown(message_id: int) -> tuple[str, str | None]:
    """State and reason as Adam sees them."""
    message = await queries.one(SYSTEM, message_id)
    return message.state, message.reason


async def open_batches() -> list[tuple[int, bool, str | None]]:
    """(size, due, waits_for) of what could be claimed."""
    rows = await db.fetch("select size, due_at <= now() as due, waits_for from batch where done_at is null order by id")
    return [tuple(row) for row in rows]


# ------------------------------------------------------------------------------------------------ posting
async def test_P5_posting_twice_makes_each_message_once(office: Office) -> None:
    first = await office.post(3)
    assert len(first) == 3
    assert len(await office.post(4)) == 1
    assert await office.post(4) == []
    totals = await queries.totals()
    assert (totals.intended, totals.by_state["queued"], totals.duplicates, totals.balanced) == (4, 4, 0, True)


async def test_skipped_and_held_messages_have_a_reason_and_no_batch(office: Office) -> None:
    [skipped] = await office.post(state="skipped", reason="no_email", letter=None)
    [held] = await office.post(state="held", reason="on_hold", occurrence=2)
    assert (await shown(skipped), await shown(held)) == (("skipped", "no_email"), ("held", "on_hold"))
    assert await open_batches() == []
    assert (await queries.totals()).balanced


async def test_B03_a_delay_leaves_time_to_undo(office: Office) -> None:
    [message] = await office.post(delay_minutes=5)
    assert await shown(message) == ("held", "undo")
    assert await open_batches() == [(1, False, "undo")]


async def test_messages_of_interleaved_planners_are_in_one_batch_each(office: Office) -> None:
    """A range is only used for consecutive ids: a skipped row between two queued ones makes a list."""
    fields: dict[str, Any] = {"locale": "en", "optional": False, "letter": letter(office.version_id)}
    intents = [
        Intent(address=f"p{n}@people.example", occurrence=1, state="skipped" if n == 1 else "queued", **fields)
        for n in range(3)
    ]
    await actions.post("mailing", 1, office.sender_id, Lane.mass, intents)
    row = await db.fetchrow("select lo, hi, cardinality(ids) as listed, size from batch")
    assert row and tuple(row) == (None, None, 2, 2)


async def test_a_plan_of_600_is_three_batches(office: Office) -> None:
    await office.post(600)
    assert [size for size, _due, _waits in await open_batches()] == [250, 250, 100]


async def test_the_same_address_twice_in_one_plan_is_one_message(office: Office) -> None:
    intent = Intent(
        address="ana@people.example", locale="en", optional=False, occurrence=1, letter=letter(office.version_id)
    )
    assert len(await actions.post("test", 1, office.sender_id, Lane.urgent, [intent, intent])) == 1


# ------------------------------------------------------------------------------------------------ catching a message
async def test_release_lets_a_held_message_go_at_once(office: Office) -> None:
    [held] = await office.post(state="held", reason="on_hold")
    await actions.release(held, office.alice)
    assert await shown(held) == ("queued", None)
    assert await open_batches() == [(1, True, None)]
    with pytest.raises(Stale):
        await claimed(held)
        await actions.release(held, office.alice)


async def claimed(message_id: int) -> None:
    """As if a worker held its batch."""
    await db.execute("update batch set run_id = 1 where $1 = any (ids) or $1 between lo and hi", message_id)


async def test_release_within_the_time_to_undo_sends_now_and_once(office: Office) -> None:
    first, second = await office.post(2, delay_minutes=5)
    await actions.release(first, office.alice)
    assert (await shown(first), await shown(second)) == (("queued", None), ("held", "undo"))
    assert (await queries.totals()).balanced


async def test_B03_putting_the_status_back_cancels_what_has_not_left(office: Office) -> None:
    waiting = await office.post(2, delay_minutes=5)
    [held] = await office.post(state="held", reason="on_hold", occurrence=2)
    [receipt] = await office.post(lane=Lane.urgent, kind="acknowledgement", occurrence=3)
    assert await actions.cancel_waiting(office.dossier.id) == 3
    assert {await shown(each) for each in (*waiting, held)} == {("cancelled", "superseded")}
    assert await shown(receipt) == ("queued", None)
    assert await actions.cancel_waiting(office.dossier.id) == 0


async def test_cancel_by_hand_is_recorded_and_final(office: Office) -> None:
    [message] = await office.post()
    await actions.cancel(message, office.alice)
    assert await shown(message) == ("cancelled", "by_hand")
    with pytest.raises(Stale):
        await actions.cancel(message, office.alice)
    [event] = await timeline.of_dossier(office.dossier.id)
    assert (event.what, event.actor_name, event.details["address"]) == (
        "message.cancelled",
        "Alice",
        "ana0@people.example",
    )


async def test_retry_after_a_failure(office: Office) -> None:
    [message] = await office.post()
    with pytest.raises(Stale):
        await actions.retry(message, office.alice)
    await db.execute("update message set state = 'failed', reason = 'refused', code = 550")
    await db.execute("update batch set done_at = now()")
    await actions.retry(message, office.alice)
    assert await shown(message) == ("queued", None)
    assert (await queries.totals()).balanced


async def test_P4_an_unconfirmed_message_is_sent_again_or_left_by_a_person(office: Office) -> None:
    first, second = await office.post(2)
    before = (await queries.one(SYSTEM, first)).message_id
    await db.execute("update message set state = 'uncertain', reason = 'connection_lost'")
    await db.execute("update batch set done_at = now()")
    await actions.settle_by_hand(first, office.alice, "resend")
    await actions.settle_by_hand(second, office.alice, "leave")
    assert await shown(first) == ("queued", None)
    assert await shown(second) == ("uncertain", "left_as_is")
    assert (await queries.one(SYSTEM, first)).message_id == before
    assert (await queries.totals()).balanced


async def test_strangers_and_evaluators_of_other_calls_find_nothing(office: Office) -> None:
    [message] = await office.post()
    dana = await factories.account("Dana", "manager")
    for verb in (actions.release, actions.retry, actions.cancel):
        with pytest.raises(Missing):
            await verb(message, dana.actor)
    with pytest.raises(Missing):
        await actions.settle_by_hand(message, dana.actor, "leave")


# ------------------------------------------------------------------------------------------------ addresses and senders
async def test_Z31_opting_out_and_in_again_is_history(office: Office) -> None:
    person = await factories.person("Ana", email="Ana.Nowak@people.example")
    await actions.suppress("ana.nowak@people.example", "optional", "opted_out", "link", SYSTEM)
    await actions.suppress("ana.nowak@people.example", "optional", "opted_out", "link", SYSTEM)
    await actions.lift("ana.nowak@people.example", "optional", office.alice)
    assert [event.what for event in await timeline.of_person(person.id)] == ["address.unblocked", "address.blocked"]
    assert await db.fetchval("select count(*) from suppression") == 0


async def test_pausing_a_sender_is_recorded_once(office: Office) -> None:
    await actions.pause_sender(office.sender_id, "535 wrong", SYSTEM)
    await actions.pause_sender(office.sender_id, "535 wrong", SYSTEM)
    await actions.resume_sender(office.sender_id, office.alice)
    what = await db.fetch("select what from timeline_event where subject = 'sender' order by id")
    assert [row[0] for row in what] == ["sender.paused", "sender.resumed"]

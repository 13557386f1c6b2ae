"""A mailing under way and afterwards: paused, resumed, cancelled, counted, tried again, followed up."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.actor import SYSTEM
from portal.ledger import actions as ledger
from portal.ledger import sweeper
from portal.mailings import actions, planning, progress, queries, running, work
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.factories import AccountRow, PersonRow
from tests.mailings import material


async def under_way(by: AccountRow, *people: PersonRow, **more: object) -> Mailing:
    """A mailing that has started, to these."""
    return await material.started(by.actor, await material.draft(by.actor, *(one.id for one in people), **more))


async def state(by: AccountRow, mailing: Mailing) -> tuple[str, str]:
    row = await queries.one(by.actor, mailing.id)
    return row.state, row.problem


async def ended(address: str | None, state: str, reason: str | None) -> None:
    """One letter has ended so."""
    sql = "update message set state = $2, reason = $3, settled_at = now() where address = $1"
    await database.execute(sql, address, state, reason)


async def gate() -> str:
    return str(await database.fetchval("select gate from origin where kind = 'mailing'"))


@pytest.mark.seed("Z07")
async def test_Z07_the_whole_list_at_once_can_be_paused_resumed_and_cancelled(db: None) -> None:
    alice, bob = await material.alice(), await factories.account("Bob", "evaluator")
    mailing = await under_way(alice, *await material.people(3))
    with pytest.raises(Missing):
        await running.pause(bob.actor, mailing.id)
    await running.pause(alice.actor, mailing.id)
    assert (await state(alice, mailing), await gate()) == (("paused", ""), "paused")
    with pytest.raises(Stale):
        await running.pause(alice.actor, mailing.id)
    await running.resume(alice.actor, mailing.id)
    assert (await state(alice, mailing), await gate()) == (("running", ""), "open")
    await running.cancel(alice.actor, mailing.id)
    found = await progress.of(await queries.one(alice.actor, mailing.id))
    assert (found.by_state["cancelled"], found.left, found.gate) == (3, 0, "cancelled")
    await sweeper.sweep()
    assert {row["state"] for row in await material.messages(mailing)} == {"cancelled"}
    with pytest.raises(Stale):
        await running.resume(alice.actor, mailing.id)


async def test_a_pause_by_a_rule_is_shown_and_what_others_decide_is_followed(db: None) -> None:
    alice = await material.alice()
    mailing = await under_way(alice, *await material.people(2))
    origin_id = await database.fetchval("select id from origin where kind = 'mailing'")
    await ledger.pause_origin(origin_id, "policy", SYSTEM)
    await work.sweep()
    assert await state(alice, mailing) == ("paused", "policy")
    await ledger.resume_origin(origin_id, alice.actor)
    await work.sweep()
    assert await state(alice, mailing) == ("running", "")
    await ledger.pause_origin(origin_id, "", alice.actor)
    await work.sweep()
    await ledger.cancel_origin(origin_id, alice.actor)
    await work.sweep()
    assert (await state(alice, mailing))[0] == "cancelled"


@pytest.mark.seed("Z12")
async def test_Z12_results_count_what_failed_by_reason_language_and_domain(db: None) -> None:
    alice = await material.alice()
    polish = await factories.person("Ola", email="ola@poczta.example", locale="pl")
    gone, full, never = await material.people(3)
    await database.execute("update person set email = null where id = $1", never.id)
    template = await factories.template(variants={"en": ("Hi", "<p>Hi</p>"), "pl": ("Cześć", "<p>Cześć</p>")})
    mailing = await under_way(alice, polish, gone, full, never, template_id=template.id)
    await ended(gone.email, "failed", "address_unknown")
    await ended(full.email, "failed", "mailbox_full")
    found = await progress.of(mailing)
    assert (found.total, found.planned, found.done, found.left) == (4, 3, 2, 1)
    assert found.failures == {"address_unknown": 1, "mailbox_full": 1} and found.skipped == {"no_email": 1}
    assert (found.waits_for, found.left_seconds is not None, found.sent_twice) == ("undo", True, 0)
    await ended(polish.email, "accepted", None)
    await database.execute("update batch set done_at = now()")
    await work.sweep()
    assert (await state(alice, mailing))[0] == "finished"
    found = await progress.of(mailing)
    assert [each.address for each in found.latest] == [polish.email]
    results = await progress.results(mailing)
    assert results.by_language == {"en": {"failed": 2}, "pl": {"accepted": 1}}
    assert results.by_domain == {"people.example": {"failed": 2}, "poczta.example": {"accepted": 1}}


async def test_only_what_another_try_can_mend_is_tried_again(db: None) -> None:
    alice = await material.alice()
    gone, full, blocked = people = await material.people(3)
    mailing = await under_way(alice, *people)
    for who, reason in ((gone, "address_unknown"), (full, "mailbox_full"), (blocked, "refused")):
        await ended(who.email, "failed", reason)
    await ledger.suppress(str(blocked.email), "all", "complaint", "test", alice.actor)
    await database.execute("update batch set done_at = now()")
    await work.sweep()
    assert await running.can_retry(mailing) == 1
    assert await running.retry_failed(alice.actor, mailing.id) == 1
    assert (await state(alice, mailing))[0] == "running"
    rows = {row["address"]: (row["state"], row["attempts"]) for row in await material.messages(mailing)}
    assert rows == {gone.email: ("failed", 0), full.email: ("queued", 1), blocked.email: ("failed", 0)}
    open_batches = await database.fetch("select size, attempt, lane from batch where done_at is null")
    assert [tuple(row) for row in open_batches] == [(1, 1, 3)]
    with pytest.raises(Refused):
        await running.retry_failed(alice.actor, mailing.id)


async def test_a_mailing_follows_those_who_were_not_reached_or_did_not_answer(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,))
    silent, active, missed = people = await material.people(3)
    mailing = await under_way(alice, *people)
    for who in (silent, active):
        await ended(who.email, "accepted", None)
    await ended(missed.email, "failed", "mailbox_full")
    dossier = await factories.dossier(campaign, active)
    await database.execute(
        """insert into timeline_event (subject, subject_id, dossier_id, what, actor_kind, at)
        values ('dossier', $1, $1, 'dossier.submitted', 'candidate', clock_timestamp() + interval '1 minute')""",
        dossier.id,
    )
    ids = [one.id for one in people]
    again = await actions.follow_up(alice.actor, mailing.id, "not_reached")
    assert await queries.picked_of(again, ids) == {missed.id}
    again = await actions.follow_up(alice.actor, mailing.id, "not_answered")
    assert await queries.picked_of(again, ids) == {silent.id}
    followed = await queries.one(alice.actor, again)
    assert (followed.follows_id, followed.follows_name, followed.state) == (mailing.id, mailing.name, "draft")
    assert (await planning.summary(await planning.plan_of(alice.actor, followed))).going == 1


async def test_a_mailing_that_has_sent_something_stays_as_a_proof(db: None) -> None:
    alice = await material.alice()
    mailing = await under_way(alice, *await material.people(1))
    await running.cancel(alice.actor, mailing.id)
    with pytest.raises(Refused):
        await actions.delete_draft(alice.actor, mailing.id, (await queries.one(alice.actor, mailing.id)).version)


async def test_its_history_is_told(db: None) -> None:
    alice = await material.alice()
    mailing = await under_way(alice, *await material.people(1))
    await running.pause(alice.actor, mailing.id)
    told = [event.what for event in await queries.history_of(mailing)]
    assert told == ["mailing.paused", "mailing.started", "mailing.launched", "mailing.created"]

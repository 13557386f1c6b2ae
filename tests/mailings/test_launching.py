"""From the button to the register: launched, approved, started, undone; and what stops it before anything leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import db as database
from portal.ledger.rules import Lane
from portal.mailings import actions, launching, queries, running, work
from portal.mailings.launching import Changed
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.factories import AccountRow
from tests.mailings import material


async def state(by: AccountRow, mailing: Mailing) -> tuple[str, str]:
    row = await queries.one(by.actor, mailing.id)
    return row.state, row.problem


async def late(mailing: Mailing, by: timedelta) -> None:
    """Move a mailing's time into the past, as if nothing had run since."""
    await database.execute("update mailing set due_at = now() - $2::interval where id = $1", mailing.id, by)


@pytest.mark.seed("Z02", "Z03", "Z15", "Z22")
async def test_Z02_Z03_Z15_Z22_a_launch_sends_a_ready_template_to_exactly_the_people_of_its_plan(db: None) -> None:
    alice = await material.alice()
    ana, bea = await factories.person("Ana"), await factories.person("Bea", email=None)
    template = await factories.template(variants={"en": ("Hello {{ first_name|upper }}", "<p>{{ full_name }}</p>")})
    mailing = await material.draft(alice.actor, ana.id, bea.id, template_id=template.id)
    assert (await material.launch(alice.actor, mailing)).state == "starting"
    assert await material.messages(mailing) == []
    await work.sweep()
    assert await work.sweep() == 0
    skipped, going = await material.messages(mailing)
    assert (skipped["state"], skipped["reason"], skipped["subject"]) == ("skipped", "no_email", None)
    assert (going["address"], going["subject"], going["version_id"]) == (ana.email, "Hello ANA", template.version_id)
    assert (going["lane"], going["account_id"]) == (Lane.mass, alice.id)
    after = await queries.one(alice.actor, mailing.id)
    assert (after.state, after.expected, after.total, after.version_id) == ("running", 1, 2, template.version_id)


@pytest.mark.seed("Z22")
async def test_Z22_a_number_that_has_changed_is_asked_again(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,))
    await factories.dossier(campaign)
    mailing = await material.draft(alice.actor, module="dossiers", campaign_id=campaign.id)
    seen = await material.summed(alice.actor, mailing)
    await factories.dossier(campaign)
    with pytest.raises(Changed) as changed:
        await launching.launch(alice.actor, mailing.id, mailing.version, seen.going, seen.seal)
    assert changed.value.summary.going == 2
    await material.launch(alice.actor, mailing)
    await factories.dossier(campaign)
    await work.sweep()
    assert await state(alice, mailing) == ("needs_decision", "changed")
    assert await material.messages(mailing) == []


async def archived(mailing: Mailing) -> None:
    await database.execute("update template set archived_at = now() where id = $1", mailing.template_id)


async def unverified(_mailing: Mailing) -> None:
    await database.execute("update sender set verified = false")


async def paused(_mailing: Mailing) -> None:
    await database.execute("update sender set paused = true")


async def nobody(mailing: Mailing) -> None:
    await database.execute("delete from mailing_pick where mailing_id = $1", mailing.id)


async def viewless(mailing: Mailing) -> None:
    await database.execute("update mailing set audience = 'view', view_id = null where id = $1", mailing.id)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (archived, "template_archived"),
        (unverified, "sender"),
        (paused, "sender_paused"),
        (nobody, "empty"),
        (viewless, "view_deleted"),
    ],
)
async def test_what_is_wrong_is_said_before_the_launch_and_again_before_the_start(
    db: None, spoil: Any, problem: str
) -> None:
    alice = await material.alice()
    picked = (await factories.person()).id
    bad, good = [await material.draft(alice.actor, picked) for _n in range(2)]
    await material.launch(alice.actor, good)
    await spoil(bad)
    with pytest.raises(Refused) as refused:
        await material.launch(alice.actor, bad)
    assert refused.value.sentences
    await spoil(good)
    await work.sweep()
    assert await state(alice, good) == ("needs_decision", problem)
    assert await material.messages(good) == []


@pytest.mark.seed("Z23")
async def test_Z23_a_chosen_hour_is_the_zones_own_and_comes_in_ones_absence(db: None) -> None:
    alice = await material.alice()
    picked = (await factories.person()).id
    mailing = await material.draft(
        alice.actor, picked, starts_at=datetime(2098, 7, 1, 9, 30), time_zone="Europe/Warsaw"
    )
    launched = await material.launch(alice.actor, mailing)
    assert (launched.state, launched.due_at) == ("scheduled", datetime(2098, 7, 1, 7, 30, tzinfo=UTC))
    await work.sweep()
    assert await material.messages(mailing) == []
    await late(mailing, timedelta(minutes=1))
    assert await work.sweep() == 1
    assert [row["due_at"] <= datetime.now(UTC) for row in await material.messages(mailing)] == [True]
    past = await material.draft(alice.actor, picked, starts_at=datetime(2020, 1, 1), time_zone="UTC")
    with pytest.raises(Refused):
        await material.launch(alice.actor, past)


async def test_a_start_that_was_missed_waits_for_a_person(db: None) -> None:
    alice = await material.alice()
    mailing = await material.draft(alice.actor, (await factories.person()).id)
    await material.launch(alice.actor, mailing)
    await late(mailing, timedelta(hours=3))
    assert await work.sweep() == 0
    assert await state(alice, mailing) == ("needs_decision", "late")
    assert (await material.started(alice.actor, mailing)).state == "running"


@pytest.mark.seed("B16")
async def test_B16_a_large_mailing_goes_when_a_second_person_has_approved_it(db: None) -> None:
    alice, carla = await material.alice(), await factories.account("Carla")
    await database.execute("update organisation set approval_over = 1")
    people = await material.people(2)
    small = await material.draft(alice.actor, people[0].id)
    assert (await material.launch(alice.actor, small)).state == "starting"
    mailing = await material.draft(alice.actor, *(one.id for one in people))
    asked = await material.launch(alice.actor, mailing)
    assert (asked.state, asked.asked_by) == ("approval", alice.id)
    seen = await material.summed(carla.actor, mailing)
    with pytest.raises(Refused):
        await launching.approve(alice.actor, mailing.id, asked.version, seen.going, seen.seal)
    await launching.send_back(carla.actor, mailing.id, "Not before Monday")
    assert await state(alice, mailing) == ("draft", "")
    asked = await material.launch(alice.actor, mailing)
    approved = await launching.approve(carla.actor, mailing.id, asked.version, seen.going, seen.seal)
    assert (approved.state, approved.launched_by, approved.approved_by) == ("starting", alice.id, carla.id)
    await work.sweep()
    assert [row["account_id"] for row in await material.messages(mailing)] == [alice.id, alice.id]


@pytest.mark.seed("Z25")
async def test_Z25_the_fourth_mailing_of_a_slot_waits_says_so_and_starts_by_itself(db: None) -> None:
    alice = await material.alice()
    picked = (await factories.person()).id
    four = [await material.draft(alice.actor, picked) for _n in range(4)]
    for mailing in four:
        await material.launch(alice.actor, mailing)
    await database.execute("update mailing set due_at = date_trunc('hour', now()) where due_at is not null")
    assert await work.sweep() == 3
    waiting = four[3]
    assert await state(alice, waiting) == ("waiting", "slots")
    version = (await queries.one(alice.actor, waiting.id)).version
    await work.sweep()
    assert (await queries.one(alice.actor, waiting.id)).version == version
    await material.sent(four[0])
    assert await work.sweep() == 1
    assert (await state(alice, four[0]))[0] == "finished"
    assert await state(alice, waiting) == ("running", "")


async def test_a_launch_is_undone_before_its_start_and_in_the_minute_after_it(db: None) -> None:
    alice = await material.alice()
    picked = (await factories.person()).id
    mailing = await material.draft(alice.actor, picked)
    await material.launch(alice.actor, mailing)
    assert await running.undo(alice.actor, mailing.id) == mailing.id
    assert await state(alice, mailing) == ("draft", "")
    await material.started(alice.actor, mailing)
    sql = "select waits_for, due_at > now() + interval '50 seconds' as ahead from batch"
    assert [tuple(row) for row in await database.fetch(sql)] == [("undo", True)]
    again = await running.undo(alice.actor, mailing.id)
    assert (await state(alice, mailing))[0] == "cancelled"
    assert [row["gate"] for row in await material.messages(mailing)] == ["cancelled"]
    assert await queries.picked_of(again, [picked]) == {picked}
    await material.started(alice.actor, await queries.one(alice.actor, again))
    await database.execute("update mailing set started_at = now() - interval '61 seconds' where id = $1", again)
    with pytest.raises(Refused):
        await running.undo(alice.actor, again)


async def test_what_a_clock_has_started_leaves_at_once_and_cannot_be_undone(db: None) -> None:
    alice = await material.alice()
    mailing = await material.draft(alice.actor, (await factories.person()).id, starts_at=datetime(2099, 11, 30, 9))
    await material.launch(alice.actor, mailing)
    await database.execute("update mailing set due_at = now() - interval '1 second'")
    assert await work.sweep() == 1
    with pytest.raises(Refused):
        await running.undo(alice.actor, mailing.id)
    assert (await state(alice, mailing))[0] == "running"


async def test_nobody_launches_twice_or_from_an_old_page(db: None) -> None:
    alice, bob = await material.alice(), await factories.account("Bob", "evaluator")
    mailing = await material.draft(alice.actor, (await factories.person()).id)
    seen = await material.summed(alice.actor, mailing)
    with pytest.raises(Missing):
        await launching.launch(bob.actor, mailing.id, mailing.version, seen.going, seen.seal)
    await actions.change(alice.actor, mailing.id, mailing.version, {"name": "Other"})
    for version in (mailing.version, 99):
        with pytest.raises(Stale):
            await launching.launch(alice.actor, mailing.id, version, seen.going, seen.seal)
    await launching.launch(alice.actor, mailing.id, 2, seen.going, seen.seal)
    with pytest.raises(Stale):
        await launching.launch(alice.actor, mailing.id, 3, seen.going, seen.seal)


async def test_a_mailing_of_somebody_who_left_waits_for_a_decision(db: None) -> None:
    alice = await material.alice()
    mailing = await material.draft(alice.actor, (await factories.person()).id)
    await material.launch(alice.actor, mailing)
    await database.execute("update account set active = false where id = $1", alice.id)
    await work.sweep()
    assert await state(alice, mailing) == ("needs_decision", "account")


async def test_what_was_seen_goes_whatever_is_written_in_the_template_meanwhile(db: None) -> None:
    alice = await material.alice()
    template, later = await factories.template(variants={"en": ("Seen", "<p>x</p>")}), await factories.template()
    mailing = await material.draft(alice.actor, (await factories.person()).id, template_id=template.id)
    await material.launch(alice.actor, mailing)
    await database.execute("update template set version_id = $2 where id = $1", template.id, later.version_id)
    await work.sweep()
    assert [row["subject"] for row in await material.messages(mailing)] == ["Seen"]

"""Changes of status as actions: by hand and by machines, held, silent, superseded, too late."""

from __future__ import annotations

import pytest

from portal import db as database
from portal import timeline
from portal.actor import SYSTEM, Actor
from portal.dossiers import actions, pending, queries
from portal.dossiers.actions import Moved, Recount
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.clients import Client
from tests.dossiers.conftest import Scene
from tests.dossiers.test_actions import letters, moves, told


@pytest.mark.seed("E08")
async def test_E08_an_evaluator_accepts_and_the_candidate_is_told(scene: Scene) -> None:
    await factories.trigger(scene.campaign, delay_minutes=5)
    dossier = await factories.dossier(scene.campaign)
    moved = await actions.change_status(dossier.id, "accepted", 1, scene.bob.actor, "send")
    assert moved == Moved(moved.change_id, going=1, held=0, minutes=5, soonest=5)
    assert await moves(dossier.id) == [("submitted", "accepted", "user", True, "send", "")]
    assert [state for _kind, _address, state in await letters(dossier.id)] == ["queued"]
    assert (await queries.by_id(dossier.id)).version == 2
    change = next(event for event in await timeline.of_dossier(dossier.id) if event.what == "status.changed")
    assert (change.actor_name, change.details["old"], change.details["new"]) == (
        "Bob",
        {"en": "Submitted"},
        {"en": "Accepted"},
    )


MACHINES = [
    Actor(kind="import", name="Import", everywhere=True),
    SYSTEM,
    Actor(kind="api", name="Alice", everywhere=True),
]


@pytest.mark.seed("E11")
@pytest.mark.parametrize("actor", MACHINES, ids=["import", "rule", "api"])
async def test_E11_machines_move_dossiers_in_silence(scene: Scene, actor: Actor) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    moved = await actions.change_status(dossier.id, "accepted", 1, actor)
    assert moved.letters == 0
    assert await letters(dossier.id) == []
    assert await moves(dossier.id) == [("submitted", "accepted", actor.kind, False, None, "")]


@pytest.mark.seed("E11")
async def test_E11_a_script_that_says_what_to_do_with_the_mail_acts_by_hand(scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    script = Actor(kind="api", account_id=scene.alice.id, name="Alice", everywhere=True)
    assert (await actions.change_status(dossier.id, "accepted", 1, script, "send")).going == 1
    assert (await moves(dossier.id))[0][3] is True


async def test_held_mail_waits_and_silence_needs_a_reason(scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    await factories.trigger(scene.campaign, to_status="rejected")
    dossier = await factories.dossier(scene.campaign)
    held = await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor, "hold")
    assert (held.going, held.held) == (0, 1)
    with pytest.raises(Refused) as refused:
        await actions.change_status(dossier.id, "rejected", 2, scene.alice.actor, "silent", " ")
    assert list(refused.value.errors) == ["reason"]
    silent = await actions.change_status(dossier.id, "rejected", 2, scene.alice.actor, "silent", "told by telephone")
    assert silent.letters == 0
    assert (await moves(dossier.id))[-1] == ("accepted", "rejected", "user", True, "silent", "told by telephone")


@pytest.mark.seed("B03")
async def test_B03_a_later_decision_cancels_the_one_that_has_not_left(scene: Scene) -> None:
    await factories.trigger(scene.campaign, delay_minutes=30)
    await factories.trigger(scene.campaign, to_status="rejected", delay_minutes=30)
    dossier = await factories.dossier(scene.campaign)
    await actions.change_status(dossier.id, "accepted", 1, scene.bob.actor)
    assert [each.subject.startswith("Your application") for each in await pending.letters(dossier.id)] == [True]
    await actions.change_status(dossier.id, "rejected", 2, scene.bob.actor)
    assert [state for _kind, _address, state in await letters(dossier.id)] == ["cancelled", "queued"]
    reason = await database.fetchval(
        "select reason from message where dossier_id = $1 and state = 'cancelled'", dossier.id
    )
    assert reason == "superseded"


async def test_an_import_does_not_cancel_what_a_person_has_decided(scene: Scene) -> None:
    await factories.trigger(scene.campaign, delay_minutes=30)
    dossier = await factories.dossier(scene.campaign)
    await actions.change_status(dossier.id, "accepted", 1, scene.bob.actor)
    await actions.change_status(dossier.id, "withdrawn", 2, MACHINES[0])
    assert [state for _kind, _address, state in await letters(dossier.id)] == ["queued"]


async def test_another_number_of_letters_than_shown_changes_nothing(scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    with pytest.raises(Stale) as stale:
        await actions.change_status(dossier.id, "accepted", 1, scene.bob.actor, "send", shown=0)
    assert stale.value.theirs == Recount(before=0, now=1)
    assert (await queries.by_id(dossier.id)).status_key == "submitted"
    assert (await letters(dossier.id), await moves(dossier.id), await told(dossier.id)) == ([], [], [])


async def test_from_an_old_version_one_is_told_who_was_faster(scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor)
    with pytest.raises(Stale) as stale:
        await actions.change_status(dossier.id, "rejected", 1, scene.bob.actor)
    assert (stale.value.by, stale.value.theirs.status_key, stale.value.at is not None) == ("Alice", "accepted", True)


async def test_statuses_that_do_not_exist_or_are_there_already_are_refused(scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    for key in ("submitted", "sent_to_the_moon", ""):
        with pytest.raises(Refused) as refused:
            await actions.change_status(dossier.id, key, 1, scene.alice.actor)
        assert list(refused.value.errors) == ["status"]


async def test_nobody_moves_the_dossiers_of_others(scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    with pytest.raises(Missing):
        await actions.change_status(dossier.id, "accepted", 1, scene.dana.actor)
    assert (await queries.by_id(dossier.id)).version == 1


async def test_leaving_the_draft_by_hand_counts_as_submitted_then(scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign, status="draft")
    await actions.change_status(dossier.id, "under_review", 1, scene.alice.actor)
    assert (await queries.by_id(dossier.id)).submitted_at is not None


async def test_the_filters_of_the_list_stay_as_they_are_when_a_status_is_changed(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    page = await alice.get(f"/dossiers/{dossier.id}?status=draft&status=submitted&sort=name")
    hidden = page.all(f"form[action='/dossiers/{dossier.id}/status'] input[type=hidden]")
    kept = [(each.attrs["name"], each.attrs["value"]) for each in hidden]
    assert kept == [("status", "draft"), ("status", "submitted"), ("sort", "name")]

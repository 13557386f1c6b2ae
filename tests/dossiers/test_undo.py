"""Hold and undo (B03): until a letter has left, putting the status back, or deciding anew, takes it back."""

from __future__ import annotations

import asyncio

import pytest

from portal import db as database
from portal.actor import Actor
from portal.dossiers import actions, pending, queries, undoing
from portal.dossiers.undoing import Undone
from portal.outcomes import Missing, Stale
from portal.triggers import actions as triggers
from portal.triggers.drafts import Draft
from tests import factories
from tests.dossiers.conftest import Scene, make_scene
from tests.dossiers.test_actions import letters, moves
from tests.sending.helpers import sending, until
from tests.sending.sink import Sink, running

SCRIPT = Actor(kind="api", name="Alice", everywhere=True)


async def states(dossier_id: int) -> list[tuple[str, str | None]]:
    sql = "select state::text as state, reason from message where dossier_id = $1 order by id"
    return [(row["state"], row["reason"]) for row in await database.fetch(sql, dossier_id)]


async def decided(scene: Scene, mode: str = "send", delay: int = 30) -> tuple[factories.DossierRow, int]:
    """A dossier that Bob has just accepted, and the change's id."""
    await factories.trigger(scene.campaign, delay_minutes=delay)
    await factories.trigger(scene.campaign, to_status="rejected", delay_minutes=delay)
    dossier = await factories.dossier(scene.campaign)
    moved = await actions.change_status(dossier.id, "accepted", 1, scene.bob.actor, mode)  # type: ignore[arg-type]
    return dossier, moved.change_id


@pytest.mark.seed("B03")
@pytest.mark.parametrize("mode", ["send", "hold"])
async def test_B03_undo_puts_the_status_back_and_takes_its_letter_back(scene: Scene, mode: str) -> None:
    dossier, change_id = await decided(scene, mode)
    assert await undoing.undo(dossier.id, change_id, scene.alice.actor) == Undone(cancelled=1, going=0, left=0)
    assert (await queries.by_id(dossier.id)).status_key == "submitted"
    assert await states(dossier.id) == [("cancelled", "undone")]
    assert (await moves(dossier.id))[-1][3:] == (True, "silent", "The change before was undone")
    with pytest.raises(Stale):
        await undoing.undo(dossier.id, change_id, scene.alice.actor)
    with pytest.raises(Missing):
        await undoing.undo(dossier.id, change_id, scene.dana.actor)
    assert len(await moves(dossier.id)) == 2


@pytest.mark.seed("B03")
async def test_B03_a_status_put_back_by_a_script_cancels_too(scene: Scene) -> None:
    dossier, _change = await decided(scene)
    await actions.change_status(dossier.id, "submitted", 2, SCRIPT)
    assert await states(dossier.id) == [("cancelled", "undone")]


@pytest.mark.seed("B03")
@pytest.mark.parametrize("later", [SCRIPT, None], ids=["api", "by hand"])
async def test_B03_never_an_acceptance_and_a_rejection(scene: Scene, later: Actor | None) -> None:
    dossier, _change = await decided(scene, "hold")
    await actions.change_status(dossier.id, "rejected", 2, later or scene.alice.actor)
    assert (await states(dossier.id))[0] == ("cancelled", "superseded")
    assert [state for state, _reason in await states(dossier.id)].count("held") == 0
    sent = [state for _kind, _address, state in await letters(dossier.id)]
    assert sent == (["cancelled"] if later else ["cancelled", "queued"])


@pytest.mark.seed("B03")
async def test_B03_the_time_to_undo_is_nought_to_sixty_minutes(scene: Scene) -> None:
    template, accepted = await factories.template(), scene.campaign.status["accepted"]
    for minutes, taken in ((0, True), (60, True), (61, False), (-1, False)):
        draft = Draft(family="manager", template_id=template.id, to_status_id=accepted, delay_minutes=minutes)
        faults = await triggers.faults(scene.campaign.id, draft)
        assert (list(faults) == []) is taken, minutes


@pytest.mark.seed("B03")
async def test_B03_what_has_left_is_said_and_not_taken_back(scene: Scene) -> None:
    dossier, change_id = await decided(scene)
    await database.execute(
        "update message set state = 'accepted', settled_at = now() where dossier_id = $1", dossier.id
    )
    assert await undoing.undo(dossier.id, change_id, scene.bob.actor) == Undone(cancelled=0, going=0, left=1)
    assert await states(dossier.id) == [("accepted", None)]
    told = await pending.told(await queries.by_id(dossier.id))
    assert told is not None and told.label == {"en": "Accepted"}


# ------------------------------------------------------------------------------------------------ at the same time
@pytest.mark.seed("B03")
async def test_B03_undo_against_the_sender_leaves_one_truth_for_each_letter(
    fresh_database: str, valkey_url: str
) -> None:
    scene = await make_scene()
    done = [await decided(scene, delay=0) for _ in range(2)]
    more = [await factories.dossier(scene.campaign) for _ in range(20)]
    for one in more:
        moved = await actions.change_status(one.id, "accepted", 1, scene.bob.actor)
        done.append((one, moved.change_id))
    async with running(Sink(delay=0.02)) as sink, sending(sink):
        await asyncio.gather(*(undoing.undo(dossier.id, change, scene.bob.actor) for dossier, change in done))

        async def settled() -> bool:
            sql = "select not exists (select from batch where done_at is null)"
            return bool(await database.fetchval(sql))

        await until(settled)
    counted: dict[str, int] = {}
    for dossier, _change in done:
        for state, _reason in await states(dossier.id):
            counted[state] = counted.get(state, 0) + 1
        assert (await queries.by_id(dossier.id)).status_key == "submitted"
    assert counted.get("accepted", 0) == len(sink.got)
    assert set(counted) <= {"accepted", "cancelled"}


@pytest.mark.seed("B03")
async def test_B03_two_clicks_on_undo_make_one(fresh_database: str, valkey_url: str) -> None:
    scene = await make_scene()
    dossier, change_id = await decided(scene)
    outcomes = await asyncio.gather(
        *(undoing.undo(dossier.id, change_id, scene.bob.actor) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Stale", "Stale", "Undone"]
    assert len(await moves(dossier.id)) == 2

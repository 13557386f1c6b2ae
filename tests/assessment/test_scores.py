"""Notes, criteria and scores: everybody judges alone first; weights and conflicts of interest count in the mean."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from portal import db as database
from portal import timeline
from portal.assessment import actions, conflicts, criteria, notes, queries, scoring
from portal.assessment.criteria import Draft
from portal.assessment.rules import Given, result, shown_to
from portal.outcomes import Missing, Refused, Stale
from tests import factories as make

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    bea: make.AccountRow
    dana: make.AccountRow
    campaign: make.CampaignRow
    dossier: int
    idea: int
    budget: int


@pytest.fixture
async def house(db: None) -> House:
    alice, bob, bea, dana = [
        await make.account(name, role)
        for name, role in (("Alice", "manager"), ("Bob", "evaluator"), ("Bea", "evaluator"), ("Dana", "manager"))
    ]
    campaign = await make.campaign(managers=(alice,), evaluators=(bob, bea))
    idea = await criteria.add(alice.actor, campaign.id, Draft(label={"en": "Idea"}, most=10, weight=Decimal(3)))
    budget = await criteria.add(alice.actor, campaign.id, Draft(label={"en": "Budget"}, most=5))
    return House(alice, bob, bea, dana, campaign, (await make.dossier(campaign)).id, idea, budget)


async def give(house: House, who: make.AccountRow, idea: str | None, budget: str | None) -> None:
    mine = scoring.own(await scoring.of_dossier(house.dossier), who.id)
    given = {
        house.idea: Given(Decimal(idea) if idea else None),
        house.budget: Given(Decimal(budget) if budget else None, "too dear" if budget else ""),
    }
    await scoring.save(who.actor, house.dossier, given, scoring.seen(mine))


async def test_every_evaluator_counts_alike_and_criteria_by_their_weight(house: House) -> None:
    await give(house, house.bob, "8", "2.5")
    await give(house, house.bea, "10", "5")
    whole = result(await criteria.of_campaign(house.campaign.id), await scoring.of_dossier(house.dossier))
    assert [(sheet.name, sheet.percent, sheet.complete) for sheet in whole.sheets] == [
        ("Bea", 100.0, True),
        ("Bob", 72.5, True),
    ]
    assert (whole.percent, whole.means) == (86.25, {house.idea: 9.0, house.budget: 3.75})
    listed = f"select {queries.PERCENT} from dossier d where d.id = $1"
    assert float(await database.fetchval(listed, house.dossier)) == 86.25


async def test_who_has_not_judged_does_not_see_what_others_gave(house: House) -> None:
    await give(house, house.bea, "10", "5")
    await give(house, house.bob, "8", None)
    whole = result(await criteria.of_campaign(house.campaign.id), await scoring.of_dossier(house.dossier))
    bobs = shown_to(whole, house.bob.id, everything=False)
    assert ([sheet.name for sheet in bobs.sheets], bobs.percent, bobs.hidden) == (["Bob"], None, 1)
    assert shown_to(whole, house.bea.id, everything=False) == whole
    assert shown_to(whole, house.alice.id, everything=True) == whole


async def test_scores_outside_their_range_are_refused_and_taken_back_when_emptied(house: House) -> None:
    for wrong in ("11", "-1", "10.01"):
        with pytest.raises(Refused) as refused:
            await give(house, house.bob, wrong, None)
        assert list(refused.value.errors) == [f"points_{house.idea}"]
    await give(house, house.bob, "9.255", "1")
    assert sorted(one.points for one in await scoring.of_dossier(house.dossier)) == [Decimal("1.00"), Decimal("9.26")]
    with pytest.raises(Stale):
        await scoring.save(house.bob.actor, house.dossier, {house.idea: Given(Decimal(1))}, 0)
    await give(house, house.bob, None, "1")
    assert [one.criterion_id for one in await scoring.of_dossier(house.dossier)] == [house.budget]
    with pytest.raises(Missing):
        await scoring.save(house.dana.actor, house.dossier, {}, 0)
    other = await make.campaign(managers=(house.alice,))
    foreign = await criteria.add(house.alice.actor, other.id, Draft(label={"en": "Other"}))
    mine = scoring.own(await scoring.of_dossier(house.dossier), house.bob.id)
    await scoring.save(house.bob.actor, house.dossier, {foreign: Given(Decimal(1))}, scoring.seen(mine))
    assert len(await scoring.of_dossier(house.dossier)) == 1


async def test_a_form_that_has_seen_another_criterions_score_is_stale(house: House) -> None:
    await give(house, house.bob, "9", None)
    old = scoring.seen(scoring.own(await scoring.of_dossier(house.dossier), house.bob.id))
    await give(house, house.bob, None, "1")  # as many scores and versions as before
    with pytest.raises(Stale):
        await scoring.save(house.bob.actor, house.dossier, {house.idea: Given(Decimal(8))}, old)


async def test_a_conflict_of_interest_takes_the_dossier_and_the_scores_out(house: House) -> None:
    await actions.assign(house.alice.actor, [house.dossier], house.bob.id)
    await give(house, house.bob, "10", "5")
    await give(house, house.bea, "5", "2.5")
    await conflicts.declare(house.bob.actor, house.dossier, "She is my cousin")
    assert [one.name for one in await queries.evaluators(house.dossier)] == []
    whole = result(await criteria.of_campaign(house.campaign.id), await scoring.of_dossier(house.dossier))
    assert whole.percent == 50.0
    assert float(await database.fetchval(f"select {queries.PERCENT} from dossier d where id = $1", house.dossier)) == 50
    with pytest.raises(Refused):
        await give(house, house.bob, "9", "5")
    assert [(one.name, one.reason) for one in await conflicts.of_dossier(house.dossier)] == [
        ("Bob", "She is my cousin")
    ]
    await conflicts.lift(house.alice.actor, house.dossier, house.bob.id)
    assert (await actions.assign(house.alice.actor, [house.dossier], house.bob.id)).done == (house.dossier,)


async def test_criteria_are_changed_under_the_scores_that_were_given(house: House) -> None:
    await give(house, house.bob, "8", "2")
    alice, place = house.alice.actor, house.campaign.id
    with pytest.raises(Refused) as refused:
        await criteria.change(alice, place, house.idea, 1, Draft(label={"en": "Idea"}, most=7))
    assert refused.value.errors == {"most": "Somebody has given 8 points already."}
    await criteria.change(alice, place, house.idea, 1, Draft(label={"en": "Originality"}, most=8))
    with pytest.raises(Stale):
        await criteria.change(alice, place, house.idea, 1, Draft(label={"en": "Late"}, most=8))
    await criteria.move(alice, place, house.budget, -1)
    assert [one.name for one in await criteria.of_campaign(place)] == ["Budget", "Originality"]
    assert criteria.lost_with(await criteria.one(place, house.idea)) == "1 score is deleted too."
    await criteria.remove(alice, place, house.idea)
    assert [one.criterion_id for one in await scoring.of_dossier(house.dossier)] == [house.budget]
    with pytest.raises(Missing):
        await criteria.add(house.dana.actor, place, Draft(label={"en": "Foreign"}))


async def test_notes_belong_to_those_who_wrote_them(house: House) -> None:
    note_id = await notes.add(house.bob.actor, house.dossier, " A strong team.\r\nLate. ")
    [note] = await notes.of_dossier(house.dossier)
    assert (note.body, note.author_name) == ("A strong team.\nLate.", "Bob")
    for other in (house.alice, house.dana):
        with pytest.raises(Missing):
            await notes.change(other.actor, house.dossier, note_id, 1, "No")
    with pytest.raises(Refused):
        await notes.add(house.bob.actor, house.dossier, "  ")
    await notes.change(house.bob.actor, house.dossier, note_id, 1, "A very strong team.")
    with pytest.raises(Stale):
        await notes.change(house.bob.actor, house.dossier, note_id, 1, "Lost")
    await notes.remove(house.bob.actor, house.dossier, note_id)
    assert await notes.of_dossier(house.dossier) == []
    told = [event.what for event in await timeline.of_dossier(house.dossier)]
    assert told == ["note.removed", "note.changed", "note.added"]

"""Drafts of mailings: who may write them, together, and to whom."""

from __future__ import annotations

import pytest

from portal.audiences.sources import Chosen
from portal.mailings import actions, queries
from portal.mailings.queries import Filters
from portal.mailings.rules import Draft
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.mailings import material


async def test_Z01_mailings_are_for_candidates_and_contacts(db: None) -> None:
    alice = await material.alice()
    ana, contact = await factories.person(), await factories.person("Carla", kind="contact")
    for module, who in (("candidates", ana), ("contacts", contact)):
        mailing = await material.draft(alice.actor, ana.id, contact.id, module=module)
        assert await queries.picked_of(mailing.id, [ana.id, contact.id]) == {who.id}
        assert (await material.summed(alice.actor, mailing)).going == 1


@pytest.mark.seed("Z13", "Z24")
async def test_Z13_Z24_writing_to_candidates_and_to_contacts_are_rights_of_their_own(db: None) -> None:
    alice, bob = await material.alice(), await factories.account("Bob", "evaluator")
    mailing = await material.draft(alice.actor)
    with pytest.raises(Refused):
        await actions.create(bob.actor, Draft(name="News"))
    with pytest.raises(Missing):
        await queries.one(bob.actor, mailing.id)
    assert not await queries.search(bob.actor, Filters())


async def test_two_people_write_a_draft_and_the_second_is_told_who_was_faster(db: None) -> None:
    alice = await material.alice()
    colleague = await factories.account("Celina")
    mailing = await material.draft(alice.actor)
    await actions.change(colleague.actor, mailing.id, mailing.version, {"name": "Second reminder"})
    with pytest.raises(Stale) as stale:
        await actions.change(alice.actor, mailing.id, mailing.version, {"name": "Third reminder"})
    assert (stale.value.theirs.name, stale.value.by) == ("Second reminder", "Celina")


async def test_ticks_survive_until_they_are_taken_away(db: None) -> None:
    alice = await material.alice()
    first, second, third = await material.people(3)
    mailing = await material.draft(alice.actor, first.id)
    page = Chosen(module="candidates", ids=(second.id, third.id))
    assert await actions.pick(alice.actor, mailing.id, page) == 3
    assert await actions.pick(alice.actor, mailing.id, Chosen(module="candidates", ids=(third.id,)), ticked=False) == 2
    copy = await actions.duplicate(alice.actor, mailing.id)
    assert await queries.picked_of(copy, [first.id, second.id, third.id]) == {first.id, second.id}


async def test_a_draft_of_a_campaign_is_seen_by_its_members_only(db: None) -> None:
    alice, dana = await material.alice(), await factories.account("Dana")
    campaign = await factories.campaign(managers=(alice,))
    mailing = await material.draft(alice.actor, module="dossiers", campaign_id=campaign.id)
    with pytest.raises(Missing):
        await queries.one(dana.actor, mailing.id)
    with pytest.raises(Missing):
        await material.draft(dana.actor, campaign_id=campaign.id)
    assert [row.id for row in (await queries.search(alice.actor, Filters(q="closing"))).items] == [mailing.id]
    await actions.delete_draft(alice.actor, mailing.id, mailing.version)
    assert not await queries.search(alice.actor, Filters())

"""Programmes above campaigns, and the archive below them (E17)."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.campaigns import actions, programmes, queries
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.clients import Client


@pytest.mark.seed("E17")
async def test_E17_alice_keeps_the_calls_of_a_programme_together(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    await factories.campaign(managers=(alice,), title={"en": "Fellowships"})
    await client.sign_in(alice.email)
    page = await client.get("/programmes")
    assert "There are no programmes yet." in page.words
    sent = (await client.get("/programmes/new")).form("/programmes/new")
    page = await client.post("/programmes/new", sent)
    assert (page.status, page.errors) == (422, ["Enter the title."])
    page = await client.post("/programmes/new", sent | {"title.es": "Territorios"})
    assert (page.path, page.toasts) == ("/programmes", ["Programme added."])
    (programme,) = await programmes.every()
    where = f"/campaigns/{campaign.id}/settings"
    page = await client.get(where)
    await client.post(where, page.form(where) | {"programme_id": str(programme.id)})
    assert (await client.get("/programmes")).texts("tbody th a") == ["Rural Labs"]
    assert (await client.get(f"/campaigns?programme={programme.id}")).texts("tbody th a") == ["Rural Labs"]
    assert "Territorios" in (await client.get(f"/campaigns/{campaign.id}")).words
    own = f"/programmes/{programme.id}"
    page = await client.post(own, (await client.get(own)).form(own) | {"title.en": "Territories"})
    assert page.texts("h2") == ["Territories"]
    page = await client.get(f"{own}/delete")
    assert "1 campaign belongs to it. The campaign stays, without a programme." in page.words
    assert (await client.post(f"{own}/delete")).toasts == ["Programme “Territories” deleted."]
    assert (await queries.one(alice.actor, campaign.id)).programme_id is None


async def test_two_people_in_the_same_programme_lose_nothing_and_bob_only_reads(client: Client) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    programme_id = await programmes.add(alice.actor, {"en": "Territories"}, {})
    await programmes.change(alice.actor, programme_id, 1, {"en": "Regions"}, {})
    with pytest.raises(Stale) as stale:
        await programmes.change(alice.actor, programme_id, 1, {"en": "Places"}, {})
    assert stale.value.theirs.title == {"en": "Regions"}
    await client.sign_in(bob.email)
    page = await client.get("/programmes")
    assert (page.texts("h2"), page.texts(".actions a")) == (["Regions"], [])
    assert (await client.get(f"/programmes/{programme_id}")).status == 403


@pytest.mark.seed("E17")
async def test_E17_an_archived_campaign_leaves_the_list_and_the_public_and_comes_back(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    await factories.dossier(campaign)
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}"
    assert (await client.get(f"{where}/archive")).h1 == "Archive “Rural Labs”?"
    page = await client.post(f"{where}/archive")
    assert page.toasts == ["Campaign “Rural Labs” archived."]
    assert "All campaigns are in the archive." in page.words
    assert (await client.get("/campaigns?archived=1")).texts("tbody th a") == ["Rural Labs"]
    assert (await client.get(f"/apply/{campaign.slug}")).status == 404
    with pytest.raises(Refused, match=r"^The campaign is in the archive\. Bring it back first\.$"):
        await actions.publish(alice.actor, campaign.id)
    page = await client.get(f"{where}/settings")
    page = await client.post(f"{where}/settings", page.form(f"{where}/settings") | {"published": "1"})
    assert (page.status, page.errors) == (422, ["The campaign is in the archive. Bring it back first."])
    page = await client.post(f"{where}/bring-back")
    assert page.toasts == ["Campaign brought back. It is not published."]
    assert page.texts(".lede .status") == ["Not published"]
    sql = "select array_agg(what order by id) from timeline_event where campaign_id = $1"
    assert await database.fetchval(sql, campaign.id) == ["campaign.archived", "campaign.brought_back"]


async def test_dana_archives_nothing(db: None) -> None:
    dana, campaign = await factories.account("Dana"), await factories.campaign()
    for attempt in (actions.archive(dana.actor, campaign.id), actions.bring_back(dana.actor, campaign.id)):
        with pytest.raises(Missing):
            await attempt


@pytest.mark.seed("E17")
async def test_E17_alice_decides_what_candidates_and_evaluators_may(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/settings"
    sent = (await client.get(where)).form(where)
    assert ("resubmission" in sent, "withdrawal" in sent, "assigned_only" in sent) == (False, True, False)
    del sent["withdrawal"]
    await client.post(where, sent | {"resubmission": "1", "assigned_only": "1"})
    now = await queries.one(alice.actor, campaign.id)
    assert (now.resubmission, now.withdrawal, now.assigned_only) == (True, False, True)

"""The history of a campaign says who changed what, and from what to what."""

from __future__ import annotations

from datetime import datetime

from portal import db as database
from portal import timeline
from portal.campaigns import history, programmes
from tests import factories
from tests.clients import Client


async def test_alice_reads_what_was_changed_from_what_to_what(client: Client) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(
        managers=(alice,), evaluators=(bob,), title={"en": "Labs"}, closes_at=datetime(2099, 12, 15, 23, 59)
    )
    await factories.dossier(campaign)
    programme_id = await programmes.add(alice.actor, {"en": "Territories"}, {})
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/settings"
    changes = {"title.en": "Rural Labs", "closes_at": "2099-12-20T23:59", "programme_id": str(programme_id)}
    page = await client.post(where, (await client.get(where)).form(where) | changes | {"assigned_only": "1"})
    assert page.toasts == ["Saved."]
    page = await client.get(f"/campaigns/{campaign.id}/history")
    assert page.texts(".timeline p") == ["Alice changed the settings"]
    pairs = dict(zip(page.texts(".timeline dt"), page.texts(".timeline dd"), strict=True))
    assert pairs == {
        "Title (English)": "Labs Rural Labs",
        "Closes": "15 December 2099, 23:59 20 December 2099, 23:59",
        "Programme": "Territories",
        "Evaluators see only the dossiers assigned to them": "No Yes",
    }
    await client.sign_in(bob.email)
    assert (await client.get(f"/campaigns/{campaign.id}/history")).texts(".timeline p") == [
        "Alice changed the settings"
    ]


async def test_the_history_pages_by_key_and_leaves_one_part(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    for place in range(history.PAGE + 1):
        what = "campaign.status_moved" if place else "campaign.member_added"
        await timeline.record("campaign", campaign.id, what, alice.actor, campaign_id=campaign.id, label={"en": "Won"})
    dossier = await factories.dossier(campaign)
    about = {"campaign_id": campaign.id, "dossier_id": dossier.id}
    await timeline.record("dossier", dossier.id, "dossier.created", alice.actor, **about)
    first = await history.of_campaign(campaign.id, "", None)
    assert (len(first.items), first.newer) == (history.PAGE, None)
    rest = await history.of_campaign(campaign.id, "", history.NEWEST.read(first.older))
    assert [str(each.words) for each in rest.items] == ["<b>Alice</b> added  to the team"]
    team = await history.of_campaign(campaign.id, "team", None)
    assert len(team.items) == 1


async def test_what_is_gone_keeps_its_number_and_foreign_shapes_say_nothing(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    for changes in ({"programme_id": [None, 4711]}, {"unheard_of": [1, 2]}, [1, 2]):
        lead = {"campaign_id": campaign.id, "changes": changes}
        await timeline.record("campaign", campaign.id, "campaign.changed", alice.actor, **lead)
    found = await history.of_campaign(campaign.id, "settings", None)
    assert [[(one.before, one.after) for one in each.changes] for each in found.items] == [[], [], [("", "4711")]]
    assert await database.fetchval("select count(*) from timeline_event where campaign_id = $1", campaign.id) == 3

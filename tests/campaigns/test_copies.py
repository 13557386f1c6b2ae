"""Next year's call starts from this year's; a call nobody applied to can go (E17)."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.campaigns import copies, queries, team
from portal.outcomes import Missing, Refused
from tests import factories
from tests.clients import Client


@pytest.mark.seed("E17")
async def test_E17_a_copy_has_statuses_questions_and_automatic_e_mails_of_its_own(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"}, slug="labs")
    await factories.question(campaign.id, "budget", kind="number")
    await factories.dossier(campaign)
    template = await factories.template()
    await factories.trigger(campaign, template, from_status="under_review", to_status="accepted", delay_minutes=5)
    await factories.trigger(campaign, template, family="candidate", to_status=None)
    copy_id = await copies.duplicate(alice.actor, campaign.id)
    copy = await queries.one(alice.actor, copy_id)
    assert (copy.name, copy.slug, copy.number_prefix, copy.published) == ("Rural Labs", "labs-2", "RL", False)
    assert [each.key for each in await queries.statuses(copy_id)] == list(campaign.status)
    assert [each.key for each in await queries.questions(copy_id)] == ["budget"]
    assert [each.name for each in await team.members(copy_id)] == ["Alice"]
    assert await queries.dossiers(copy_id) == 0
    sql = """select t.family, f.campaign_id as f, f.key as from_key,
        s.campaign_id as s, s.key as to_key,
        t.delay_minutes from trigger t left join status f on f.id = t.from_status_id
        left join status s on s.id = t.to_status_id
        where t.campaign_id = $1 order by t.id"""
    assert [tuple(row) for row in await database.fetch(sql, copy_id)] == [
        ("manager", copy_id, "under_review", copy_id, "accepted", 5),
        ("candidate", None, None, None, None, 0),
    ]


@pytest.mark.seed("E17")
async def test_E17_a_campaign_is_deleted_only_without_dossiers(db: None) -> None:
    alice = await factories.account("Alice")
    used, empty = await factories.campaign(managers=(alice,)), await factories.campaign(managers=(alice,))
    await factories.dossier(used, status="draft")
    await factories.trigger(empty)
    with pytest.raises(Refused, match="The campaign has 1 dossier"):
        await copies.delete(alice.actor, used.id)
    await copies.delete(alice.actor, empty.id)
    assert [each.id for each in await queries.list_for(alice.actor)] == [used.id]
    assert await database.fetchval("select count(*) from status where campaign_id = $1", empty.id) == 0


async def test_dana_copies_and_deletes_nothing(db: None) -> None:
    dana, campaign = await factories.account("Dana"), await factories.campaign()
    for attempt in (copies.duplicate(dana.actor, campaign.id), copies.delete(dana.actor, campaign.id)):
        with pytest.raises(Missing):
            await attempt


@pytest.mark.seed("E17")
async def test_E17_alice_copies_a_campaign_and_deletes_the_copy_on_its_pages(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    await factories.dossier(campaign)
    await client.sign_in(alice.email)
    page = await client.post(f"/campaigns/{campaign.id}/duplicate")
    assert page.toasts == ["Campaign copied. Change its title and its dates before you publish it."]
    copy = page.path.removesuffix("/settings")
    assert (await client.get(f"{copy}/delete")).h1 == "Delete the campaign “Rural Labs”?"
    assert (await client.post(f"{copy}/delete")).toasts == ["Campaign “Rural Labs” deleted."]
    page = await client.post(f"/campaigns/{campaign.id}/delete")
    assert (page.status, page.errors) == (422, ["The campaign has 1 dossier. Unpublish it instead."])

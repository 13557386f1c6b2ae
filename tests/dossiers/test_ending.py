"""A campaign goes with everything in it, after somebody has read how much that is (E17)."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.campaigns import queries
from portal.dossiers import ending, files
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow, DossierRow


async def labs() -> tuple[AccountRow, CampaignRow, DossierRow]:
    """A campaign with a dossier that was decided, has a document and an e-mail that has not left."""
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs", "es": "Laboratorios rurales"})
    dossier = await factories.dossier(campaign)
    trigger_id = await factories.trigger(campaign)
    kept = await files.keep("plan.pdf", b"%PDF-1.7\n%%EOF\n")
    await database.execute(
        """insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
        values ($1, 'plan', $2, $3, $4, $5, $6)""",
        *(dossier.id, kept.name, kept.stored_as, kept.media_type, kept.size, kept.sha256),
    )
    sql = "insert into status_change (dossier_id, to_id, actor_kind, manual) values ($1, $2, 'user', true)"
    await database.execute(sql, dossier.id, campaign.status["submitted"])
    sql = "insert into origin (kind, ref_id, sender_id, lane) values ('trigger', $1, $2, 1) returning id"
    origin = await database.fetchval(sql, trigger_id, await factories.sender())
    sql = """insert into message (origin_id, person_id, dossier_id, occurrence, state, address)
        values ($1, $2, $3, 1, 'held', 'ana@people.example')"""
    await database.execute(sql, origin, dossier.person_id, dossier.id)
    return alice, campaign, dossier


@pytest.mark.seed("E17")
async def test_E17_a_deleted_campaign_takes_its_dossiers_along_and_leaves_its_messages(db: None) -> None:
    alice, campaign, _dossier = await labs()
    going = await ending.going(campaign.id)
    assert (going.dossiers, going.submitted, going.documents, going.triggers) == (1, 1, 1, 1)
    assert (going.messages, going.waiting) == (1, 1)
    stored_as = await database.fetchval("select stored_as from dossier_file")
    await ending.delete(alice.actor, campaign.id, 1, "Laboratorios rurales")
    with pytest.raises(Missing):
        await queries.one(alice.actor, campaign.id)
    for table in ("dossier", "status", "trigger", "dossier_file"):
        assert await database.fetchval(f"select count(*) from {table}") == 0
    assert not files.path_of(stored_as).exists()
    assert [tuple(row) for row in await database.fetch("select state, reason from message")] == [
        ("cancelled", "by_hand")
    ]
    last = await database.fetchrow("select what, details from timeline_event order by id desc limit 1")
    assert last
    assert (last["what"], last["details"]["dossiers"]) == ("campaign.deleted", 1)


@pytest.mark.seed("E17")
async def test_E17_dossiers_are_deleted_neither_by_a_slip_nor_unseen(db: None) -> None:
    alice, campaign, _dossier = await labs()
    dana = await factories.account("Dana")
    with pytest.raises(Refused, match="Type the title as it stands above"):
        await ending.delete(alice.actor, campaign.id, 1, "Rural Lab")
    await factories.dossier(campaign)
    with pytest.raises(Stale):
        await ending.delete(alice.actor, campaign.id, 1, "Rural Labs")
    with pytest.raises(Missing):
        await ending.delete(dana.actor, campaign.id, 2, "Rural Labs")
    assert await queries.dossiers(campaign.id) == 2


@pytest.mark.seed("E17")
async def test_E17_alice_reads_what_goes_before_it_goes(client: Client) -> None:
    alice, campaign, _dossier = await labs()
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/delete"
    page = await client.get(where)
    assert page.h1 == "Delete the campaign “Rural Labs”?"
    assert "1 dossier is deleted with it." in page.words
    assert "1 message stays in the register. 1 of them has not left yet and is cancelled." in page.words
    sent = page.form(where)
    page = await client.post(where, sent)
    assert (page.status, page.errors) == (422, ["Type the title as it stands above."])
    await factories.dossier(campaign)
    page = await client.post(where, sent | {"title": "Rural Labs"})
    assert (page.status, page.errors) == (409, ["The number of dossiers has changed. Look at the numbers again."])
    page = await client.post(where, page.form(where) | {"title": "Rural Labs"})
    assert (page.path, page.toasts) == ("/campaigns", ["Campaign “Rural Labs” deleted."])

"""A campaign goes with everything in it, after somebody has read how much that is (E17)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from portal import db as database
from portal.campaigns import queries
from portal.dossiers import documents, ending, files
from portal.jobs import running
from portal.jobs.actions import SET
from portal.jobs.queries import Job
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.documents import PDF
from tests.factories import AccountRow, CampaignRow, DossierRow
from workers import jobs


async def labs() -> tuple[AccountRow, CampaignRow, DossierRow]:
    """A campaign with a dossier that was decided, has a document and an e-mail that has not left."""
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs", "es": "Laboratorios rurales"})
    dossier = await factories.dossier(campaign)
    trigger_id = await factories.trigger(campaign)
    kept = await files.keep("plan.pdf", PDF)
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
    other = await factories.campaign(managers=(alice,))
    kept = await factories.dossier(other)
    going = await ending.going(campaign.id)
    assert (going.dossiers, going.submitted, going.documents, going.triggers) == (1, 1, 1, 1)
    assert (going.messages, going.waiting) == (1, 1)
    stored_as = await database.fetchval("select stored_as from dossier_file")
    await ending.delete(alice.actor, campaign.id, 1, "Laboratorios rurales")
    with pytest.raises(Missing):
        await queries.one(alice.actor, campaign.id)
    for table in ("trigger", "dossier_file"):
        assert await database.fetchval(f"select count(*) from {table}") == 0
    assert [row["id"] for row in await database.fetch("select id from dossier")] == [kept.id]
    assert [row["campaign_id"] for row in await database.fetch("select distinct campaign_id from status")] == [other.id]
    assert not files.path_of(stored_as).exists()
    assert [tuple(row) for row in await database.fetch("select state, reason from message")] == [
        ("cancelled", "by_hand")
    ]
    last = await database.fetchrow("select what, details from timeline_event order by id desc limit 1")
    assert last
    assert (last["what"], last["details"]["dossiers"]) == ("campaign.deleted", 1)


@pytest.mark.seed("E17")
async def test_E17_a_campaign_without_dossiers_is_deleted_without_typing_its_title(client: Client) -> None:
    alice = await factories.account("Alice")
    used, empty = await factories.campaign(managers=(alice,)), await factories.campaign(managers=(alice,))
    await factories.dossier(used, status="draft")
    await factories.trigger(empty)
    await client.sign_in(alice.email)
    where = f"/campaigns/{empty.id}/delete"
    page = await client.get(where)
    assert page.all("[name=title]") == []
    page = await client.post(where, page.form(where))
    assert page.path == "/campaigns"
    assert [each.id for each in await queries.list_for(alice.actor)] == [used.id]
    assert await database.fetchval("select count(*) from status where campaign_id = $1", empty.id) == 0


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


# ------------------------------------------------------------------------------------------------ many dossiers
async def long_deletion(client: Client, monkeypatch: pytest.MonkeyPatch) -> tuple[CampaignRow, Page]:
    """Alice has asked to delete a campaign with more dossiers than a page deletes: the page she comes to."""
    monkeypatch.setattr(ending, "AT_ONCE", 1)
    monkeypatch.setattr(ending, "PORTION", 1)
    alice, campaign, _dossier = await labs()
    await factories.dossier(campaign)
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/delete"
    page = await client.get(where)
    assert "So many dossiers take a while: a task does it, and shows how far it is." in page.words
    sent = page.form(where) | {"title": "Rural Labs"}
    page = await client.post(where, sent)
    assert (await client.post(where, sent)).path == page.path  # a second click is no second deletion
    return campaign, page


@pytest.mark.seed("E17")
async def test_E17_many_dossiers_are_deleted_by_a_task(
    fresh_client: Client, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, page = await long_deletion(fresh_client, monkeypatch)
    assert page.h1 == "Deletion of the campaign “Rural Labs”"
    stored_as = await database.fetchval("select stored_as from dossier_file")
    assert await queries.dossiers(campaign.id) == 2
    assert await running.work(jobs.PER_ITEM, jobs.WHOLE, 30) == 1
    assert await database.fetchval("select count(*) from campaign") == 0
    assert await database.fetchval("select count(*) from dossier") == 0
    assert not files.path_of(stored_as).exists() and stored_as not in files.stale_pending(time.time() + 90_000)
    page = await fresh_client.get(page.path)
    assert "/campaigns" in page.links and "Finished" in page.words and "2 / 2" in page.words


@pytest.mark.seed("E17")
async def test_E17_a_deletion_killed_in_the_middle_has_never_happened_and_begins_again(
    fresh_client: Client, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, _page = await long_deletion(fresh_client, monkeypatch)
    stored_as = await database.fetchval("select stored_as from dossier_file")

    async def killed(job: Job, result: dict[str, Any]) -> None:
        assert await database.fetchval("select count(*) from dossier") == 0
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(running, "finish", killed)
        with pytest.raises(ConnectionResetError):
            await running.work(jobs.PER_ITEM, jobs.WHOLE, 30)
    assert await queries.dossiers(campaign.id) == 2 and files.path_of(stored_as).exists()
    assert await database.fetchval("select state from message") == "held"
    monkeypatch.setattr(files, "PENDING_HOURS", 0)
    assert await documents.sweep() == 0 and files.path_of(stored_as).exists()
    assert await running.work(jobs.PER_ITEM, jobs.WHOLE, 30) == 1
    assert await database.fetchval("select count(*) from campaign") == 0 and not files.path_of(stored_as).exists()


@pytest.mark.seed("E17")
async def test_E17_a_deletion_is_cancelled_until_its_end_and_refused_when_dossiers_came(
    fresh_client: Client, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, page = await long_deletion(fresh_client, monkeypatch)
    job_id = int(page.path.rpartition("/")[2])
    finish = running.finish

    async def after_cancel(job: Job, result: dict[str, Any]) -> None:
        await running.aside(database.execute(SET, job_id, "cancelled", ["running"]))
        await finish(job, result)

    with monkeypatch.context() as patch:
        patch.setattr(running, "finish", after_cancel)
        await running.work(jobs.PER_ITEM, jobs.WHOLE, 30)
    assert await queries.dossiers(campaign.id) == 2
    where = f"/campaigns/{campaign.id}/delete"
    page = await fresh_client.get(where)
    page = await fresh_client.post(where, page.form(where) | {"title": "Rural Labs"})
    await factories.dossier(campaign)
    await running.work(jobs.PER_ITEM, jobs.WHOLE, 30)
    assert await queries.dossiers(campaign.id) == 3
    assert "The number of dossiers has changed. Look at the numbers again." in (await fresh_client.get(page.path)).words

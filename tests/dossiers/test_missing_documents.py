"""A submitted application is read-only, but for the documents that its status says are missing."""

from __future__ import annotations

import pytest

from portal import db as database
from portal import tokens
from portal.dossiers import actions, queries
from portal.dossiers.rules import Mode
from portal.ledger import queries as ledger
from portal.outcomes import Stale
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF
from tests.factories import CampaignRow, DossierRow

PLAN = ("plan.pdf", PDF, "application/pdf")


async def ask_for_documents(scene: Scene, call: CampaignRow, mode: Mode = "silent") -> tuple[DossierRow, str]:
    """A submitted dossier that was put to Documents missing, and its candidate's way back."""
    await factories.member(call.id, scene.alice, "manager")
    dossier = await factories.dossier(call, status="submitted")
    alice = scene.alice.actor
    await actions.change_status(dossier.id, "documents_missing", 1, alice, mode, "asked by telephone")
    return dossier, f"/apply/{call.slug}/{tokens.sign('dossier', dossier.id)}"


async def send(client: Client, way: str, **files: tuple[str, bytes, str]) -> Page:
    page = await client.get(way)
    return await client.post(f"{way}/documents", page.form(f"{way}/documents"), files=files)


async def test_a_missing_document_is_added_after_the_closing_date_and_recorded(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    dossier, way = await ask_for_documents(scene, call)
    await database.execute("update campaign set opens_at = null, closes_at = '2020-01-01' where id = $1", call.id)
    page = await send(client, way, file_plan=PLAN)
    assert "We have received your documents." in page.words and "plan.pdf" in page.words
    assert [file.name for file in await queries.files(dossier.id)] == ["plan.pdf"]
    await client.sign_in(scene.alice.email)
    page = await client.get(f"/dossiers/{dossier.id}")
    assert "added documents: plan.pdf" in page.words


async def test_a_new_document_takes_the_place_of_the_old_one(client: Client, call: CampaignRow, scene: Scene) -> None:
    dossier, way = await ask_for_documents(scene, call)
    await send(client, way, file_plan=PLAN)
    await send(client, way, file_plan=("signed.pdf", PDF, "application/pdf"))
    assert [file.name for file in await queries.files(dossier.id)] == ["signed.pdf"]


async def test_sending_nothing_and_sending_a_program_are_refused_beside_the_field(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    dossier, way = await ask_for_documents(scene, call)
    page = await send(client, way)
    assert (page.status, page.errors) == (422, ["Plan: Choose at least one file."])
    page = await send(client, way, file_plan=("plan.pdf", b"MZ", "application/pdf"))
    assert page.status == 422 and not await queries.files(dossier.id)


async def test_no_other_status_takes_documents(client: Client, call: CampaignRow, scene: Scene) -> None:
    dossier, way = await ask_for_documents(scene, call)
    page = await client.get(way)
    form = page.form(f"{way}/documents")
    alice = scene.alice.actor
    await actions.change_status(dossier.id, "under_review", 2, alice, "silent", "complete")
    assert "Missing documents" not in (await client.get(way)).words
    page = await client.post(f"{way}/documents", form, files={"file_plan": PLAN})
    assert page.status == 422 and "does not take documents any more" in page.words
    assert not await queries.files(dossier.id)


async def test_nothing_is_asked_for_while_the_letter_that_asks_is_on_hold(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    await factories.trigger(call, name="Missing", to_status="documents_missing")
    dossier, way = await ask_for_documents(scene, call, "hold")
    assert [mail.state for mail in await ledger.of_dossier(dossier.id)] == ["held"]
    assert "Missing documents" not in (await client.get(way)).words


async def test_a_call_without_documents_says_how_to_send_them(client: Client, call: CampaignRow, scene: Scene) -> None:
    await database.execute("delete from question where campaign_id = $1 and kind = 'file'", call.id)
    _dossier, way = await ask_for_documents(scene, call)
    assert "Reply to our e-mail and attach the documents" in (await client.get(way)).words


async def test_whoever_decides_meanwhile_is_told_that_documents_have_come(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    dossier, way = await ask_for_documents(scene, call)
    seen = (await queries.by_id(dossier.id)).version
    await send(client, way, file_plan=PLAN)
    with pytest.raises(Stale):
        await actions.change_status(dossier.id, "rejected", seen, scene.alice.actor, "silent", "nothing came")

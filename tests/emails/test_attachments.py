"""Documents that go with letters: which are taken, a version for each change, frozen into each message."""

from __future__ import annotations

import pytest

from portal import db
from portal.emails import actions, attaching, queries
from portal.emails.attaching import LARGEST, LARGEST_SUM, MOST
from portal.outcomes import Missing, Refused
from portal.triggers.actions import fire
from portal.triggers.facts import Change
from tests import factories
from tests.clients import Client
from tests.dossiers.documents import PDF


def pdf(size: int) -> bytes:
    return PDF[:-7] + b" " * (size - len(PDF)) + PDF[-7:]


async def test_alice_attaches_a_document_and_takes_it_away(client: Client) -> None:
    alice = await factories.account("Alice")
    template = await factories.template()
    here = f"/templates/{template.id}/attachments"
    await client.sign_in(alice.email)
    page = await client.get(here)
    page = await client.post(here, page.form(here), files={"file": ("../Rules: 2027.exe", PDF, "text/html")})
    assert page.toasts == ["Version 2 saved."]
    [file] = (await queries.current(template.id)).attachments
    assert (file.name, file.media_type, file.size) == ("Rules_ 2027.exe.pdf", "application/pdf", len(PDF))
    client.checked = False
    saved = await client.get(f"{here}/{file.id}")
    assert saved.headers["content-disposition"].startswith("attachment;") and saved.headers["content-type"] == (
        "application/pdf"
    )
    client.checked = True
    page = await client.get(f"/templates/{template.id}/versions/2")
    assert page.texts(".facts ins") == ["Rules_ 2027.exe.pdf"]
    away = f"{here}/{file.id}/remove"
    page = await client.post(away, (await client.get(here)).form(away))
    assert page.toasts == ["Version 3 saved."] and (await queries.current(template.id)).attachments == []


async def test_a_letter_keeps_the_documents_it_was_planned_with(db: None) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    template = await factories.template()
    await factories.trigger(campaign, template)
    dossier = await factories.dossier(campaign)
    await attaching.attach(template.id, "rules.pdf", PDF, 1, alice.actor)
    [file] = (await queries.current(template.id)).attachments
    change = Change(dossier_id=dossier.id, campaign_id=campaign.id, event_id=1, kind="status", from_status=None,
                    to_status=campaign.status["accepted"], manual=True, actor_kind="user")  # fmt: skip
    [message_id] = await fire(change)
    await attaching.detach(template.id, file.id, 2, alice.actor)
    assert await _frozen(message_id) == [file.id]


async def _frozen(message_id: int) -> list[int]:
    return list(await db.fetchval("select attachments from letter where id = $1", message_id))


async def test_there_are_limits_for_one_and_for_all(db: None) -> None:
    alice = await factories.account("Alice")
    template = await factories.template()
    await attaching.attach(template.id, "a.pdf", pdf(LARGEST), 1, alice.actor)
    for data, words in (
        (b"", "empty"),
        (pdf(LARGEST + 1), "too big"),
        (pdf(LARGEST_SUM - LARGEST + 1), "together"),
        (b"MZ\x90\0", "cannot go"),
        (b"<html><script>", "cannot go"),
    ):
        with pytest.raises(Refused, match=words):
            await attaching.attach(template.id, "b.pdf", data, 2, alice.actor)
    for number in range(2, MOST + 1):
        await attaching.attach(template.id, "c.pdf", PDF, number, alice.actor)
    with pytest.raises(Refused, match="At most 5 documents"):
        await attaching.attach(template.id, "d.pdf", PDF, MOST + 1, alice.actor)
    assert len((await queries.current(template.id)).attachments) == MOST


async def test_saving_the_text_keeps_the_documents_and_others_documents_are_missing(client: Client) -> None:
    alice = await factories.account("Alice")
    template, other = await factories.template("One"), await factories.template("Two")
    await attaching.attach(template.id, "a.pdf", PDF, 1, alice.actor)
    now = await queries.current(template.id)
    draft = actions.Draft(name="One", category="transactional", texts=actions.draft_of(now).texts | {
        "es": actions.Text("Hola", "", "<p>Hola</p>")})  # fmt: skip
    saved = await actions.save(template.id, draft, 2, alice.actor)
    assert [each.name for each in saved.attachments] == ["a.pdf"]
    with pytest.raises(Missing):
        await attaching.content(other.id, saved.attachments[0].id)
    await client.sign_in(alice.email)
    assert (await client.get(f"/templates/{other.id}/attachments/{saved.attachments[0].id}")).status == 404

"""Templates on their pages: the list, writing in four languages, the preview, tests to oneself."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db
from portal.emails import queries
from tests import factories
from tests.clients import Client, Page
from tests.factories import AccountRow

SUBJECT = "Your application {{ dossier_number }}"
BODY = "<p>Dear {{ first_name }},</p>\n<p>{{ dossier_link }}</p>"


@pytest.fixture
async def alice(client: Client) -> AccountRow:
    """Alice the manager, signed in."""
    await factories.organisation()
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


def sent(**changes: Any) -> dict[str, Any]:
    form = {"name": "Receipt", "category": "transactional", "locale": "en", "subject": SUBJECT, "body": BODY}
    return {**form, "preheader": "", "sender_id": "", "reply_to": "", "version": "0", "person": "0", **changes}


async def framed(client: Client, url: str, data: dict[str, Any] | None = None) -> Page:
    """A letter in its frame, which follows the rules of mail and not those of pages."""
    client.checked = False
    page = await (client.get(url) if data is None else client.post(url, data))
    client.checked = True
    return page


# ------------------------------------------------------------------------------------------------ the list
async def test_without_a_template_the_list_says_what_it_is_for(client: Client, alice: AccountRow) -> None:
    page = await client.get("/templates")
    assert page.h1 == "Templates"
    assert "No template yet" in page.words
    assert "/templates/new" in page.links


async def test_the_list_says_languages_and_where_a_template_is_used(client: Client, alice: AccountRow) -> None:
    mine = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    other = await factories.campaign(title={"en": "Secret call"})
    template = await factories.template("Receipt", variants={"en": (SUBJECT, BODY), "fr": (SUBJECT, BODY)})
    for campaign in (mine, other):
        await factories.trigger(campaign, template)
    page = await client.get("/templates")
    row = " ".join(page.texts("tbody tr"))
    assert "Receipt" in row and "Rural Labs" in row and "Other campaigns: 1" in row and "Secret call" not in row
    assert "es missing" in row and "pl missing" in row and "fr missing" not in row


async def test_the_list_is_searched_without_accents_and_capitals(client: Client, alice: AccountRow) -> None:
    await factories.template("Réception du dossier")
    await factories.template("Rejection")
    page = await client.get("/templates?q=RECEPTION", target="rows")
    assert page.texts("tbody b") == ["Réception du dossier"]
    assert "Nothing matches these filters" in (await client.get("/templates?q=zzz")).words


async def test_bob_the_evaluator_sees_no_templates(client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    await client.sign_in(bob.email)
    assert (await client.get("/templates")).status == 403


# ------------------------------------------------------------------------------------------------ writing
@pytest.mark.seed("Z18")
@pytest.mark.seed("E04")
async def test_Z18_a_new_template_comes_back_to_the_form_that_asked_for_it(client: Client, alice: AccountRow) -> None:
    page = await client.get("/templates/new?back=/campaigns/3/emails/new%3Ffamily%3Dmanager")
    form = page.form("/templates")
    assert form["back"] == "/campaigns/3/emails/new?family=manager"
    answer = await client.post("/templates", sent(back=form["back"]), follow=False)
    [template] = await db.fetch("select id from template")
    assert answer.status == 303
    assert answer.headers["location"] == f"/campaigns/3/emails/new?family=manager&template={template['id']}"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
async def test_only_own_pages_are_come_back_to(client: Client, alice: AccountRow, back: str) -> None:
    answer = await client.post("/templates", sent(back=back), follow=False)
    assert answer.headers["location"].startswith("/templates/")


async def test_a_template_is_written_language_by_language(client: Client, alice: AccountRow) -> None:
    page = await client.post("/templates", sent())
    assert page.toasts == ["Template created."]
    path = page.path.partition("?")[0]
    page = await client.get(f"{path}?locale=pl")
    assert "People who read Polish get it in English." in page.words
    assert page.texts(".tabs [data-tone=warn]") == ["missing"] * 3
    form = {**page.form(path), "subject": "Wniosek {{ dossier_number }}", "body": "Szanowni Państwo,\n\nw toku"}
    page = await client.post(path, form)
    assert page.toasts == ["Version 2 saved."]
    version = await queries.current(int(path.rpartition("/")[2]))
    assert version.variants["pl"].body == "<p>Szanowni Państwo,</p>\n<p>w toku</p>"
    assert version.variants["en"].subject == SUBJECT
    assert version.fallback_locale == "en"


async def test_non_breaking_spaces_of_a_french_subject_stay(client: Client, alice: AccountRow) -> None:
    subject = "Dossier n°\u00a0{{ dossier_number }}\u202f: reçu"
    page = await client.post("/templates", sent(locale="fr", subject=subject))
    assert (await queries.current(int(page.path.split("/")[2].partition("?")[0]))).variants["fr"].subject == subject


async def test_a_wrong_field_is_named_with_line_column_and_suggestion(client: Client, alice: AccountRow) -> None:
    page = await client.post("/templates", sent(body="<p>Dear</p>\n<p>{{ frist_name }}</p>"))
    assert page.status == 422
    sentence = "Line 2, column 7: no field is called “frist_name”. Did you mean “first_name”?"
    assert page.errors == [sentence]
    assert page.texts("#body-error") == [sentence]
    assert page.form("/templates")["subject"] == SUBJECT
    assert "frist_name" in page.form("/templates")["body"]
    assert await db.fetchval("select count(*) from template") == 0


async def test_somebody_was_faster(client: Client, alice: AccountRow) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    mine = (await client.get(path)).form(path)
    await client.post(path, {**mine, "subject": "Theirs"})
    page = await client.post(path, {**mine, "subject": "Mine"})
    assert page.status == 409
    assert page.texts(".compare ins") == ["Theirs", "Mine"]
    page = await client.post(path, page.form(path))
    assert page.toasts == ["Version 3 saved."]
    assert page.form(path)["subject"] == "Mine"


async def test_saving_without_a_change_makes_no_version(client: Client, alice: AccountRow) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    page = await client.post(path, (await client.get(path)).form(path))
    assert page.toasts == ["Version 1 saved."]
    assert await db.fetchval("select count(*) from template_version") == 1


# ------------------------------------------------------------------------------------------------ the preview
async def test_the_preview_is_the_letter_of_a_real_person(client: Client, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,))
    ines = await factories.dossier(campaign, await factories.person("Inès", "Lefèvre"))
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    page = await client.get(f"{path}?as={ines.id}&part=text&device=desktop")
    assert page.texts("#notes dd b") == [f"Your application {ines.number}"]
    assert page.texts("#notes pre")[0].startswith("Dear Inès,")
    assert page.one(".preview").attrs["data-device"] == "desktop"
    frame = await framed(client, f"{path}/preview?as={ines.id}&locale=en")
    assert "Dear Inès," in frame.text
    assert f"/dossiers/{ines.id}" in frame.text and "/apply/" not in frame.text


async def test_the_frame_runs_nothing_and_loads_nothing(client: Client, alice: AccountRow) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    frame = await framed(client, f"{path}/preview")
    policy = frame.headers["content-security-policy"]
    assert policy.startswith("sandbox;") and "default-src 'none'" in policy and "script-src" not in policy
    page = await client.get(path)
    assert page.one("iframe").attrs["sandbox"] == ""


async def test_a_foreign_dossier_cannot_be_previewed_as(client: Client, alice: AccountRow) -> None:
    foreign = await factories.dossier(await factories.campaign())
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    for url in (f"{path}?as={foreign.id}", f"{path}/preview?as={foreign.id}", f"{path}?as=999999999999"):
        assert (await client.get(url)).status == 404


async def test_people_are_found_by_name(client: Client, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,))
    await factories.dossier(campaign, await factories.person("Inès", "Lefèvre"))
    await factories.dossier(campaign, await factories.person("Ana", "Nowak"))
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    page = await client.get(f"{path}?who=lefevre")
    assert [text.split(" · ")[0] for text in page.texts("#as option")] == ["A sample person", "Inès Lefèvre"]


async def test_what_is_being_written_is_shown_without_being_saved(client: Client, alice: AccountRow) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    form = {
        **(await client.get(path)).form(path),
        "subject": "Fresh {{ first_name }}",
        "body": "<div>One<br><br>Two</div>",
    }
    notes = await client.post(f"{path}/check", form, target="notes")
    assert notes.texts("dd b") == ["Fresh Alice"]
    frame = await framed(client, "/templates/preview", form)
    assert ">One</p>" in frame.text and ">Two</p>" in frame.text
    assert await db.fetchval("select count(*) from template_version") == 1


async def test_problems_are_said_while_writing_and_the_frame_keeps_its_letter(
    client: Client, alice: AccountRow
) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    form = {**(await client.get(path)).form(path), "subject": "{{ frist_name }}"}
    notes = await client.post(f"{path}/check", form, target="notes")
    assert notes.texts("[data-tone=bad]") == [
        "Line 1, column 4: no field is called “frist_name”. Did you mean “first_name”?"
    ]
    assert (await client.post("/templates/preview", form)).status == 204


async def test_a_field_without_value_is_pointed_out(client: Client, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,), closes_at=None)
    dossier = await factories.dossier(campaign)
    path = (await client.post("/templates", sent(body="<p>{{ closing_date }}</p>"))).path.partition("?")[0]
    page = await client.get(f"{path}?as={dossier.id}")
    assert page.texts("#notes [data-tone=warn]") == ["Empty field: Closing date"]


# ------------------------------------------------------------------------------------------------ trying, archiving
async def test_alice_sends_herself_a_test(client: Client, alice: AccountRow) -> None:
    path = (await client.post("/templates", sent())).path.partition("?")[0]
    page = await client.post(f"{path}/test", {"locale": "en", "person": "0"})
    assert page.toasts == [f"Test e-mail queued for {alice.email}. Show the message"]
    [row] = await db.fetch(
        """select m.address, l.subject, o.kind, o.lane from message m join letter l using (id)
        join origin o on o.id = m.origin_id"""
    )
    assert tuple(row) == (alice.email, "[Test] Your application A-2027-0001", "test", 0)
    await client.post(f"{path}/test", {"locale": "en", "person": "0"})
    assert await db.fetchval("select count(*) from message") == 2


async def test_a_template_in_use_is_not_archived(client: Client, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,))
    template = await factories.template()
    trigger = await factories.trigger(campaign, template)
    page = await client.post(f"/templates/{template.id}/archive")
    assert page.status == 422 and "Turn them off first" in page.words
    await db.execute("update trigger set active = false where id = $1", trigger)
    page = await client.post(f"/templates/{template.id}/archive")
    assert page.toasts == ["Template archived."]
    assert "No template yet" in page.words
    page = await client.post(f"/templates/{template.id}/restore")
    assert page.toasts == ["Template restored."]

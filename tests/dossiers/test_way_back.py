"""The way back: a draft that waits, another tab, forged links, and where an application stands."""

from __future__ import annotations

from portal import db as database
from portal import tokens
from portal.dossiers import actions
from portal.ledger import queries as ledger
from portal.ledger.actions import release
from tests import factories
from tests.clients import Client
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF
from tests.dossiers.test_apply import filled, only_dossier, save
from tests.factories import CampaignRow


async def test_the_draft_comes_back_with_its_values_and_is_submitted(client: Client, call: CampaignRow) -> None:
    page = await save(client, answer_title="Garden", answer_budget="24,800.5", answer_area="art")
    path = page.path.partition("?")[0]
    shown = page.form(path)
    assert (shown["answer_budget"], shown["answer_area"]) == ("24800.5", "art")
    page = await client.post(path, filled(page, first_name="Anna", answer_title="Orchard", do="submit"))
    dossier = await only_dossier()
    assert page.h1 == f"Application {dossier.number}"
    assert (dossier.status_key, dossier.name, dossier.answers["title"]) == ("submitted", "Anna Nowak", "Orchard")
    again = await client.post(path, {"version": "1", "do": "submit", "locale": "pl"})
    assert again.h1 == page.h1 and (await only_dossier()).version == dossier.version


async def test_another_tab_is_shown_beside_mine_and_mine_may_win(client: Client, call: CampaignRow) -> None:
    page = await save(client, answer_title="Garden")
    path, form = page.path.partition("?")[0], filled(page)
    await client.post(path, form | {"answer_title": "First tab", "do": "later"})
    conflict = await client.post(path, form | {"answer_title": "Second tab", "do": "later"})
    assert conflict.status == 409
    assert "Saved: First tab" in conflict.words and "Yours: Second tab" in conflict.words
    assert conflict.form(path)["answer_title"] == "Second tab"
    page = await client.post(path, conflict.form(path) | {"do": "later"})
    assert (page.status, (await only_dossier()).answers["title"]) == (200, "Second tab")


async def test_a_document_of_a_draft_is_replaced_or_removed(client: Client, call: CampaignRow) -> None:
    page = await save(client)
    path = page.path.partition("?")[0]
    upload = {"file_plan": ("plan.pdf", PDF, "application/pdf")}
    page = await client.post(path, filled(page, do="later"), files=upload)
    assert "plan.pdf" in page.words
    page = await client.post(path, filled(page, do="later"))
    assert "plan.pdf" in page.words
    stored = page.one("input[name=remove_plan]").attrs["value"]
    page = await client.post(path, filled(page, do="later", remove_plan=stored))
    assert "plan.pdf" not in page.words


async def test_links_that_were_not_made_here_open_nothing(client: Client, call: CampaignRow, scene: Scene) -> None:
    page = await save(client)
    dossier = await only_dossier()
    token = tokens.sign("dossier", dossier.id)
    other = await factories.dossier(scene.campaign)
    flipped = token[:-1] + ("a" if token[-1] != "a" else "b")
    swapped = f"{other.id}-{token.partition('-')[2]}"
    wrong = [
        f"/apply/rural-labs/{flipped}",
        f"/apply/rural-labs/{swapped}",
        f"/apply/rural-labs/{tokens.sign('person', dossier.id)}",
        f"/apply/rural-labs/{tokens.sign('dossier', other.id)}",
        f"/apply/{scene.campaign.slug}/{token}",
        f"/apply/rural-labs/{dossier.id}",
        f"/apply/rural-labs/0{token}",
        "/apply/rural-labs/x",
    ]
    for path in wrong:
        page = await client.get(path)
        assert (page.status, page.h1) == (404, "Page not found"), path
        assert (await client.post(path, {"do": "later"})).status == 404
        assert (await client.get(f"{path}/files/1")).status == 404
    assert (await client.get(f"/apply/rural-labs/{token}")).status == 200


async def test_after_the_closing_date_a_draft_can_be_read_but_not_sent(client: Client, call: CampaignRow) -> None:
    page = await save(client, answer_title="Garden")
    path = page.path.partition("?")[0]
    form = filled(page, do="submit", answer_budget="1")
    await database.execute("update campaign set closes_at = '2026-02-01 12:00' where id = $1", call.id)
    page = await client.get(path)
    assert page.all("form[enctype]") == [] and "Garden" in page.words
    assert "closed on 1 February 2026, 12:00 (local time: Warsaw)" in page.words
    late = await client.post(path, form)
    assert late.status == 422 and "closed on" in late.errors[0]
    assert (await only_dossier()).status_key == "draft"


async def test_the_status_page_says_only_the_public_name(client: Client, call: CampaignRow) -> None:
    sql = """update status set label = '{"en": "Internal"}', public_label = '{"en": "In progress"}' where id = $1"""
    await database.execute(sql, call.status["under_review"])
    dossier = await factories.dossier(call, status="under_review")
    page = await client.get(f"/apply/rural-labs/{tokens.sign('dossier', dossier.id)}")
    assert "In progress" in page.words and "Internal" not in page.text


async def test_what_candidates_type_is_never_markup(client: Client, call: CampaignRow) -> None:
    canary = "<img src=x onerror=alert(1)>"
    page = await save(client, answer_title=canary, answer_story=f"{canary}\n{canary}")
    assert page.all("img") == []
    dossier = await only_dossier()
    await database.execute("update campaign set closes_at = '2026-02-01 12:00' where id = $1", call.id)
    page = await client.get(page.path)
    assert page.all("img") == [] and canary in page.words and dossier.answers["title"] == canary


async def test_the_page_does_not_tell_a_decision_whose_letter_is_on_hold(client: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    link = f"/apply/{scene.campaign.slug}/{tokens.sign('dossier', dossier.id)}"
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor, "hold")
    page = await client.get(link)
    assert (page.texts("dl.facts .status"), "There is a decision" in page.words) == (["Submitted"], False)
    [message] = await ledger.of_dossier(dossier.id)
    await release(message.id, scene.alice.actor)
    page = await client.get(link)
    assert (page.texts("dl.facts .status"), "There is a decision" in page.words) == (["Accepted"], True)

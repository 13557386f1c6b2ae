"""What candidates meet: the form of a call, the way back, and where their application stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from portal import db as database
from portal import tokens
from portal.dossiers import actions, files, queries
from portal.dossiers.apply import TRIES_A_MINUTE
from portal.web import limits
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF, SVG
from tests.dossiers.test_actions import ANA, application
from tests.factories import CampaignRow

NAMES = {"first_name": "Ana", "last_name": "Nowak", "email": "ana@people.example", "locale": "pl"}


def filled(page: Page, **answers: Any) -> dict[str, Any]:
    """The form as the page shows it, with these answers."""
    return page.form(re.sub(r"\?.*", "", page.path)) | answers


async def save(client: Client, **answers: Any) -> Page:
    """A draft, made on the public page."""
    page = await client.get("/apply/rural-labs")
    return await client.post("/apply/rural-labs", filled(page, **NAMES, do="later", **answers))


async def only_dossier() -> queries.Dossier:
    ids = await database.fetch("select id from dossier")
    assert len(ids) == 1
    return await queries.by_id(ids[0]["id"])


# ------------------------------------------------------------------------------------------------ the calls
async def test_only_open_calls_are_listed_and_only_published_ones_exist(client: Client, call: CampaignRow) -> None:
    closed = await factories.campaign(closes_at=datetime(2026, 2, 1), title={"en": "Long gone"})
    hidden = await factories.campaign(published=False, title={"en": "Secret"})
    page = await client.get("/apply")
    assert "Rural Labs" in page.words and "Open until 15 December 2090, 23:59 (local time: Warsaw)" in page.words
    assert "Long gone" not in page.words and "Secret" not in page.words
    assert (await client.get(f"/apply/{hidden.slug}")).status == 404
    assert (await client.get("/apply/no-such-call")).status == 404
    page = await client.get(f"/apply/{closed.slug}")
    assert page.status == 200 and page.all("form[enctype]") == []
    assert "closed on 1 February 2026, 00:00 (local time: Madrid)" in page.words


async def test_what_went_wrong_is_headed_by_what_did_not_happen(client: Client, call: CampaignRow) -> None:
    form = filled(await client.get("/apply/rural-labs"))
    for do, heading in (("submit", "Your application has not been submitted"), ("later", "Nothing has been saved")):
        page = await client.post("/apply/rural-labs", form | {"do": do})
        assert (page.status, page.texts("#errors h2")) == (422, [heading])


async def test_a_call_that_opens_later_says_when(client: Client, scene: Scene) -> None:
    later = await factories.campaign(opens_at=datetime(2090, 3, 1, 8, 0), time_zone="America/Bogota")
    page = await client.get(f"/apply/{later.slug}")
    assert page.all("form[enctype]") == []
    assert "opens on 1 March 2090, 08:00 (local time: Bogota)" in page.words
    refused = await client.post(f"/apply/{later.slug}", {"once": "x", **NAMES, "do": "later"})
    assert (refused.status, await database.fetchval("select count(*) from dossier")) == (422, 0)


async def test_the_page_speaks_the_languages_of_the_call(
    call: CampaignRow, make_client: Callable[..., Client], db: None
) -> None:
    spoken = {}
    for wanted in ("pl", "fr-CA,en;q=0.5", "es", "de, fr;q=0.4", "nonsense;q=x"):
        page = await make_client(locale=wanted).get("/apply/rural-labs")
        spoken[wanted] = page.one("html").attrs["lang"]
        assert page.texts(".languages b, .languages button") == ["English", "polski", "français"]
    assert spoken == {"pl": "pl", "fr-CA,en;q=0.5": "fr", "es": "en", "de, fr;q=0.4": "fr", "nonsense;q=x": "en"}
    page = await make_client(locale="pl").get("/apply/rural-labs")
    assert page.h1 == "Laboratoria wiejskie"


async def test_the_switch_on_the_page_wins_over_the_browser(client: Client, call: CampaignRow) -> None:
    await client.get("/apply/rural-labs")
    page = await client.post("/language", {"locale": "pl", "next": "/apply/rural-labs"})
    assert (page.path, page.h1) == ("/apply/rural-labs", "Laboratoria wiejskie")


# ------------------------------------------------------------------------------------------------ applying
@pytest.mark.seed("E07")
async def test_E07_a_candidate_submits_and_is_told_the_number(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    answers = {"answer_title": "Garden", "answer_budget": "12,500", "answer_area": "law", "answer_story": "One\r\ntwo"}
    page = await client.post("/apply/rural-labs", filled(page, **NAMES, **answers, do="submit"))
    dossier = await only_dossier()
    assert page.status == 200 and page.h1 == f"Application {dossier.number}"
    assert f"We have received your application. Its number is {dossier.number}." in page.words
    assert "We will write to ana@people.example as soon as there is a decision." in page.words
    assert "Submitted" in page.words and "Garden" in page.words and "12,500" in page.words and "Law" in page.words
    assert dossier.answers == {"title": "Garden", "budget": 12500, "area": "law", "story": "One\ntwo"}
    sent = await database.fetch("select address, state::text from message where dossier_id = $1", dossier.id)
    assert [tuple(row) for row in sent] == [("ana@people.example", "queued")]


async def test_save_and_finish_later_says_that_the_link_is_on_its_way(client: Client, call: CampaignRow) -> None:
    page = await save(client, answer_title="Garden")
    dossier = await only_dossier()
    assert "Saved. We are sending the link to come back to ana@people.example." in page.words
    assert page.path.startswith(f"/apply/rural-labs/{tokens.sign('dossier', dossier.id)}")
    again = await client.get(page.path)
    assert again.form(page.path.partition("?")[0])["answer_title"] == "Garden"
    assert (dossier.status_key, dossier.locale) == ("draft", "pl")


async def test_errors_stand_beside_their_fields_and_everything_typed_stays(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    typed = {"answer_story": "Long\nstory", "answer_budget": "many", "answer_start": "2027-02-30", "answer_area": "art"}
    wrong = NAMES | {"email": "ana@people"}
    page = await client.post("/apply/rural-labs", filled(page, **wrong, **typed, do="submit"))
    assert page.status == 422
    assert page.errors == [
        "Enter an address such as name@example.org.",
        "Project title: Enter an answer.",
        "Budget: Enter a number such as 12500.",
        "Start: Enter a date such as 2026-11-30.",
    ]
    kept = page.form("/apply/rural-labs")
    assert {name: kept[name].strip() for name in typed} == typed
    assert (kept["first_name"], kept["email"]) == ("Ana", "ana@people")
    budget = page.one("#answer-budget")
    assert budget.attrs["aria-invalid"] == "true"
    assert page.texts(f"#{budget.attrs['aria-describedby']}") == ["Enter a number such as 12500."]
    assert await database.fetchval("select count(*) from dossier") == 0


async def test_a_document_outlives_the_mistake_beside_it(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    upload = {"file_plan": ("plan.pdf", PDF, "application/pdf")}
    page = await client.post("/apply/rural-labs", filled(page, **NAMES, do="submit"), files=upload)
    assert page.status == 422 and "Kept: plan.pdf. Choose another one to replace it." in page.words
    answers = {"answer_title": "Garden", "answer_budget": "1"}
    page = await client.post("/apply/rural-labs", page.form("/apply/rural-labs") | answers | {"do": "submit"})
    dossier = await only_dossier()
    assert page.status == 200 and [file.name for file in await queries.files(dossier.id)] == ["plan.pdf"]
    stored = (await queries.files(dossier.id))[0]
    answer = await client.get(f"{page.path.partition('?')[0]}/files/{stored.id}")
    assert answer.response.content == PDF
    shown = await client.get(f"{page.path.partition('?')[0]}/files/{stored.id}?view=1")
    assert shown.headers["content-disposition"].startswith("inline")
    assert "script" not in shown.headers["content-security-policy"]
    headers = answer.headers
    assert headers["content-disposition"].startswith('attachment; filename="plan.pdf"')
    assert (headers["x-content-type-options"], headers["content-type"]) == ("nosniff", "application/pdf")
    assert headers["content-security-policy"].startswith("default-src 'none'; sandbox")


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("logo.svg", SVG, "This kind of file cannot be used."),
        ("plan.pdf", b"MZ not a pdf", "This kind of file cannot be used."),
        ("plan.pdf", b"", "This file is empty."),
        ("plan.pdf", b"%PDF-1.7" + b" " * files.MAX_BYTES, "This file is too large. Choose one of at most 10"),
    ],
)
async def test_a_document_that_cannot_be_taken_is_refused_in_words(
    client: Client, call: CampaignRow, name: str, data: bytes, sentence: str
) -> None:
    page = await client.get("/apply/rural-labs")
    upload = {"file_plan": (name, data, "application/pdf")}
    page = await client.post("/apply/rural-labs", filled(page, **NAMES, answer_title="Kept", do="later"), files=upload)
    assert page.status == 422 and len(page.errors) == 1 and page.errors[0].startswith(f"Plan: {sentence}")
    assert page.form("/apply/rural-labs")["answer_title"] == "Kept"


async def test_a_document_that_is_somebody_elses_cannot_be_claimed(client: Client, call: CampaignRow) -> None:
    theirs = await files.keep("theirs.pdf", PDF)
    await actions.create(call.id, application(documents={"plan": [theirs]}), ANA)
    page = await client.get("/apply/rural-labs")
    mine = filled(page, **NAMES, do="later", kept_plan=theirs.stored_as)
    page = await client.post("/apply/rural-labs", mine)
    for guess in ("../../etc/passwd", "f" * 32):
        page = await client.post("/apply/rural-labs", mine | {"kept_plan": guess})
    assert await database.fetchval("select count(*) from dossier_file") == 1


async def test_two_clicks_make_one_application(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    form = filled(page, **NAMES, answer_title="Garden", answer_budget="1", do="submit")
    first, second = await client.post("/apply/rural-labs", form), await client.post("/apply/rural-labs", form)
    assert (first.h1, first.path) == (second.h1, second.path)
    dossier = await only_dossier()
    assert await database.fetchval("select count(*) from message where dossier_id = $1", dossier.id) == 1


async def test_fields_that_the_form_does_not_offer_are_refused(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    page = await client.post("/apply/rural-labs", filled(page, **NAMES, do="later", status_id="5"))
    assert page.status == 422 and await database.fetchval("select count(*) from dossier") == 0


async def test_one_address_sends_so_many_forms_a_minute_and_no_more(
    client: Client, call: CampaignRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_800_000_030.0))  # no minute ends meanwhile
    answers = [(await client.post("/apply/rural-labs", {"do": "later"})).status for _ in range(TRIES_A_MINUTE + 1)]
    assert answers == [422] * TRIES_A_MINUTE + [429]

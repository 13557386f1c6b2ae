"""The form's builder: every kind, conditions, retirement, languages, phases, and what candidates would see."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal.campaigns import form_queries
from portal.campaigns.kinds import KINDS
from portal.dossiers import answers, queries
from tests import factories
from tests.clients import Client, Page
from tests.factories import AccountRow, CampaignRow

LIMITS: dict[str, dict[str, Any]] = {
    "short": {"max_length": "80"},
    "number": {"least": "1", "most": "20.5", "whole": "1"},
    "date": {"earliest": "2027-01-01", "latest": "2027-12-31"},
    "choice": {"lines.en": "North\nSouth"},
    "choices": {"lines.en": "North\nSouth\nEast", "fewest": "1", "most_ticks": "2"},
    "phone": {"region": "ES"},
    "pattern": {"pattern": "own", "mask": "99-999"},
    "file": {"types": ["pdf", "sheet"], "files": "3", "size": "5"},
}


@pytest.fixture
async def alice(db: None, client: Client) -> AccountRow:
    """Alice, signed in."""
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


@pytest.fixture
async def campaign(alice: AccountRow) -> CampaignRow:
    return await factories.campaign(managers=(alice,), locales=("en", "es"), title={"en": "Labs", "es": "Laboratorios"})


async def add(client: Client, campaign: CampaignRow, **fields: Any) -> Page:
    where = f"/campaigns/{campaign.id}/form/new"
    page = await client.get(where)
    return await client.post(
        where, page.form(where) | {name.replace("__", "."): value for name, value in fields.items()}
    )


async def change(client: Client, campaign: CampaignRow, key: str, **fields: Any) -> Page:
    own = f"/campaigns/{campaign.id}/form/{await id_of(campaign, key)}"
    sent = (await client.get(own)).form(own)
    return await client.post(own, sent | {name.replace("__", "."): value for name, value in fields.items()})


async def id_of(campaign: CampaignRow, key: str) -> int:
    return int(await database.fetchval("select id from question where campaign_id = $1 and key = $2", campaign.id, key))


async def keys(campaign: CampaignRow) -> list[str]:
    return [each.key for each in await form_queries.questions(campaign.id)]


# ------------------------------------------------------------------------------------------------ kinds
async def test_every_kind_is_built_changed_and_previewed_without_code(client: Client, campaign: CampaignRow) -> None:
    for kind in KINDS:
        page = await add(client, campaign, kind=kind, label__en=f"About {kind}", label__es=kind, **LIMITS.get(kind, {}))
        assert page.toasts == ["Question added."], (kind, page.errors)
    before = await form_queries.questions(campaign.id)
    assert [each.kind for each in before] == list(KINDS)
    for each in before:
        page = await change(client, campaign, each.key)
        assert page.toasts == ["Saved."], (each.kind, page.errors)
    after = await form_queries.questions(campaign.id)
    assert [(each.settings, each.choices) for each in after] == [(each.settings, each.choices) for each in before]
    assert after[3].settings == {"least": 1, "most": 20.5, "whole": True}
    page = await client.get(f"/campaigns/{campaign.id}/form/preview")
    assert [each for each in KINDS if f"About {each}" not in page.words] == []
    assert "Up to 3 files: PDF, Excel or OpenDocument (ods), each at most 5 MB." in page.words


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        ("number", {"least": "5", "most": "4"}, "Enter a number that is not below the smallest one."),
        ("choices", {"lines__en": "A\nB", "fewest": "3"}, "There are not so many choices."),
        ("date", {"earliest": "2027-02-01", "latest": "2027-01-01"}, "Enter a date after the earliest one."),
        ("pattern", {"pattern": "own", "mask": "---"}, "Write the pattern with 9, A and *."),
        ("file", {"files": "11"}, "Enter a number from 1 to 10."),
    ],
)
async def test_limits_that_nobody_could_keep_are_refused(
    client: Client, campaign: CampaignRow, kind: str, fields: dict[str, str], sentence: str
) -> None:
    page = await add(client, campaign, kind=kind, label__en="X", **fields)
    assert (page.status, page.errors) == (422, [sentence])


# ------------------------------------------------------------------------------------------------ conditions
async def with_condition(client: Client, campaign: CampaignRow) -> None:
    """Area, and a question that is put after *Law*."""
    await add(client, campaign, kind="choice", label__en="Area", lines__en="Art\nLaw\nMusic")
    page = await add(client, campaign, label__en="Court", depends_on="area", depends_is="area:law")
    assert page.toasts == ["Question added."]


async def test_a_condition_is_built_by_ticking_answers(client: Client, campaign: CampaignRow) -> None:
    await with_condition(client, campaign)
    court = (await form_queries.questions(campaign.id))[1]
    assert court.shown_if == {"question": "area", "is": ["law"]}
    page = await client.get(f"/campaigns/{campaign.id}/form")
    assert "Only after certain answers to “Area”" in page.words
    public = await client.get(f"/apply/{campaign.slug}")
    assert "Only if you answer “Area” with: Law." in public.words
    assert public.one("[data-if]").attrs["data-is"] == "law"


async def test_what_a_question_depends_on_stays_above_it_and_on_the_form(client: Client, campaign: CampaignRow) -> None:
    await with_condition(client, campaign)
    root = f"/campaigns/{campaign.id}/form"
    sentence = "“Court” depends on it. Change its condition first."
    page = await client.post(f"{root}/{await id_of(campaign, 'court')}/up")
    assert page.status == 422 and sentence in page.words
    page = await client.post(f"{root}/{await id_of(campaign, 'area')}/delete")
    assert page.status == 422 and sentence in page.words
    page = await client.post(f"{root}/{await id_of(campaign, 'area')}/retire")
    assert page.status == 422 and sentence in page.words
    page = await change(client, campaign, "area", lines__en="Art\nMusic")
    assert (page.status, page.texts("#lines-error")) == (422, [sentence])
    page = await change(client, campaign, "court", after="first")
    assert page.texts(".errors li") == ["Choose a question that stands above this one."]
    assert await keys(campaign) == ["area", "court"]


async def test_a_condition_without_an_answer_is_refused(client: Client, campaign: CampaignRow) -> None:
    await add(client, campaign, kind="choice", label__en="Area", lines__en="Art\nLaw")
    page = await add(client, campaign, label__en="Court", depends_on="area")
    assert (page.status, page.errors) == (422, ["Choose at least one answer."])


# ------------------------------------------------------------------------------------------------ answers
async def test_an_answered_question_is_taken_off_and_put_back_and_its_answers_stay(
    client: Client, campaign: CampaignRow
) -> None:
    await add(client, campaign, label__en="Motto")
    dossier = await factories.dossier(campaign, answers={"motto": "Onward"})
    root = f"/campaigns/{campaign.id}/form"
    own = f"{root}/{await id_of(campaign, 'motto')}"
    page = await client.get(f"{own}/delete")
    assert page.h1 == "Take the question “Motto” off the form?" and "1 dossier has an answer to it." in page.words
    assert (await client.post(f"{own}/delete")).status == 422
    page = await client.post(f"{own}/retire")
    assert page.toasts == ["Question “Motto” taken off the form."] and await keys(campaign) == []
    assert "Motto" not in (await client.get(f"/apply/{campaign.slug}")).words
    (line,) = await answers.lines(await queries.by_id(dossier.id))
    assert (line.label, line.answer, line.retired) == ("Motto", "Onward", True)
    page = await client.post(f"{own}/restore")
    assert page.toasts == ["Question “Motto” is on the form again."] and await keys(campaign) == ["motto"]


async def test_a_choice_that_was_chosen_stays_readable_when_it_is_taken_away(
    client: Client, campaign: CampaignRow
) -> None:
    await add(client, campaign, kind="choice", label__en="Area", lines__en="Art\nLaw\nMusic")
    dossier = await factories.dossier(campaign, answers={"area": "law"})
    page = await change(client, campaign, "area", lines__en="Art\nMusic")
    assert page.toasts == ["Saved."]
    public = await client.get(f"/apply/{campaign.slug}")
    assert public.texts(".asked .choices label") == ["Art", "Music"]
    (line,) = await answers.lines(await queries.by_id(dossier.id))
    assert line.answer == "Law"
    await change(client, campaign, "area", lines__en="Art\nMusic\nLaw")
    question = (await form_queries.questions(campaign.id))[0]
    assert [(each["key"], each.get("retired", False)) for each in question.choices] == [
        ("art", False),
        ("music", False),
        ("law", False),
    ]


# ------------------------------------------------------------------------------------------------ languages, preview
async def test_the_form_says_which_language_misses_what_and_shows_each(client: Client, campaign: CampaignRow) -> None:
    await add(client, campaign, label__en="Motto", label__es="Lema")
    await add(client, campaign, kind="choice", label__en="Area", label__es="Ámbito", lines__en="Art\nLaw")
    page = await client.get(f"/campaigns/{campaign.id}/form")
    assert page.texts(".counts li") == ["English complete", "Spanish 1 question to translate"]
    spanish = await client.get(f"/campaigns/{campaign.id}/form/preview?locale=es")
    assert (spanish.h1, spanish.one("html").attrs["lang"]) == ("Laboratorios", "es")
    assert "Lema" in spanish.words and spanish.all("form[enctype]") == []


async def test_the_preview_beside_the_boxes_shows_what_stands_in_them_and_saves_nothing(
    client: Client, campaign: CampaignRow
) -> None:
    where = f"/campaigns/{campaign.id}/form"
    typed = (await client.get(f"{where}/new")).form(f"{where}/new")
    typed |= {"label.en": "Which **area**?", "kind": "choice", "lines.en": "Art\nLaw", "help.en": "- one\n- two"}
    part = await client.post(f"{where}/preview", typed, target="question-preview")
    assert part.texts("#question-preview .choices label") == ["Art", "Law"]
    assert part.texts("#question-preview li") == ["one", "two"]
    unfinished = await client.post(f"{where}/preview", typed | {"label.en": ""}, target="question-preview")
    assert "Write the question" in unfinished.words
    assert await keys(campaign) == []


async def test_each_phase_has_a_form_of_its_own(client: Client, campaign: CampaignRow) -> None:
    phase_id = await factories.phase(campaign, "Interview")
    await add(client, campaign, label__en="Motto")
    where = f"/campaigns/{campaign.id}/form/new"
    page = await client.get(f"{where}?phase={phase_id}")
    sent = page.form(f"{where}?phase={phase_id}") | {"label.en": "Room"}
    page = await client.post(f"{where}?phase={phase_id}", sent)
    assert page.texts("tbody th a") == ["Room"] and page.texts(".segments a") == ["Application", "Interview"]
    assert await keys(campaign) == ["motto"]
    assert "Room" not in (await client.get(f"/apply/{campaign.slug}")).words


async def test_a_foreign_campaigns_questions_are_not_there(client: Client, campaign: CampaignRow) -> None:
    elsewhere = await factories.campaign()
    question = await factories.question(elsewhere.id)
    for address in (f"/campaigns/{elsewhere.id}/form/preview", f"/campaigns/{campaign.id}/form/{question}"):
        assert (await client.get(address)).status == 404
    assert (await client.post(f"/campaigns/{campaign.id}/form/{question}/retire")).status == 404

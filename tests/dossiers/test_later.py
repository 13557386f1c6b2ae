"""After the submission: changes where the campaign allows them, withdrawal, and the forms of later phases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal import db as database
from portal import tokens
from portal.dossiers import actions, queries, withdrawing
from portal.outcomes import Missing
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF
from tests.dossiers.test_actions import letters, moves, told
from tests.dossiers.test_apply import NAMES
from tests.factories import CampaignRow, DossierRow


def link(of: CampaignRow, dossier: DossierRow | queries.Dossier) -> str:
    return f"/apply/{of.slug}/{tokens.sign('dossier', dossier.id)}"


async def applied(call: CampaignRow, **answers: Any) -> DossierRow:
    """A submitted application with every required answer."""
    return await factories.dossier(call, answers={"title": "Garden", "budget": 12500, "area": "law", **answers})


async def phase(of: CampaignRow, entry: str = "under_review", after: str = "accepted", **dates: Any) -> int:
    """A second phase that is open, with a question that is required and one that depends on it."""
    dates = {"closes_at": datetime(2090, 12, 31)} | dates
    phase_id = await factories.phase(of, "Interview", entry=entry, submitted=after, **dates)
    for key, kind in (("remote", "choice"), ("room", "short"), ("slides", "file")):
        choices = (("yes", "Yes"), ("no", "No")) if kind == "choice" else ()
        await factories.question(of.id, key, kind, key.title(), required=kind != "file", choices=choices)
    await database.execute(
        "update question set phase_id = $2 where campaign_id = $1 and key in ('remote', 'room', 'slides')",
        of.id,
        phase_id,
    )
    condition = {"question": "remote", "is": ["no"]}
    await database.execute(
        "update question set shown_if = $2 where campaign_id = $1 and key = 'room'", of.id, condition
    )
    return phase_id


async def send(client: Client, address: str, files: Any = None, **fields: Any) -> Page:
    page = await client.get(address)
    (form,) = page.all("form[enctype]")
    action = form.attrs["action"] or ""
    return await client.post(action, page.form(action) | fields, files=files)


# ------------------------------------------------------------------------------------------------ conditions
async def test_a_question_that_is_not_put_is_not_required_and_its_answer_is_left_out(
    client: Client, call: CampaignRow
) -> None:
    court = await factories.question(call.id, "court", "short", "Court", required=True)
    sql = "update question set shown_if = $2 where id = $1"
    await database.execute(sql, court, {"question": "area", "is": ["law"]})
    answers = {**NAMES, "answer_title": "Garden", "answer_budget": "1", "answer_court": "Madrid", "do": "submit"}
    page = await client.get("/apply/rural-labs")
    assert "Only if you answer “Area” with: Law." in page.words
    page = await client.post("/apply/rural-labs", page.form("/apply/rural-labs") | answers | {"answer_area": "art"})
    assert page.status == 200 and "Madrid" not in page.words and "Court" not in page.words
    stored = await database.fetchval("select answers from dossier where campaign_id = $1", call.id)
    assert stored == {"title": "Garden", "budget": 1, "area": "art"}


async def test_answers_to_a_question_that_was_taken_off_outlive_the_next_saving(
    client: Client, call: CampaignRow
) -> None:
    draft = await factories.dossier(call, status="draft", answers={"title": "Garden", "story": "Long ago"})
    await database.execute("update question set retired_at = now() where campaign_id = $1 and key = 'story'", call.id)
    await send(client, link(call, draft), answer_title="Park", do="later")
    assert (await queries.by_id(draft.id)).answers == {"title": "Park", "story": "Long ago"}


async def test_several_documents_are_kept_up_to_the_number_that_a_question_takes(
    client: Client, call: CampaignRow
) -> None:
    sql = "update question set settings = $2 where campaign_id = $1 and key = 'plan'"
    await database.execute(sql, call.id, {"files": 2, "size": 1, "types": ["pdf"]})
    upload = [("file_plan", (name, PDF, "application/pdf")) for name in ("a.pdf", "b.pdf", "c.pdf")]
    page = await client.get("/apply/rural-labs")
    assert "Up to 2 files: PDF, each at most 1 MB." in page.words
    form = page.form("/apply/rural-labs") | NAMES | {"do": "later", "answer_title": "Garden"}
    page = await client.post("/apply/rural-labs", form, files=upload)
    assert (page.status, page.errors) == (422, ["Plan: Choose at most 2 files."])
    page = await client.post("/apply/rural-labs", form, files=upload[:2])
    assert page.texts(".asked a")[:2] == ["a.pdf", "b.pdf"]
    first = page.all("input[name=remove_plan]")[0].attrs["value"]
    page = await send(client, page.path.partition("?")[0], upload[2:], do="later", remove_plan=first)
    assert page.texts(".asked a") == ["b.pdf", "c.pdf"]


async def test_ten_megabytes_of_text_are_refused_in_words(client: Client, call: CampaignRow) -> None:
    page = await client.get("/apply/rural-labs")
    form = page.form("/apply/rural-labs") | NAMES | {"answer_story": "x" * 10_000_000, "do": "later"}
    page = await client.post("/apply/rural-labs", form, files={"file_plan": ("", b"")})
    assert (page.status, page.errors) == (422, ["What is it about?: Use at most 1,500 characters."])
    assert len(page.text) < 200_000


# ------------------------------------------------------------------------------------------------ changing it
async def test_what_was_submitted_is_changed_only_where_the_campaign_allows_it(
    client: Client, call: CampaignRow
) -> None:
    dossier = await applied(call)
    own = link(call, dossier)
    assert (await client.get(f"{own}?change=1")).all("form[enctype]") == []
    await database.execute("update campaign set resubmission = true where id = $1", call.id)
    assert "Change the application" in (await client.get(own)).words
    page = await send(client, f"{own}?change=1", answer_title="", do="submit")
    assert (page.status, page.errors) == (422, ["Project title: Enter an answer."])
    page = await send(client, f"{own}?change=1", answer_title="Bigger garden", do="submit")
    assert "We have received your changes." in page.words and "Bigger garden" in page.words
    after = await queries.by_id(dossier.id)
    assert (after.status_key, after.number, after.answers["title"]) == ("submitted", dossier.number, "Bigger garden")
    assert await told(dossier.id) == ["dossier.resubmitted"] and await letters(dossier.id) == []


async def test_nothing_is_changed_once_somebody_has_begun_to_review(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    await database.execute("update campaign set resubmission = true where id = $1", call.id)
    await factories.member(call.id, scene.alice, "manager")
    dossier = await applied(call)
    page = await client.get(f"{link(call, dossier)}?change=1")
    (form,) = page.all("form[enctype]")
    sent = page.form_of(form) | {"answer_title": "Too late", "do": "submit"}
    await actions.change_status(dossier.id, "under_review", 1, scene.alice.actor, "silent", "begun")
    page = await client.post(form.attrs["action"] or "", sent)
    assert (page.status, page.errors) == (422, ["This application cannot be changed any more."])
    assert (await queries.by_id(dossier.id)).answers["title"] == "Garden"


# ------------------------------------------------------------------------------------------------ withdrawing
async def test_a_candidate_withdraws_and_what_waits_is_cancelled(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    await factories.member(call.id, scene.alice, "manager")
    await factories.trigger(call, name="Review", to_status="under_review")
    dossier = await applied(call)
    await actions.change_status(dossier.id, "under_review", 1, scene.alice.actor, "hold")
    own = link(call, dossier)
    page = await client.get(f"{own}/withdrawal")
    page = await client.post(f"{own}/withdrawal", page.form(f"{own}/withdrawal") | {"note": "We found other means."})
    assert "You withdrew this application on" in page.words and "Withdrawn" in page.words
    assert [state for _kind, _to, state in await letters(dossier.id)] == ["cancelled"]
    assert (await client.get(f"{own}/withdrawal")).status == 404
    again = await client.post(f"{own}/withdrawal", {"note": ""})
    assert again.status == 200 and (await told(dossier.id)).count("dossier.withdrawn") == 1

    await client.sign_in(scene.alice.email)
    page = await client.get(f"/dossiers/{dossier.id}")
    assert "withdrew the application. Reason: We found other means." in page.words
    page = await client.get(f"/dossiers/{dossier.id}/withdrawal")
    page = await client.post(f"/dossiers/{dossier.id}/withdrawal/undo", {})
    assert page.toasts == ["The withdrawal is undone."]
    after = await queries.by_id(dossier.id)
    assert (after.status_key, after.withdrawn_at) == ("under_review", None)
    made = [(before, to, by) for before, to, by, *_rest in await moves(dossier.id)]
    assert made[1:] == [("under_review", "withdrawn", "candidate"), ("withdrawn", "under_review", "user")]


async def test_where_candidates_may_not_withdraw_a_colleague_may_for_them(
    client: Client, call: CampaignRow, scene: Scene
) -> None:
    await factories.member(call.id, scene.alice, "manager")
    await database.execute("update campaign set withdrawal = false where id = $1", call.id)
    dossier = await applied(call)
    own = link(call, dossier)
    assert "Withdraw this application" not in (await client.get(own)).words
    assert (await client.get(f"{own}/withdrawal")).status == 404
    refused = await client.post(f"{own}/withdrawal", {"note": ""})
    assert refused.errors == ["This application cannot be withdrawn here. Write to us."]
    await client.sign_in(scene.alice.email)
    await client.post(f"/dossiers/{dossier.id}/withdrawal", {"note": "By telephone"})
    assert (await queries.by_id(dossier.id)).withdrawal_note == "By telephone"


async def test_a_draft_that_is_withdrawn_is_no_form_any_more(client: Client, call: CampaignRow, scene: Scene) -> None:
    draft = await factories.dossier(call, status="draft")
    await withdrawing.withdraw(draft.id, "", scene.alice.actor)
    own = link(call, draft)
    page = await client.get(own)
    assert page.all("form[enctype]") == [] and "You withdrew this application" in page.words
    await client.post(own, NAMES | {"version": "1", "do": "submit"})
    assert (await queries.by_id(draft.id)).is_draft
    with pytest.raises(Missing):
        await withdrawing.undo(draft.id, scene.dana.actor)


# ------------------------------------------------------------------------------------------------ later phases
@pytest.mark.seed("E17")
async def test_E17_a_dossier_that_has_entered_a_phase_fills_in_its_form(client: Client, call: CampaignRow) -> None:
    phase_id = await phase(call)
    waiting = await applied(call)
    assert "Interview" not in (await client.get(link(call, waiting))).words
    dossier = await factories.dossier(call, status="under_review", answers={"title": "Garden"})
    own = link(call, dossier)
    assert "There is a form for you to fill in." in (await client.get(own)).words
    page = await send(client, f"{own}?phase={phase_id}", answer_remote="no", do="submit")
    assert (page.status, page.errors) == (422, ["Room: Enter an answer."])
    page = await send(client, f"{own}?phase={phase_id}", answer_remote="no", do="later")
    assert "Saved." in page.words
    slides = {"file_slides": ("slides.pdf", PDF, "application/pdf")}
    page = await send(client, f"{own}?phase={phase_id}", slides, answer_remote="yes", answer_room="12", do="submit")
    assert "We have received your answers." in page.words and "slides.pdf" in page.words
    after = await queries.by_id(dossier.id)
    assert (after.status_key, after.answers) == ("accepted", {"title": "Garden", "remote": "yes"})
    assert await told(dossier.id) == ["dossier.phase_saved", "dossier.phase_submitted"]
    assert (await client.get(f"{own}?phase={phase_id}")).all("form[enctype]") == []


async def test_two_clicks_hand_a_phase_in_once(client: Client, call: CampaignRow) -> None:
    phase_id = await phase(call)
    dossier = await factories.dossier(call, status="under_review")
    page = await client.get(f"{link(call, dossier)}?phase={phase_id}")
    (form,) = page.all("form[enctype]")
    sent = page.form_of(form) | {"answer_remote": "yes", "do": "submit"}
    for _click in range(2):
        page = await client.post(form.attrs["action"] or "", sent)
        assert page.status == 200
    assert len(await moves(dossier.id)) == 1


@pytest.mark.parametrize("dates", [{"opens_at": datetime(2089, 1, 1)}, {"closes_at": datetime(2020, 1, 1)}])
async def test_a_phase_that_is_not_open_takes_nothing(
    client: Client, call: CampaignRow, dates: dict[str, datetime]
) -> None:
    phase_id = await phase(call, **dates)
    dossier = await factories.dossier(call, status="under_review")
    own = link(call, dossier)
    assert (await client.get(f"{own}?phase={phase_id}")).all("form[enctype]") == []
    await client.post(f"{own}?phase={phase_id}", {"answer_remote": "yes", "version": "1", "do": "submit"})
    assert (await queries.by_id(dossier.id)).status_key == "under_review"

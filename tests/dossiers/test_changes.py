"""The dialog that shows the mail before it goes, and what happens when two people change one dossier at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from portal import db as database
from portal.dossiers import actions, queries
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene, make_scene
from tests.dossiers.test_actions import ANA, application, letters, moves


@pytest.mark.seed("B04")
async def test_B04_the_page_shows_the_letter_before_it_goes(alice: Client, scene: Scene) -> None:
    uses = await factories.template(
        "Good news", variants={"fr": ("Bravo {{ first_name }}", "<p>Dossier {{ status }}</p>")}
    )
    await factories.trigger(scene.campaign, uses, recipients=("candidate", "evaluators"), delay_minutes=5)
    dossier = await factories.dossier(scene.campaign, await factories.person("Ana", "Nowak", locale="pl"))
    card = (await alice.get(f"/dossiers/{dossier.id}")).texts("#to option")
    assert card[2:4] == ["Documents missing (no e-mail)", "Accepted (2 e-mails)"]
    page = await alice.get(f"/dossiers/{dossier.id}/status?to=accepted")
    assert page.h1 == f"Change the status of dossier {dossier.number}"
    assert "This e-mail will be sent. Recipient: Ana Nowak. Language: French." in page.words
    assert "“Good news” is not written in Polish: the letter goes in French." in page.words
    assert "Bravo Ana" in page.words and "It leaves after 5 minutes." in page.words
    assert "Change the status: 2 e-mails" in page.texts("footer button")
    letter = await alice.http.get(str(page.all("iframe")[0].attrs["src"]))
    assert "Accepted" in letter.text and letter.headers["content-security-policy"].startswith("sandbox")
    assert (await alice.get(f"/dossiers/{dossier.id}/status/letter?to=accepted&number=3")).status == 404


async def change(client: Client, dossier_id: int, to: str, **fields: str) -> Page:
    """Through the page, as a person does it."""
    path = f"/dossiers/{dossier_id}/status"
    page = await client.get(f"{path}?to={to}")
    return await client.post(path, page.form(path) | fields)


@pytest.mark.seed("E08")
async def test_E08_an_evaluator_changes_the_status_and_may_undo_it(client: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign, delay_minutes=5)
    dossier = await factories.dossier(scene.campaign)
    await client.sign_in(scene.bob.email)
    page = await change(client, dossier.id, "accepted")
    assert page.toasts == ["Status: “Accepted”. 1 e-mail goes in 5 min. Undo"]
    undo = await client.get(str(page.one("#toasts a").attrs["href"]))
    assert "1 e-mail that has not left is cancelled." in undo.words
    path = f"/dossiers/{dossier.id}/undo"
    page = await client.post(path, undo.form(path))
    assert page.toasts == ["Undone: the status is as it was before. 1 e-mail was cancelled."]
    assert [state for _kind, _address, state in await letters(dossier.id)] == ["cancelled"]
    assert [move[:2] for move in await moves(dossier.id)] == [("submitted", "accepted"), ("accepted", "submitted")]


async def test_holding_and_keeping_silent_are_choices(alice: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    await factories.trigger(scene.campaign, to_status="rejected")
    dossier = await factories.dossier(scene.campaign)
    page = await change(alice, dossier.id, "accepted", mode="hold")
    assert page.toasts == ["Status: “Accepted”. 1 e-mail is on hold. Undo"]
    page = await change(alice, dossier.id, "rejected", mode="silent")
    assert page.status == 422 and page.errors == ["Enter the reason. The timeline keeps it."]
    path = f"/dossiers/{dossier.id}/status"
    page = await alice.post(path, page.form(path) | {"reason": "told by telephone"})
    assert page.toasts == ["Status: “Rejected”. No e-mail goes. Undo"]
    assert (await moves(dossier.id))[-1][4:] == ("silent", "told by telephone")


@pytest.mark.seed("B04")
async def test_B04_the_page_warns_of_what_was_told_withdrawn_or_told_to_nobody(alice: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    page = await alice.get(f"/dossiers/{dossier.id}/status?to=rejected")
    assert "This is a decision, and no e-mail tells it to the candidate." in page.words
    assert "told already" not in page.words
    await change(alice, dossier.id, "accepted")
    await database.execute("update message set state = 'accepted', settled_at = now() where state = 'queued'")
    await database.execute("update dossier set withdrawn_at = now() where id = $1", dossier.id)
    page = await alice.get(f"/dossiers/{dossier.id}/status?to=rejected")
    assert "The candidate has been told already: Accepted, today" in page.words
    assert "The candidate has withdrawn this application." in page.words


@pytest.mark.seed("B03")
async def test_B03_the_dossier_says_what_waits_and_undoes_it_with_one_button(client: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign, delay_minutes=30)
    dossier = await factories.dossier(scene.campaign)
    await client.sign_in(scene.bob.email)
    page = await change(client, dossier.id, "accepted")
    due = await database.fetchval("select due_at from batch where waits_for = 'undo'")
    day = "today" if due.date() == datetime.now(UTC).date() else "tomorrow"
    assert "1 e-mail has not left yet" in page.words and f"by itself: {day}, {due:%H:%M}." in page.words
    undo = f"/dossiers/{dossier.id}/undo"
    sent = page.form(undo)
    page = await client.post(undo, sent)
    assert page.toasts == ["Undone: the status is as it was before. 1 e-mail was cancelled."]
    assert "has not left yet" not in page.words and "Status put back" in page.words
    again = await client.post(undo, sent)
    assert again.toasts == ["There is nothing to undo any more: the status has changed since."]
    assert len(await moves(dossier.id)) == 2


async def test_a_change_without_letters_says_so(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    page = await alice.get(f"/dossiers/{dossier.id}/status?to=under_review")
    assert "No e-mail will be sent." in page.words
    assert (await change(alice, dossier.id, "under_review")).toasts == ["Status: “Under review”. No e-mail goes. Undo"]


async def test_another_number_of_letters_than_shown_is_asked_again(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    path = f"/dossiers/{dossier.id}/status"
    shown = (await alice.get(f"{path}?to=accepted")).form(path)
    await factories.trigger(scene.campaign)
    page = await alice.post(path, shown)
    assert page.status == 409
    expected = "The list has changed since you opened this page: now 1, before 0. Check it and confirm again."
    assert expected in page.words and (await queries.by_id(dossier.id)).version == 1
    assert (await alice.post(path, page.form(path))).toasts == ["Status: “Accepted”. 1 e-mail goes now. Undo"]


async def test_who_was_slower_sees_both_and_chooses(
    alice: Client, make_client: Callable[..., Client], scene: Scene
) -> None:
    dossier = await factories.dossier(scene.campaign)
    bob, path = make_client(), f"/dossiers/{dossier.id}/status"
    await bob.sign_in(scene.bob.email)
    mine = (await alice.get(f"{path}?to=accepted")).form(path)
    await change(bob, dossier.id, "rejected")
    page = await alice.post(path, mine)
    assert page.status == 409 and "(Bob, today" in page.words
    assert page.texts(".compare .status") == ["Rejected", "Accepted"]
    page = await alice.post(path, page.form(path))
    assert page.status == 200 and (await queries.by_id(dossier.id)).status_key == "accepted"


async def test_the_dialog_gets_the_same_question_and_sends_the_browser_on(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    path = f"/dossiers/{dossier.id}/status"
    part = await alice.get(f"{path}?to=accepted&status=submitted", target="dialog")
    assert part.all("html") == [] and len(part.all("form")) == 1
    action = f"{path}?status=submitted"
    answer = await alice.post(action, part.form(action), target="dialog", follow=False)
    assert (answer.status, answer.headers["hx-redirect"]) == (204, f"/dossiers/{dossier.id}?status=submitted")


async def test_nothing_can_be_moved_to_a_status_of_another_campaign(alice: Client, scene: Scene) -> None:
    await factories.status(scene.elsewhere.id, "foreign")
    dossier = await factories.dossier(scene.campaign)
    form = {"status": "foreign", "version": "1", "mode": "send", "count": "0", "reason": ""}
    assert (await alice.post(f"/dossiers/{dossier.id}/status", form)).status == 422
    page = await alice.get(f"/dossiers/{dossier.id}/status?to=foreign")
    assert page.path == f"/dossiers/{dossier.id}"


# ------------------------------------------------------------------------------------------------ at the same time
async def test_two_evaluators_at_once_make_one_change_and_one_letter(fresh_client: Client, valkey_url: str) -> None:
    scene = await make_scene()
    await factories.trigger(scene.campaign)
    await factories.trigger(scene.campaign, to_status="rejected")
    dossier = await factories.dossier(scene.campaign)
    await fresh_client.sign_in(scene.bob.email)
    path = f"/dossiers/{dossier.id}/status"
    forms = [(await fresh_client.get(f"{path}?to={to}")).form(path) for to in ("accepted", "rejected")]
    answers = await asyncio.gather(*(fresh_client.post(path, form) for form in forms))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(await moves(dossier.id)) == len(await letters(dossier.id)) == 1


async def test_ten_clicks_at_once_make_one_application(fresh_client: Client, valkey_url: str) -> None:
    scene = await make_scene()
    page = await fresh_client.get(f"/apply/{scene.campaign.slug}")
    path = f"/apply/{scene.campaign.slug}"
    form = page.form(path) | {"first_name": "Ana", "email": "ana@people.example", "do": "submit"}
    answers = await asyncio.gather(*(fresh_client.post(path, form) for _ in range(10)))
    assert {answer.status for answer in answers} == {200} and len({answer.path for answer in answers}) == 1
    assert await database.fetchval("select count(*) from dossier") == 1
    assert await database.fetchval("select count(*) from message") == 1


async def test_saving_and_submitting_at_once_leave_one_truth(fresh_client: Client, valkey_url: str) -> None:
    scene = await make_scene()
    dossier_id = await actions.create(scene.campaign.id, application(), ANA)
    path = (await queries.by_id(dossier_id)).link.removeprefix("http://portal.example")
    path = path[path.index("/apply") :]
    form = (await fresh_client.get(path)).form(path)
    answers = await asyncio.gather(
        *(fresh_client.post(path, form | {"do": do}) for do in ("later", "submit", "submit", "later"))
    )
    assert {answer.status for answer in answers} <= {200, 409}
    dossier = await queries.by_id(dossier_id)
    assert dossier.version == 2 + (dossier.status_key == "submitted")  # one save, and its submission if it won
    sent = await database.fetch("select o.kind from message m join origin o on o.id = m.origin_id order by m.id")
    assert [row["kind"] for row in sent] == ["return_link"] + ["trigger"] * (dossier.status_key == "submitted")


async def test_statuses_are_grouped_by_phase_where_there_are_phases(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    assert not (await alice.get(f"/dossiers/{dossier.id}")).all("#to optgroup")
    await database.execute("update campaign set first_phase = $2 where id = $1", scene.campaign.id, {"en": "Idea"})
    phase_id = await factories.phase(scene.campaign, "Full project")
    sql = "update status set phase_id = $1 where id = any ($2::int[])"
    await database.execute(sql, phase_id, [scene.campaign.status["accepted"], scene.campaign.status["rejected"]])
    card = await alice.get(f"/dossiers/{dossier.id}")
    assert [each.attrs["label"] for each in card.all("#to optgroup")] == ["Idea", "Full project"]
    assert card.texts("#to optgroup[label='Full project'] option") == ["Accepted (no e-mail)", "Rejected (no e-mail)"]
    assert "Under review (no e-mail)" in card.texts("#to optgroup[label='Idea'] option")
    dialog = await alice.get(f"/dossiers/bulk?id={dossier.id}&to=rejected")
    assert dialog.texts("optgroup[label='Full project'] option") == ["Accepted", "Rejected"]
    assert dialog.texts("option[selected]") == ["Rejected"]

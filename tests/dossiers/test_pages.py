"""One dossier as the staff meets it: its history, answers and neighbours, and a new one made by hand."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from portal import db as database
from portal.dossiers import actions, files, queries
from tests import factories
from tests.clients import Client
from tests.dossiers.conftest import Scene
from tests.dossiers.documents import PDF
from tests.dossiers.test_actions import ANA, application


async def test_the_history_tells_what_happened_and_shows_the_very_letters(alice: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign, name="Good news", delay_minutes=5)
    await factories.trigger(scene.campaign, name="Bad news", to_status="rejected")
    dossier_id = await actions.create(scene.campaign.id, application(), ANA, submitting=True)
    await actions.change_status(dossier_id, "accepted", 2, scene.bob.actor, "hold")
    page = await alice.get(f"/dossiers/{dossier_id}")
    assert [text.rstrip(".") for text in page.texts(".timeline li li > div > p")] == [
        "Bob changed the status: Submitted → Accepted Its e-mails are on hold",
        "Ana Nowak submitted the application",
        "Ana Nowak started an application",
    ]
    assert len(page.all(".timeline .mail a[href^='/messages/']")) == 2
    assert "“Bad news”: no. It is for another status" in page.words and "“Good news”: yes" in page.words
    assert "On hold" in page.words


async def test_a_skipped_letter_says_why(alice: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign)
    ana = await factories.person(email=None)
    dossier = await factories.dossier(scene.campaign, ana)
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor)
    page = await alice.get(f"/dossiers/{dossier.id}")
    assert "Skipped" in page.words and "No e-mail address" in page.words


async def test_silence_is_told_with_its_reason(alice: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    reason = "told <b>by telephone</b>"
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor, "silent", reason)
    page = await alice.get(f"/dossiers/{dossier.id}")
    assert f"No e-mail was sent. Reason: {reason}" in page.words


async def test_answers_and_documents_have_their_tab(alice: Client, scene: Scene) -> None:
    await factories.question(scene.campaign.id, "title", "short", "Project title")
    await factories.question(scene.campaign.id, "plan", "file", "Plan")
    kept = await files.keep("plan.pdf", PDF)
    form = application(answers={"title": "Garden", "gone": "An old answer"}, documents={"plan": [kept]})
    dossier_id = await actions.create(scene.campaign.id, form, ANA)
    page = await alice.get(f"/dossiers/{dossier_id}/answers")
    assert page.texts("dl.answers dt") == ["Project title", "Plan", "gone not asked any more"]
    assert page.texts("dl.answers dd")[::2] == ["Garden", "An old answer"]
    assert page.texts("dl.answers a") == ["plan.pdf", "View plan.pdf"]
    answer = await alice.get(str(page.all("dl.answers a")[0].attrs["href"]))
    assert answer.response.content == PDF and answer.headers["content-disposition"].startswith("attachment;")


async def test_neighbours_follow_the_filtered_list(alice: Client, scene: Scene) -> None:
    ids = []
    for n, status in enumerate(("accepted", "submitted", "accepted", "accepted")):
        dossier = await factories.dossier(scene.campaign, status=status)
        sql = "update dossier set changed_at = now() - make_interval(hours => $2) where id = $1"
        await database.execute(sql, dossier.id, n)
        ids.append(dossier.id)
    page = await alice.get(f"/dossiers/{ids[2]}?status=accepted")
    links = [str(page.one(f"a[rel={way}]").attrs["href"]) for way in ("prev", "next")]
    rows = (await alice.get("/dossiers?status=accepted")).all("#rows tbody td:nth-child(2) a")
    places = [parse_qs(urlsplit(str(each.attrs["href"])).query)["place"] for each in rows]
    assert [parse_qs(urlsplit(each).query)["place"] for each in links] == [places[0], places[2]]
    ways = [each.partition("&place=")[0] for each in links]
    assert ways == [f"/dossiers/{ids[0]}?status=accepted", f"/dossiers/{ids[3]}?status=accepted"]
    assert "/dossiers?status=accepted" in page.links


async def test_foreign_dossiers_are_not_there(alice: Client, scene: Scene) -> None:
    theirs = await factories.dossier(scene.elsewhere)
    kept = await files.keep("plan.pdf", PDF)
    await database.execute(
        """insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
        values ($1, 'plan', $2, $3, $4, $5, $6)""",
        *(theirs.id, kept.name, kept.stored_as, kept.media_type, kept.size, kept.sha256),
    )
    file_id = (await queries.files(theirs.id))[0].id
    mine = await factories.dossier(scene.campaign)
    for path in ("", "/answers", "/status?to=accepted", "/status/letter?to=accepted&number=1", f"/files/{file_id}"):
        assert (await alice.get(f"/dossiers/{theirs.id}{path}")).status == 404, path
    assert (await alice.get(f"/dossiers/{mine.id}/files/{file_id}")).status == 404
    form = {"status": "accepted", "version": "1", "mode": "send", "count": "0"}
    assert (await alice.post(f"/dossiers/{theirs.id}/status", form)).status == 404
    huge = 2**70
    for path in (
        f"/dossiers/{huge}",
        f"/dossiers/{mine.id}/files/{huge}",
        f"/campaigns/{huge}/dossiers",
        "/dossiers/-1",
    ):
        assert (await alice.get(path)).status == 404, path
    assert (await queries.by_id(theirs.id)).version == 1


async def test_whoever_may_not_see_dossiers_sees_none(client: Client, scene: Scene) -> None:
    dossier = await factories.dossier(scene.campaign)
    celina = await factories.account("Celina", "translator")
    await client.sign_in(celina.email)
    for path in ("/dossiers", f"/dossiers/{dossier.id}", f"/dossiers/{dossier.id}/status?to=accepted", "/dossiers/new"):
        assert (await client.get(path)).status == 403, path


# ------------------------------------------------------------------------------------------------ by hand
async def test_a_colleague_makes_a_dossier_for_somebody_who_cannot(alice: Client, scene: Scene) -> None:
    page = await alice.get(f"/dossiers/new?campaign={scene.campaign.id}")
    form = page.form("/dossiers/new")
    assert form["campaign"] == str(scene.campaign.id)
    wrong = await alice.post("/dossiers/new", form | {"email": "ana", "first_name": "Ana"})
    assert wrong.status == 422 and wrong.errors == ["Enter an address such as name@example.org."]
    page = await alice.post("/dossiers/new", wrong.form("/dossiers/new") | {"email": "ana@people.example"})
    assert page.toasts == ["Dossier created. No e-mail was sent."] and page.h1.startswith("Ana ")
    elsewhere = await alice.post("/dossiers/new", form | {"campaign": str(scene.elsewhere.id), "email": "a@b.example"})
    assert elsewhere.status == 422


async def test_evaluators_do_not_make_dossiers(client: Client, scene: Scene) -> None:
    await client.sign_in(scene.bob.email)
    assert "/dossiers/new" not in (await client.get("/dossiers")).links
    assert (await client.get("/dossiers/new")).status == 403
    assert (await client.post("/dossiers/new", {"email": "a@b.example"})).status == 403

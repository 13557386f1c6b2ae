"""What the staff meets: the list, one dossier, and the dialog that shows the mail before it goes."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable

import pytest

from portal import db as database
from portal.dossiers import actions, files, queries, search
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene, make_scene
from tests.dossiers.documents import PDF
from tests.dossiers.test_actions import ANA, application, letters, moves


@pytest.fixture
async def alice(client: Client, scene: Scene) -> Client:
    """Alice, signed in."""
    await client.sign_in(scene.alice.email)
    return client


def numbers(page: Page) -> list[str]:
    """The dossiers' numbers in the order of the list."""
    return page.texts("#rows tbody tr td:first-child a")


# ------------------------------------------------------------------------------------------------ the list
async def test_the_list_shows_my_campaigns_dossiers_last_changed_first(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.elsewhere, number="THEIRS-1")
    for number in ("A-1", "A-2", "A-3"):
        await factories.dossier(scene.campaign, number=number)
    await database.execute("update dossier set changed_at = now() + interval '1 min' where number = 'A-2'")
    page = await alice.get("/dossiers")
    assert sorted(numbers(page)[1:]) == ["A-1", "A-3"] and numbers(page)[0] == "A-2"
    assert "3 dossiers, last changed first" in page.words


async def test_search_finds_numbers_names_and_addresses_without_accents(alice: Client, scene: Scene) -> None:
    ana = await factories.person("Íñigo", "Żółć", email="inigo_100%@people.example")
    await factories.dossier(scene.campaign, ana, number="X-2026-0007")
    await factories.dossier(scene.campaign, number="X-2026-0008")
    for words in ("inigo", "ZOLC", "żółć íñigo", "0007", "x-2026-0007 inigo", "inigo_100%@", "%@people"):
        assert numbers(await alice.get(f"/dossiers?q={words.replace('%', '%25')}")) == ["X-2026-0007"], words
    for words in ("inigoX100", "nobody", "%25%25", "7_8"):
        assert numbers(await alice.get(f"/dossiers?q={words}")) == [], words
    assert len(numbers(await alice.get("/dossiers?q=%C2%A0%20"))) == 2


async def test_filters_are_chips_that_can_be_taken_off(alice: Client, scene: Scene) -> None:
    polish = await factories.person(locale="pl")
    await factories.dossier(scene.campaign, polish, "accepted", number="PL-1")
    await factories.dossier(scene.campaign, status="accepted", number="EN-1")
    await factories.dossier(scene.campaign, status="draft", number="DRAFT-1")
    page = await alice.get("/dossiers?status=accepted&language=pl&after=2026-11-20&before=2026-11-20")
    assert numbers(page) == ["PL-1"]
    assert page.texts(".chip") == [
        "Status: Accepted",
        "Language: Polish",
        "Submitted from 20 Nov 2026",
        "Submitted until 20 Nov 2026",
    ]
    off = [each.attrs["href"] for each in page.all(".chip a")]
    assert off[1] == "/dossiers?status=accepted&after=2026-11-20&before=2026-11-20"
    assert set(numbers(await alice.get(str(off[1])))) == {"PL-1", "EN-1"}
    assert numbers(await alice.get("/dossiers?after=2026-11-21")) == []
    assert len(numbers(await alice.get("/dossiers?after=yesterday&campaign=x&status="))) == 3


async def test_days_are_the_readers_own(client: Client, scene: Scene) -> None:
    ewa = await factories.account("Ewa", "manager", time_zone="Pacific/Auckland")
    of = await factories.campaign(managers=(ewa,))
    dossier = await factories.dossier(of)
    await database.execute("update dossier set submitted_at = '2026-11-19 23:00Z' where id = $1", dossier.id)
    await client.sign_in(ewa.email)
    assert numbers(await client.get("/dossiers?after=2026-11-20&before=2026-11-20")) == [dossier.number]
    assert numbers(await client.get("/dossiers?before=2026-11-19")) == []


async def test_the_campaigns_own_list_is_the_same_under_its_tabs(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.campaign, number="MINE-1")
    path = f"/campaigns/{scene.campaign.id}/dossiers"
    page = await alice.get(f"{path}?status=submitted")
    assert numbers(page) == ["MINE-1"] and page.texts(".chip") == ["Status: Submitted"]
    assert page.all(f'.tabs a[href="{path}"]') and page.one(".chips > a").attrs["href"] == path
    assert (await alice.get(f"/campaigns/{scene.elsewhere.id}/dossiers")).status == 404


async def test_long_lists_page_by_key_both_ways(alice: Client, scene: Scene) -> None:
    for n in range(101):
        await factories.dossier(scene.campaign, number=f"N-{n:03}")
    first = await alice.get("/dossiers")
    second = await alice.get(str(first.one("a[rel=next]").attrs["href"]))
    third = await alice.get(str(second.one("a[rel=next]").attrs["href"]))
    assert [len(numbers(page)) for page in (first, second, third)] == [50, 50, 1]
    assert len({*numbers(first), *numbers(second), *numbers(third)}) == 101
    back = await alice.get(str(third.one("a[rel=prev]").attrs["href"]))
    assert numbers(back) == numbers(second) and third.all("a[rel=next]") == [] and first.all("a[rel=prev]") == []


@pytest.mark.parametrize(
    "key",
    [("2026-11-20T09:00:00", 5), ("2026-11-20T09:00:00Z", 2**70), ("0001-01-01T00:00:00Z", -1), ("x", 1), (None,)],
)
async def test_a_cursor_that_was_not_made_here_breaks_nothing(alice: Client, key: tuple[object, ...]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([False, *key]).encode()).decode().rstrip("=")
    assert (await alice.get(f"/dossiers?cursor={cursor}")).status == 200


async def test_htmx_gets_the_rows_alone_and_they_are_those_of_the_page(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.campaign)
    whole, part = (
        await alice.get("/dossiers?status=submitted"),
        await alice.get("/dossiers?status=submitted", target="rows"),
    )
    assert part.all("html, h1") == [] and numbers(part) == numbers(whole) != []


async def test_large_numbers_are_estimates_and_say_so(
    alice: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await factories.dossier(scene.campaign)
    monkeypatch.setattr(search, "COUNTED_UP_TO", 2)
    page = await alice.get("/dossiers?language=en&q=nowak")
    assert re.search(r"About \d+ dossiers, last changed first", page.words)


async def test_three_kinds_of_empty(alice: Client, make_client: Callable[..., Client], scene: Scene) -> None:
    assert "No dossiers yet" in (await alice.get("/dossiers")).words
    assert "Nothing matches these filters" in (await alice.get("/dossiers?q=nobody")).words
    bob = make_client()
    await bob.sign_in((await factories.account("Bob", "evaluator")).email)
    assert "You do not belong to any campaign yet" in (await bob.get("/dossiers")).words


async def test_the_list_says_how_the_last_letter_to_the_candidate_fared(alice: Client, scene: Scene) -> None:
    ana = await factories.person()
    dossier = await factories.dossier(scene.campaign, ana)
    page = await alice.get("/dossiers")
    assert page.texts("td[data-label='Last e-mail']") == ["None"]
    await factories.trigger(scene.campaign, recipients=("candidate", "managers"), delay_minutes=5)
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor)
    await database.execute(
        "update message set state = 'failed' where dossier_id = $1 and address <> $2", dossier.id, ana.email
    )
    assert (await alice.get("/dossiers")).texts("td[data-label='Last e-mail']") == ["On hold"]


@pytest.mark.parametrize("rows", [1, 3])
async def test_the_number_of_queries_does_not_grow_with_the_rows(
    alice: Client, scene: Scene, asked: list[str], rows: int
) -> None:
    for _ in range(rows):
        await factories.dossier(scene.campaign)
    asked.clear()
    assert len(numbers(await alice.get("/dossiers"))) == rows
    assert len(asked) == 4  # rows, number, and what the two filters offer


@pytest.mark.parametrize("moves_made", [1, 3])
async def test_the_number_of_queries_does_not_grow_with_the_history(
    alice: Client, scene: Scene, asked: list[str], moves_made: int
) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    for version, to in enumerate(("accepted", "rejected", "accepted")[:moves_made], start=1):
        await actions.change_status(dossier.id, to, version, scene.alice.actor)
    asked.clear()
    page = await alice.get(f"/dossiers/{dossier.id}")
    assert len(page.all(".timeline li li > div")) == moves_made
    assert len(asked) == 10


# ------------------------------------------------------------------------------------------------ one dossier
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
    assert len(page.all(".mail a[href^='/messages/']")) == 2
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
    form = application(answers={"title": "Garden", "gone": "An old answer"}, documents={"plan": kept})
    dossier_id = await actions.create(scene.campaign.id, form, ANA)
    page = await alice.get(f"/dossiers/{dossier_id}/answers")
    assert page.texts("dl.answers dt") == ["Project title", "Plan", "gone"]
    assert page.texts("dl.answers dd")[::2] == ["Garden", "An old answer"]
    answer = await alice.get(str(page.one("dl.answers a").attrs["href"]))
    assert answer.response.content == PDF and answer.headers["content-disposition"].startswith("attachment;")


async def test_neighbours_follow_the_filtered_list(alice: Client, scene: Scene) -> None:
    ids = []
    for n, status in enumerate(("accepted", "submitted", "accepted", "accepted")):
        dossier = await factories.dossier(scene.campaign, status=status)
        sql = "update dossier set changed_at = now() - make_interval(hours => $2) where id = $1"
        await database.execute(sql, dossier.id, n)
        ids.append(dossier.id)
    page = await alice.get(f"/dossiers/{ids[2]}?status=accepted")
    assert page.one("a[rel=prev]").attrs["href"] == f"/dossiers/{ids[0]}?status=accepted"
    assert page.one("a[rel=next]").attrs["href"] == f"/dossiers/{ids[3]}?status=accepted"
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


# ------------------------------------------------------------------------------------------------ changes of status
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
    assert "has not left yet. It will be cancelled." in undo.words
    path = f"/dossiers/{dossier.id}/status"
    page = await client.post(path, undo.form(path))
    assert page.toasts == ["Status: “Submitted”. No e-mail goes. Undo"]
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

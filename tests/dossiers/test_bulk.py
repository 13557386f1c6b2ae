"""Many dossiers get a status: what the page announces is what happens, to each of them once."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal.dossiers import actions, bulk, bulk_actions
from portal.jobs import queries as jobs
from portal.jobs import running
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene


async def some(scene: Scene, n: int, locale: str = "en", status: str = "submitted") -> list[int]:
    """Dossiers of as many people."""
    made = []
    for _ in range(n):
        person = await factories.person(locale=locale)
        made.append((await factories.dossier(scene.campaign, person, status)).id)
    return made


async def ask(alice: Client, ids: list[int], to: str = "accepted", **more: Any) -> Page:
    query = "&".join([*(f"id={each}" for each in ids), f"to={to}", *(f"{name}={each}" for name, each in more.items())])
    return await alice.get(f"/dossiers/bulk?{query}")


async def statuses(ids: list[int]) -> set[str]:
    sql = "select s.key from dossier d join status s on s.id = d.status_id where d.id = any ($1)"
    return {row["key"] for row in await database.fetch(sql, ids)}


@pytest.mark.seed("B04")
async def test_B04_in_bulk_the_page_counts_by_letter_and_language_with_samples_and_exceptions(
    alice: Client, scene: Scene
) -> None:
    letter = await factories.template("Good news", variants=dict.fromkeys(("en", "es"), ("Hello", "<p>Hi</p>")))
    await factories.trigger(scene.campaign, letter, name="Told", recipients=("candidate", "managers"))
    ids = [*await some(scene, 2), *await some(scene, 1, "es"), *await some(scene, 1, "pl")]
    blocked = await factories.person()
    ids.append((await factories.dossier(scene.campaign, blocked, number="BLOCKED-1")).id)
    sql = "insert into suppression (address, scope, reason) values ($1, 'all', 'complaint')"
    await database.execute(sql, blocked.email)
    ids += await some(scene, 1, status="accepted")
    page = await ask(alice, ids)
    assert "5 dossiers →" in page.words and "1 dossier has this status already" in page.words
    rows = {tuple(row.split()[-2:]) for row in page.texts("section tbody tr")}
    assert rows == {("English", "8"), ("Spanish", "1")}  # 3 candidates and 5 times Alice; the Spanish candidate
    assert "1 candidate gets no e-mail." in page.words and "BLOCKED-1" in page.words
    assert "Wished: Polish; goes in English" in page.words
    samples = [str(each.attrs["src"]) for each in page.all("article iframe")]
    assert len(samples) == 2 and "Good news" in page.words
    for sample in samples:
        assert (await alice.get(sample)).is_letter
    page = await alice.post("/dossiers/bulk/status", page.form("/dossiers/bulk/status"))
    assert page.toasts == ["5 dossiers are now “Accepted”. 9 e-mails go."]
    sql = "select count(*), count(*) filter (where state = 'queued') as queued from message"
    assert tuple(await database.fetchrow(sql) or ()) == (10, 9)


@pytest.mark.seed("B04")
async def test_B04_the_mails_of_many_can_be_held_or_left_out_with_a_reason(alice: Client, scene: Scene) -> None:
    await factories.trigger(scene.campaign, name="Told")
    held, silent = await some(scene, 2), await some(scene, 2)
    form = (await ask(alice, held)).form("/dossiers/bulk/status") | {"mode": "hold"}
    page = await alice.post("/dossiers/bulk/status", form)
    assert page.toasts == ["2 dossiers are now “Accepted”. 2 e-mails are on hold."]
    form = (await ask(alice, silent)).form("/dossiers/bulk/status") | {"mode": "silent"}
    page = await alice.post("/dossiers/bulk/status", form)
    assert page.status == 422 and page.errors == ["Enter the reason. The timeline keeps it."]
    page = await alice.post("/dossiers/bulk/status", form | {"reason": "Told by phone"})
    assert page.toasts == ["2 dossiers are now “Accepted”. No e-mail goes."]
    assert await database.fetchval("select count(*) from message where dossier_id = any ($1)", silent) == 0
    assert await database.fetchval("select count(*) from status_change where reason = 'Told by phone'") == 2


@pytest.mark.seed("B04")
async def test_B04_whatever_has_changed_since_is_asked_again_and_nothing_has_happened(
    alice: Client, scene: Scene
) -> None:
    await factories.trigger(scene.campaign, name="Told")
    ids = await some(scene, 3)
    form = (await ask(alice, ids)).form("/dossiers/bulk/status")
    await actions.change_status(ids[0], "accepted", 1, scene.alice.actor, "silent", "because")
    page = await alice.post("/dossiers/bulk/status", form)
    assert page.status == 409 and "now 2, before 3" in page.words
    form = page.form("/dossiers/bulk/status")
    await factories.trigger(scene.campaign, name="Another")
    page = await alice.post("/dossiers/bulk/status", form)
    assert page.status == 409 and "now 4, before 2" in page.words
    assert await statuses(ids[1:]) == {"submitted"}
    page = await alice.post("/dossiers/bulk/status", page.form("/dossiers/bulk/status"))
    assert page.status == 200 and await statuses(ids) == {"accepted"}


async def test_all_that_match_means_the_filter_and_what_one_may_see(alice: Client, scene: Scene) -> None:
    ids = await some(scene, 3)
    other, theirs = await some(scene, 1, "pl"), await factories.dossier(scene.elsewhere)
    page = await alice.get(f"/dossiers/bulk?all=1&language=en&campaign={scene.campaign.id}&to=accepted&id={other[0]}")
    await alice.post("/dossiers/bulk/status", page.form("/dossiers/bulk/status"))
    assert (await statuses(ids), await statuses(other), await statuses([theirs.id])) == (
        {"accepted"}, {"submitted"}, {"submitted"},
    )  # fmt: skip
    assert "Nothing is ticked" in (await ask(alice, [theirs.id])).words
    assert "Nothing is ticked" in (await alice.get("/dossiers/bulk")).words
    second = await factories.campaign(managers=(scene.alice,))
    page = await ask(alice, [ids[0], (await factories.dossier(second)).id])
    assert "These dossiers belong to several campaigns" in page.words


async def test_many_are_long_work_that_leaves_newer_decisions_alone(
    alice: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_actions, "AT_ONCE", 2)
    await factories.trigger(scene.campaign, name="Told")
    ids = await some(scene, 4)
    page = await alice.post("/dossiers/bulk/status", (await ask(alice, ids)).form("/dossiers/bulk/status"))
    job_id = int(page.path.rpartition("/")[2])
    assert page.h1 == "Status of 4 dossiers: Accepted"
    await actions.change_status(ids[0], "rejected", 1, scene.bob.actor, "silent", "because")
    await database.execute("update job set created_at = now() - interval '1 s' where id = $1", job_id)
    await actions.change_status(ids[1], "accepted", 1, scene.bob.actor, "silent", "because")
    await running.work({"status": bulk_actions.move_one}, {}, 60)
    job = await jobs.by_id(job_id)
    assert job and (job.state, job.done, job.refused) == ("done", 2, 2)
    page = await alice.get(f"/jobs/{job_id}")
    assert "Somebody else has changed it meanwhile" in page.words and "It had this status already" in page.words
    assert f"/dossiers/{ids[0]}" in page.links
    assert await database.fetchval("select count(*) from message where dossier_id = any ($1)", ids) == 2


async def test_more_than_can_be_planned_one_by_one_are_estimated_and_say_so(
    alice: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "EXACT", 2)
    await factories.trigger(scene.campaign, name="Told")
    page = await ask(alice, await some(scene, 6))
    assert "About 6 e-mails" in page.words
    page = await alice.post("/dossiers/bulk/status", page.form("/dossiers/bulk/status"))
    assert page.toasts == ["6 dossiers are now “Accepted”. 6 e-mails go."]

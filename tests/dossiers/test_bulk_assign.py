"""Ticked dossiers are given to evaluators, spread over them, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal.dossiers import assigning
from portal.jobs import running
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene
from workers import jobs


async def do(alice: Client, ids: list[int], how: str, *who: int, **more: Any) -> Page:
    page = await alice.get("/dossiers/bulk/assign?" + "&".join(f"id={each}" for each in ids))
    form = page.form("/dossiers/bulk/assign") | {"how": how, "evaluators": [str(each) for each in who], **more}
    return await alice.post("/dossiers/bulk/assign", form)


async def given() -> list[tuple[int, int]]:
    return [tuple(row) for row in await database.fetch("select dossier_id, account_id from assignment order by 1, 2")]


async def test_alice_gives_and_takes_back_what_she_ticked(alice: Client, scene: Scene) -> None:
    ids = [(await factories.dossier(scene.campaign)).id for _ in range(3)]
    page = await do(alice, ids[:2], "give", scene.bob.id)
    assert page.toasts == ["2 assignments made."] and await given() == [(each, scene.bob.id) for each in ids[:2]]
    page = await do(alice, ids, "give", scene.bob.id)
    assert page.toasts == ["1 assignment made. Already assigned: 2."]
    page = await do(alice, ids[:1], "take", scene.bob.id)
    assert page.toasts == ["1 assignment ended."] and len(await given()) == 2
    assert (await do(alice, ids, "give")).errors == ["Choose at least one."]


async def test_ticked_dossiers_are_spread_evenly(alice: Client, scene: Scene) -> None:
    ids = [(await factories.dossier(scene.campaign)).id for _ in range(4)]
    page = await do(alice, ids, "spread", scene.bob.id, scene.alice.id, each="1")
    assert page.toasts == ["4 assignments made."]
    counts = await database.fetch("select account_id, count(*) as n from assignment group by 1")
    assert {row["account_id"]: row["n"] for row in counts} == {scene.bob.id: 2, scene.alice.id: 2}


async def test_a_list_that_has_changed_is_asked_again(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.campaign)
    page = await alice.get(f"/dossiers/bulk/assign?all=1&campaign={scene.campaign.id}")
    form = page.form("/dossiers/bulk/assign") | {"evaluators": [str(scene.bob.id)]}
    await factories.dossier(scene.campaign)
    page = await alice.post("/dossiers/bulk/assign", form)
    assert page.status == 409 and "now 2, before 1" in page.words and await given() == []
    assert "Nothing is ticked" in (await alice.get("/dossiers/bulk/assign")).words


async def test_many_are_given_and_taken_back_by_a_task_that_says_what_it_left_out(
    fresh_client: Client, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigning, "AT_ONCE", 2)
    alice, bob = await factories.account("Alice"), await factories.account("Bob")
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,))
    ids = [(await factories.dossier(campaign)).id for _ in range(3)]
    await database.execute("insert into assignment (dossier_id, account_id) values ($1, $2)", ids[0], bob.id)
    await fresh_client.sign_in(alice.email)
    asked = await fresh_client.get(f"/dossiers/bulk/assign?all=1&campaign={campaign.id}")
    assert "So many dossiers take a while: a task does it, and shows how far it is." in asked.words

    page = await do(fresh_client, ids, "give", bob.id)
    assert page.h1 == "Assign 3 dossiers" and len(await given()) == 1
    assert await running.work(jobs.PER_ITEM, jobs.WHOLE, 30) == 1
    assert await given() == [(each, bob.id) for each in ids]
    page = await fresh_client.get(page.path)
    assert "2 assignments made. Already assigned: 1." in page.words
    assert f"/campaigns/{campaign.id}/assessment" in page.links

    page = await do(fresh_client, ids, "take", bob.id)
    await database.execute("delete from dossier where id = $1", ids[2])
    await running.work(jobs.PER_ITEM, jobs.WHOLE, 30)
    assert "now 2, before 3" in (await fresh_client.get(page.path)).words and len(await given()) == 2
    monkeypatch.setattr(assigning, "AT_ONCE", 1)
    page = await do(fresh_client, ids[:2], "take", bob.id)
    await running.work(jobs.PER_ITEM, jobs.WHOLE, 30)
    assert "2 assignments ended." in (await fresh_client.get(page.path)).words and await given() == []

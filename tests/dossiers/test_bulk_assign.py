"""Ticked dossiers are given to evaluators, spread over them, taken back."""

from __future__ import annotations

from typing import Any

from portal import db as database
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene


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

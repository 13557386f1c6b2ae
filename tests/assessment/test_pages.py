"""The pages of the assessment, as people use them."""

from __future__ import annotations

import msgspec
import pytest

from portal import db as database
from portal.assessment import actions, queries, routes
from portal.jobs import running
from tests import factories as make
from tests.clients import Client
from workers import jobs


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    bea: make.AccountRow
    campaign: make.CampaignRow
    dossiers: list[int]


@pytest.fixture
async def house(db: None) -> House:
    return await made()


async def made() -> House:
    """Alice manages, Bob and Bea evaluate four dossiers."""
    await make.organisation()
    alice, bob, bea = [
        await make.account(name, role)
        for name, role in (("Alice", "manager"), ("Bob", "evaluator"), ("Bea", "evaluator"))
    ]
    campaign = await make.campaign(managers=(alice,), evaluators=(bob, bea), locales=("en",))
    return House(alice, bob, bea, campaign, [(await make.dossier(campaign)).id for _ in range(4)])


async def test_alice_adds_criteria_and_spreads_the_dossiers(client: Client, house: House) -> None:
    place = f"/campaigns/{house.campaign.id}"
    await client.sign_in(house.alice.email)
    form = (await client.get(f"{place}/criteria/new")).form(f"{place}/criteria/new")
    page = await client.post(f"{place}/criteria/new", form | {"label.en": "Idea", "most": "10", "weight": "1.5"})
    assert page.toasts == ["Criterion added."] and "4 dossiers without a decision have no evaluator." in page.words
    page = await client.post(f"{place}/criteria/new", form | {"label.en": "Budget", "weight": "heavy"})
    assert page.errors == ["Enter a weight above 0, such as 1 or 2.5."]
    preview = await client.get(f"{place}/assessment/spread")
    assert "4 dossiers · 8 new assignments" in preview.words
    sent = {"status": "submitted", "evaluators": str(house.bob.id), "each": "1", "count": "4"}
    changed = await client.post(f"{place}/assessment/spread", sent | {"count": "3"})
    assert changed.status == 409 and "now 4, before 3" in changed.words
    page = await client.post(f"{place}/assessment/spread", sent)
    assert page.toasts == ["4 assignments made."]
    assert [row.load for row in await queries.members(house.campaign.id)] == [0, 4, 0]


async def test_bob_scores_writes_a_note_and_sees_beas_scores_afterwards(client: Client, house: House) -> None:
    first = house.dossiers[0]
    sql = "insert into criterion (campaign_id, label, most, position) values ($1, $2, 5, 1) returning id"
    idea = await database.fetchval(sql, house.campaign.id, {"en": "Idea"})
    await database.execute("insert into score values ($1, $2, $3, 4, 'clear')", first, idea, house.bea.id)
    await client.sign_in(house.bob.email)
    path = f"/dossiers/{first}/assessment"
    page = await client.get(path)
    assert "1 colleague has given scores. You see them once yours are complete." in page.words
    assert "clear" not in page.words and "80%" not in page.words
    refused = await client.post(path, page.form(path) | {f"points_{idea}": "6"})
    assert refused.errors == ["Enter a number from 0 to 5."]
    page = await client.post(path, page.form(path) | {f"points_{idea}": "3.5", f"comment_{idea}": "bold"})
    assert page.toasts == ["Scores saved."] and "clear" in page.words and "75%" in page.words
    note = page.form(f"/dossiers/{first}/notes") | {"body": "Ask for the budget <b>again</b>"}
    page = await client.post(f"/dossiers/{first}/notes", note)
    assert "Ask for the budget <b>again</b>" in page.words
    assert "Bob wrote a note" in (await client.get(f"/dossiers/{first}")).words


async def test_a_conflict_of_interest_takes_bob_out_until_alice_lifts_it(client: Client, house: House) -> None:
    first = house.dossiers[0]
    await database.execute("update campaign set assigned_only = true where id = $1", house.campaign.id)
    await actions.assign(house.alice.actor, [first], house.bob.id)
    await client.sign_in(house.bob.email)
    form = (await client.get(f"/dossiers/{first}/conflict")).form(f"/dossiers/{first}/conflict")
    page = await client.post(f"/dossiers/{first}/conflict", form | {"reason": "My sister works there"})
    assert page.toasts == ["Declared. The dossier is not yours to judge."]
    assert (await client.get(f"/dossiers/{first}")).status == 404
    await client.sign_in(house.alice.email)
    page = await client.get(f"/dossiers/{first}")
    assert "Conflict of interest: Bob · My sister works there" in page.words
    assert page.texts("#account option") == ["Bea", "Alice"]
    page = await client.post(f"/dossiers/{first}/conflicts/{house.bob.id}/lift")
    page = await client.post(f"/dossiers/{first}/evaluators", {"account": str(house.bob.id)})
    assert page.toasts == ["Evaluator assigned."]
    page = await client.post(f"/dossiers/{first}/evaluators/{house.bob.id}/remove")
    assert page.toasts == ["Evaluator removed. Notes and scores stay."]


async def test_evaluators_assign_nothing(client: Client, house: House) -> None:
    first, place = house.dossiers[0], f"/campaigns/{house.campaign.id}"
    await client.sign_in(house.bob.email)
    assert (await client.get(f"{place}/assessment")).status == 403
    assert (await client.get(f"{place}/assessment/spread")).status == 403
    assert (await client.post(f"/dossiers/{first}/evaluators", {"account": str(house.bob.id)})).status == 403
    assert await queries.evaluators(first) == []


async def test_many_assignments_are_left_to_a_worker(
    fresh_client: Client, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, house = fresh_client, await made()
    monkeypatch.setattr(routes, "AT_ONCE", 3)
    await client.sign_in(house.alice.email)
    sent = {"status": "submitted", "evaluators": str(house.bob.id), "each": "1", "count": "4"}
    page = await client.post(f"/campaigns/{house.campaign.id}/assessment/spread", sent)
    assert page.h1 == "4 assignments, spread evenly"
    assert await running.work(jobs.PER_ITEM, jobs.WHOLE, 30) == 1
    assert [row.load for row in await queries.members(house.campaign.id)] == [0, 4, 0]
    page = await client.get(page.path)
    assert f"/campaigns/{house.campaign.id}/assessment" in page.links

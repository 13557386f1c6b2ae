"""The list of campaigns: whose, how many dossiers at which status, in how many queries."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.campaigns import queries
from portal.campaigns.queries import Counts
from portal.outcomes import Missing
from tests import factories


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were run."""
    seen: list[str] = []
    plain = database.fetch

    async def fetch(sql: str, *args: object) -> object:
        seen.append(sql)
        return await plain(sql, *args)

    monkeypatch.setattr(database, "fetch", fetch)
    return seen


async def test_the_list_counts_dossiers_by_status_in_one_query_for_1_and_3_campaigns(
    db: None, counted: list[str]
) -> None:
    alice = await factories.account("Alice")
    rural = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    for status in ("draft", "submitted", "submitted"):
        await factories.dossier(rural, status=status)
    listed = await queries.list_for(alice.actor)
    assert [(each.name, each.dossiers) for each in listed] == [("Rural Labs", 3)]
    assert [(each.key, each.dossiers) for each in listed[0].counts][:3] == [
        ("draft", 1),
        ("submitted", 2),
        ("under_review", 0),
    ]
    for _n in range(2):
        await factories.campaign(managers=(alice,))
    assert len(await queries.list_for(alice.actor)) == 3
    assert len(counted) == 2


@pytest.mark.seed("E17")
@pytest.mark.parametrize("wanted", ["zolta", "ŻÓŁTA", "yellow", "boat-call"])
async def test_E17_search_finds_any_language_without_accents_and_the_address(db: None, wanted: str) -> None:
    alice = await factories.account("Alice")
    await factories.campaign(managers=(alice,), title={"en": "Yellow Boat", "pl": "Żółta Łódź"}, slug="boat-call")
    await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    assert [each.slug for each in await queries.list_for(alice.actor, wanted)] == ["boat-call"]


async def test_a_percent_sign_is_looked_for_as_it_stands(db: None) -> None:
    alice = await factories.account("Alice")
    await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    assert await queries.list_for(alice.actor, "%") == []


async def test_bob_sees_his_campaigns_adam_all_and_dana_none(db: None) -> None:
    bob, dana = await factories.account("Bob", "evaluator"), await factories.account("Dana")
    adam = await factories.account("Adam", "administrator")
    his = await factories.campaign(evaluators=(bob,))
    other = await factories.campaign()
    assert [each.id for each in await queries.list_for(bob.actor)] == [his.id]
    assert await queries.list_for(dana.actor) == []
    assert {his.id, other.id} <= {each.id for each in await queries.list_for(adam.actor)}
    assert await queries.count(bob.actor) == Counts(current=1, archived=0)


async def test_a_public_address_finds_its_campaign(db: None) -> None:
    campaign = await factories.campaign(slug="village")
    assert (await queries.by_slug("village")).id == campaign.id
    with pytest.raises(Missing):
        await queries.by_slug("nowhere")


async def test_bob_counts_only_what_he_sees_where_a_campaign_shows_evaluators_their_own(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,))
    given = await factories.dossier(campaign)
    await factories.dossier(campaign)
    await database.execute("insert into assignment (dossier_id, account_id) values ($1, $2)", given.id, bob.id)

    async def seen(by: factories.AccountRow) -> tuple[int, int]:
        (row,) = await queries.list_for(by.actor)
        return row.dossiers, sum(each.dossiers for each in await queries.counted(by.actor, campaign.id))

    assert (await seen(alice), await seen(bob)) == ((2, 2), (2, 2))
    await database.execute("update campaign set assigned_only = true where id = $1", campaign.id)
    assert (await seen(alice), await seen(bob)) == ((2, 2), (1, 1))

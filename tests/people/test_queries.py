"""Finding people: by words without accents, page by page, and only whom one may see."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.actor import Actor
from portal.outcomes import Missing
from portal.people import queries
from portal.people.queries import LATEST, Filters
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


async def names(actor: Actor, **filters: object) -> list[str]:
    found = await queries.search(actor, Filters(**filters))  # type: ignore[arg-type]
    return [each.name for each in found.items]


@pytest.mark.parametrize("words", ["zolta", "Żółta", "ana zolt", "zolt ANA", "ana.z@example", "@example.org zolt"])
async def test_words_in_any_order_without_accents_or_capitals_find_name_and_address(db: None, words: str) -> None:
    alice = await factories.account("Alice")
    await factories.person("Ana", "Żółta", email="ana.z@example.org")
    await factories.person("Jan", "Nowak", email="jan@example.com")
    assert await names(alice.actor, q=words) == ["Ana Żółta"]


@pytest.mark.parametrize("words", ["%", "_", "\\"])
async def test_signs_of_like_are_looked_for_as_they_stand(db: None, words: str) -> None:
    alice = await factories.account("Alice")
    await factories.person("Jan", "Nowak")
    assert await names(alice.actor, q=words) == []


async def test_filters_narrow_by_kind_language_and_opt_out(db: None) -> None:
    alice = await factories.account("Alice")
    ana = await factories.person("Ana", "Nowak", locale="pl")
    await factories.person("Léa", "Roux", locale="fr")
    await factories.person("Marc", "Petit", kind="contact")
    sql = "insert into suppression (address, scope, reason) values ($1, $2, $3)"
    await database.execute(sql, ana.email, "optional", "opted_out")
    assert sorted(await names(alice.actor)) == ["Ana Nowak", "Léa Roux"]
    assert await names(alice.actor, kind="contact") == ["Marc Petit"]
    assert await names(alice.actor, locale="fr") == ["Léa Roux"]
    assert await names(alice.actor, opted_out=True) == ["Ana Nowak"]


async def test_pages_go_by_key_forwards_and_back_in_one_query_each(db: None, counted: list[str]) -> None:
    alice = await factories.account("Alice")
    for n in range(5):
        await factories.person(f"P{n}", "Nowak")
    counted.clear()
    first = await queries.search(alice.actor, Filters(q="nowak"), limit=2)
    second = await queries.search(alice.actor, Filters(q="nowak"), LATEST.read(first.older), limit=2)
    back = await queries.search(alice.actor, Filters(q="nowak"), LATEST.read(second.newer), limit=2)
    assert [each.first_name for each in first.items] == ["P4", "P3"]
    assert [each.first_name for each in second.items] == ["P2", "P1"]
    assert back.items == first.items
    assert (first.newer, back.newer) == (None, None)
    assert len(counted) == 3


async def test_bob_sees_who_applied_to_his_campaigns_with_those_dossiers_only(db: None) -> None:
    bob = await factories.account("Bob", "evaluator")
    his, other = await factories.campaign(evaluators=(bob,)), await factories.campaign()
    ana, jan = await factories.person("Ana", "Nowak"), await factories.person("Jan", "Kos")
    mine = await factories.dossier(his, ana)
    await factories.dossier(other, ana)
    await factories.dossier(other, jan)
    found = await queries.search(bob.actor, Filters())
    assert [(each.name, each.dossiers) for each in found.items] == [("Ana Nowak", 1)]
    assert [each.id for each in await queries.dossiers_of(bob.actor, ana.id)] == [mine.id]
    assert await queries.count(bob.actor, "candidate") == 1
    with pytest.raises(Missing):
        await queries.one(bob.actor, jan.id)


async def test_alice_sees_everybody_but_only_the_dossiers_of_her_campaigns(db: None) -> None:
    alice = await factories.account("Alice")
    ana = await factories.person("Ana", "Nowak")
    await factories.dossier(await factories.campaign(), ana)
    assert (await queries.one(alice.actor, ana.id)).name == "Ana Nowak"
    assert await queries.dossiers_of(alice.actor, ana.id) == []
    assert [each.dossiers for each in (await queries.search(alice.actor, Filters())).items] == [0]


async def test_bob_is_not_told_who_has_an_address_he_may_not_see(db: None) -> None:
    bob, alice = await factories.account("Bob", "evaluator"), await factories.account("Alice")
    ana = await factories.person("Ana", "Nowak", email="ana@example.org")
    assert await queries.by_address(bob.actor, "ana@example.org") is None
    found = await queries.by_address(alice.actor, "Ana@Example.org")
    assert found is not None
    assert found.id == ana.id

"""Dossiers are given to evaluators by hand or evenly; where a campaign says so, evaluators see only theirs."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from portal import db as database
from portal import timeline
from portal.assessment import actions, queries
from portal.assessment.rules import Open, spread
from portal.dossiers import queries as dossiers
from portal.dossiers.search import Filters, find
from portal.outcomes import Missing, Refused
from portal.timeline_words import event_words
from tests import factories as make
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    bea: make.AccountRow
    dana: make.AccountRow
    campaign: make.CampaignRow
    dossiers: list[int]


@pytest.fixture
async def house(db: None) -> House:
    alice, bob, bea, dana = [
        await make.account(name, role)
        for name, role in (("Alice", "manager"), ("Bob", "evaluator"), ("Bea", "evaluator"), ("Dana", "evaluator"))
    ]
    campaign = await make.campaign(managers=(alice,), evaluators=(bob, bea))
    return House(alice, bob, bea, dana, campaign, [(await make.dossier(campaign)).id for _ in range(6)])


async def only_assigned(house: House) -> None:
    await database.execute("update campaign set assigned_only = true where id = $1", house.campaign.id)


async def test_alice_gives_bob_a_dossier_once_and_takes_it_back(house: House) -> None:
    first, second = house.dossiers[:2]
    assert (await actions.assign(house.alice.actor, [first, second], house.bob.id)).done == (first, second)
    again = await actions.assign(house.alice.actor, [first], house.bob.id)
    assert (again.done, again.refused) == ((), {first: "already"})
    assert [one.name for one in await queries.evaluators(first)] == ["Bob"]
    assert (await actions.unassign(house.alice.actor, [first, house.dossiers[5]], house.bob.id)).done == (first,)
    words = [event_words(event)[1].striptags() for event in await timeline.of_dossier(first)]
    assert words == ["Alice took the dossier back from Bob", "Alice assigned the dossier to Bob"]


async def test_nobody_gets_what_they_must_not_judge(house: House) -> None:
    mine, declared, free = house.dossiers[:3]
    await database.execute(
        "update person set email = $1 where id = (select person_id from dossier where id = $2)", house.bob.email, mine
    )
    await database.execute("insert into conflict_of_interest values ($1, $2)", declared, house.bob.id)
    outcome = await actions.assign(house.alice.actor, [mine, declared, free, 999_999_999], house.bob.id)
    assert outcome.done == (free,)
    assert outcome.refused == {mine: "own", declared: "conflict", 999_999_999: "missing"}
    stranger = await actions.assign(house.alice.actor, [free], house.dana.id)
    assert stranger.refused == {free: "not_member"}
    foreign = await actions.assign(house.dana.actor, [free], house.bea.id)
    assert foreign.refused == {free: "missing"}
    evenly = await actions.assign_evenly(house.alice.actor, [mine, declared], [house.bob.id, house.bea.id])
    assert (evenly.given, evenly.short) == ({house.bob.id: 0, house.bea.id: 2}, {})


async def test_dossiers_are_spread_evenly_over_what_everybody_has_already(house: House) -> None:
    alice, both = house.alice.actor, [house.bob.id, house.bea.id]
    await actions.assign(alice, house.dossiers[:2], house.bob.id)
    done = await actions.assign_evenly(alice, house.dossiers, both)
    assert (done.pairs, done.given, done.short) == (4, {house.bob.id: 1, house.bea.id: 3}, {})
    assert (await actions.assign_evenly(alice, house.dossiers, both)).pairs == 0
    two = await actions.assign_evenly(alice, house.dossiers, both, each=2, cap=5)
    assert (two.pairs, sum(two.short.values())) == (4, 2)
    with pytest.raises(Refused):
        await actions.assign_evenly(alice, house.dossiers, [])


def test_the_fewest_possible_evaluators_come_first() -> None:
    dossiers = [Open(1), Open(2), Open(3, barred=frozenset({7, 8})), Open(4, taken=frozenset({9}))]
    plan = spread(dossiers, {7: 0, 8: 0, 9: 0}, each=1, cap=1)
    assert plan.pairs == ((3, 9), (1, 7), (2, 8))
    assert plan.short == {}
    many = spread([Open(n) for n in range(100)], {7: 10, 8: 0, 9: 0}, each=2)
    assert Counter(who for _one, who in many.pairs) == {7: 60, 8: 70, 9: 70}
    assert len(set(many.pairs)) == 200


async def test_evaluators_of_a_closed_round_see_only_what_is_assigned_to_them(house: House) -> None:
    theirs, other = house.dossiers[:2]
    await only_assigned(house)
    await actions.assign(house.alice.actor, [theirs], house.bob.id)

    async def listed(who: make.AccountRow) -> int:
        return len((await find(who.actor, Filters())).items)

    assert [await listed(one) for one in (house.alice, house.bob, house.bea, house.dana)] == [6, 1, 0, 0]
    assert (await dossiers.one(house.bob.actor, theirs)).id == theirs
    with pytest.raises(Missing):
        await dossiers.one(house.bob.actor, other)
    assert [one.id for one in await queries.evaluators(theirs)] == [house.bob.id]
    await database.execute("delete from campaign_member where account_id = $1", house.bob.id)
    assert await listed(house.bob) == 0


async def test_what_is_not_assigned_is_not_found_by_url_search_or_key(house: House, client: Client) -> None:
    theirs, other = house.dossiers[:2]
    await only_assigned(house)
    await actions.assign(house.alice.actor, [theirs], house.bob.id)
    await client.sign_in(house.bob.email)
    for path in ("", "/answers", "/status?to=accepted", "/status/letter?to=accepted"):
        assert (await client.get(f"/dossiers/{other}{path}")).status == 404
    assert (await client.get(f"/dossiers/{theirs}")).status == 200
    listed = (await client.get("/dossiers")).text
    assert [bool(re.search(rf'"/dossiers/{one}["?]', listed)) for one in (theirs, other)] == [True, False]

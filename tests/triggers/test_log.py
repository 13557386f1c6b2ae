"""The trigger log: everything that was considered, found by person, trigger and outcome."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portal import db as database
from portal.dossiers import actions as dossiers
from portal.triggers import decisions
from portal.triggers.decisions import Filters
from tests import factories as make
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    campaign: make.CampaignRow
    winners: int
    polish: int
    ana: make.DossierRow
    home: str


@pytest.fixture
async def house(db: None) -> House:
    """Alice has accepted Ana and Bela; one automatic e-mail writes to all, another to Polish readers only."""
    await make.organisation()
    alice = await make.account("Alice")
    campaign = await make.campaign(managers=(alice,), title={"en": "Rural Labs"})
    winners = await make.trigger(campaign, name="Winners")
    polish = await make.trigger(campaign, name="Polish winners")
    await make.trigger(campaign, name="Rejected", to_status="rejected")
    await database.execute("""update trigger set conditions = '{"locales": ["pl"]}' where id = $1""", polish)
    ana, bela = [
        await make.dossier(campaign, await make.person(name, "Nowak", email=f"{name.lower()}@people.example"))
        for name in ("Ana", "Bela")
    ]
    for each in (ana, bela):
        await dossiers.change_status(each.id, "accepted", 1, alice.actor)
    return House(alice, campaign, winners, polish, ana, f"/campaigns/{campaign.id}/emails/log")


async def found(house: House, **filters: Any) -> list[tuple[str, str, str]]:
    lines = await decisions.search(house.alice.actor, house.campaign.id, Filters(**filters))
    return [(line.name, line.trigger_name, line.why_not) for line in lines.items]


@pytest.mark.seed("B02")
async def test_B02_the_log_is_searched_by_person_trigger_and_outcome(house: House) -> None:
    ana = [("Ana Nowak", "Polish winners", "other_language"), ("Ana Nowak", "Winners", "")]
    bela = [("Bela Nowak", "Polish winners", "other_language"), ("Bela Nowak", "Winners", "")]
    assert await found(house) == bela + ana
    for person in (house.ana.number, "ána now", "ana@people"):
        assert await found(house, person=person) == ana
    assert await found(house, trigger=house.winners) == [bela[1], ana[1]]
    assert await found(house, outcome="sent") == [bela[1], ana[1]]
    assert await found(house, outcome="not") == [bela[0], ana[0]]
    assert len(await found(house, outcome="all")) == 6
    for nobody in ("Nobody", "%", "ana_people"):
        assert await found(house, person=nobody) == []


@pytest.mark.seed("B02")
async def test_B02_why_did_she_not_get_it(house: House, client: Client) -> None:
    await client.sign_in(house.alice.email)
    page = await client.get(f"{house.home}?q=ana&trigger={house.polish}")
    assert page.h1 == "Rural Labs: trigger log"
    assert page.texts("tbody td:nth-child(2)") == ["Submitted → Accepted"]
    assert page.texts("tbody td:nth-child(4)") == ["It is not for the dossier’s language: English"]
    page = await client.get(f"{house.home}?q=ana&trigger={house.winners}")
    assert "ana@people.example" in page.words
    assert "Queued" in page.words
    fresh = await make.trigger(house.campaign, name="Brand new")
    page = await client.get(f"{house.home}?q=ana&trigger={fresh}")
    assert "This automatic e-mail was not asked" in page.words


async def test_what_was_decided_outlives_its_trigger(house: House, client: Client) -> None:
    await database.execute("delete from trigger where id = $1", house.winners)
    await client.sign_in(house.alice.email)
    page = await client.get(house.home)
    assert "Winners deleted" in page.texts("tbody td:nth-child(3)")
    assert (house.winners, "Winners") in await decisions.triggers(house.campaign.id)


async def test_the_log_is_read_page_by_page(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "PAGE", 3)
    await client.sign_in(house.alice.email)
    page = await client.get(house.home)
    assert len(page.all("tbody tr")) == 3
    older = page.one("a[rel=next]").attrs["href"] or ""
    assert len((await client.get(older)).all("tbody tr")) == 1


async def test_strangers_and_evaluators_read_no_log(house: House, client: Client) -> None:
    await client.sign_in((await make.account("Dana")).email)
    assert (await client.get(house.home)).status == 404
    bob = await make.account("Bob", "evaluator")
    await make.member(house.campaign.id, bob)
    await client.sign_in(bob.email)
    assert (await client.get(house.home)).status == 403

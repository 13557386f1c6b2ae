"""Whom an audience means, and who may see it."""

from __future__ import annotations

from portal import db
from portal.actor import Actor
from portal.audiences.sources import Chosen, Count, count, source
from tests import factories


async def members(actor: Actor, chosen: Chosen) -> list[int]:
    """The record ids of an audience."""
    found = await source(actor, chosen)
    rows = await db.fetch(f"select record_id from ({found.sql}) chosen order by record_id", *found.parameters)
    return [row["record_id"] for row in rows]


async def test_an_audience_is_what_the_actor_may_see(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign, other = await factories.campaign(managers=(alice,), evaluators=(bob,)), await factories.campaign()
    ana, ben = await factories.person("Ana"), await factories.person("Ben")
    first, second = await factories.dossier(campaign, ana), await factories.dossier(other, ben)
    people, dossiers = Chosen(module="candidates"), Chosen(module="dossiers")
    assert await members(alice.actor, people) == [ana.id, ben.id]
    assert await members(bob.actor, people) == [ana.id]
    assert await members(bob.actor, dossiers) == await members(alice.actor, dossiers) == [first.id]
    one = Chosen(module="dossiers", ids=(first.id, second.id))
    assert await members(alice.actor, one) == [first.id]
    assert await count(alice.actor, people) == Count(2)
    assert await count(alice.actor, people, most=1) != Count(1)

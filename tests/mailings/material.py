"""A house with a sender, a template and people, and drafts of mailings to them."""

from __future__ import annotations

from typing import Any

from portal.actor import Actor
from portal.mailings import actions, planning, queries
from portal.mailings.planning import Summary
from portal.mailings.queries import Mailing
from portal.mailings.rules import Draft
from tests import factories
from tests.factories import AccountRow, PersonRow


async def alice(*roles: str) -> AccountRow:
    """A manager in a house that has a sender."""
    await factories.organisation()
    return await factories.account("Alice", *roles)


async def people(count: int, **each: Any) -> list[PersonRow]:
    """So many candidates, or what `each` says."""
    return [await factories.person(f"Person{n}", **each) for n in range(count)]


async def draft(by: Actor, *picked: int, **more: Any) -> Mailing:
    """A mailing to these records, picked one by one, with a template of its own."""
    if "template_id" not in more:
        more["template_id"] = (await factories.template("Closing reminder")).id
    wished = Draft(**{"name": "Closing reminder", "audience": "picked" if picked else "criteria", **more})
    return await queries.one(by, await actions.create(by, wished, picked=picked))


async def summed(by: Actor, mailing: Mailing) -> Summary:
    """The numbers of a mailing's plan."""
    return await planning.summary(await planning.plan_of(by, await queries.one(by, mailing.id)))

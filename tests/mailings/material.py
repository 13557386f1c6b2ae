"""A house with a sender, a template and people, and drafts of mailings to them."""

from __future__ import annotations

from typing import Any

from portal import db
from portal.actor import Actor
from portal.mailings import actions, launching, planning, queries, work
from portal.mailings.planning import Summary
from portal.mailings.queries import Mailing
from portal.mailings.rules import Draft
from tests import factories
from tests.factories import AccountRow, PersonRow

MESSAGES = """
select m.*, o.gate, o.lane, o.account_id, o.campaign_id, l.subject, l.values, l.locale, l.from_address, l.reply_to,
    l.version_id
from message m join origin o on o.id = m.origin_id left join letter l on l.id = m.id
where o.kind = 'mailing' and o.ref_id = $1 order by m.address, m.id"""
ENDED = """
update message m set state = $2::message_state, reason = $3, settled_at = now() from origin o
where o.id = m.origin_id and o.kind = 'mailing' and o.ref_id = $1 and m.state = 'queued'"""
DONE = """
update batch b set done_at = now() from origin o where o.id = b.origin_id and o.kind = 'mailing' and o.ref_id = $1"""


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


async def launch(by: Actor, mailing: Mailing) -> Mailing:
    """Press the button with the number that the plan says."""
    mailing = await queries.one(by, mailing.id)
    seen = await summed(by, mailing)
    return await launching.launch(by, mailing.id, mailing.version, seen.going, seen.seal)


async def started(by: Actor, mailing: Mailing) -> Mailing:
    """Launch it, and let a worker start it. Returns it as it is then."""
    await launch(by, mailing)
    await work.sweep()
    return await queries.one(by, mailing.id)


async def messages(mailing: Mailing) -> list[Any]:
    """All rows of a mailing in the register, by address."""
    return await db.fetch(MESSAGES, mailing.id)


async def sent(mailing: Mailing, state: str = "accepted", reason: str | None = None) -> None:
    """Let all that waits have ended so, as the sender would have written it down."""
    await db.execute(ENDED, mailing.id, state, reason)
    await db.execute(DONE, mailing.id)

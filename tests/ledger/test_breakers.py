"""Circuit breakers: mail that is refused as unwanted stops its origin, not the house."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, breakers, queries
from portal.ledger.rules import Ended, Lane, Trip, trip
from portal.outcomes import Stale
from portal.sending import notices
from tests import factories
from tests.sending.helpers import plan, sending, settled, states, until
from tests.sending.sink import Sink, running

SPAM = b"550 5.7.1 Message refused: looks like spam"


def ended(*refused: bool, domain: str = "") -> list[Ended]:
    """The latest first; each at a domain of its own unless one is given."""
    return [Ended(domain or f"d{n}.example", each) for n, each in enumerate(refused)]


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        ([], None),
        (ended(*[True] * 4), None),
        (ended(*[True] * 5), Trip(5, 5)),
        (ended(*[False] * 95, *[True] * 5), Trip(5, 100)),
        (ended(*[False] * 96, *[True] * 5), None),  # the fifth is not among the last hundred
        (ended(True, True, domain="a.example"), None),
        (ended(True, True, True, domain="a.example"), Trip(3, 3, "a.example")),
        (ended(True, True, False, True, domain="a.example"), None),
        ([*ended(False), *ended(True, True, True, domain="a.example")], Trip(3, 3, "a.example")),
    ],
)
def test_an_origin_stops_at_5_of_100_or_3_on_end_at_a_domain(latest: list[Ended], expected: Trip | None) -> None:
    assert trip(latest) == expected


def refusing(domain: bytes) -> Sink:
    """A slow server that wants no letters to domains that begin so."""
    return Sink(answer=lambda step, line: SPAM if step == "dot" and b"@" + domain in line else None, delay=0.05)


async def gate(kind: str = "trigger") -> tuple[str, str]:
    """How the origin's gate stands, and why."""
    row = await db.fetchrow("select gate, gate_reason from origin where kind = $1 order by id", kind)
    assert row
    return row["gate"], row["gate_reason"]


async def spread(count: int) -> list[int]:
    """Messages to as many domains."""
    ids = await plan(count)
    await db.execute("update message set address = 'p' || id || '@d' || id || '.example'")
    return ids


@pytest.mark.usefixtures("fresh_database")
async def test_P8_five_refusals_in_a_hundred_pause_the_origin_and_spare_the_others() -> None:
    await factories.account("Adam", "administrator")
    await spread(60)
    await plan(20, kind="test", ref_id=9)
    async with running(refusing(b"d")) as sink, sending(sink, size=1):
        await until(is_paused)
        await until(lambda: gone_of_tests(20))
    counted = await states()
    assert await gate() == ("paused", "policy")
    assert counted["accepted"] == 20 and counted["failed"] >= 5 and counted["failed"] + counted["queued"] == 60
    assert await db.fetchval("select count(*) from suppression") == 0
    assert (await queries.totals()).balanced


async def gone_of_tests(count: int) -> bool:
    sql = (
        "select count(*) from message m join origin o on o.id = m.origin_id where kind = 'test' and state = 'accepted'"
    )
    return bool(await db.fetchval(sql) == count)


@pytest.mark.usefixtures("fresh_database")
async def test_three_refusals_on_end_at_one_domain_pause_the_origin() -> None:
    ids = await spread(30)
    await db.execute("update message set address = 'p' || id || '@big.example' where id = any ($1)", ids[:3])
    async with running(refusing(b"big.example")) as sink, sending(sink, size=1):
        await until(is_paused)
    event = await db.fetchrow("select what, details from timeline_event where subject = 'origin'")
    assert event and event["what"] == "origin.paused"
    assert event["details"] == {"reason": "policy", "refused": 3, "ended": 3, "domain": "big.example"}


async def is_paused() -> bool:
    return await gate() == ("paused", "policy")


@pytest.mark.usefixtures("fresh_database")
async def test_after_a_person_resumes_the_breaker_counts_from_there() -> None:
    ids = await spread(60)
    alice = await factories.account("Alice", "administrator")
    async with running(refusing(b"d")) as sink, sending(sink, size=1):
        await until(is_paused)
    before = (await states())["failed"]
    origin = await db.fetchval("select origin_id from message where id = $1", ids[0])
    await actions.resume_origin(origin, alice.actor)
    assert await gate() == ("open", "")
    async with running(Sink()) as sink, sending(sink):
        await settled(0)
    assert await states() == {"failed": before, "accepted": 60 - before}
    with pytest.raises(Stale):
        await actions.resume_origin(origin, alice.actor)
    what = [
        row["what"] for row in await db.fetch("select what from timeline_event where subject = 'origin' order by id")
    ]
    assert what == ["origin.paused", "origin.resumed"]


# ------------------------------------------------------------------------------------------------ who is told
class House:
    """A campaign of Alice's with an automatic e-mail that a rule has paused."""

    def __init__(self, alice: factories.AccountRow, adam: factories.AccountRow, trigger_id: int) -> None:
        self.alice, self.adam, self.trigger_id = alice, adam, trigger_id
        self.origin_id = 0

    async def pause(self) -> None:
        """As the breaker does."""
        await actions.pause_origin(self.origin_id, "policy", SYSTEM)


@pytest.fixture
async def here(db: None) -> House:
    alice = await factories.account("Alice", "manager", locale="fr")
    adam = await factories.account("Adam", "administrator")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    template = await factories.template()
    trigger_id = await factories.trigger(campaign, template, name="Tell the winners")
    made = House(alice, adam, trigger_id)
    ids = await plan(3, ref_id=trigger_id)
    made.origin_id = await database("select origin_id from message where id = $1", ids[0])
    return made


async def database(sql: str, *args: Any) -> Any:
    """One value."""
    return await db.fetchval(sql, *args)


async def told() -> list[tuple[str, str, int]]:
    """(address, subject, lane) of the letters about pauses."""
    rows = await db.fetch(
        """select m.address, l.subject, o.lane
        from message m join letter l using (id) join origin o on o.id = m.origin_id
        where l.system is not null order by m.id"""
    )
    return [tuple(row) for row in rows]


async def test_the_owner_is_told_once_for_each_pause_in_her_language(here: House) -> None:
    await database("update trigger set created_by = $1 where id = $2", here.alice.id, here.trigger_id)
    await here.pause()
    assert (await notices.tell(), await notices.tell()) == (1, 0)
    subject = "En attente\u00a0: «\u00a0Tell the winners · Rural Labs\u00a0»"
    assert await told() == [(here.alice.email, subject, int(Lane.urgent))]
    assert await database("select locale from letter where system is not null") == "fr"
    await actions.resume_origin(here.origin_id, here.alice.actor)
    await here.pause()
    assert await notices.tell() == 1


async def test_administrators_are_told_where_nobody_owns_it(here: House) -> None:
    await here.pause()
    await notices.tell()
    assert [address for address, _subject, _lane in await told()] == [here.adam.email]


async def test_what_a_person_pauses_is_nobodys_news(here: House) -> None:
    await actions.set_gate("trigger", here.trigger_id, "paused")
    sender = await database("select sender_id from organisation")
    await actions.pause_sender(sender, "by_hand", here.adam.actor)
    assert await notices.tell() == 0


async def test_a_refused_login_is_told_to_the_administrators_from_another_address(here: House) -> None:
    await factories.sender("spare@passerelle.example")
    sender = await database("select sender_id from organisation")
    await actions.pause_sender(sender, "535 5.7.8 Error: authentication failed", SYSTEM)
    assert (await notices.tell(), await notices.tell()) == (1, 0)
    [(address, subject, _lane)] = await told()
    assert (address, subject.startswith("On hold: e-mails from ")) == (here.adam.email, True)
    letter = await db.fetchrow("select from_address, values from letter where system = 'sender_paused'")
    assert letter and letter["from_address"] == "spare@passerelle.example"
    assert letter["values"]["server_said"] == "535 5.7.8 Error: authentication failed"
    assert letter["values"]["waiting"] == "3"


async def test_a_letter_about_a_pause_never_pauses_itself(here: House) -> None:
    await here.pause()
    await notices.tell()
    origin = await database("select id from origin where kind = 'origin_paused'")
    await db.execute(
        "update message set state = 'failed', reason = 'policy', settled_at = now() + interval '1 hour' "
        "where origin_id = $1",
        origin,
    )
    await breakers.pause(db, origin, Trip(5, 100))
    assert await gate("origin_paused") == ("open", "")


@pytest.mark.usefixtures("fresh_database")
async def test_an_address_that_the_server_refuses_is_paused_and_told_once_and_nothing_fails() -> None:
    adam = await factories.account("Adam", "administrator")
    await plan(5)
    refuse = Sink(answer=lambda step, line: b"550 5.7.1 Sender address rejected" if step == "mail" else None)
    async with running(refuse) as sink, sending(sink):
        await until(sender_is_paused)
        assert (await notices.tell(), await notices.tell()) == (1, 0)
    address = await database("select address::text from sender")
    assert await told() == [(adam.email, f"On hold: e-mails from {address}", int(Lane.urgent))]
    assert await states() == {"queued": 6}
    message = await queries.one(SYSTEM, await db.fetchval("select min(id) from message"))
    assert (message.state, message.reason) == ("held", "sender_paused")


async def sender_is_paused() -> bool:
    return bool(await db.fetchval("select paused from sender"))

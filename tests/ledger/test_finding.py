"""Every way of finding messages finds what a look at each of them would: states, reasons, text, campaigns, pages."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, finding, queries
from portal.ledger.queries import MessageFilters
from portal.ledger.rules import SHOWN, Intent, Lane
from tests import factories
from tests.sending.helpers import letter

pytestmark = pytest.mark.usefixtures("db")

# Batches of three open origins: claimed, waiting for tomorrow, tried again; and three closed or paused ones.
CLAIMED = "update batch set run_id = 1 where origin_id = $1"
TOMORROW = "update batch set due_at = now() + interval '1 day', waits_for = 'limit' where origin_id = $1"
LATER = """
with moved as (update message set attempts = 1, reason = 'later' where origin_id = $1 returning id)
update batch set lo = null, hi = null, attempt = 1, waits_for = 'retry', due_at = now() + interval '5 minutes',
    ids = (select array_agg(id order by id) from moved) where origin_id = $1"""
ENDED = """
update message set state = $2::text::message_state, reason = $3, settled_at = now() - interval '1 hour'
where origin_id = $1"""
# What the view says of each message, one by one.
EACH = "select id from message_now where shown = $1 order by id desc"
WHY = "select id from message_now where reason = $1 or waits_for = $1 order by id desc"


class World:
    """Messages in every state that there is, each to people of an address that says so."""

    def __init__(self, sender_id: int, other_id: int, version_id: int) -> None:
        self.sender_id, self.other_id, self.version_id = sender_id, other_id, version_id
        self.number = 0

    async def post(self, name: str, count: int = 3, *, sender_id: int = 0, **more: Any) -> int:
        """Some messages of an origin of their own. Its id."""
        self.number += 1
        words = letter(self.version_id, subject=f"Décision {name}")
        fields: dict[str, Any] = {"locale": "en", "optional": False, "occurrence": 1, "letter": words, **more}
        intents = [Intent(address=f"{name}{n}@people.example", **fields) for n in range(count)]
        await actions.post("trigger", self.number, sender_id or self.sender_id, Lane.trigger, intents)
        return int(await db.fetchval("select id from origin where kind = 'trigger' and ref_id = $1", self.number))


@pytest.fixture
async def world(db: None) -> World:
    version = (await factories.template()).version_id
    made = World(await factories.organisation(), await factories.sender(), version)
    await made.post("queued")
    await made.post("undo", delay_minutes=5)
    await write(CLAIMED, await made.post("claimed"))
    await write(TOMORROW, await made.post("tomorrow"))
    await write(LATER, await made.post("later"))
    await made.post("held", state="held", reason="on_hold")
    await made.post("skipped", state="skipped", reason="opted_out", letter=None)
    for state, reason in (
        ("failed", "refused"),
        ("uncertain", "worker_lost"),
        ("cancelled", "by_hand"),
        ("accepted", None),
    ):
        await write(ENDED, await made.post(state), state, reason)
    await write("update origin set gate = 'paused', gate_reason = 'policy' where id = $1", await made.post("paused"))
    await write("update origin set gate = 'cancelled' where id = $1", await made.post("closed"))
    await write("update sender set paused = true where id = $1", made.other_id)
    await made.post("mute", sender_id=made.other_id)
    return made


async def write(sql: str, *parameters: Any) -> None:
    await db.execute(sql, *parameters)


async def found(**filters: Any) -> list[int]:
    return [row.id for row in (await queries.search(SYSTEM, MessageFilters(**filters))).items]


async def ids(sql: str, *parameters: Any) -> list[int]:
    return [row[0] for row in await db.fetch(sql, *parameters)]


async def names(**filters: Any) -> set[str]:
    """The addresses found, without their numbers."""
    rows = (await queries.search(SYSTEM, MessageFilters(**filters))).items
    return {row.address.partition("@")[0].rstrip("0123456789") for row in rows}


@pytest.mark.parametrize("state", SHOWN)
async def test_each_state_finds_the_messages_that_are_shown_in_it(world: World, state: str) -> None:
    expected = await ids(EACH, state)
    assert expected
    assert await found(state=state) == expected
    assert await found(state=state, text="people.example") == expected
    assert await found(state=state, origin_kind="trigger") == expected


async def test_each_reason_is_found_where_it_is_said(world: World) -> None:
    reasons = await ids(
        "select distinct unnest(array[reason, waits_for]) from message_now where state <> 'accepted' order by 1"
    )
    for reason in filter(None, reasons):
        assert await found(reason=reason) == await ids(WHY, reason), reason
        assert await found(reason=reason, text="people.example") == await ids(WHY, reason), reason
    assert {"undo", "limit", "retry", "later", "paused_policy", "sender_paused", "opted_out"} < set(reasons)


async def test_while_a_database_is_restored_what_would_go_is_held(world: World) -> None:
    await db.execute("delete from epoch")
    await db.execute("insert into epoch (database, held_since) values ('of a backup', now())")
    assert await found(state="queued") == []
    assert await found(state="held") == await ids(EACH, "held")
    assert await found(reason="restored") == await ids(WHY, "restored")


async def test_text_is_found_by_the_beginning_of_an_address_among_any_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LATEST", finding.LATEST.replace(f"limit {finding.RECENT}", "limit 1"))
    assert await names(text="Queued") == {"queued"}
    assert await names(text="ueued") == set()
    assert await names(text="que_ed") == set()


async def test_text_finds_the_messages_of_a_person_and_of_a_dossier(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LATEST", finding.LATEST.replace(f"limit {finding.RECENT}", "limit 1"))
    person = await factories.person("Żaneta", "Nowak")
    campaign = await factories.campaign()
    dossier = await factories.dossier(campaign)
    await world.post("aboutherself", 1, person_id=person.id)
    await world.post("dossier", 1, dossier_id=dossier.id)
    await world.post("last", 1)
    assert await names(text="nowak zaneta") == {"aboutherself"}
    assert await names(text=dossier.number) == {"dossier"}
    assert await names(text="nowak kowalski") == set()


async def test_a_campaign_has_the_messages_of_its_triggers_and_of_its_dossiers(world: World) -> None:
    campaign, other = await factories.campaign(), await factories.campaign()
    ours, theirs = await factories.dossier(campaign), await factories.dossier(other)
    mailing = await world.post("mailing", 2, dossier_id=ours.id)
    await world.post("byhand", 2, dossier_id=ours.id)
    await world.post("elsewhere", 2, dossier_id=theirs.id)
    await db.execute("update origin set campaign_id = $2 where id = $1", mailing, campaign.id)
    assert await names(campaign_id=campaign.id) == {"mailing", "byhand"}
    assert await names(campaign_id=campaign.id, state="queued") == {"mailing", "byhand"}
    assert await names(campaign_id=campaign.id, state="accepted") == set()


@pytest.mark.parametrize("filters", [{}, {"state": "held"}, {"state": "queued"}, {"text": "people"}], ids=str)
async def test_pages_of_every_way_follow_each_other_in_both_directions(world: World, filters: dict[str, str]) -> None:
    wanted, pages, cursor = MessageFilters(**filters), [], None
    everything = await found(**filters)
    while True:
        page = await queries.search(SYSTEM, wanted, cursor, limit=2)
        pages.append([row.id for row in page.items])
        if not page.older:
            break
        cursor = queries.LATEST.read(page.older)
    assert [each for page in pages for each in page] == everything
    back = await queries.search(SYSTEM, wanted, queries.LATEST.read(page.newer), limit=2)
    assert [row.id for row in back.items] == pages[-2]

"""The list of messages as different people see it, and totals that notice when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, queries
from portal.ledger.queries import MessageFilters
from portal.ledger.rules import Intent, Lane
from portal.outcomes import Missing
from tests import factories
from tests.sending.helpers import letter

pytestmark = pytest.mark.usefixtures("db")


async def post(version_id: int, sender_id: int, address: str, **more: Any) -> int:
    """One message; returns its id."""
    words = {name: more.pop(name) for name in ("subject", "to_name") if name in more}
    fields: dict[str, Any] = {"locale": "en", "optional": False, "occurrence": 1, "letter": letter(version_id, **words)}
    intent = Intent(address=address, **{**fields, **more})
    return (await actions.post("trigger", 1, sender_id, Lane.trigger, [intent]))[0]


class Calls:
    """Alice manages one call, Bob evaluates in it; Dana manages another. Each has a message, and one is of nobody."""


@pytest.fixture
async def calls(db: None) -> Any:
    made = Calls()
    made.alice, made.bob, made.dana = (  # type: ignore[attr-defined]
        await factories.account("Alice", "manager"),
        await factories.account("Bob", "evaluator"),
        await factories.account("Dana", "manager"),
    )
    hers = await factories.campaign(managers=(made.alice,), evaluators=(made.bob,))  # type: ignore[attr-defined]
    other = await factories.campaign(managers=(made.dana,))  # type: ignore[attr-defined]
    made.dossier, other_dossier = await factories.dossier(hers), await factories.dossier(other)  # type: ignore[attr-defined]
    version, sender = (await factories.template()).version_id, await factories.organisation()
    dossier = made.dossier  # type: ignore[attr-defined]
    made.ours = await post(  # type: ignore[attr-defined]
        version,
        sender,
        "zoe@people.example",
        to_name="Zoë Żak",
        subject="Décision",
        dossier_id=dossier.id,
        person_id=dossier.person_id,
    )
    made.theirs = await post(version, sender, "other@people.example", dossier_id=other_dossier.id)  # type: ignore[attr-defined]
    made.nobodys = await post(version, sender, "me@team.example")  # type: ignore[attr-defined]
    return made


async def found(actor: Any, **filters: Any) -> list[int]:
    return [row.id for row in (await queries.search(actor, MessageFilters(**filters))).items]


async def test_rows_are_found_through_the_actor(calls: Any) -> None:
    assert await found(SYSTEM) == [calls.nobodys, calls.theirs, calls.ours]
    assert await found(calls.alice.actor) == [calls.nobodys, calls.ours]
    assert await found(calls.bob.actor) == [calls.ours]
    assert await found(calls.dana.actor) == [calls.nobodys, calls.theirs]
    with pytest.raises(Missing):
        await queries.one(calls.bob.actor, calls.theirs)


async def test_text_finds_address_name_and_subject_without_accents(calls: Any) -> None:
    for text in ("zoe@", "ZAK", "żak", "decision", "PEOPLE.example Zoe"):
        assert calls.ours in await found(SYSTEM, text=text), text
    assert await found(SYSTEM, text="100%") == []
    assert await found(SYSTEM, text="_") == []


async def test_filters_narrow_by_state_reason_campaign_and_origin(calls: Any) -> None:
    await actions.cancel(calls.ours, SYSTEM)
    assert await found(SYSTEM, state="cancelled") == [calls.ours]
    assert await found(SYSTEM, state="queued") == [calls.nobodys, calls.theirs]
    assert await found(SYSTEM, reason="by_hand") == [calls.ours]
    assert await found(SYSTEM, campaign_id=calls.dossier.campaign_id) == [calls.ours]
    assert await found(SYSTEM, dossier_id=calls.dossier.id) == [calls.ours]
    assert await found(SYSTEM, person_id=calls.dossier.person_id) == [calls.ours]
    assert await found(SYSTEM, origin_kind="mailing") == []
    assert await found(SYSTEM, origin_kind="trigger", origin_ref=1) == [calls.nobodys, calls.theirs, calls.ours]


async def test_pages_follow_each_other_in_both_directions(calls: Any) -> None:
    first = await queries.search(SYSTEM, MessageFilters(), limit=2)
    older = await queries.search(SYSTEM, MessageFilters(), queries.LATEST.read(first.older), limit=2)
    newer = await queries.search(SYSTEM, MessageFilters(), queries.LATEST.read(older.newer), limit=2)
    assert [row.id for row in first.items] == [row.id for row in newer.items] == [calls.nobodys, calls.theirs]
    assert [row.id for row in older.items] == [calls.ours]


async def test_one_message_shows_its_letter_and_every_try(calls: Any) -> None:
    await db.execute(
        "insert into attempt (message_id, try, state, code, reply) values ($1, 0, 'retry', 450, 'Later')", calls.ours
    )
    message = await queries.one(SYSTEM, calls.ours)
    assert (message.subject, message.to_name, message.from_address) == (
        "Décision",
        "Zoë Żak",
        "office@passerelle.example",
    )
    assert (message.dossier_number, message.tries) == (calls.dossier.number, 1)
    assert [(each.number, each.state, each.code, each.reply) for each in message.attempts] == [
        (0, "retry", 450, "Later")
    ]
    assert [row.id for row in await queries.of_dossier(calls.dossier.id)] == [calls.ours]


async def test_P12_totals_add_up_and_notice_lost_and_doubled_mail(calls: Any) -> None:
    totals = await queries.totals()
    assert (totals.intended, sum(totals.by_state.values()), totals.duplicates, totals.balanced) == (3, 3, 0, True)
    await db.execute(
        "insert into batch (origin_id, lane, size, ids) select origin_id, 1, 1, array[id] from message where id = $1",
        calls.ours,
    )
    assert not (await queries.totals()).balanced  # it would go twice
    await db.execute("delete from batch")
    assert not (await queries.totals()).balanced  # they would never go
    sql = "insert into attempt (message_id, try, state, code) values ($1, 0, 'accepted', 250), ($1, 1, 'accepted', 250)"
    await db.execute(sql, calls.ours)
    assert (await queries.totals()).duplicates == 1

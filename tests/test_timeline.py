"""The one history: nothing is forgotten, and tampering shows."""

from __future__ import annotations

from portal import db as database
from portal import timeline
from portal.actor import Actor

ALICE = Actor(kind="user", name="Alice")


async def test_the_history_says_who_did_what_newest_first(db: None) -> None:
    await timeline.record("campaign", 7, "campaign.created", ALICE, campaign_id=7, title={"en": "Rural Labs"})
    await timeline.record("campaign", 7, "campaign.changed", ALICE, campaign_id=7)
    events = await timeline.of_campaign(7)
    assert [(event.what, event.actor_name) for event in events] == [
        ("campaign.changed", "Alice"),
        ("campaign.created", "Alice"),
    ]
    assert events[1].details == {"title": {"en": "Rural Labs"}}


async def test_the_chain_closes_over_what_was_written_and_is_whole(db: None) -> None:
    for _ in range(3):
        await timeline.record("dossier", 1, "dossier.created", ALICE, dossier_id=1)
    assert await timeline.seal() == 3
    assert await timeline.seal() == 0
    assert (await timeline.check()).broken is None


async def test_changing_or_removing_a_row_of_the_history_is_detected(db: None) -> None:
    first = await timeline.record("dossier", 1, "dossier.created", ALICE, dossier_id=1)
    second = await timeline.record("dossier", 1, "dossier.submitted", ALICE, dossier_id=1)
    await timeline.seal()
    await database.execute("update timeline_event set actor_name = 'Dana' where id = $1", second)
    assert (await timeline.check()).broken == second
    await database.execute("update timeline_event set actor_name = 'Alice' where id = $1", second)
    await database.execute("delete from timeline_event where id = $1", first)
    assert (await timeline.check()).broken == second


async def test_the_chain_goes_on_where_it_ended(db: None) -> None:
    await timeline.record("dossier", 1, "dossier.created", ALICE, dossier_id=1)
    await timeline.seal()
    await timeline.record("dossier", 1, "dossier.submitted", ALICE, dossier_id=1)
    assert await timeline.seal() == 1
    assert (await timeline.check()).broken is None

"""Reminders before a closing: at the local hour, once for each reader, never late in silence; dates that move."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from portal import db as database
from portal import timeline
from portal.ledger.rules import Intent
from portal.outcomes import Missing
from portal.triggers import actions, decisions, posting, reminders, reminding
from portal.triggers.compose import Composer
from portal.triggers.drafts import Draft
from portal.triggers.facts import Change, Conditions
from portal.triggers.reminders import Moved
from portal.triggers.rules import Decision
from portal.triggers.timing import due, verdict
from tests import factories as make

ROOT = Path(__file__).parent.parent.parent
CLOSES = datetime(2099, 11, 30, 23, 59)  # wall time in Madrid, as the factories' campaigns
SEVEN_BEFORE = datetime(2099, 11, 23, 8, 0, tzinfo=UTC)  # 09:00 in Madrid


class House(msgspec.Struct):
    alice: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow


@pytest.fixture
async def house(db: None) -> House:
    return await furnish()


async def furnish(drafts: int = 0) -> House:
    await make.organisation()
    alice = await make.account("Alice", "manager")
    campaign = await make.campaign(managers=(alice,), closes_at=CLOSES)
    for _ in range(drafts):
        await make.dossier(campaign, status="draft")
    return House(alice, campaign, await make.template("Closing soon"))


def draft(house: House, **changes: Any) -> Draft:
    made = Draft(
        family="deadline",
        template_id=house.template.id,
        from_status_id=house.campaign.status["draft"],
        days_before=7,
        at_time=time(9, 0),
    )
    return msgspec.structs.replace(made, **changes)


async def reminder(house: House, **changes: Any) -> int:
    return await actions.create(house.campaign.id, draft(house, **changes), house.alice.actor)


async def rows() -> list[tuple[datetime, str, int]]:
    found = await database.fetch("select due_at, state, messages from reminder order by due_at")
    return [(row["due_at"], row["state"], row["messages"]) for row in found]


async def written_to(trigger_id: int) -> list[int]:
    """Dossiers with a reminder, each as often as it has one."""
    sql = """select m.dossier_id from message m join origin o on o.id = m.origin_id
        where o.kind = 'trigger' and o.ref_id = $1 and m.state = 'queued' order by 1"""
    return [row["dossier_id"] for row in await database.fetch(sql, trigger_id)]


# ------------------------------------------------------------------------------------------------ when
@pytest.mark.seed("B07")
@pytest.mark.parametrize(
    ("closes", "days", "at", "expected"),
    [
        (datetime(2026, 12, 7, 12), 7, time(9), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (datetime(2026, 4, 2, 12), 7, time(9), datetime(2026, 3, 26, 8, tzinfo=UTC)),  # before the clocks change
        (datetime(2026, 4, 5, 12), 7, time(2, 30), datetime(2026, 3, 29, 1, tzinfo=UTC)),  # an hour that is skipped
        (datetime(2026, 11, 1, 12), 7, time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # one shown twice
        (datetime(2026, 12, 7, 12), 0, time(9), datetime(2026, 12, 7, 8, tzinfo=UTC)),
        (datetime(2026, 12, 7, 8), 0, time(9), None),  # after the closing
        (None, 7, time(9), None),
    ],
)
def test_B07_a_reminder_is_due_at_an_hour_of_the_campaigns_clocks(
    closes: datetime | None, days: int, at: time, expected: datetime | None
) -> None:
    assert due(closes, days, at, "Europe/Madrid") == expected


@pytest.mark.parametrize(
    ("late_by", "decided", "expected"),
    [
        (timedelta(seconds=-1), False, "wait"),
        (timedelta(0), False, "send"),
        (timedelta(hours=1), False, "send"),
        (timedelta(hours=1, seconds=1), False, "late"),
        (timedelta(days=3), True, "send"),
    ],
)
def test_B07_what_is_an_hour_late_asks_first(late_by: timedelta, decided: bool, expected: str) -> None:
    assert verdict(SEVEN_BEFORE, SEVEN_BEFORE + late_by, decided=decided) == expected


# ------------------------------------------------------------------------------------------------ whom
@pytest.mark.seed("B07")
async def test_B07_seven_days_before_the_closing_drafts_are_reminded_once(house: House) -> None:
    trigger_id = await reminder(house)
    one, two = [await make.dossier(house.campaign, status="draft") for _ in range(2)]
    await make.dossier(house.campaign, status="submitted")
    gone = await make.dossier(house.campaign, status="draft")
    await database.execute("update dossier set withdrawn_at = now() where id = $1", gone.id)
    assert await reminding.remind(SEVEN_BEFORE - timedelta(seconds=1)) == 0
    assert await reminding.remind(SEVEN_BEFORE) == 2
    assert await reminding.remind(SEVEN_BEFORE + timedelta(minutes=1)) == 0
    assert await written_to(trigger_id) == [one.id, two.id]
    assert await rows() == [(SEVEN_BEFORE, "done", 2)]
    assert [(each.event, each.why_not, len(each.message_ids)) for each in await decisions.of_dossier(one.id)] == [
        ("deadline", "", 1)
    ]


async def test_B07_conditions_hold_for_reminders_too(house: House) -> None:
    trigger_id = await reminder(house, conditions=Conditions(locales=("pl",)))
    polish = await make.dossier(house.campaign, status="draft", locale="pl")
    english = await make.dossier(house.campaign, status="draft", locale="en")
    await reminding.remind(SEVEN_BEFORE)
    assert await written_to(trigger_id) == [polish.id]
    assert [each.why_not for each in await decisions.of_dossier(english.id)] == ["other_language"]


async def test_B07_whoever_submits_is_not_reminded_any_more(house: House) -> None:
    trigger_id = await reminder(house)
    dossier = await make.dossier(house.campaign, status="draft")
    await reminding.remind(SEVEN_BEFORE)
    await actions.fire(
        Change(
            dossier_id=dossier.id,
            campaign_id=house.campaign.id,
            event_id=99,
            kind="submitted",
            from_status=house.campaign.status["draft"],
            to_status=house.campaign.status["submitted"],
            manual=False,
            actor_kind="candidate",
        )
    )
    assert await written_to(trigger_id) == []
    assert await database.fetchval("select reason from message where dossier_id = $1", dossier.id) == "moved_on"


@pytest.mark.seed("B07")
async def test_B07_a_later_phase_reminds_of_its_own_closing(house: House) -> None:
    review = house.campaign.status["under_review"]
    phase = await make.phase(house.campaign, "Interview", entry="under_review", closes_at=datetime(2099, 5, 10, 12))
    said = {"en": ("Until {{ closing_date }}", "<p>Hello</p>")}
    template = await make.template("Interview", variants=said)
    wish = draft(house, template_id=template.id, phase_id=phase, from_status_id=review, days_before=1)
    await actions.create(house.campaign.id, wish, house.alice.actor)
    await make.dossier(house.campaign, status="under_review")
    assert await reminding.remind(datetime(2099, 5, 9, 7, 0, tzinfo=UTC)) == 1
    assert await database.fetchval("select subject from letter") == "Until 10 May 2099, 12:00 (local time: Madrid)"


# ------------------------------------------------------------------------------------------------ dates move
@pytest.mark.seed("B07")
async def test_B07_a_moved_closing_says_what_moves_with_it_and_moves_it(house: House) -> None:
    await reminder(house, name="A week left")
    await make.dossier(house.campaign, status="draft")
    later = datetime(2099, 12, 10, 23, 59)
    after = SEVEN_BEFORE + timedelta(days=10)
    assert await reminders.moved(house.campaign.id, None, later) == [
        Moved(name="A week left", before=SEVEN_BEFORE, after=after, readers=1)
    ]
    await move(house, later)
    assert await rows() == [(SEVEN_BEFORE, "dropped", 0), (after, "due", 0)]
    assert await reminding.remind(SEVEN_BEFORE) == 0
    await move(house, CLOSES)
    assert await rows() == [(SEVEN_BEFORE, "due", 0), (after, "dropped", 0)]
    assert await reminding.remind(SEVEN_BEFORE) == 1


async def move(house: House, closes_at: datetime) -> None:
    await database.execute("update campaign set closes_at = $2 where id = $1", house.campaign.id, closes_at)
    await reminding.replan(house.campaign.id)


async def test_B07_a_reminder_made_after_its_hour_never_goes(house: House) -> None:
    await move(house, datetime.now() + timedelta(days=2))
    await reminder(house)
    assert await rows() == []
    assert await reminding.remind() == 0


@pytest.mark.parametrize("away", ["published = false", "archived_at = now()"])
async def test_B07_a_campaign_that_is_not_public_reminds_nobody(house: House, away: str) -> None:
    await reminder(house)
    await make.dossier(house.campaign, status="draft")
    await database.execute(f"update campaign set {away} where id = $1", house.campaign.id)
    assert await reminding.remind(SEVEN_BEFORE) == 0
    assert [state for _due, state, _n in await rows()] == ["dropped"]


async def test_B07_a_paused_reminder_is_not_made_up_for(house: House) -> None:
    trigger_id = await reminder(house)
    await make.dossier(house.campaign, status="draft")
    await actions.switch(trigger_id, 1, False, house.alice.actor)
    assert await reminding.remind(SEVEN_BEFORE) == 0
    assert [state for _due, state, _n in await rows()] == ["dropped"]


# ------------------------------------------------------------------------------------------------ faults
@pytest.mark.seed("B07")
async def test_B07_a_clock_that_was_away_asks_before_it_reminds(house: House) -> None:
    trigger_id = await reminder(house)
    dossier = await make.dossier(house.campaign, status="draft")
    back = SEVEN_BEFORE + timedelta(hours=5)
    assert await reminding.remind(back) == 0
    (waiting,) = await reminders.late(house.alice.actor)
    assert (waiting.due_at, waiting.readers, waiting.closed) == (SEVEN_BEFORE, 1, False)
    assert await reminding.remind(back) == 0
    await reminding.decide(waiting.id, "send", house.alice.actor)
    with pytest.raises(Missing):
        await reminding.decide(waiting.id, "skip", house.alice.actor)
    assert await reminding.remind(back) == 1
    assert await reminding.remind(back) == 0
    assert await written_to(trigger_id) == [dossier.id]
    events = [event.what for event in await timeline.of_campaign(house.campaign.id)]
    assert events[:3] == ["reminder.sent", "reminder.released", "reminder.late"]


async def test_B07_a_skipped_reminder_stays_skipped_and_strangers_decide_nothing(house: House) -> None:
    await reminder(house)
    await make.dossier(house.campaign, status="draft")
    back = SEVEN_BEFORE + timedelta(days=1)
    await reminding.remind(back)
    (waiting,) = await reminders.late(house.alice.actor)
    with pytest.raises(Missing):
        await reminding.decide(waiting.id, "skip", (await make.account("Dana", "manager")).actor)
    await reminding.decide(waiting.id, "skip", house.alice.actor)
    assert await reminding.remind(back) == 0
    assert await reminders.late(house.alice.actor) == []
    with pytest.raises(Missing):
        await reminding.decide(waiting.id, "send", house.alice.actor)


@pytest.mark.seed("B07")
async def test_B07_the_rest_of_a_reminder_asks_too_when_it_is_late(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger_id = await reminder(house)
    other = await reminder(house, name="Another")
    dossiers = [await make.dossier(house.campaign, status="draft") for _ in range(3)]
    monkeypatch.setattr(reminding, "PORTION", 2)
    post = posting.intents

    async def breaks(decision: Decision, change: Change, composer: Composer) -> list[Intent]:
        """The letter about the last dossier cannot be composed."""
        if decision.trigger.id == trigger_id and change.dossier_id == dossiers[2].id:
            raise RuntimeError("no such letter")
        return await post(decision, change, composer)

    monkeypatch.setattr(posting, "intents", breaks)
    with pytest.raises(ExceptionGroup):
        await reminding.remind(SEVEN_BEFORE)
    assert await written_to(trigger_id) == [each.id for each in dossiers[:2]]
    assert await written_to(other) == [each.id for each in dossiers]  # one that breaks keeps no other
    await reminding.remind(SEVEN_BEFORE + timedelta(hours=2))
    (rest,) = await reminders.late(house.alice.actor)
    assert (rest.trigger_id, rest.readers) == (trigger_id, 1)
    monkeypatch.setattr(posting, "intents", post)
    await reminding.decide(rest.id, "send", house.alice.actor)
    assert await reminding.remind(SEVEN_BEFORE + timedelta(hours=2)) == 1
    assert await written_to(trigger_id) == [each.id for each in dossiers]


CHILD = """
import asyncio, sys
from datetime import datetime
from portal import db
from portal.ledger import actions as ledger
from portal.triggers import reminding

reminding.PORTION = 10
post, portions = ledger.post, 0

async def stuck(*plan):
    global portions
    ids = await post(*plan)
    portions += 1
    if portions == 3:
        print("in the middle", flush=True)
        await asyncio.sleep(600)
    return ids

async def main():
    ledger.post = stuck
    db.configure(sys.argv[1])
    await db.open_pool()
    await reminding.remind(datetime.fromisoformat(sys.argv[2]))

asyncio.run(main())
"""


@pytest.mark.seed("B07")
async def test_B07_a_process_killed_while_it_reminds_reaches_every_reader_once(fresh_database: str) -> None:
    house = await furnish(drafts=35)
    trigger_id = await reminder(house)
    command = [sys.executable, "-c", CHILD, fresh_database, SEVEN_BEFORE.isoformat()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as child:
        assert child.stdout
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    assert len(await written_to(trigger_id)) == 20  # the third portion was never committed
    assert await reminding.remind(SEVEN_BEFORE + timedelta(minutes=2)) == 15
    dossiers = [row["id"] for row in await database.fetch("select id from dossier order by id")]
    assert await written_to(trigger_id) == dossiers
    assert await rows() == [(SEVEN_BEFORE, "done", 35)]

"""Schedules run: once for each time whoever looks, never late in silence, never to another audience than was seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from portal import db as database
from portal.campaigns import closing
from portal.campaigns import queries as campaigns
from portal.ledger import epoch
from portal.mailings import schedule_actions, schedule_queries, schedule_running
from portal.mailings.schedule_checks import Draft
from portal.outcomes import Missing, Refused, Stale
from tests import factories as make

PAST = "update schedule set next_at = now() - make_interval(mins => $2) where id = $1"


class House(msgspec.Struct):
    alice: make.AccountRow
    template: make.TemplateRow
    view_id: int
    people: list[make.PersonRow]

    def draft(self, **changes: object) -> Draft:
        """Every day at nine in Madrid, to all candidates."""
        usual = Draft(
            name="Monday news",
            module="candidates",
            view_id=self.view_id,
            template_id=self.template.id,
            starts_at=datetime(2026, 1, 5, 9),
            time_zone="Europe/Madrid",
            rule="FREQ=DAILY",
            active=True,
        )
        return msgspec.structs.replace(usual, **changes)

    async def schedule(self, **changes: object) -> int:
        return await schedule_actions.create(self.alice.actor, self.draft(**changes))


async def furnish(people: int = 5) -> House:
    await make.organisation()
    alice = await make.account("Alice", "manager")
    campaign = await make.campaign(managers=(alice,))
    found = [await make.person(f"Ana{n}", "Nowak") for n in range(people)]
    for person in found:
        await make.dossier(campaign, person)
    sql = (
        "insert into custom_view (module, name, owner_id, filters) values ('candidates', 'All', $1, '{}') returning id"
    )
    view_id = int(await database.fetchval(sql, alice.id))
    template = await make.template("News", category="optional", variants={"en": ("News", "<p>Hello</p>")})
    return House(alice, template, view_id, found)


@pytest.fixture
async def house(db: None) -> House:
    return await furnish()


async def due(schedule_id: int, minutes: int = 1) -> None:
    """Its time came some minutes ago."""
    await database.execute(PAST, schedule_id, minutes)


async def run(schedule_id: int, minutes: int = 1) -> schedule_queries.Ran:
    """Its time came, and the scheduler looks. The latest run."""
    await due(schedule_id, minutes)
    await schedule_running.run_due()
    return (await schedule_queries.runs(schedule_id))[0]


async def letters() -> int:
    return int(await database.fetchval("select count(*) from message where state = 'queued'"))


# ------------------------------------------------------------------------------------------------ once
@pytest.mark.seed("Z23")
async def test_z23_at_its_time_it_becomes_a_mailing_of_its_owner_and_waits_for_the_next(house: House) -> None:
    """Without anybody there; without time to undo; in the name of whoever owns it."""
    schedule_id = await house.schedule()
    ran = await run(schedule_id)
    assert (ran.state, ran.mailing_state, ran.total) == ("started", "running", 5)
    row = await database.fetchrow("select launched_by, schedule_id, audience, view_id from mailing")
    assert row and tuple(row) == (house.alice.id, schedule_id, "view", house.view_id)
    assert await letters() == 5
    assert await database.fetchval("select count(*) from message m join batch b on true where b.due_at > now()") == 0
    after = await schedule_queries.one(house.alice.actor, schedule_id)
    assert after.next_at and after.next_at > datetime.now(UTC)
    assert await schedule_running.run_due() == 0


@pytest.mark.seed("Z23")
async def test_z23_a_clock_that_was_put_back_runs_nothing_twice(house: House) -> None:
    """The same due time comes again: its row is there already."""
    schedule_id = await house.schedule()
    ran = await run(schedule_id)
    await database.execute("update schedule set next_at = $2 where id = $1", schedule_id, ran.due_at)
    assert await schedule_running.run_due() == 0
    assert (await letters(), len(await schedule_queries.runs(schedule_id))) == (5, 1)


@pytest.mark.seed("Z23")
async def test_z23_nothing_runs_before_its_time(house: House) -> None:
    """A minute before, by the database's clock, which all workers share."""
    await due(await house.schedule(), -1)
    assert (await schedule_running.run_due(), await letters()) == (0, 0)


@pytest.mark.seed("Z28")
async def test_z28_what_is_not_active_is_never_sent(house: House) -> None:
    """Neither by the clock nor by a decision."""
    schedule_id = await house.schedule(active=False)
    await due(schedule_id)
    assert await schedule_running.run_due() == 0
    sql = "insert into schedule_run (schedule_id, due_at, state) values ($1, '2026-11-01', 'late')"
    await database.execute(sql, schedule_id)
    with pytest.raises(Refused, match="not active"):
        await schedule_running.decide(house.alice.actor, schedule_id, datetime(2026, 11, 1, tzinfo=UTC), "send")
    assert await letters() == 0


@pytest.mark.usefixtures("fresh_database")
@pytest.mark.seed("Z23")
async def test_z23_two_schedulers_and_a_person_make_one_mailing() -> None:
    """Commits are real: four look at once, and a person decides about the run that another has just made."""
    house = await furnish()
    schedule_id = await house.schedule()
    await due(schedule_id)
    made = await asyncio.gather(*(schedule_running.run_due() for _ in range(4)))
    assert (sum(made), await letters()) == (1, 5)
    [ran] = await schedule_queries.runs(schedule_id)
    with pytest.raises(Stale):
        await schedule_running.decide(house.alice.actor, schedule_id, ran.due_at, "send")
    sql = "insert into schedule_run (schedule_id, due_at, state) values ($1, '2026-11-01', 'late')"
    await database.execute(sql, schedule_id)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    twice = (schedule_running.decide(house.alice.actor, schedule_id, at, "send") for _ in range(2))
    outcomes = await asyncio.gather(*twice, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Stale", "int"]
    assert await letters() == 10


# ------------------------------------------------------------------------------------------------ late
async def test_a_start_that_was_missed_by_more_than_two_hours_waits_for_a_person(house: House) -> None:
    """Nothing fires late in silence; once decided, it goes."""
    schedule_id = await house.schedule(name="Late news")
    ran = await run(schedule_id, 121)
    assert (ran.state, ran.problem, await letters()) == ("late", "late", 0)
    assert [each.name for each in await schedule_queries.waiting(house.alice.actor)] == ["Late news"]
    await schedule_running.decide(house.alice.actor, schedule_id, ran.due_at, "send")
    [decided] = await schedule_queries.runs(schedule_id)
    assert (decided.state, decided.decided_by, await letters()) == ("started", "Alice", 5)


async def test_of_times_missed_in_a_row_the_last_counts_and_the_others_are_listed(house: House) -> None:
    """Three days away: not three mailings at once."""
    schedule_id = await house.schedule()
    now = datetime.now(UTC)
    when = (now - timedelta(minutes=5)).replace(tzinfo=None, second=0, microsecond=0)
    sql = "update schedule set time_zone = 'UTC', starts_at = $2, next_at = $3 where id = $1"
    await database.execute(sql, schedule_id, when - timedelta(days=9), when.replace(tzinfo=UTC) - timedelta(days=3))
    assert await schedule_running.run_due() == 1
    states = [(each.state, each.problem) for each in await schedule_queries.runs(schedule_id)]
    assert states == [("started", "")] + [("dropped", "missed")] * 3
    assert await letters() == 5


async def test_what_is_activated_after_its_time_waits_for_a_person(house: House) -> None:
    """Ticking *Active* too late sends nothing; a new time is the other way out."""
    soon = datetime(2099, 1, 5, 9)
    schedule_id = await house.schedule(active=False, rule="", starts_at=soon)
    await database.execute("update schedule set starts_at = '2026-01-05 09:00' where id = $1", schedule_id)
    draft = house.draft(rule="", starts_at=datetime(2026, 1, 5, 9))
    await schedule_actions.change(house.alice.actor, schedule_id, 1, draft)
    [ran] = await schedule_queries.runs(schedule_id)
    assert (ran.state, ran.problem) == ("late", "switched_on")
    await schedule_actions.change(house.alice.actor, schedule_id, 2, house.draft(rule="", starts_at=soon))
    [ran] = await schedule_queries.runs(schedule_id)
    assert (ran.state, ran.problem, ran.decided_by) == ("dropped", "new_time", "Alice")
    assert (await schedule_queries.one(house.alice.actor, schedule_id)).next_at == datetime(2099, 1, 5, 8, tzinfo=UTC)


async def test_in_a_restored_backup_every_run_waits_for_a_person(house: House) -> None:
    """What went after the backup was made is not known there."""
    schedule_id = await house.schedule()
    await epoch.hold(house.alice.actor)
    ran = await run(schedule_id)
    assert (ran.state, ran.problem, await letters()) == ("late", "restored", 0)


# ------------------------------------------------------------------------------------------------ drift
@pytest.mark.seed("B13")
async def test_b13_an_audience_that_has_changed_too_much_is_asked_about_again(house: House) -> None:
    """One of five may join (20 %), the second asks; sent after all, today's audience is the measure."""
    schedule_id = await house.schedule()
    await make.person("Filip", "Zima")
    assert (await run(schedule_id, 3)).state == "started"
    for name in ("Gosia", "Hanna"):
        await make.person(name, "Zima")
    ran = await run(schedule_id, 2)
    assert (ran.state, ran.joined, ran.gone, ran.mailing_id) == ("drifted", 2, 0, None)
    await schedule_running.decide(house.alice.actor, schedule_id, ran.due_at, "send")
    assert (await run(schedule_id, 1)).state == "started"


# ----------------------------------------------------------------------------------------------- what stands in the way
@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("delete from custom_view", "view_gone"),
        ("update template set archived_at = now()", "template_gone"),
        ("update sender set verified = false", "sender"),
        ("update account set active = false", "owner_gone"),
        ("update account set roles = '{evaluator}'", "no_right"),
        ("update person set kind = 'contact'", "nobody"),
        ("update sender set paused = true", "sender_paused"),
    ],
)
async def test_what_cannot_start_says_why_and_sends_nothing(house: House, sql: str, problem: str) -> None:
    """Above all, a deleted view never means everybody. What is mended can be sent."""
    schedule_id = await house.schedule()
    await database.execute(sql)
    ran = await run(schedule_id)
    assert (ran.state, ran.problem, ran.mailing_id, await letters()) == ("broken", problem, None, 0)
    assert await database.fetchval("select count(*) from mailing") == 0
    admin = await make.account("Adam", "administrator")
    with pytest.raises(Refused):
        await schedule_running.decide(admin.actor, schedule_id, ran.due_at, "send")
    await schedule_running.decide(admin.actor, schedule_id, ran.due_at, "skip")
    assert (await schedule_queries.runs(schedule_id))[0].state == "dropped"


@pytest.mark.seed("Z25")
async def test_z25_the_fourth_for_the_same_slot_waits_and_says_so(house: House) -> None:
    """At most three for a slot: the run waits, and so does its mailing, until one of the others has ended."""
    ids = [await house.schedule(name=f"News {n}") for n in range(4)]
    at = "update schedule set next_at = date_bin('30 minutes', now(), 'epoch') where id = any ($1::int[])"
    await database.execute(at, ids)
    await schedule_running.run_due()
    runs = [(await schedule_queries.runs(each))[0] for each in ids]
    assert [each.state for each in runs] == ["started"] * 3 + ["waiting"]
    assert runs[3].mailing_problem == "slots"


@pytest.mark.seed("B16")
async def test_b16_over_the_limit_a_second_person_approves_a_scheduled_mailing_too(house: House) -> None:
    """A schedule is no way around the second person."""
    await database.execute("update organisation set approval_over = 4")
    ran = await run(await house.schedule())
    assert (ran.state, ran.mailing_state, await letters()) == ("waiting", "approval", 0)
    assert await database.fetchval("select asked_by from mailing") == house.alice.id


async def test_only_who_may_write_to_them_decides(house: House) -> None:
    """Looking at a schedule is not deciding about it."""
    schedule_id = await house.schedule()
    ran = await run(schedule_id, 200)
    bob = await make.account("Bob", "evaluator")
    with pytest.raises(Missing):
        await schedule_running.decide(bob.actor, schedule_id, ran.due_at, "send")


# ------------------------------------------------------------------------------------------------ before a closing
async def test_before_a_closing_it_moves_with_the_date(house: House) -> None:
    """Later: later. To a date whose hour has passed: not at all. Back again: again."""
    campaign = await make.campaign(managers=(house.alice,), closes_at=datetime(2099, 11, 30, 18))
    hour = datetime(2000, 1, 1, 9)
    draft = house.draft(rule="", days_before=7, starts_at=hour, campaign_id=campaign.id)
    schedule_id = await schedule_actions.create(house.alice.actor, draft)

    async def moved(closes_at: datetime) -> datetime | None:
        await database.execute("update campaign set closes_at = $2 where id = $1", campaign.id, closes_at)
        await schedule_running.run_due()
        return (await schedule_queries.one(house.alice.actor, schedule_id)).next_at

    assert await moved(datetime(2099, 12, 10, 18)) == datetime(2099, 12, 3, 8, tzinfo=UTC)
    assert await moved(datetime(2026, 1, 10, 18)) is None
    assert await moved(datetime(2099, 11, 30, 18)) == datetime(2099, 11, 23, 8, tzinfo=UTC)
    assert await schedule_queries.runs(schedule_id) == []


async def test_a_time_that_has_passed_stays_whatever_campaign_the_letter_names(house: House) -> None:
    campaigns = [
        await make.campaign(managers=(house.alice,), closes_at=datetime(2099, month, 30, 18)) for month in (10, 11)
    ]
    schedule_id = await house.schedule(rule="", starts_at=datetime(2099, 1, 5, 9), campaign_id=campaigns[0].id)
    await database.execute("update schedule set starts_at = '2026-01-05 09:00' where id = $1", schedule_id)
    assert (await run(schedule_id, 180)).state == "late"
    for draft in ({"name": "Another name"}, {"campaign_id": campaigns[1].id}):
        schedule = await schedule_queries.one(house.alice.actor, schedule_id)
        same = {"starts_at": schedule.starts_at, "rule": "", "campaign_id": campaigns[0].id}
        changed = house.draft(**{**same, **draft})
        await schedule_actions.change(house.alice.actor, schedule_id, schedule.version, changed)
    assert [each.state for each in await schedule_queries.runs(schedule_id)] == ["late"]


@pytest.mark.seed("B07")
async def test_b07_a_moved_closing_shows_the_scheduled_mailings_that_move_with_it(house: House) -> None:
    """With the old time and the new one, before anything is saved; what is not active is not named."""
    campaign = await make.campaign(managers=(house.alice,), closes_at=datetime(2099, 11, 30, 18))
    about = {"rule": "", "days_before": 7, "starts_at": datetime(2000, 1, 1, 9), "campaign_id": campaign.id}
    await house.schedule(name="One week left", **about)
    await house.schedule(name="Asleep", active=False, **about)
    seen = await campaigns.one(house.alice.actor, campaign.id)
    move = await closing.of_campaign(seen, datetime(2099, 12, 10, 18), "Europe/Madrid")
    assert move
    assert [(each.name, each.before, each.after, each.readers) for each in move.mailings] == [
        ("One week left", datetime(2099, 11, 23, 9), datetime(2099, 12, 3, 9), 5)
    ]

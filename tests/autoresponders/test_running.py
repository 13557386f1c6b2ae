"""Follow-ups come to pass: each cause, once, from their activation on."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
import pytest

from portal import db as database
from portal.autoresponders import actions, due, queries, rules, running
from portal.autoresponders.rules import Draft
from portal.dossiers import actions as dossiers
from portal.imports import actions as imports
from tests import factories as make
from tests.imports.test_work import checked
from tests.imports.test_work import run as bring_in

pytestmark = pytest.mark.seed("Z30")

MESSAGES = """
select m.address, m.state::text as state, m.reason, l.locale, l.subject, o.lane, o.campaign_id, o.gate
from message m join origin o on o.id = m.origin_id left join letter l on l.id = m.id
where o.kind = 'autoresponder' order by m.address"""
MOVED = """
with moved as (
    insert into status_change (dossier_id, to_id, actor_kind, manual, mode, at)
    values ($1, $2, $3, false, $4, now() - $5::interval) returning id)
update dossier set status_id = $2, changed_at = now() from moved where dossier.id = $1"""


class House(msgspec.Struct):
    alice: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow

    async def follow_up(self, cause: rules.Cause, since: str = "1 day", **more: Any) -> int:
        """One that has been active for so long."""
        wished = Draft(**{"cause": cause, "template_id": self.template.id, "active": True, **more})
        made = await actions.create(self.campaign.id, wished, self.alice.actor)
        sql = "update autoresponder set active_from = now() - $2::text::interval where id = $1"
        await database.execute(sql, made, since)
        return made

    async def submitted(self, ago: str = "1 hour", **who: Any) -> make.DossierRow:
        """A dossier that was submitted so long ago."""
        at: datetime = await database.fetchval("select now() - $1::text::interval", ago)
        return await make.dossier(self.campaign, await make.person(**who), submitted_at=at)

    async def moved(
        self, dossier: make.DossierRow, by: str = "api", mode: str | None = None, ago: str = "1 hour"
    ) -> None:
        """It gets the status Accepted."""
        span = await database.fetchval("select $1::text::interval", ago)
        await database.execute(MOVED, dossier.id, self.campaign.status["accepted"], by, mode, span)


async def furnish() -> House:
    await make.organisation()
    alice = await make.account("Alice")
    campaign = await make.campaign(managers=(alice,), time_zone="Europe/Madrid")
    variants = {"en": ("Next steps, {{ first_name }}", "<p>Hi</p>"), "pl": ("Co dalej", "<p>Cześć</p>")}
    return House(alice, campaign, await make.template("Next steps", variants=variants))


@pytest.fixture
async def house(db: None) -> House:
    return await furnish()


async def found() -> list[tuple[str, str | None]]:
    return [(row["state"], row["reason"]) for row in await database.fetch(MESSAGES)]


async def test_z30_a_submitted_form_is_answered_once_in_the_person_s_language(house: House) -> None:
    """Not what was submitted before the activation, nor what has been withdrawn; a second look plans nothing."""
    await house.follow_up("submitted")
    ola = await house.submitted(first_name="Ola", locale="pl")
    await house.submitted(ago="2 days")
    gone = await house.submitted()
    await database.execute("update dossier set withdrawn_at = now() where id = $1", gone.id)
    assert [await running.run(), await running.run()] == [1, 0]
    [row] = await database.fetch(MESSAGES)
    assert (row["state"], row["locale"], row["subject"], row["lane"]) == ("queued", "pl", "Co dalej", 3)
    assert row["campaign_id"] == house.campaign.id
    again = "insert into dossier (campaign_id, person_id, number, status_id, locale, submitted_at) select campaign_id, "
    again += "person_id, 'RL-2', status_id, locale, now() - interval '1 minute' from dossier where id = $1"
    await database.execute(again, ola.id)
    await database.execute("update person set email = 'new@people.example' where id = $1", ola.person_id)
    assert await running.run() == 0


async def test_z30_it_waits_as_long_as_it_says(house: House) -> None:
    """Two hours after the form; whoever has met the cause is counted before it is paused."""
    made = await house.follow_up("submitted", hours=2)
    await house.submitted(ago="1 hour")
    assert await running.run() == 0
    one = await queries.one(house.alice.actor, made)
    assert await due.ahead(one, await database.fetchval("select now()")) == 1
    await database.execute("update dossier set submitted_at = submitted_at - interval '1 hour'")
    assert await running.run() == 1


@pytest.mark.parametrize(
    ("by", "mode", "ago", "planned"),
    [("api", None, "1 hour", 1), ("user", "send", "1 hour", 1), ("user", "silent", "1 hour", 0),
     ("user", "send", "10 seconds", 0), ("rule", None, "2 days", 0)],
)  # fmt: skip
async def test_z30_a_status_is_answered_whoever_set_it(
    house: House, by: str, mode: str | None, ago: str, planned: int
) -> None:
    """Unless “Don’t send” was chosen, it may still be put back, or it was set before the activation."""
    await house.follow_up("status", status_id=house.campaign.status["accepted"])
    await house.moved(await house.submitted(), by, mode, ago)
    assert await running.run() == planned


async def test_z30_a_dossier_that_has_moved_on_gets_nothing(house: House) -> None:
    await house.follow_up("status", status_id=house.campaign.status["accepted"])
    dossier = await house.submitted()
    await house.moved(dossier)
    version = await database.fetchval("select version from dossier where id = $1", dossier.id)
    await dossiers.change_status(dossier.id, "rejected", version, house.alice.actor)
    assert await running.run() == 0


async def test_z30_days_from_the_answer_to_a_question(house: House) -> None:
    """Three days before the date in the answer, at midnight of the campaign's clocks."""
    await make.question(house.campaign.id, "starts", kind="date", label="Start")
    await house.follow_up("date", question="starts", days=-3, since="2 days")
    today = await database.fetchval("select (now() at time zone 'Europe/Madrid')::date")
    answered = """update dossier set created_at = submitted_at, answers = jsonb_build_object('starts', $2::text)
        where id = $1"""
    for days in (2, 3, 4, 30):
        dossier = await house.submitted(ago="9 days")
        day = await database.fetchval("select ($1::date + $2::int)::text", today, days)
        await database.execute(answered, dossier.id, day)
    assert await running.run() == 2
    sql = (
        "select (d.answers ->> 'starts')::date - $1::date as days from message m join dossier d on d.id = m.dossier_id"
    )
    assert {row["days"] for row in await database.fetch(sql, today)} == {2, 3}


async def test_z30_days_from_the_closing_and_only_for_a_status(house: House) -> None:
    """The day after; drafts alone, and nobody who came later."""
    sql = "update campaign set closes_at = (now() at time zone time_zone)::date - interval '1 hour'"
    await database.execute(sql)
    await house.follow_up("date", days=1, status_id=house.campaign.status["draft"], since="9 days")
    for status in ("draft", "draft", "submitted"):
        await make.dossier(house.campaign, status=status)
    await database.execute("update dossier set created_at = now() - interval '8 days'")
    await make.dossier(house.campaign, status="draft")
    assert await running.run() == 2


async def test_z30_optional_mail_respects_an_opt_out_and_says_so_once(house: House) -> None:
    house.template = await make.template("News", category="optional")
    await house.follow_up("submitted")
    await house.submitted(email="ana@people.example")
    await database.execute(
        "insert into suppression (address, scope, reason) values ('ana@people.example', 'optional', 'opted_out')"
    )
    assert [await running.run(), await running.run(), await found()] == [1, 0, [("skipped", "opted_out")]]
    await database.execute("delete from suppression")
    assert await running.run() == 0


async def test_z30_what_is_more_than_a_week_late_is_left_out(house: House) -> None:
    """The portal was down: what is late by less goes, the rest is written down."""
    made = await house.follow_up("submitted", since="30 days")
    await database.execute("update autoresponder set looked_at = now() - interval '20 days' where id = $1", made)
    await house.submitted(ago="8 days", email="a@people.example")
    await house.submitted(ago="6 days", email="b@people.example")
    assert await running.run() == 2
    assert await found() == [("skipped", "overdue"), ("queued", None)]


async def test_z30_without_a_template_in_force_it_waits_and_answers_later(house: House) -> None:
    made = await house.follow_up("submitted")
    await house.submitted()
    await database.execute("update template set archived_at = now()")
    assert await running.run() == 0
    one = await queries.one(house.alice.actor, made)
    assert (one.problem, one.looked_at) == ("archived", None)
    await database.execute("update template set archived_at = null")
    assert await running.run() == 1


async def test_z30_a_pause_stops_what_waits_and_what_happens_meanwhile_is_not_answered(house: House) -> None:
    made = await house.follow_up("submitted")
    await house.submitted()
    await running.run()
    one = await queries.one(house.alice.actor, made)
    await actions.switch(made, one.version, False, house.alice.actor)
    assert [row["gate"] for row in await database.fetch(MESSAGES)] == ["paused"]
    await house.submitted()
    assert await running.run() == 0
    await actions.switch(made, one.version + 1, True, house.alice.actor)
    assert (await running.run(), [row["gate"] for row in await database.fetch(MESSAGES)]) == (0, ["open"])


@pytest.mark.usefixtures("fresh_database")
async def test_z30_an_import_sets_off_a_status_and_four_workers_write_once() -> None:
    """Commits are real. A file's rows count for a status, and not as forms that were submitted."""
    house = await furnish()
    await house.follow_up("status", status_id=house.campaign.status["accepted"])
    await house.follow_up("submitted")
    text = "email;status\nana@people.example;accepted\njan@people.example;accepted\neva@people.example;submitted\n"
    number = await imports.upload(house.alice.actor, "dossiers", house.campaign.id, "list.csv", text.encode())
    await bring_in(house.alice, await checked(house.alice, number))
    await database.execute("update status_change set at = at - interval '2 minutes'")
    await database.execute("update dossier set changed_at = now()")
    planned = await asyncio.gather(*(running.run() for _ in range(4)))
    assert (sum(planned), await found()) == (2, [("queued", None)] * 2)

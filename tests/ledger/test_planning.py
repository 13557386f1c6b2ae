"""Planning for everybody at once: as the small plan does it, whatever else is being planned."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import db
from portal.ledger import actions, queries
from portal.ledger.planning import Audience, post_all
from portal.ledger.rules import Intent, Lane, Letter
from tests import factories
from tests.sending.helpers import sending, settled
from tests.sending.sink import Sink, running

FROM = "office@passerelle.example"
COLUMNS = {
    "address": "'person' || n || '@people.example'",
    "person_id": "n",
    "occurrence": "7",
    "version_id": "$2",
    "locale": "'en'",
    "from_address": f"'{FROM}'",
    "from_name": "'Passerelle'",
    "to_name": "'Person ' || n",
    "subject": "'Your application RL-' || n",
    "values": "jsonb_build_object('first_name', 'Zoë ' || n, 'dossier_number', 'RL-' || n, 'unsubscribe_link', '')",
}
# Every letter, and how often an open batch of its try holds each queued message.
LETTERS = "select to_jsonb(l) - 'id' from letter l join message m using (id) where m.origin_id = $1 order by m.address"
MESSAGES = """
select to_jsonb(m) - array['id', 'origin_id', 'message_id', 'created_at', 'due_at', 'settled_at'] as row
from message m where origin_id = $1 order by address"""
HELD_BY = """
select count(b.id) from message m left join batch b on b.origin_id = m.origin_id and b.attempt = m.attempts
    and b.done_at is null and (m.id between b.lo and b.hi or m.id = any (b.ids))
where m.state = 'queued' group by m.id"""


class Office:
    """A sender and a template, with which mailings are planned."""

    def __init__(self, sender_id: int, version_id: int) -> None:
        self.sender_id, self.version_id = sender_id, version_id

    def audience(self, count: int, **columns: str) -> Audience:
        """`count` people."""
        return Audience({**COLUMNS, **columns}, "generate_series(1, $1) n", (count, self.version_id))

    async def mail(self, audience: Audience, ref_id: int = 1, **more: Any) -> int:
        """Plan a mailing to all of them."""
        return await post_all("mailing", ref_id, self.sender_id, Lane.mass, audience, **more)

    async def post(self, numbers: range, ref_id: int = 1) -> list[int]:
        """The same messages by the small plan."""
        return await actions.post(
            "mailing", ref_id, self.sender_id, Lane.mass, [self.intent(number) for number in numbers]
        )

    def intent(self, number: int) -> Intent:
        """What the audience says of one person."""
        values = {"first_name": f"Zoë {number}", "dossier_number": f"RL-{number}", "unsubscribe_link": ""}
        letter = Letter(
            version_id=self.version_id,
            locale="en",
            from_address=FROM,
            from_name="Passerelle",
            to_name=f"Person {number}",
            subject=f"Your application RL-{number}",
            values=values,
        )
        address = f"person{number}@people.example"
        return Intent(address=address, person_id=number, locale="en", optional=False, occurrence=7, letter=letter)


async def new_office() -> Office:
    template = await factories.template()
    return Office(await factories.organisation(), template.version_id)


@pytest.fixture
async def office(db: None) -> Office:
    return await new_office()


@pytest.fixture
async def busy_office(fresh_database: str) -> Office:
    """Where commits are real."""
    return await new_office()


async def origin(ref_id: int) -> int:
    return int(await db.fetchval("select id from origin where kind = 'mailing' and ref_id = $1", ref_id))


async def held_by() -> set[int]:
    """By how many open batches queued messages are held: {1} when all is well."""
    return {row[0] for row in await db.fetch(HELD_BY)}


async def test_everybody_gets_the_message_and_letter_that_the_small_plan_would_make(office: Office) -> None:
    assert await office.mail(office.audience(600)) == 600
    assert len(await office.post(range(1, 601), ref_id=2)) == 600
    for rows in (MESSAGES, LETTERS):
        large, small = await db.fetch(rows, await origin(1)), await db.fetch(rows, await origin(2))
        assert len(large) == 600
        assert large == small
    assert await held_by() == {1}
    assert (await queries.totals()).balanced


async def test_P5_planning_again_makes_only_who_is_new(office: Office) -> None:
    assert await office.mail(office.audience(600)) == 600
    assert await office.mail(office.audience(600)) == 0
    assert await office.mail(office.audience(610)) == 10
    assert len(await office.post(range(1, 612))) == 1
    totals = await queries.totals()
    assert (totals.intended, totals.by_state["queued"], totals.duplicates, totals.balanced) == (611, 611, 0, True)
    assert await db.fetchval("select count(*) from letter") == 611
    assert await held_by() == {1}


async def test_an_address_of_two_people_gets_one_message(office: Office) -> None:
    shared = office.audience(10, address="'family' || n / 2 || '@people.example'")
    assert await office.mail(shared) == 6
    assert await db.fetchval("select count(*) from letter") == 6
    assert [row[0] for row in await db.fetch("select person_id from message order by address")] == [1, 2, 4, 6, 8, 10]


async def test_who_is_skipped_or_held_has_a_reason_and_no_batch(office: Office) -> None:
    mixed = office.audience(
        300,
        address="case when n % 3 = 1 then '' else 'person' || n || '@people.example' end",
        occurrence="n",
        state="case n % 3 when 1 then 'skipped' when 2 then 'held' else 'queued' end",
        reason="case n % 3 when 1 then 'no_email' when 2 then 'on_hold' end",
        version_id="case when n % 3 <> 1 then $2::int end",
    )
    assert await office.mail(mixed) == 300
    rows = await db.fetch(
        """select m.state::text, m.reason, m.settled_at is not null as over, l.id is not null as letter, count(*)
        from message m left join letter l using (id) group by 1, 2, 3, 4 order by 1"""
    )
    assert [tuple(row) for row in rows] == [
        ("held", "on_hold", False, True, 100),
        ("queued", None, False, True, 100),
        ("skipped", "no_email", True, False, 100),
    ]
    assert await held_by() == {1}
    assert await db.fetchval("select sum(size) from batch") == 100
    assert (await queries.totals()).balanced


async def test_a_planned_time_puts_every_batch_ahead(office: Office) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await office.mail(office.audience(300), due_at=tomorrow, waits_for="undo")
    assert {tuple(row) for row in await db.fetch("select due_at, waits_for from batch")} == {(tomorrow, "undo")}
    assert await db.fetchval("select array_agg(distinct shown) from message_now") == ["held"]
    assert await db.fetchval("select array_agg(distinct due_at) from message") == [tomorrow]


async def test_the_totals_of_each_origin_follow(office: Office) -> None:
    await office.mail(office.audience(300))
    assert (
        await db.fetchval("select sum(n) from tally where origin_id = $1 and state = 'queued'", await origin(1)) == 300
    )


async def test_an_audience_that_says_too_little_or_too_much_is_refused(office: Office) -> None:
    with pytest.raises(ValueError, match=r"audience: colour$"):
        office.audience(1, colour="'red'").sql()
    with pytest.raises(ValueError, match=r"audience: from_address, locale, subject, values$"):
        Audience({"address": "'ana@people.example'"}, "generate_series(1, 1)").sql()


async def test_P5_sixteen_planners_at_once_make_each_message_once(busy_office: Office) -> None:
    """Large and small plans of one mailing that overlap, and another mailing whose numbers come in between."""

    async def planner(number: int) -> int:
        if number % 4 == 3:
            return await busy_office.mail(busy_office.audience(700), ref_id=2 + number)
        if number % 2:
            return len(await busy_office.post(range(number * 60, number * 60 + 400)))
        return await busy_office.mail(busy_office.audience(500 + 50 * number))

    made = await asyncio.gather(*(planner(number) for number in range(16)))
    rows = await db.fetch("select origin_id, count(*), count(distinct address) from message group by 1 order by 1")
    assert Counter((row[1], row[2]) for row in rows) == {(1200, 1200): 1, (700, 700): 4}
    assert sum(made) == 1200 + 4 * 700
    assert await held_by() == {1}
    assert await db.fetchval("select count(*) from letter l join message m using (id)") == 1200 + 4 * 700
    assert await db.fetchval("select count(*) from letter") == 1200 + 4 * 700
    totals = await queries.totals()
    assert (totals.duplicates, totals.balanced) == (0, True)


async def test_what_was_planned_at_once_arrives_once(busy_office: Office) -> None:
    assert await busy_office.mail(busy_office.audience(520)) == 520
    async with running(Sink()) as sink, sending(sink):
        await settled(0)
    got = Counter(letter.rcpt for letter in sink.got)
    assert got == {f"RCPT TO:<person{number}@people.example>": 1 for number in range(1, 521)}
    assert (await queries.totals()).by_state["accepted"] == 520

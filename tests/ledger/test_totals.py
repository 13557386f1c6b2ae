"""The kept sums equal the rows whatever happens, and the minute's check finds what is wrong (P12)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, checks, settling, takeover, totals
from portal.ledger.checks import PART, Part
from portal.ledger.rules import LOST, Intent, Lane
from portal.outcomes import Missing, Stale
from tests import factories
from tests.sending.helpers import letter, plan

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


async def from_rows() -> dict[tuple[int, int, str], int]:
    sql = "select origin_id, (id >> 16)::int, state::text, count(*) from message group by 1, 2, 3"
    return {(row[0], row[1], row[2]): row[3] for row in await db.fetch(sql)}


async def from_tally() -> dict[tuple[int, int, str], int]:
    sql = "select origin_id, part, state::text, sum(n)::int from tally group by 1, 2, 3 having sum(n) <> 0"
    return {(row[0], row[1], row[2]): row[3] for row in await db.fetch(sql)}


async def checked() -> tuple[bool, int, int, int, int]:
    """One check: (balanced, wrong, lost, doubled, duplicates)."""
    found = await checks.check()
    assert found
    return found.balanced, found.wrong, found.lost, found.doubled, found.duplicates


ALL_IS_WELL = (True, 0, 0, 0, 0)


# ------------------------------------------------------------------------------------------------ kept = rows
class Life:
    """Random things that happen to messages, through the verbs that really do them."""

    def __init__(self, seed: int, version_id: int, sender_id: int) -> None:
        self.random = random.Random(seed)
        self.version_id, self.sender_id = version_id, sender_id
        self.happened: Counter[str] = Counter()

    async def some(self, *states: str) -> int:
        """A message in one of these states, or any other."""
        sql = "select id from message where cardinality($1::text[]) = 0 or state::text = any ($1) order by id"
        ids = [row[0] for row in await db.fetch(sql, list(states))]
        return self.random.choice(ids) if ids else await self.some() if states else 0

    async def post(self) -> None:
        states = self.random.choices(["queued", "held", "skipped"], [8, 1, 1], k=self.random.randint(1, 9))
        each = letter(self.version_id)
        each: dict[str, Any] = {"locale": "en", "optional": False, "occurrence": 1, "letter": letter(self.version_id)}
        intents = [Intent(address=f"p{self.random.randint(1, 60)}@people.example", state=s, **each) for s in states]
        await actions.post("trigger", self.random.randint(1, 3), self.sender_id, Lane.trigger, intents)

    async def settle(self) -> None:
        replies = [(250, "Ok"), (250, "Ok"), (450, "Later"), (550, "5.1.1 Nobody"), (LOST, "connection_lost")]
        sql = """select id, attempts from message where state in ('queued', 'uncertain')
            order by md5($1 || id::text) limit 6"""
        rows = await db.fetch(sql, str(self.random.random()))
        await settling.record(db, [(r[0], r[1], *self.random.choice(replies)) for r in rows])

    async def cancel(self) -> None:
        await actions.cancel(await self.some(), SYSTEM)

    async def release(self) -> None:
        await actions.release(await self.some(), SYSTEM)

    async def retry(self) -> None:
        await actions.retry(await self.some("failed"), SYSTEM)

    async def decide(self) -> None:
        await actions.settle_by_hand(await self.some("uncertain"), SYSTEM, self.random.choice(["resend", "leave"]))  # type: ignore[arg-type]

    async def erase(self) -> None:
        await db.execute("delete from message where id = $1", await self.some())

    async def think_better_of_it(self) -> None:
        """A transaction that is rolled back takes its tally with it."""
        with pytest.raises(RuntimeError):
            async with db.transaction():
                await self.post()
                await db.execute("update message set state = 'failed' where state = 'queued'")
                raise RuntimeError

    async def check(self) -> None:
        await checks.check()

    async def go_on(self) -> None:
        """One more thing. What cannot be done to a message (any more) changes nothing."""
        deed: Callable[[], Awaitable[None]] = self.random.choice(
            [
                *3 * (self.post, self.settle, self.retry, self.decide),
                *2 * (self.cancel, self.release),
                *(self.erase, self.think_better_of_it, self.check),
            ]
        )
        try:
            async with db.transaction():
                await deed()
            self.happened[deed.__name__] += 1
        except (Missing, Stale):
            pass


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("seed", range(4))
async def test_P12_the_tally_equals_the_rows_whatever_happens(seed: int) -> None:
    life = Life(seed, (await factories.template()).version_id, await factories.organisation())
    await life.post()
    for _step in range(80):
        await life.go_on()
        assert await from_tally() == await from_rows()
    assert len(life.happened) >= 8  # the story was not a dull one
    assert (await totals.kept()).by_state == (await totals.recount()).by_state
    assert (await checked())[:2] == (True, 0)


@pytest.mark.usefixtures("fresh_database")
async def test_P12_the_tally_follows_a_take_over_and_an_emptied_register() -> None:
    ids = await plan(5)
    await db.execute("insert into life default values on conflict do nothing")
    run_id = await db.fetchval(
        """insert into run (worker, life, lease_until)
        select 'dead', id, now() - interval '1 hour' from life returning id"""
    )
    await db.execute("update batch set run_id = $1", run_id)
    words = (
        "insert into journal (run_id, seq, intents, ended, tries, codes, replies) values ($1, $2, $3, $4, $5, $6, $7)"
    )
    await db.execute(words, run_id, 1, ids[:3], [], [], [], [])
    await db.execute(words, run_id, 2, [], ids[:1], [0], [250], ["Ok"])
    assert await takeover.take_over_dead(1.0) == 1
    assert (await totals.kept()).by_state | {"accepted": 1, "uncertain": 2, "queued": 2} == (
        await totals.kept()
    ).by_state
    assert await from_tally() == await from_rows()
    assert await checked() == ALL_IS_WELL
    await db.execute("truncate message")
    await db.execute("delete from batch")
    assert (await totals.kept()).intended == 0
    assert await checked() == ALL_IS_WELL


# ------------------------------------------------------------------------------------------------ damage
DAMAGE = {
    "a message that no batch holds": ("update batch set hi = hi - 1", (False, 0, 1, 0, 0)),
    "a message that two batches hold": (
        "insert into batch (origin_id, lane, size, ids) select origin_id, 1, 1, array[id] from message limit 1",
        (False, 0, 0, 1, 0),
    ),
    "a tally that was changed": ("update tally set n = n + 1 where n > 0", (False, 1, 0, 0, 0)),
    "a tally that was lost": ("delete from tally", (False, 1, 0, 0, 0)),
    "a row that nobody noticed": (
        """alter table message disable trigger user; delete from message where id = (select max(id) from message);
        alter table message enable trigger user""",
        (False, 1, 0, 0, 0),
    ),
    "a letter that was taken twice": (
        """insert into attempt (message_id, try, state, code)
        select m.id, t, 'accepted', 250 from (select min(id) as id from message) m, generate_series(0, 1) t""",
        (True, 0, 0, 0, 1),
    ),
}


@pytest.mark.usefixtures("fresh_database")
@pytest.mark.parametrize("damage", DAMAGE)
async def test_P12_the_check_finds_planted_damage(damage: str) -> None:
    await plan(20)
    assert await checked() == ALL_IS_WELL
    sql, expected = DAMAGE[damage]
    await db.execute_script(sql)
    assert await checked() == expected
    kept = await totals.kept()
    assert (kept.balanced, kept.duplicates) == (expected[0], expected[4])


@pytest.mark.usefixtures("fresh_database")
async def test_P12_what_was_mended_is_well_again() -> None:
    await plan(20)
    await db.execute("update batch set hi = hi - 1")
    assert not (await checked())[0]
    await db.execute("update batch set hi = hi + 1")
    assert await checked() == ALL_IS_WELL
    assert await db.fetchval("select count(*) from totals_check") == 2


@pytest.mark.usefixtures("fresh_database")
async def test_P12_a_check_looks_at_each_part_by_itself_and_remembers() -> None:
    first = await plan(3)
    await db.execute("select setval(pg_get_serial_sequence('message', 'id'), $1)", 3 * PART)
    await plan(3, ref_id=2)
    await db.execute("update batch set lo = lo + 1 where lo = $1", first[0])
    assert await checked() == (False, 0, 1, 0, 0)
    rows = await db.fetch("select part, counted, lost from part_check order by part")
    assert [tuple(row) for row in rows] == [(0, 3, 1), (1, 0, 0), (2, 0, 0), (3, 3, 0)]


@pytest.mark.usefixtures("fresh_database")
async def test_a_check_sweeps_what_dead_processes_said_last() -> None:
    await db.execute(
        "insert into pulse (run_id, at, said) values (1, now() - interval '2 minutes', '{}'), (2, now(), '{}')"
    )
    await checks.check()
    assert [row[0] for row in await db.fetch("select run_id from pulse")] == [2]


def parts(*sizes: int, busy: bool) -> list[Part]:
    return [Part(number, size, NOON, busy) for number, size in enumerate(sizes)]


def test_P12_a_check_is_bounded_and_leaves_no_part_out() -> None:
    busy, calm = parts(50, 50, 50, 50, busy=True), parts(40, 40, 40, busy=False)
    assert [each.messages for each in checks.choose(busy + calm, 150)] == [50, 50, 40]
    assert [each.messages for each in checks.choose(calm, 150)] == [40, 40, 40]
    assert [each.messages for each in checks.choose(parts(900, busy=True) + parts(900, 1, busy=False), 150)] == [
        900,
        900,
    ]
    assert checks.choose([]) == []


# ------------------------------------------------------------------------------------------------ folding
async def write(*rows: tuple[datetime, str, int]) -> None:
    sql = "insert into tally (origin_id, part, minute, state, n) values (1, 0, $1, $2::text::message_state, $3)"
    await db.executemany(sql, rows)


async def tally() -> list[tuple[str, str, int]]:
    rows = await db.fetch("select minute, state::text, n from tally order by minute, state, n")
    return [(f"{row[0]:%m-%d %H:%M}", row[1], row[2]) for row in rows]


@pytest.mark.usefixtures("db")
async def test_the_tally_is_folded_by_age() -> None:
    day, hour, minute = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
    await write((NOON, "queued", 9), (NOON, "queued", -4))
    await write(
        (NOON - 5 * minute, "accepted", 3), (NOON - 5 * minute, "accepted", 4), (NOON - 5 * minute, "queued", 1)
    )
    await write((NOON - 5 * minute, "queued", -1), (NOON - 4 * minute, "accepted", 5))
    await write((NOON - 5 * hour, "accepted", 1), (NOON - 5 * hour + minute, "accepted", 2))
    await write((NOON - 3 * day, "accepted", 1), (NOON - 3 * day + 59 * minute, "accepted", 1))
    await write((NOON - 30 * day, "accepted", 1), (NOON - 30 * day + 11 * hour, "accepted", 1))
    await checks.fold(NOON, None)
    assert await tally() == [
        ("04-04 00:00", "accepted", 2),
        ("05-01 12:00", "accepted", 2),
        ("05-04 07:00", "accepted", 3),
        ("05-04 11:55", "accepted", 7),
        ("05-04 11:56", "accepted", 5),
        ("05-04 12:00", "queued", -4),
        ("05-04 12:00", "queued", 9),
    ]


@pytest.mark.usefixtures("fresh_database")
async def test_folding_loses_nothing_while_others_write() -> None:
    minutes = [NOON - timedelta(minutes=each) for each in range(2, 6)]

    async def add() -> None:
        for number in range(40):
            await write((minutes[number % 4], "accepted", 1))

    async def fold() -> None:
        for _time in range(20):
            await checks.fold(NOON, None)

    await asyncio.gather(*(add() for _writer in range(4)), fold(), fold())
    assert await db.fetchval("select sum(n) from tally") == 160
    await checks.fold(NOON, None)
    assert [row[2] for row in await tally()] == [40, 40, 40, 40]

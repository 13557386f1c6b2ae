"""Limits a day: several at once, exact while claimers die, counted by the day that the organisation has chosen."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from portal import db
from portal.ledger import claims, posting, queries, quotas, runs, settling, takeover
from portal.ledger.journal import Journal
from portal.ledger.rules import Lane
from portal.ledger.sessions import GONE, open_session
from portal.ledger.work import Run, Work
from tests import factories
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("fresh_database")

LANES = (Lane.urgent, Lane.trigger, Lane.mass)
HOW_IT_ENDS = ("sent", "sent", "sent", "some dropped", "killed before", "killed after", "session lost")


class Worker:
    """A run of the sender without its loops, whose letters go nowhere: what counts are the dots it may write."""

    def __init__(self, name: str, dots: list[int], chance: random.Random) -> None:
        self.name, self.dots, self.chance = name, dots, chance
        self.run: Run
        self.journal: Journal

    async def begin(self) -> None:
        """A new incarnation."""
        self.run = await runs.start(self.name, 60)
        self.journal = Journal(self.run)

    def granted(self, work: Work) -> None:
        """A dot."""
        work.batch.dots += 1
        self.dots.append(work.id)

    def refused(self, work: Work, _why: str) -> None:
        """No dot."""
        self.run.drop(work)

    async def work(self) -> None:
        """Until nothing is due any more."""
        await self.begin()
        while await claims.due_lanes(self.run):
            end = self.chance.choice(HOW_IT_ENDS)
            try:
                for lane in LANES:
                    await self.batch(await self.claim(lane, end) or [], end)
            except GONE:  # the answer to a claim was lost
                self.run.reconcile = True
                self.run.claim_db = await open_session()
        await claims.reconcile(self.run)
        runs.hang_up(self.run)

    async def claim(self, lane: Lane, end: str) -> list[Work] | None:
        """A batch; the session may be ended in the middle of it, or just when it is committed."""
        if end != "session lost":
            return await claims.claim(self.run, lane)
        claiming = asyncio.create_task(claims.claim(self.run, lane))
        await asyncio.sleep(self.chance.uniform(0, 0.02))
        self.run.claim_db.terminate()
        return await claiming

    async def batch(self, works: list[Work], end: str) -> None:
        """What becomes of a batch."""
        if end == "killed before":
            return await self.killed()
        if end == "some dropped":
            for work in works[::3]:
                self.run.drop(work)
            works = [work for at, work in enumerate(works) if at % 3]
        for work in works:
            self.journal.ask(self, work)
        await self.journal.flush()
        while self.journal.granted:
            self.journal.answer_some(50)
        if end == "killed after":
            return await self.killed()
        for work in works:
            self.journal.ended(work, 250, "250 2.0.0 Ok")
        await self.journal.flush()
        await settling.settle(self.run)

    async def killed(self) -> None:
        """This incarnation is gone without a word; another process takes it over, and somebody starts a new one."""
        runs.hang_up(self.run)
        await takeover.take_over(self.run.id)
        await self.begin()


async def mailing(ref_id: int, count: int, account_id: int | None, kind: str = "mailing") -> None:
    """Mail that counts as mass mail: a mailing, or an autoresponder in its own lane."""
    await plan(count, Lane.mass if kind == "mailing" else Lane.trigger, kind=kind, ref_id=ref_id)
    await db.execute("update origin set account_id = $1 where kind = $2 and ref_id = $3", account_id, kind, ref_id)


DRAWN = """
select pool, count(*)::int as dots from unnest($1::bigint[]) d(id) join message m on m.id = d.id
join origin o on o.id = m.origin_id cross join lateral unnest(array['sender:' || o.sender_id,
    case when o.kind <> 'trigger' then 'organisation' end, 'account:' || o.account_id]) pool
where pool is not null group by 1"""


@pytest.mark.seed("Z08")
@pytest.mark.seed("Z09")
async def test_P9_Z08_Z09_sixteen_claimers_with_three_limits_exceed_none_while_they_are_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "BATCH_SIZE", 20)
    await plan(300, Lane.urgent)
    await mailing(2, 600, 7)
    await mailing(3, 600, 8)
    await mailing(4, 300, None, "autoresponder")
    await db.execute("update sender set daily_cap = 950")
    await db.execute("update organisation set mass_cap = 700, account_cap = 400")
    dots: list[int] = []
    workers = [Worker(f"w{n}", dots, random.Random(n)) for n in range(16)]
    async with asyncio.timeout(120):
        await asyncio.gather(*(worker.work() for worker in workers))
        await takeover.take_over_dead(0)
        await workers[0].work()  # what those who died last had held
    drawn = {row["pool"]: row["dots"] for row in await db.fetch(DRAWN, dots)}
    used = {row["pool"]: row["used"] for row in await db.fetch("select pool, used from quota where used <> 0")}
    sender = await db.fetchval("select sender_id from origin limit 1")
    caps = {f"sender:{sender}": 950, "organisation": 700, "account:7": 400, "account:8": 400}
    assert max(Counter(dots).values()) == 1
    assert used == drawn and used.keys() <= caps.keys()
    assert all(count <= caps[pool] for pool, count in used.items())
    assert used[f"sender:{sender}"] == 950
    assert (await queries.totals()).balanced


async def claimed(lane: Lane = Lane.mass) -> int:
    """How many messages a worker may send now: it takes what there is, and sends it."""
    worker, count = Worker("one", [], random.Random(1)), 0
    await worker.begin()
    while (works := await claims.claim(worker.run, lane)) is not None:
        count += len(works)
        await worker.batch(works, "sent")
    runs.hang_up(worker.run)
    return count


@pytest.mark.seed("B10")
async def test_B10_no_mass_limit_holds_up_what_triggers_write() -> None:
    await plan(30, Lane.urgent)
    await mailing(2, 30, 7)
    await db.execute("update organisation set mass_cap = 0")
    assert (await claimed(), await claimed(Lane.urgent)) == (0, 30)
    waiting = await db.fetch("select waits_for, due_at = limit_reset() as next from batch where done_at is null")
    assert [tuple(row) for row in waiting] == [("limit", True)]


async def test_a_limit_that_is_reached_puts_off_a_whole_mailing_at_once_and_a_higher_one_calls_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "BATCH_SIZE", 10)
    await mailing(1, 100, 7)
    await db.execute("update organisation set account_cap = 25")
    assert await claimed() == 25
    waiting = await db.fetch("select size, ids is null as ranged from batch where waits_for = 'limit' order by id")
    assert sorted(tuple(row) for row in waiting) == [(5, False), *[(10, True)] * 7]
    await quotas.look_again()
    assert await claimed() == 0
    async with db.transaction():
        await db.execute("update organisation set account_cap = 60")
        await quotas.look_again()
    assert await claimed() == 35


async def test_what_a_lost_claim_or_an_orphan_had_reserved_goes_back() -> None:
    await mailing(1, 10, 7)
    await db.execute("update organisation set account_cap = 10, mass_cap = 10")
    worker = Worker("one", [], random.Random(1))
    await worker.begin()
    assert len(await claims.claim(worker.run, Lane.mass) or []) == 10
    worker.run.batches.clear()  # the answer was never heard
    worker.run.reconcile = True
    await claims.reconcile(worker.run)
    assert [row["used"] for row in await db.fetch("select used from quota")] == [0, 0]
    assert len(await claims.claim(worker.run, Lane.mass) or []) == 10
    await db.execute("update run set ended_at = now()")  # sealed by others before that claim was committed
    await takeover.take_over_dead(60)
    assert [row["used"] for row in await db.fetch("select used from quota")] == [0, 0]
    runs.hang_up(worker.run)


@pytest.mark.parametrize(
    ("zone", "now", "day", "reset"),
    [
        ("Europe/Warsaw", "2026-03-28T23:30+00:00", "2026-03-29", "2026-03-29T22:00+00:00"),  # a day of 23 hours
        ("Europe/Warsaw", "2026-10-24T22:30+00:00", "2026-10-25", "2026-10-25T23:00+00:00"),  # one of 25
        ("Africa/Cairo", "2026-04-23T12:00+00:00", "2026-04-23", "2026-04-23T22:00+00:00"),  # there is no midnight
        ("America/Havana", "2026-10-31T12:00+00:00", "2026-10-31", "2026-11-01T04:00+00:00"),  # there are two
        ("Pacific/Auckland", "2026-11-22T11:30+00:00", "2026-11-23", "2026-11-23T11:00+00:00"),
    ],
)
@pytest.mark.seed("Z09")
async def test_Z09_the_day_is_that_of_the_organisations_zone_by_choice(
    zone: str, now: str, day: str, reset: str
) -> None:
    await factories.organisation()
    at = datetime.fromisoformat(now)
    assert datetime.fromisoformat(reset).astimezone(ZoneInfo(zone)).date().isoformat() > day
    await db.execute("update organisation set limit_zone = 'organisation', time_zone = $1", zone)
    assert await days(at) == (day, datetime.fromisoformat(reset))
    await db.execute("update organisation set limit_zone = 'utc'")
    assert (await days(at))[0] == now[:10]


async def days(at: datetime) -> tuple[str, datetime]:
    """The day of limits at an instant, and when the next begins: the functions, with that instant as their clock."""
    async with db.transaction():
        await db.execute_script("""
            create schema clock; set local search_path = clock, public, pg_catalog;
            create table clock.at (at timestamptz);
            create function clock.now() returns timestamptz language sql stable as 'select at from clock.at'""")
        await db.execute("insert into clock.at values ($1)", at)
        for name, returns in (("limit_day", "date"), ("limit_reset", "timestamptz")):
            body = await db.fetchval(
                "select prosrc from pg_proc where oid = ($1 || '()')::regprocedure", f"public.{name}"
            )
            body = body.replace("now()", "clock.now()").replace("limit_day()", "clock.limit_day()")
            await db.execute_script(
                f"create function clock.{name}() returns {returns} language sql stable as $${body}$$"
            )
        row = await db.fetchrow("select clock.limit_day()::text as day, clock.limit_reset() as reset")
        await db.execute_script("drop schema clock cascade")
    assert row
    return row["day"], row["reset"]

"""Limits, slow domains and servers that want fewer connections, with the real sender: nobody else has to wait."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

import msgspec
import pytest

from portal import db
from portal.ledger import actions, queries
from portal.ledger.rules import Lane
from portal.sending.engine import Engine
from tests import factories
from tests.sending.helpers import intents, sending, settled, states, until
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")
TO = re.compile(rb"^To:(?:[^@]|\r\n )*@([a-z.]+)", re.MULTILINE)


async def write_to(domain: str, count: int, *, lane: Lane = Lane.mass, ref_id: int = 1) -> None:
    """Plan `count` messages to addresses of a domain, as one batch of their own."""
    sender_id = await factories.organisation()
    template = await factories.template()
    wanted = [
        msgspec.structs.replace(each, address=f"{ref_id}-{n}@{domain}")
        for n, each in enumerate(intents(template.version_id, count))
    ]
    async with db.transaction():
        await actions.post("mailing", ref_id, sender_id, lane, wanted)


async def limit(domain: str, per_minute: int | None, connections: int | None = None) -> None:
    sql = "insert into domain_limit (domain, per_minute, connections) values ($1, $2, $3)"
    await db.execute(sql, domain, per_minute, connections)


@dataclass
class Receivers(Sink):
    """A relay that hands on at once, some domains slowly. `under_way`: letters whose reply is due, by domain."""

    slow: dict[str, float] = field(default_factory=dict)  # domain -> seconds before the reply to a dot
    under_way: dict[str, int] = field(default_factory=dict)
    most_of: dict[str, int] = field(default_factory=dict)

    def wait(self, raw: bytes) -> float:
        domain = domain_in(raw)
        self.under_way[domain] = self.under_way.get(domain, 0) + 1
        self.most_of[domain] = max(self.most_of.get(domain, 0), self.under_way[domain])
        seconds = self.slow.get(domain, self.delay) or 0.001
        asyncio.get_running_loop().call_later(seconds, self.done, domain)
        return seconds

    def done(self, domain: str) -> None:
        self.under_way[domain] -= 1

    def count_of(self, domain: str) -> int:
        return self.order.count(domain)

    @property
    def order(self) -> list[str]:
        """The domains of the letters, in the order in which they were taken."""
        return [domain_in(letter.raw) for letter in self.got]


def domain_in(raw: bytes) -> str:
    found = TO.search(raw)
    return found[1].decode() if found else ""


def pool_of(engine: Engine) -> tuple[int, int]:
    """(connections allowed, open)."""
    assert engine.shift
    return engine.shift.pool.cap, len(engine.shift.dispatcher.alive)


# ------------------------------------------------------------------------------------------------ limits
async def test_P9_a_limited_domain_gets_no_more_than_its_limit_and_holds_up_nobody() -> None:
    await limit("limited.example", 300)
    await write_to("limited.example", 60, ref_id=1)
    await write_to("people.example", 300, ref_id=2)
    async with running(Receivers()) as sink:
        begun = time.monotonic()
        async with sending(sink):
            async with asyncio.timeout(60):
                while sink.count_of("people.example") < 300:
                    await asyncio.sleep(0.01)
            assert sink.count_of("limited.example") < 60
            async with asyncio.timeout(60):
                while (went := sink.count_of("limited.example")) < 15:
                    await asyncio.sleep(0.01)
            assert went <= 1 + 300 / 60 * (time.monotonic() - begun)
    counted = await states()
    assert counted["accepted"] == len(sink.got)
    assert (await queries.totals()).balanced


async def test_P9_two_workers_share_the_limit_of_a_sender() -> None:
    for ref_id in (1, 2, 3, 4):
        await write_to("people.example", 40, ref_id=ref_id)
    await db.execute("update sender set per_minute = 480")
    async with running(Receivers()) as sink:
        begun = time.monotonic()
        async with sending(sink), sending(sink):  # who claims first may have all of it for a while
            async with asyncio.timeout(30):
                while len(sink.got) < 30:
                    await asyncio.sleep(0.01)
            assert len(sink.got) <= 2 + 480 / 60 * (time.monotonic() - begun)
    assert await states() == {"accepted": len(sink.got), "queued": 160 - len(sink.got)}
    assert set(sink.ids.values()) == {1}


async def test_a_limit_at_once_is_kept() -> None:
    await limit("limited.example", None, 2)
    await write_to("limited.example", 30, ref_id=1)
    await write_to("people.example", 100, ref_id=2)
    async with running(Receivers(delay=0.02)) as sink, sending(sink):
        await settled(0)
    assert sink.most_of["limited.example"] == 2
    assert await states() == {"accepted": 130}


async def test_P2_stopping_with_letters_aside_loses_and_doubles_nothing() -> None:
    await limit("limited.example", 60)
    await write_to("limited.example", 50, ref_id=1)
    await write_to("people.example", 50, ref_id=2)
    async with running(Receivers()) as sink:
        async with sending(sink) as engine:

            async def aside() -> bool:
                return bool(engine.shift and engine.shift.dispatcher.lanes.gates and len(sink.got) > 50)

            await until(aside)
        assert await db.fetchval("select count(*) from batch where run_id is not null") == 0
        totals = await queries.totals()
        assert (totals.balanced, totals.by_state["queued"]) == (True, 100 - len(sink.got))
        await db.execute("delete from domain_limit")
        await db.execute("update batch set due_at = now() where done_at is null")
        async with sending(sink):
            await settled(0)
    assert await states() == {"accepted": 100}
    assert set(sink.ids.values()) == {1}


async def test_P8_a_pause_stops_letters_aside_too_and_resuming_sends_them() -> None:
    await limit("limited.example", 600)
    await write_to("limited.example", 40)
    async with running(Receivers()) as sink, sending(sink) as engine:
        async with asyncio.timeout(60):
            while len(sink.got) < 5:
                await asyncio.sleep(0.01)
        await db.execute("update origin set gate = 'paused'")
        at_commit = len(sink.got)

        async def given_back() -> bool:
            return await db.fetchval("select count(*) from batch where run_id is not null") == 0

        await until(given_back)
        assert len(sink.got) - at_commit <= 10
        stopped = len(sink.got)
        await asyncio.sleep(1)
        assert len(sink.got) == stopped
        await db.execute("delete from domain_limit")
        await db.execute("update batch set due_at = now() where done_at is null")
        await db.execute("update origin set gate = 'open'")
        engine.wake()
        await settled(0)
    assert await states() == {"accepted": 40}
    assert set(sink.ids.values()) == {1}


async def test_what_cannot_go_soon_waits_in_the_ledger_and_not_with_the_worker() -> None:
    await limit("limited.example", 6)
    await write_to("limited.example", 50)
    await write_to("people.example", 50, ref_id=2)
    async with running(Receivers()) as sink, sending(sink) as engine:

        async def waits() -> bool:
            return len(sink.got) > 50 and bool(engine.shift and len(engine.shift.dispatcher.lanes) == 3)

        await until(waits)
    assert (await queries.totals()).balanced


# ------------------------------------------------------------------------------------------------ slow domains
async def test_a_slow_domain_lets_the_others_pass() -> None:
    await write_to("slow.example", 40, ref_id=1)
    await write_to("people.example", 300, ref_id=2)
    async with running(Receivers(slow={"slow.example": 0.5})) as sink, sending(sink):
        await settled(0, 30)
    order = sink.order
    last_of_others = len(order) - order[::-1].index("people.example")
    assert order[:last_of_others].count("slow.example") < 20
    assert await states() == {"accepted": 340}


async def test_a_domain_that_never_answers_does_not_take_all_connections() -> None:
    await write_to("hangs.example", 60, ref_id=1)
    await write_to("people.example", 200, ref_id=2)
    async with running(Receivers(slow={"hangs.example": 8.0})) as sink, sending(sink, size=6):
        async with asyncio.timeout(7):
            while sink.count_of("people.example") < 200:
                await asyncio.sleep(0.05)
        assert sink.count_of("hangs.example") == 0
        sink.slow.clear()
        await db.execute("update origin set gate = 'paused' where ref_id = 1")


async def test_a_domain_that_puts_all_off_keeps_most_tries_for_later() -> None:
    await write_to("sulks.example", 100, ref_id=1)
    await write_to("people.example", 100, ref_id=2)

    def sulk(step: str, line: bytes) -> bytes | None:
        return b"451 4.3.2 Not now" if step == "rcpt" and b"sulks" in line else None

    async with running(Receivers(answer=sulk)) as sink, sending(sink, size=5):
        await settled(100)
        await asyncio.sleep(0.5)
    assert sink.count_of("people.example") == 100
    assert await db.fetchval("select count(*) from attempt") <= 15
    assert await db.fetchval("select count(*) from message where state = 'queued'") == 100
    assert (await queries.totals()).balanced


async def test_P7_a_receipt_to_a_quick_domain_passes_a_mailing_to_a_slow_one() -> None:
    await write_to("slow.example", 200, ref_id=1)
    async with running(Receivers(slow={"slow.example": 0.8})) as sink, sending(sink, size=6):
        async with asyncio.timeout(60):
            while sink.count_of("slow.example") < 6:
                await asyncio.sleep(0.01)
        await write_to("people.example", 1, lane=Lane.urgent, ref_id=3)
        async with asyncio.timeout(60):
            while not sink.count_of("people.example"):
                await asyncio.sleep(0.01)
        assert sink.count_of("slow.example") < 30
        await db.execute("update origin set gate = 'paused' where ref_id = 1")


# ------------------------------------------------------------------------------------------------ connections
async def test_a_run_begins_with_one_connection_and_doubles_with_the_answers() -> None:
    await write_to("people.example", 400)
    opened = list[tuple[int, int]]()
    sink = Receivers(delay=0.05)
    sink.answer = lambda step, line: opened.append((sink.open, len(sink.got))) if step == "banner" else None
    async with running(sink), sending(sink, size=16):
        await settled(0)
    assert [most for most, answers in opened if answers == 0] == [1]
    assert all(most <= 2 * (answers + 1) for most, answers in opened)
    assert sink.most == 16


@pytest.mark.parametrize("refusal", [b"421 4.7.0 Too many connections", b""], ids=["421", "dropped"])
async def test_a_server_that_limits_connections_finds_its_level(refusal: bytes) -> None:
    await write_to("people.example", 1_000)
    sink = Receivers(delay=0.01)
    sink.answer = lambda step, line: refusal if step == "banner" and sink.open > 7 else None
    async with running(sink), sending(sink, size=20) as engine:
        async with asyncio.timeout(60):
            while len(sink.got) < 600:
                await asyncio.sleep(0.01)
        assert engine.shift
        assert (pool_of(engine), engine.shift.pool.may_open) == ((7, 7), True)
        await settled(0, 20)
    assert await states() == {"accepted": 1_000}
    assert await db.fetchval("select max(attempts) from message") == 0


async def test_421_on_one_of_several_connections_pauses_nothing() -> None:
    await write_to("people.example", 600)
    said = [0]

    def busy(step: str, line: bytes) -> bytes | None:
        said[0] += step == "mail"
        return b"421 4.3.2 Enough of this one" if step == "mail" and said[0] == 200 else None

    async with running(Receivers(answer=busy, delay=0.01)) as sink, sending(sink, size=8) as engine:
        async with asyncio.timeout(60):
            while len(sink.got) < 400:
                await asyncio.sleep(0.01)
        assert engine.shift
        assert (engine.shift.pool.cap, engine.shift.pool.may_open) == (4, True)
        await settled(0, 20)
    assert await states() == {"accepted": 600}

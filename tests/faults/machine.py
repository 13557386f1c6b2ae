"""A state machine against the ledger: whatever happens in whatever order, nothing is lost and nothing sent twice.

Hypothesis chooses the steps: planning, claiming, flushes that are heard or not, replies, kills, sleep, take-over,
crashes of PostgreSQL that forget the last commits, pauses, limits, cancellations, opt-outs. The ledger is compared with
a plain model (world.py) after every step; in the end everything left is sent.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions, queries
from portal.ledger.rules import Intent, Lane
from portal.outcomes import Stale
from tests.faults.world import World
from tests.sending.helpers import letter

EMPTY = """
truncate message, letter, attempt, batch, run, journal, life, quota, suppression, tally, origin, timeline_event
restart identity"""
DUE = "update batch set due_at = now() - interval '1 hour' where done_at is null and run_id is null"
PATIENCE = 50  # flushes that a worker may need to come to rest
WORKERS = st.integers(0, 1)
TROUBLE = st.sampled_from(["", "", "", "before", "after"])
SELDOM = st.sampled_from([False, False, False, True])
TAKEN = st.lists(st.booleans(), min_size=1, max_size=4)  # of the letters on the wire
LANE = (Lane.urgent, Lane.trigger, Lane.mass)


class Machine(RuleBasedStateMachine):
    """Rules are what may happen; they run on a loop of their own."""

    loop: asyncio.AbstractEventLoop
    sender: int
    version: int

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.planned = [0, 0, 0]  # for each origin
        self.do(db.execute(EMPTY))
        self.do(db.execute("update sender set paused = false, daily_cap = null"))

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        """Let everybody finish, send all that is left, and look once more."""
        if not self.world.wrong:
            self.do(self.finish())

    # --------------------------------------------------------------------------------------------- planning, people
    @initialize(cap=st.sampled_from([None, None, 4, 12]), count=st.integers(1, 12))
    def begin(self, cap: int | None, count: int) -> None:
        """The sender's day, and the first mailing."""
        self.world.cap = cap
        self.do(db.execute("update sender set daily_cap = $1", cap))
        self.plan_some(0, count, optional=True)

    @rule(origin=st.integers(0, 2), count=st.integers(1, 6), optional=st.booleans())
    def plan(self, origin: int, count: int, optional: bool) -> None:
        """Messages to a few people, again and again; some of them planned twice."""
        self.plan_some(origin, count, optional=optional)

    def plan_some(self, origin: int, count: int, *, optional: bool) -> None:
        first = self.planned[origin]
        self.planned[origin] += count
        intents = [self.intent(number, optional) for number in range(max(0, first - 1), first + count)]
        self.do(self.post(origin, intents))

    def intent(self, number: int, optional: bool) -> Intent:
        address = f"p{number % 9}@d{number % 9}.example"
        return Intent(address=address, locale="en", optional=optional, occurrence=number, letter=letter(self.version))

    async def post(self, origin: int, intents: list[Intent]) -> None:
        async with db.transaction():
            await actions.post("trigger", origin, self.sender, LANE[origin], intents)
        self.world.synced()

    @rule(origin=st.integers(0, 2), gate=st.sampled_from(["open", "open", "paused"]))
    def gate(self, origin: int, gate: Any) -> None:
        """Pause a mailing, or let it go on."""
        self.do(actions.set_gate("trigger", origin, gate))
        self.world.synced()

    @rule(paused=st.sampled_from([True, False, False]))
    def pause(self, paused: bool) -> None:
        """Pause the sender, or let it go on."""
        self.do(db.execute("update sender set paused = $1", paused))
        self.world.synced()

    @precondition(lambda self: any(self.planned))
    @rule(number=st.integers(1, 40))
    def cancel(self, number: int) -> None:
        """One message is not wanted any more: if it says so, nothing may leave from then on."""
        self.do(self.by_hand(actions.cancel(number, SYSTEM), number, self.world.cancelled))

    @precondition(lambda self: self.world.refused)
    @rule(index=st.integers(0, 40))
    def retry(self, index: int) -> None:
        """Somebody tries a failed one again."""
        number = sorted(self.world.refused)[index % len(self.world.refused)]
        self.do(self.by_hand(actions.retry(number, SYSTEM), number, set()))

    async def by_hand(self, action: Coroutine[Any, Any, None], number: int, done: set[int]) -> None:
        """An action on a message, if there is such a message and it can still be done."""
        if not await db.fetchval("select 1 from message where id = $1", number):
            return action.close()
        try:
            await action
            done.add(number)
        except Stale:
            pass
        self.world.synced()

    @rule(person=st.integers(0, 8), scope=st.sampled_from(["all", "optional"]))
    def opt_out(self, person: int, scope: Any) -> None:
        """An address wants nothing, or nothing optional."""
        address = f"p{person}@d{person}.example"
        self.do(actions.suppress(address, scope, "opted_out", "test", SYSTEM))
        self.world.blocked.add(address)
        self.world.synced()

    # --------------------------------------------------------------------------------------------- workers
    def alive(self, number: int) -> int:
        """This worker, or the other one when it is dead."""
        return number if number in self.world.workers else min(self.world.workers)

    @rule(number=WORKERS, trouble=TROUBLE)
    def claim(self, number: int, trouble: str) -> None:
        """A worker takes a batch; its commit may go unheard."""
        self.do(self.world.worker(number))
        self.do(self.world.step(number, "claim", trouble))

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, count=st.integers(1, 5), cut=SELDOM, trouble=TROUBLE, hold=SELDOM)
    def send(self, number: int, count: int, cut: bool, trouble: str, hold: bool) -> None:
        """Connections come to their dots and get them, or not."""
        self.send_some(self.alive(number), count, cut=cut, trouble=trouble, hold=hold)

    def claim_some(self, number: int) -> None:
        """Claim when it has nothing to send."""
        if not len(self.world.workers[number].shift.dispatcher.lanes):
            self.do(self.world.step(number, "claim"))

    def send_some(self, number: int, count: int, *, cut: bool = False, trouble: str = "", hold: bool = False) -> None:
        """Claim when there is nothing, then so many messages up to their dots, or one dot further."""
        self.claim_some(number)
        if number in self.world.workers:
            self.world.workers[number].ask(count, cut=cut)
            self.do(self.world.step(number, "flush", trouble, hold))

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, count=st.integers(1, 5))
    def ask(self, number: int, count: int) -> None:
        """Connections come to their dots and have to wait."""
        self.world.workers[self.alive(number)].ask(count)

    @precondition(lambda self: any(worker.wire for worker in self.world.workers.values()))
    @rule(
        outcomes=st.lists(
            st.sampled_from(["250", "250", "250", "250", "450", "550", "554", "taken", "thrown"]),
            min_size=1,
            max_size=6,
        ),
        index=st.integers(0, 9),
    )
    def answer(self, outcomes: list[str], index: int) -> None:
        """The server answers some dots; what it says is not on record yet."""
        self.answer_some(outcomes, index)

    def answer_some(self, outcomes: list[str], index: int) -> None:
        """Of every worker."""
        for worker in self.world.workers.values():
            for outcome in outcomes:
                worker.reply(index, outcome)

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, trouble=TROUBLE)
    def settle(self, number: int, trouble: str) -> None:
        """What is on record becomes what people read."""
        self.do(self.world.step(self.alive(number), "settle", trouble))

    # --------------------------------------------------------------------------------------------- faults
    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, taken=TAKEN, in_flush=st.booleans())
    def kill(self, number: int, taken: list[bool], in_flush: bool) -> None:
        """kill -9."""
        self.do(self.world.kill(self.alive(number), taken, in_flush=in_flush))

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS)
    def sleep(self, number: int) -> None:
        """SIGSTOP past the lease: others may believe it dead."""
        self.do(self.world.expire(self.world.workers[self.alive(number)].run.id))

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, count=st.integers(1, 5))
    def race(self, number: int, count: int) -> None:
        """A worker believed dead flushes at the very moment in which its run is taken over."""
        number = self.alive(number)
        self.claim_some(number)
        if number in self.world.workers:
            self.world.workers[number].ask(count)
            self.do(self.world.step(number, "race"))

    @rule()
    def take_over(self) -> None:
        """Somebody looks after silent workers."""
        self.do(self.world.take_over())

    @rule(lost=st.integers(0, 4))
    def crash(self, lost: int) -> None:
        """PostgreSQL crashes."""
        self.do(self.world.crash(lost))

    @precondition(lambda self: self.world.workers)
    @rule(number=WORKERS, count=st.integers(1, 5), lost=st.integers(0, 4), taken=TAKEN)
    def die_together(self, number: int, count: int, lost: int, taken: list[bool]) -> None:
        """In full flight PostgreSQL crashes and every worker is killed: nobody can repeat what was forgotten."""
        for _ in range(2):
            if self.world.workers:
                self.send_some(self.alive(number), count)
            self.answer_some(["250"], 0)
        self.do(self.world.crash(lost))
        for each in list(self.world.workers):
            self.do(self.world.kill(each, taken, in_flush=False))

    @rule()
    def due(self) -> None:
        """Time passes: what was put off is due."""
        self.do(db.execute(DUE))
        self.world.synced()

    # --------------------------------------------------------------------------------------------- always
    @invariant()
    def nothing_is_wrong(self) -> None:
        """Rows and truth agree."""
        self.do(self.world.compare())

    async def finish(self) -> None:
        """Everybody ends, everything is allowed, one worker sends what is left."""
        world = self.world
        for number in list(world.workers):
            while number in world.workers and world.workers[number].wire:
                world.workers[number].reply(0, "250")
            await self.until_quiet(number)
        await db.execute("update sender set paused = false, daily_cap = null")
        await db.execute("update origin set gate = 'open'")
        world.cap = None
        await world.take_over()
        await self.send_the_rest()
        await world.compare()
        totals = await queries.totals()
        assert (totals.duplicates, totals.balanced, totals.by_state["queued"]) == (0, True, 0), totals
        assert totals.intended == sum(self.planned)

    async def until_quiet(self, number: int) -> None:
        """Flush and settle what it knows; then it ends as at SIGTERM."""
        world = self.world
        for turn in itertools.count():
            if number not in world.workers or world.workers[number].shift.journal.is_quiet:
                break
            assert turn < PATIENCE, "a worker does not come to rest"
            await world.step(number, "flush")
            while number in world.workers and world.workers[number].wire:
                world.workers[number].reply(0, "250")
        if number in world.workers:
            await world.step(number, "end")
            world.workers.pop(number, None)

    async def send_the_rest(self) -> None:
        """A new worker, a kind server, no time to lose."""
        world = self.world
        for _ in range(200):
            await db.execute(DUE)
            worker = await world.worker(9)
            await world.step(9, "claim")
            worker.ask(100)
            await self.until_quiet(9)
            if not await db.fetchval("select 1 from message where state = 'queued' limit 1"):
                return

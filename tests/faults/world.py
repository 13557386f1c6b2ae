"""A small world for the state machine: real ledger, real dispatchers, connections and a mail server of our own.

Truth lives here, in plain Python: which dots were written, which letters arrived, which refusals the server gave, what
people have decided. The ledger's rows are compared with it. Nothing happens by itself: each step is called.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from portal import db
from portal.ledger import claims, runs, takeover
from portal.ledger.sessions import GONE
from portal.ledger.settling import settle_or_wait
from portal.ledger.work import Parcel, RunLost, Work
from portal.sending import engine
from portal.sending.smtp import Envelope, Offer
from portal.settings import SmtpUrl
from tests.faults.broken_sessions import Flaky, Raced

LEASE = 3600.0
LANES = 4
Try = tuple[int, int]  # message id, attempt


class Composer:
    """Every letter is the same: what matters is whether it goes."""

    async def prepare(self, parcels: list[Parcel]) -> None:
        """Nothing."""

    def compose(self, parcel: Parcel, offer: Offer) -> Envelope:
        """A letter."""
        return Envelope(b"", b"", b"letter\r\n")


class Line:
    """A connection that has its 354. `cut`: it breaks before the permission for its dot comes."""

    def __init__(self, worker: Worker, cut: bool) -> None:
        self.worker, self.cut = worker, cut
        self.work: Work | None = None  # as in SmtpConnection: what rides behind

    def granted(self, work: Work) -> None:
        """Write the dot, unless the connection is gone."""
        if self.cut:
            return self.worker.shift.dispatcher.withdraw(work, broke=False)
        self.worker.world.dot(work)
        self.worker.wire.append(work)

    def refused(self, work: Work, why: str) -> None:
        """The ledger says no: is it right?"""
        self.worker.world.denied(work, why)
        self.worker.shift.dispatcher.refused(work, why)


@dataclass(eq=False)
class Worker:
    """One run of the sender without its loops. `wire`: dots whose reply has not come."""

    world: World
    shift: engine.Shift
    wire: list[Work] = field(default_factory=list)

    @property
    def run(self) -> Any:
        """Its run."""
        return self.shift.run

    async def claim(self, trouble: str = "") -> None:
        """Claim a batch of the most urgent lane in which something is due."""
        if trouble:
            self.run.claim_db = Flaky(self.run.claim_db, trouble)
        try:
            for lane in await claims.due_lanes(self.run):
                if works := await claims.claim(self.run, lane):
                    self.shift.dispatcher.lanes.add(works)
                    break
        except GONE:
            self.run.reconcile = True
            self.run.broke()
        self.world.synced()

    def ask(self, count: int, *, cut: bool = False) -> None:
        """So many connections take a message and come to its dot."""
        for _ in range(count):
            if found := self.shift.dispatcher.next(Offer()):
                self.shift.dispatcher.ask(Line(self, cut), found[0])  # type: ignore[arg-type]

    async def flush(self, trouble: str = "", hold: bool = False) -> None:
        """One flush, as `flush_forever` does it; the dots that it allows may wait (`hold`)."""
        if self.run.broken:
            await runs.recover(self.run)
            self.world.synced()
        journal, before = self.shift.journal, self.run.seq
        if trouble and (journal.asks or journal.ends):
            self.run.flush_db = Flaky(self.run.flush_db, trouble)
        waiting = len(journal.granted)
        await journal.flush()
        for _line, work in list(journal.granted)[waiting:]:
            self.world.allowed(work)
        if not hold:
            journal.answer_some(len(journal.granted))
        if trouble:  # recovered: all of it was repeated in a synchronous commit
            self.world.synced()
        elif self.run.seq > before:
            self.world.flushed(self.run.id, self.run.seq)
        await self.world.intents_are_journalled(self)

    async def race(self) -> None:
        """A flush while the run is taken over: it comes first, and its dots are in doubt for everybody else."""
        journal, run = self.shift.journal, self.run
        if run.broken or run.flush_db.is_closed() or not journal.asks:
            return
        self.world.may_doubt |= self.doubts() | {work.id for _line, work in journal.asks}
        run.flush_db = Raced(run.flush_db, run.id)
        self.world.dead.append(run.id)
        await journal.flush()
        for _line, work in journal.granted:
            self.world.allowed(work)
        journal.answer_some(len(journal.granted))
        self.world.synced()

    async def settle(self, trouble: str = "") -> None:
        """One settlement, as `settle_forever` does it."""
        if self.run.broken:
            return
        if trouble:
            self.run.settle_db = Flaky(self.run.settle_db, trouble)
        await settle_or_wait(self.run)
        self.world.synced()

    def reply(self, index: int, outcome: str) -> None:
        """The server answers one dot, or the connection is lost."""
        if not self.wire:
            return
        work = self.wire.pop(index % len(self.wire))
        dispatcher, world = self.shift.dispatcher, self.world
        if outcome in ("250", "taken"):
            world.arrived[work.id] += 1
        elif outcome in REFUSALS:
            world.clear(work, outcome)
        if outcome in ("taken", "thrown"):
            world.may_doubt.add(work.id)
            return dispatcher.unanswered(work)
        dispatcher.replied(work, int(outcome[:3]), REPLIES[outcome], dot=True)

    def doubts(self) -> set[int]:
        """What nobody knows when it dies now: dots on the wire, and whatever is not yet on record about others."""
        journal = self.shift.journal
        said = {work.id for work, _code, _reply in journal.ends} | {work.id for _line, work in journal.granted}
        return said | {work.id for work in self.wire}

    async def abandon(self) -> None:
        """The run is lost: what the engine does then. The server may still take what is on the wire."""
        self.world.may_doubt |= self.doubts()
        await self.shift.abandon()
        self.world.synced()

    async def end(self) -> None:
        """SIGTERM."""
        self.shift.tasks = [asyncio.create_task(asyncio.sleep(LEASE))]
        await self.shift.end()
        self.world.synced()


REPLIES = {
    "250": "250 2.0.0 Ok",
    "450": "450 4.2.1 Later",
    "550": "550 5.1.1 No such user",
    "554": "554 5.3.0 No",
}
REFUSALS = ("450", "550", "554")


class World:
    """The truth, and whoever is alive."""

    def __init__(self) -> None:
        self.workers: dict[int, Worker] = {}
        self.dead: list[int] = []  # runs whose worker was killed
        self.dots: Counter[Try] = Counter()
        self.open: set[int] = set()  # messages with a dot that the server has not refused
        self.arrived: Counter[int] = Counter()
        self.refused: set[int] = set()  # messages that the server refused for good
        self.cancelled: set[int] = set()
        self.blocked: set[str] = set()  # addresses that somebody opted out of, or that do not exist
        self.may_doubt: set[int] = set()  # messages of which nobody may know
        self.volatile: list[tuple[int, int]] = []  # journal rows that a crash of PostgreSQL may lose, in their order
        self.facts: dict[int, tuple[bool, str]] = {}  # what the database says: may it go, its state
        self.cap: int | None = None
        self.numbers = itertools.count(1)
        self.wrong: list[str] = []

    # --------------------------------------------------------------------------------------------- what is true
    def dot(self, work: Work) -> None:
        """A dot is written: the moment that must never come twice."""
        key = (work.id, work.attempt)
        self.dots[key] += 1
        if self.dots[key] > 1:
            self.wrong.append(f"two dots of message {work.id} at try {work.attempt}")
        if work.id in self.open:
            self.wrong.append(f"message {work.id} was sent again although the server may have it")
        if self.cap is not None and sum(self.dots.values()) > self.cap:
            self.wrong.append("more dots than the day's limit")
        self.open.add(work.id)

    def allowed(self, work: Work) -> None:
        """A dot is allowed: was it right, at this moment?"""
        if not self.facts[work.id][0]:
            self.wrong.append(f"message {work.id} was let go although it may not: {self.facts[work.id]}")

    def clear(self, work: Work, outcome: str) -> None:
        """The server has refused it: it certainly does not have it."""
        self.open.discard(work.id)
        if outcome[0] == "5":
            self.refused.add(work.id)
        if outcome == "550":
            self.blocked.add(work.parcel.address)

    def denied(self, work: Work, why: str) -> None:
        """A refusal of the ledger has to have a reason."""
        if self.facts[work.id][0] and not self.workers_confused:
            self.wrong.append(f"message {work.id} was held back without a reason: {why}")

    @property
    def workers_confused(self) -> bool:
        """Whether some worker works on after its run was taken over: its messages are somebody else's now."""
        return any(worker.run.id in self.dead for worker in self.workers.values())

    async def look(self) -> None:
        """What the flush will see: asked before each, so that its answer can be judged."""
        self.facts = {row["id"]: (row["may_go"], row["state"]) for row in await db.fetch(MAY_GO)}

    # --------------------------------------------------------------------------------------------- PostgreSQL
    def synced(self) -> None:
        """A synchronous commit: everything before it is on disk."""
        self.volatile.clear()

    def flushed(self, run_id: int, seq: int) -> None:
        """An asynchronous one."""
        self.volatile.append((run_id, seq))

    async def crash(self, lost: int) -> None:
        """PostgreSQL crashes and forgets the last `lost` asynchronous commits; its life is another one."""
        gone = self.volatile[len(self.volatile) - min(lost, len(self.volatile)) :]
        for run_id, seq in gone:
            await db.execute("delete from journal where run_id = $1 and seq = $2", run_id, seq)
        await db.execute("delete from life")
        self.synced()
        for worker in self.workers.values():
            runs.hang_up(worker.run)

    async def intents_are_journalled(self, worker: Worker) -> None:
        """Of every dot on the wire the intent is there for all to see."""
        said = await db.fetchval(JOURNALLED, worker.run.id, [work.id for work in worker.wire])
        if said:
            self.wrong.append(f"dots without intents: {said}")

    # --------------------------------------------------------------------------------------------- workers
    async def worker(self, number: int) -> Worker:
        """The worker of this number; begun when there is none."""
        if number not in self.workers:
            run = await runs.start(f"w{number}", LEASE)
            self.synced()
            shift = engine.Shift(run, SmtpUrl("127.0.0.1", 1), Composer(), 10)
            self.workers[number] = Worker(self, shift)
        return self.workers[number]

    async def kill(self, number: int, taken: list[bool], *, in_flush: bool) -> None:
        """kill -9, perhaps in the middle of a flush; the server takes some of what was on the wire."""
        worker = self.workers.pop(number)
        self.may_doubt |= worker.doubts()
        journal, run = worker.shift.journal, worker.run
        if in_flush and not run.broken and not run.flush_db.is_closed():
            self.may_doubt |= {work.id for _line, work in journal.asks}
            run.seq += 1
            await journal.insert(journal.asks, journal.ends)
            self.flushed(run.id, run.seq)
        for work, took in zip(worker.wire, itertools.cycle(taken), strict=False):
            self.arrived[work.id] += took
        runs.hang_up(worker.run)
        await self.expire(worker.run.id)
        self.dead.append(worker.run.id)

    async def expire(self, run_id: int) -> None:
        """The lease of a run is over."""
        await db.execute("update run set lease_until = now() - interval '1 hour' where id = $1", run_id)
        self.synced()

    async def take_over(self) -> None:
        """Somebody looks after silent workers. After a crash, what the dead ones held may be in doubt."""
        expired = {row[0] for row in await db.fetch(EXPIRED)}
        for row in await db.fetch(HELD_IN_ANOTHER_LIFE):
            self.may_doubt.add(row[0])
        for worker in self.workers.values():
            if worker.run.id in expired:
                self.may_doubt |= worker.doubts()
        await takeover.take_over_dead(0)
        self.synced()
        self.dead.extend(expired)

    async def step(self, number: int, name: str, *words: Any) -> None:
        """A step of a worker, who may find that its run was taken over, or at its very end that PostgreSQL is gone."""
        await self.look()
        worker = self.workers[number]
        try:
            await getattr(worker, name)(*words)
        except (RunLost, *GONE):
            del self.workers[number]
            self.arrived.update(work.id for work in worker.wire)  # the server takes them, and nobody hears it
            await worker.abandon()

    # --------------------------------------------------------------------------------------------- the comparison
    async def compare(self) -> None:
        """Rows against truth: at every moment, whatever has happened."""
        for row in await db.fetch(ROWS):
            self.compare_row(row["id"], row["state"], row["address"])
        for row in await db.fetch(STRAY):
            self.wrong.append(f"message {row['id']} waits in {row['batches']} batches")
        for number, times in self.arrived.items():
            if times > 1:
                self.wrong.append(f"message {number} arrived {times} times")
        assert not self.wrong, self.wrong

    def compare_row(self, number: int, state: str, address: str) -> None:
        """One row: it may say only what has a cause."""
        cause = {
            "queued": True,
            "accepted": self.arrived[number] > 0,
            "failed": number in self.refused,
            "uncertain": number in self.may_doubt,
            "cancelled": number in self.cancelled,
            "skipped": address in self.blocked,
        }
        if not cause[state]:
            self.wrong.append(f"message {number} is {state} without a cause")


# May this message go, as far as people, limits and addresses are concerned, and is it where it should be?
MAY_GO = """
select m.id, m.state::text, m.state = 'queued' and o.gate = 'open' and not s.paused and not exists (
    select from suppression x where x.address = m.address::citext and (x.scope = 'all' or m.optional)) as may_go
from message m join origin o on o.id = m.origin_id join sender s on s.id = o.sender_id"""
JOURNALLED = """
select array(select unnest($2::bigint[]) except select unnest(intents) from journal where run_id = $1
    except select id from message where state <> 'queued')"""
EXPIRED = "select id from run where ended_at is null and lease_until < now()"
HELD_IN_ANOTHER_LIFE = """
select m.id from run r join batch b on b.run_id = r.id and b.done_at is null join message m on
    m.origin_id = b.origin_id and m.attempts = b.attempt and (m.id between b.lo and b.hi or m.id = any (b.ids))
where r.ended_at is null and r.lease_until < now()
and not exists (select from life where id = r.life)"""
ROWS = "select id, state::text, address from message"
STRAY = """
select m.id, b.batches from message m cross join lateral (
    select count(*) as batches from batch b where b.origin_id = m.origin_id and b.done_at is null
    and b.attempt = m.attempts and (m.id between b.lo and b.hi or m.id = any (b.ids))) b
where m.state = 'queued' and b.batches <> 1"""

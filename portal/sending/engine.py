"""The sender of one process: run after run, each a lease, a journal, a dispatcher and its connections."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from portal.actor import SYSTEM
from portal.ledger import actions, claims, runs, takeover
from portal.ledger.journal import Journal
from portal.ledger.sessions import GONE, Connection, open_session
from portal.ledger.settling import finish, record, settle, settle_forever
from portal.ledger.waking import CHANNEL
from portal.ledger.work import Parcel, Run, RunLost, Work, known
from portal.sending.allowances import Allowances
from portal.sending.dispatcher import Dispatcher
from portal.sending.pool import CONNECTIONS, Pool
from portal.sending.pulse import beat_forever
from portal.sending.smtp import Envelope, Offer
from portal.settings import SmtpUrl

log = structlog.get_logger(__name__)

POLL = 1.0  # seconds; what a lost wake-up costs
LAST_REPLIES = 1.0  # seconds for replies to dots already written, when a run is lost
AGAIN = 1.0  # seconds before the next run after a failure
LOOK_AFTER = 15.0  # seconds between looks at whether another worker fell silent; a lease if that is shorter


class Composer(Protocol):
    """Makes letters. `prepare` may ask the database, `compose` may not."""

    async def prepare(self, parcels: list[Parcel]) -> None:
        """Load what these messages need: template versions, the brand."""

    def compose(self, parcel: Parcel, offer: Offer) -> Envelope:
        """The letter for a server with this offer. Raises Unsendable."""


class Shift:
    """One run of the sender, from its start to its end."""

    def __init__(self, run: Run, route: SmtpUrl, composer: Composer, size: int) -> None:
        self.run = run
        self.composer = composer
        self.journal = Journal(run)
        self.dispatcher = Dispatcher(run, self.journal, composer.compose)
        self.pool = Pool(route, self.dispatcher, size)
        self.allowances = Allowances(self.dispatcher.lanes)
        self.journal.flushed = self.dispatcher.pulse.flushed
        self.tasks: list[asyncio.Task[None]] = []
        self.listening: Connection | None = None

    async def work(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then end clean. Raises RunLost, or whatever a task died of."""
        jobs: tuple[Coroutine[Any, Any, None], ...] = (
            self.journal.flush_forever(),
            self.journal.answer_forever(),
            settle_forever(self.run),
            self.tend(),
            self.look_after_others(),
            beat_forever(self.run.id, self.pulse),
            self.serve(),  # the last one: see claim_no_more
        )
        self.tasks = [asyncio.create_task(job) for job in jobs]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*self.tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            self.raise_failure()
            await self.end()
        finally:
            stopped.cancel()
            await self.cancel()

    def pulse(self) -> dict[str, Any]:
        """What the run says about itself."""
        return self.dispatcher.pulse.said(self.dispatcher, self.pool)

    def raise_failure(self) -> None:
        """What a task died of, if one did."""
        for task in self.tasks:
            if task.done():
                task.result()

    async def serve(self) -> None:
        """Claim as long as there is room and something due. A wake-up makes it sooner, the poll makes it certain."""
        room = self.dispatcher.lanes.room
        while True:
            room.clear()
            self.pool.grow()
            if not await self.fill():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):  # not wait_for: it may swallow the task's end
                        await room.wait()

    async def fill(self) -> bool:
        """Claim the most urgent due batch there is room for. False: nothing to do now."""
        try:
            await self.pause_refused()
            await self.look_again()
            await self.allowances.refresh(self.run)
            lanes = self.dispatcher.lanes.to_claim(await claims.due_lanes(self.run))
            if not lanes or not await self.pool.ready():
                return False
            works = await self.claim(lanes)
        except GONE:
            self.run.reconcile = True
            self.run.broke()
            return False
        if works:
            await self.enqueue(works)
        return works is not None

    async def claim(self, lanes: list[int]) -> list[Work] | None:
        """A batch of the first of these lanes that has one for us: of a sender of whom not enough waits already."""
        for lane in lanes:
            works = await claims.claim(self.run, lane, self.dispatcher.lanes.busy_senders(lane))
            if works is not None:
                return works
        return None

    async def enqueue(self, works: list[Work]) -> None:
        """Hand a batch to the connections, once its letters can be composed without waiting."""
        try:
            await self.composer.prepare([work.parcel for work in works])
        except Exception:
            for work in works:
                self.run.drop(work)
            raise
        self.dispatcher.lanes.add(works)
        self.pool.grow()
        self.dispatcher.feed()

    async def pause_refused(self) -> None:
        """Senders that the server will not have: paused before anything more of them is claimed."""
        refused = self.dispatcher.refused_senders
        while refused:
            sender_id, reply = next(iter(refused.items()))
            await actions.pause_sender(sender_id, reply, SYSTEM)
            del refused[sender_id]
        if self.pool.login_refused:
            await actions.pause_due_senders(self.pool.login_refused, SYSTEM)
            self.pool.login_refused = ""

    async def look_again(self) -> None:
        """After a refusal: what waits here may have been paused, cancelled or suppressed with it."""
        if self.dispatcher.recheck:
            self.dispatcher.recheck = False
            async with self.run.claiming:
                reasons = await claims.why_not(self.run.claim_db, list(self.dispatcher.lanes))
            self.dispatcher.keep_only_sendable(reasons)

    async def tend(self) -> None:
        """Once a second."""
        while True:
            with contextlib.suppress(*GONE):
                await self.listen()
            await asyncio.sleep(1)
            self.pool.tend()

    async def look_after_others(self) -> None:
        """Take over silent workers without being told: the clock and Valkey may be away for long (P6)."""
        while True:
            await asyncio.sleep(min(LOOK_AFTER, self.run.lease))
            with contextlib.suppress(*GONE):
                await takeover.take_over_dead(self.run.lease)

    async def listen(self) -> None:
        """Hear of new messages directly; again on a new session after the old one broke."""
        if self.listening is not self.run.claim_db:
            async with self.run.claiming:
                self.listening = self.run.claim_db
                await self.listening.add_listener(CHANNEL, lambda *_: self.dispatcher.lanes.room.set())

    async def end(self) -> None:
        """No new envelope; dots end; what was not sent is free again; the run ends. 0 duplicates, 0 uncertain."""
        self.dispatcher.stopping = True
        await self.claim_no_more()
        while not self.journal.is_quiet:
            self.raise_failure()
            await asyncio.sleep(0.005)
        self.pool.hang_up()  # at once: a connection that still got its 354 must not ask any more
        self.dispatcher.lanes.drop(self.run)
        async with self.run.settling:
            await self.cancel()
        while not await self.hand_back():
            await runs.recover(self.run)  # PostgreSQL went away; RunLost when somebody else has settled it meanwhile
        runs.hang_up(self.run)

    async def hand_back(self) -> bool:
        """Everything known is settled, everything else free again. False: not so, PostgreSQL or the lease is gone."""
        with contextlib.suppress(*GONE):
            await settle(self.run)
            if not self.run.broken:
                for batch in self.run.batches:
                    batch.dropped = batch.left
                await finish(self.run, list(self.run.batches))
                await runs.end(self.run)
                return True
        return False

    async def claim_no_more(self) -> None:
        """End the serving task, not in the middle of a claim: what it has claimed is known then."""
        async with self.run.claiming:
            task = self.tasks.pop()
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def abandon(self) -> None:
        """The run is lost: no dot any more. What is known is said all the same, the rest is taken over."""
        self.dispatcher.stopping = True
        await asyncio.sleep(LAST_REPLIES)
        self.pool.hang_up()
        await asyncio.sleep(0)
        runs.hang_up(self.run)
        facts = [row for row in known([*self.run.facts, *self.journal.ends]) if row[2] > 0]
        facts += [row for line in self.run.unconfirmed for row in zip(*line[3:], strict=True) if row[2] > 0]
        session = await open_session()
        async with session.transaction():
            await record(session, facts)
        await session.close()
        await takeover.take_over(self.run.id)

    async def cancel(self) -> None:
        """End the tasks; whoever holds `settling` knows that none is in the middle of a transaction."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Engine:
    """The sender of this process, for as long as the process lives."""

    def __init__(
        self, worker: str, route: SmtpUrl, composer: Composer, *, lease: float, size: int = CONNECTIONS
    ) -> None:
        self.worker, self.route, self.composer, self.lease, self.size = worker, route, composer, lease, size
        self.stopping = asyncio.Event()
        self.shift: Shift | None = None

    async def run(self) -> None:
        """Until `stop()`. A lost run is followed by a new one."""
        while not self.stopping.is_set():
            run = await self.begin()
            if run is None:
                continue
            self.shift = Shift(run, self.route, self.composer, self.size)
            try:
                await self.shift.work(self.stopping)
            except Exception as failure:
                await self.after(failure, self.shift)

    async def begin(self) -> Run | None:
        """A new run, or None when PostgreSQL went away again or the engine was stopped meanwhile."""
        starting = asyncio.create_task(runs.start(self.worker, self.lease))
        stopped = asyncio.create_task(self.stopping.wait())
        await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not starting.done():
            starting.cancel()
        try:
            return await starting
        except (Exception, asyncio.CancelledError) as failure:
            log.warning("no run was started", reason=str(failure) or type(failure).__name__)
            await asyncio.sleep(AGAIN if not self.stopping.is_set() else 0)
            return None

    async def after(self, failure: Exception, shift: Shift) -> None:
        """Say what happened, settle what is known, go on."""
        if isinstance(failure, RunLost):
            log.warning("run was taken over", run=shift.run.id)
        else:
            log.exception("sender failed", run=shift.run.id, exc_info=failure)
        try:
            await shift.abandon()
        except Exception as gone:  # whatever it is: others settle what is known, this process goes on
            log.warning("run left to be taken over", run=shift.run.id, reason=str(gone))
        await asyncio.sleep(AGAIN if not self.stopping.is_set() else 0)

    def wake(self) -> None:
        """Something is due: look at once."""
        if self.shift:
            self.shift.dispatcher.lanes.room.set()

    def stop(self) -> None:
        """End clean: `run()` returns when the last reply has come."""
        self.stopping.set()

"""Between the ledger and the connections: who gets which message next, and what is said about it afterwards."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import structlog

from portal.ledger.journal import Journal
from portal.ledger.rules import LOST, NO_DOT, SUPPRESSED, UNSENDABLE, verdict
from portal.ledger.work import Parcel, Run, Work
from portal.sending.connection import SmtpConnection
from portal.sending.domains import SLOW, SLOW_SERVER
from portal.sending.lanes import Lanes
from portal.sending.pulse import Pulse
from portal.sending.smtp import Envelope, Offer
from portal.sending.watch import Watch

log = structlog.get_logger(__name__)

POISON = 3  # connections that break under one message, since others have passed, before the message is put off
ASIDE, LONGEST_ASIDE = 1.0, 300.0  # seconds that a message waits after the second break, twice as long each time
BUSY = 0.5  # of such a break, when the server said 421: likely it is about the connection
SOONEST = 0.001  # seconds
BROKE = "450 The connection broke three times before the end of this letter."

Compose = Callable[[Parcel, Offer], Envelope]


class Unsendable(Exception):
    """This one letter cannot be written or addressed. The reason is one of the ledger's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Breaks:
    """Connections that broke under one message before its dot, in this run."""

    passed: int  # messages accepted until the first one
    times: int = 0
    counted: float = 0.0  # those held against the message: the first, and those after others have passed

    @property
    def aside(self) -> float:
        """Seconds that the message waits now, so that those behind it come first. After the first break: none."""
        return min(ASIDE * 2 ** (self.times - 2), LONGEST_ASIDE) if self.times > 1 else 0.0


class Dispatcher:
    """The connections' Feed (portal.sending.feed) for one run."""

    def __init__(self, run: Run, journal: Journal, compose: Compose) -> None:
        self.run, self.journal, self.compose = run, journal, compose
        self.lanes = Lanes()
        self.lanes.give_back = run.drop
        self.now = time.monotonic()  # when something was last heard
        self.patient = False  # the server is slow altogether: nothing waits behind another
        self.parked: deque[SmtpConnection] = deque()
        self.alive: set[SmtpConnection] = set()
        self.watch = Watch(self.lanes, self.alive)
        self.timer: asyncio.TimerHandle | None = None  # for letters aside, while connections are idle
        self.answers = 0  # replies heard
        self.grow_at = 0  # so many of them allow more connections (portal.sending.pool)
        self.counts: Counter[str] = Counter()
        self.pulse = Pulse()
        self.refused_senders: dict[int, str] = {}  # sender id -> the server's words; for the engine to pause
        self.spared: set[int] = set()  # ids of messages whose connection was told 421
        self.breaks: dict[int, Breaks] = {}  # by message id
        self.recheck = False  # a message was refused that others in the lanes may resemble
        self.slowed = False
        self.stopping = False

    # --------------------------------------------------------------------------------------------- to connections
    def next(self, offer: Offer) -> tuple[Work, Envelope] | None:
        """The next message and its letter. One that cannot be written fails alone."""
        while not self.stopping and (work := self.lanes.take()):
            if work.parcel.blocked:
                self.end_here(work, NO_DOT, work.parcel.blocked)
                continue
            work.since, work.alone = self.now, work.alone or self.patient
            try:
                return work, self.compose(work.parcel, offer)
            except Unsendable as why:
                self.end_here(work, UNSENDABLE, why.reason)
            except Exception:
                log.exception("letter cannot be composed", message=work.id)
                self.end_here(work, UNSENDABLE, "unrenderable")
        return None

    def feed(self) -> None:
        """Wake idle connections until one finds nothing to do."""
        self.now = time.monotonic()
        while self.parked and len(self.lanes):
            connection = self.parked.popleft()
            connection.take()
            if self.parked and self.parked[-1] is connection:
                return

    def idle(self, connection: SmtpConnection) -> None:
        """It waits here until there is something to do."""
        if self.stopping:
            return connection.leave()
        if connection not in self.parked:
            connection.idle_since = connection.loop.time()
            self.parked.append(connection)
        if self.lanes.gates:
            self.wait_for_gate()

    def wait_for_gate(self) -> None:
        """Wake up when the next letter aside may go."""
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if self.lanes.look_at < inf:
            wait = max(SOONEST, self.lanes.look_at - time.monotonic())
            self.timer = asyncio.get_running_loop().call_later(wait, self.feed)

    def tend(self) -> int:
        """Once a second: who is slow, and who is so no more. Returns how many connections wait for slow domains."""
        now = time.monotonic()
        waiting = self.watch.overdue(now)
        self.watch.forget(now)
        self.patient = self.watch.domains.all.mean > SLOW_SERVER
        self.feed()
        return waiting

    def closed(self, connection: SmtpConnection) -> None:
        """The engine opens another when there is work for it."""
        self.alive.discard(connection)
        if connection in self.parked:
            self.parked.remove(connection)
        self.lanes.room.set()

    def slow_down(self, work: Work | None = None) -> None:
        """Fewer connections."""
        self.slowed = True
        if work:
            self.spared.add(work.id)
        self.lanes.room.set()

    # --------------------------------------------------------------------------------------------- about messages
    def ask(self, connection: SmtpConnection, work: Work) -> None:
        """For permission to write the dot."""
        work.asker = connection
        self.journal.ask(connection, work)

    def replied(self, work: Work, code: int, reply: str, *, dot: bool) -> None:
        """The server has spoken. What counts against a limit is the dot."""
        self.now = now = time.monotonic()
        if work.asker is not None and (behind := work.asker.work):
            behind.since = now  # its own time begins when the one before it has ended
        state = "accepted" if 200 <= code < 300 else verdict(code, reply).state
        if state != "accepted" or now - work.since > SLOW or self.watch.domains.known:
            if code >= 500 and self.doubt(work, reply):
                return
            self.look_into(work, state, reply)
        if work.gates:
            self.lanes.left(work)
        work.batch.dots += dot
        self.end(work, code, reply, state)

    def end(self, work: Work, code: int, reply: str, state: str) -> None:
        """On record."""
        self.counts[state] += 1
        self.pulse.ended(work, state)
        self.answers += 1
        if self.answers == self.grow_at:
            self.lanes.room.set()
        self.journal.ended(work, code, reply)

    def look_into(self, work: Work, state: str, reply: str) -> None:
        """What this reply, or the time it took, says about the receiving domain and about the server."""
        self.watch.heard(work, self.now, self.now - work.since, state, reply)
        if state == "retry" and self.watch.asks_for_less(work, self.now, reply):
            self.slow_down()

    def doubt(self, work: Work, reply: str) -> bool:
        """A refusal of what the server has offered itself: never used again, and the message goes without it."""
        lie = self.watch.lied(work, reply)
        if not lie:
            return False
        self.disbelieve(lie, reply)
        self.withdraw(work, broke=False)
        return True

    def disbelieve(self, extension: str, why: str) -> None:
        """Do without what the server offers and does not do, on all connections of this run."""
        if extension in self.watch.doubted:
            return
        log.warning("mail server does not do what it offers", extension=extension, reason=why)
        self.watch.doubted.add(extension)
        for connection in self.alive:
            connection.offer = self.watch.believed(connection.offer)

    def end_here(self, work: Work, code: int, reason: str) -> None:
        """It never comes to a connection."""
        self.lanes.left(work, went=False)
        self.run.fact(work, code, reason)

    def unanswered(self, work: Work) -> None:
        """The dot is out and no reply came: nobody knows."""
        work.batch.dots += 1
        self.lanes.left(work)
        self.end(work, LOST, "connection_lost", "uncertain")

    def withdraw(self, work: Work, *, broke: bool = True) -> None:
        """Granted, but the connection was gone: on record that no dot followed, then on to another connection."""
        self.journal.ended(work, NO_DOT, "")
        self.put_back(work, broke=broke)

    def put_back(self, work: Work, *, broke: bool = False) -> None:
        """No dot. One under which connections break steps aside: it must not be the first again and again."""
        self.lanes.left(work, went=False)
        aside = self.broken_under(work).aside if broke else 0.0
        if broke and self.is_poison(work):
            return self.end(work, int(BROKE[:3]), BROKE, "retry")
        if self.stopping or aside:
            return self.run.drop(work, time.monotonic() + aside)
        self.lanes.put_back(work)
        self.feed()

    def broken_under(self, work: Work) -> Breaks:
        """One more break before its dot."""
        passed = self.counts["accepted"]
        breaks = self.breaks.setdefault(work.id, Breaks(passed))
        breaks.times += 1
        if breaks.times == 1 or passed > breaks.passed:
            breaks.counted += BUSY if work.id in self.spared else 1
        self.spared.discard(work.id)
        return breaks

    def is_poison(self, work: Work) -> bool:
        """Whether connections break under it while others pass: then it fails alone."""
        return self.breaks[work.id].counted >= POISON

    def refused(self, work: Work, why: str) -> None:
        """The ledger's no. A refusal costs a connection: so what waits is looked at again, before it costs another."""
        self.counts["not allowed"] += 1
        self.recheck = True
        self.lanes.room.set()
        self.lanes.left(work, went=False)
        self.set_aside(work, why)
        if why == "another day":
            self.lanes.drop(self.run, lambda other: other.batch is work.batch)

    def set_aside(self, work: Work, why: str) -> None:
        """Suppressed: settled as skipped. Anything else goes back to the ledger."""
        if why in SUPPRESSED:
            self.run.fact(work, NO_DOT, why)
        else:
            self.run.drop(work)

    def keep_only_sendable(self, reasons: dict[int, str]) -> None:
        """Take out of the lanes what may not go (any more); reasons by message id."""
        for work in self.lanes.remove(lambda work: work.id in reasons):
            self.set_aside(work, reasons[work.id])

    def sender_refused(self, work: Work, reply: str) -> None:
        """MAIL FROM refused for good, and no extension is to blame: the sender is paused, no message fails."""
        self.now = time.monotonic()
        if self.doubt(work, reply):
            return
        self.lanes.left(work, went=False)
        self.refused_senders[work.batch.sender_id] = reply
        self.run.drop(work)
        self.lanes.drop(self.run, lambda other: other.batch.sender_id == work.batch.sender_id)

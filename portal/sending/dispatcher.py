"""Between the ledger and the connections: who gets which message next, and what is said about it afterwards."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

import structlog

from portal.ledger.journal import Journal
from portal.ledger.rules import LOST, NO_DOT, SUPPRESSED, UNSENDABLE, slows_down, verdict
from portal.ledger.work import Parcel, Run, Work
from portal.sending.connection import SmtpConnection
from portal.sending.lanes import Lanes
from portal.sending.pulse import Pulse
from portal.sending.smtp import Envelope, Offer

log = structlog.get_logger(__name__)

POISON = 3  # connections that break under one message, while others pass, before the message is put off
BROKE = "450 The connection broke three times before the end of this letter."

Compose = Callable[[Parcel, Offer], Envelope]


class Unsendable(Exception):
    """This one letter cannot be written or addressed. The reason is one of the ledger's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Dispatcher:
    """The connections' Feed (portal.sending.connection) for one run."""

    def __init__(self, run: Run, journal: Journal, compose: Compose) -> None:
        self.run, self.journal, self.compose = run, journal, compose
        self.lanes = Lanes()
        self.parked: deque[SmtpConnection] = deque()
        self.alive: set[SmtpConnection] = set()
        self.counts: Counter[str] = Counter()
        self.pulse = Pulse()
        self.refused_senders: dict[int, str] = {}  # sender id -> the server's words; for the engine to pause
        self.losses: dict[int, int] = {}  # message id -> accepted ones when a connection last broke under it
        self.recheck = False  # a message was refused that others in the lanes may resemble
        self.slowed = False
        self.stopping = False

    # --------------------------------------------------------------------------------------------- to connections
    def next(self, offer: Offer) -> tuple[Work, Envelope] | None:
        """The next message and its letter. One that cannot be written fails alone."""
        while not self.stopping and (work := self.lanes.take()):
            if work.parcel.blocked:
                self.run.fact(work, NO_DOT, work.parcel.blocked)
                continue
            try:
                return work, self.compose(work.parcel, offer)
            except Unsendable as why:
                self.run.fact(work, UNSENDABLE, why.reason)
            except Exception:
                log.exception("letter cannot be composed", message=work.id)
                self.run.fact(work, UNSENDABLE, "unrenderable")
        return None

    def feed(self) -> None:
        """Wake as many idle connections as there are messages."""
        for _ in range(min(len(self.parked), len(self.lanes))):
            self.parked.popleft().take()

    def idle(self, connection: SmtpConnection) -> None:
        """It waits here until there is something to do."""
        if self.stopping:
            return connection.leave()
        if connection not in self.parked:
            connection.idle_since = connection.loop.time()
            self.parked.append(connection)

    def closed(self, connection: SmtpConnection) -> None:
        """The engine opens another when there is work for it."""
        self.alive.discard(connection)
        if connection in self.parked:
            self.parked.remove(connection)
        self.lanes.room.set()

    def slow_down(self, work: Work | None = None) -> None:
        """Fewer connections, and a pause before the next one is opened."""
        self.slowed = True
        self.lanes.room.set()

    # --------------------------------------------------------------------------------------------- about messages
    def ask(self, connection: SmtpConnection, work: Work) -> None:
        """For permission to write the dot."""
        self.journal.ask(connection, work)

    def replied(self, work: Work, code: int, reply: str, *, dot: bool) -> None:
        """The server has spoken. What counts against a limit is the dot."""
        work.batch.dots += dot
        state = verdict(code, reply).state
        self.counts[state] += 1
        self.pulse.ended(work, state)
        self.slowed = self.slowed or slows_down(reply)
        self.journal.ended(work, code, reply)

    def unanswered(self, work: Work) -> None:
        """The dot is out and no reply came: nobody knows."""
        work.batch.dots += 1
        self.counts["uncertain"] += 1
        self.pulse.ended(work, "uncertain")
        self.journal.ended(work, LOST, "connection_lost")

    def withdraw(self, work: Work) -> None:
        """Granted, but the connection was gone: on record that no dot followed, then on to another connection."""
        self.journal.ended(work, NO_DOT, "")
        self.put_back(work, broke=True)

    def put_back(self, work: Work, *, broke: bool = False) -> None:
        """No dot. A message under which connections break while others pass is put off: it fails alone."""
        if broke and self.is_poison(work):
            return self.replied(work, int(BROKE[:3]), BROKE, dot=False)
        if self.stopping:
            return self.run.drop(work)
        self.lanes.put_back(work)
        self.feed()

    def is_poison(self, work: Work) -> bool:
        """Whether this was the third break under it, with other messages accepted in between."""
        passed = self.counts["accepted"]
        if passed > self.losses.get(work.id, -1):
            work.losses += 1
        self.losses[work.id] = passed
        return work.losses >= POISON

    def refused(self, work: Work, why: str) -> None:
        """The ledger's no. A refusal costs a connection: so what waits is looked at again, before it costs another."""
        self.counts["not allowed"] += 1
        self.recheck = True
        self.lanes.room.set()
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
        """MAIL FROM refused for good: the sender is paused, no message fails."""
        self.refused_senders[work.batch.sender_id] = reply
        self.run.drop(work)
        self.lanes.drop(self.run, lambda other: other.batch.sender_id == work.batch.sender_id)

"""What a worker holds in memory: its run, the batches it has claimed and the messages in them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import msgspec

from portal.ledger.rules import NO_DOT
from portal.ledger.sessions import Connection

LEASE_MARGIN = 6  # no dot is written in the last sixth of a lease


class Parcel(msgspec.Struct, frozen=True):
    """A message with all that its letter and envelope are made of. Fields in the order of claims.COLUMNS."""

    id: int
    address: str
    message_id: UUID
    optional: bool
    blocked: str | None  # the reason of a suppression that covers this message
    version_id: int | None
    system: str | None
    layout: int | None
    locale: str | None
    from_address: str | None
    from_name: str | None
    reply_to: str | None
    to_name: str | None
    shown_to: str | None
    cc: list[str] | None
    subject: str | None
    values: dict[str, str] | None
    attachments: list[int]
    sender_id: int
    bounce_domain: str
    lane: int
    bulk: str  # the list that mass mail belongs to, such as campaign-7; "" for letters to one person


@dataclass(slots=True, eq=False)
class Batch:
    """A claimed batch. It is over when every message of it has a journalled outcome or was dropped."""

    id: int
    origin_id: int
    sender_id: int
    lane: int
    left: int  # messages without a journalled outcome
    day: date | None = None  # the day whose limits it draws on; None: it has none
    dots: int = 0  # what counts against a daily limit
    dropped: int = 0  # messages not to be sent by us after all
    not_before: float = 0.0  # monotonic time before which those need not be claimed again

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is on the wire or waiting here."""
        return self.left == self.dropped


@dataclass(slots=True, eq=False)
class Work:
    """One message at one try, on its way through this process."""

    id: int
    attempt: int
    batch: Batch
    parcel: Parcel
    since: float = 0.0  # monotonic time when its server could begin with it
    asker: Any = None  # the connection that asked for its dot
    gates: tuple[Any, ...] = ()  # limits it was let through by (portal.sending.gates), while it is under way
    alone: bool = False  # no other may wait behind it on its connection: its server is slow


class Asker(Protocol):
    """A connection that waits for permission to write its dot."""

    def granted(self, work: Work) -> None:
        """The intent is in the journal: write letter and dot."""

    def refused(self, work: Work, why: str) -> None:
        """It may not go (any more)."""


Fact = tuple[Work, int, str]  # how a try ended: (work, code, reply)
Flushed = tuple[int, int, list[int], list[int], list[int], list[int], list[str]]  # a journal row, to be repeated


class RunLost(Exception):
    """Somebody took this run over: write no more dots, report what is known, end."""


def boot_time() -> float:
    """Seconds that go on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(eq=False)
class Run:
    """One incarnation of one worker: three database sessions, a lease and what it has said but not settled."""

    worker: str
    lease: float  # seconds; after this silence others take the run over
    id: int = 0
    seq: int = 0  # of the last flush
    renewed: float = 0.0
    unconfirmed: deque[Flushed] = field(default_factory=deque)  # flushed, perhaps not yet on disk
    open: dict[int, int] = field(
        default_factory=dict
    )  # message id -> seq of the intent, while no outcome is journalled
    facts: list[Fact] = field(default_factory=list)  # for the settler
    over: list[Batch] = field(default_factory=list)  # for the settler
    batches: set[Batch] = field(default_factory=set)  # what we hold
    reconcile: bool = False  # a claim may have gone unheard
    unsettled: bool = False  # a settlement may have gone unheard
    broken: bool = False  # a session is dead: the flusher opens all three again
    settling: asyncio.Lock = field(default_factory=asyncio.Lock)
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    flush_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    settle_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    flush_db: Connection = field(init=False)
    settle_db: Connection = field(init=False)
    claim_db: Connection = field(init=False)

    def fact(self, work: Work, code: int, reply: str) -> None:
        """This message has ended for this try."""
        self.facts.append((work, code, reply))
        work.batch.left -= 1
        self.check(work.batch)

    def drop(self, work: Work, not_before: float = 0.0) -> None:
        """We will not send it; its batch goes back for others when the rest of it has ended, and is due again then."""
        batch = work.batch
        batch.not_before = min(batch.not_before, not_before) if batch.dropped else not_before
        batch.dropped += 1
        self.check(batch)

    def check(self, batch: Batch) -> None:
        """A batch is over when its last outcome is journalled: not before, or a message on the wire would go twice."""
        if batch.is_over and batch in self.batches:
            self.batches.discard(batch)
            self.over.append(batch)
            self.settle_wanted.set()

    def broke(self) -> None:
        """A session died: no claims until the flusher has opened new ones."""
        self.broken = True
        self.flush_wanted.set()

    def require_lease(self) -> None:
        """Refuse to go on in the last part of a lease, whatever the wall clock says."""
        if boot_time() > self.renewed + self.lease - self.lease / LEASE_MARGIN:
            raise RunLost


def columns_of(ends: list[Fact]) -> tuple[list[int], list[int], list[int], list[str]]:
    """Outcomes as the journal's four columns: ids, tries, codes, replies."""
    return (
        [work.id for work, _code, _reply in ends],
        [work.attempt for work, _code, _reply in ends],
        [code for _work, code, _reply in ends],
        [reply for _work, _code, reply in ends],
    )


def known(facts: list[Fact]) -> list[tuple[int, int, int, str]]:
    """Facts as plain rows (id, try, code, reply), without the ones that say only that no dot followed."""
    return [(w.id, w.attempt, code, reply) for w, code, reply in facts if code != NO_DOT or reply]

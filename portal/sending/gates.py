"""Gates: what one sender or one receiving domain is held to, and the letters that wait aside until it opens. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain
from math import inf

from portal.ledger.rules import Lane
from portal.ledger.work import Work
from portal.sending.domains import Domain
from portal.sending.limits import Bucket

Key = str | int  # a receiving domain, or a sender's id

KEPT_SECONDS = 30.0  # what cannot go within this time waits in the ledger, where others may have it
KEPT = 300  # letters
CLAIMED_SECONDS = 5.0  # with so much aside no more is claimed: another worker may have a part of the limit to spare
LONGEST_WAIT = 900.0  # seconds in the ledger before somebody looks again: limits change, domains recover
GUESSED = 0.1  # seconds a letter, where nothing is known


class Gate:
    """`under_way` letters were let through and have not ended. Letters aside keep their order in each lane."""

    __slots__ = ("aside", "booked", "bucket", "domain", "key", "most", "under_way")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.bucket: Bucket | None = None  # a limit a minute
        self.most = inf  # letters at once
        self.domain: Domain | None = None  # while it is troubled
        self.under_way = 0
        self.aside: dict[int, deque[Work]] = {lane: deque() for lane in Lane}
        self.booked = 0.0  # time until which letters given back to the ledger use up the limit

    def __iter__(self) -> Iterator[Work]:
        return chain.from_iterable(self.aside.values())

    def __len__(self) -> int:
        return sum(map(len, self.aside.values()))

    @property
    def is_idle(self) -> bool:
        """Whether it holds nobody to anything."""
        return self.bucket is None and self.domain is None and self.most == inf

    @property
    def is_slow(self) -> bool:
        """Whether it is held to a share of the connections."""
        return self.domain is not None and self.domain.is_troubled

    def at_once(self, share: float) -> float:
        """How many letters may be under way."""
        if self.domain is None:
            return self.most
        return min(self.most, 1 if self.domain.is_tried else share if self.domain.is_troubled else inf)

    def opens_at(self, now: float, share: float) -> float:
        """When the next letter may pass: now, a time to come, or inf: when one that is under way has ended."""
        if self.under_way >= self.at_once(share):
            return inf
        at = now
        if self.bucket is not None:
            at = self.bucket.ready_at(now)
        return max(at, self.domain.shut_until) if self.domain is not None else at

    def enter(self) -> None:
        """A letter passes."""
        self.under_way += 1
        if self.bucket is not None:
            self.bucket.take()

    def leave(self, went: bool) -> None:
        """It has ended; one that did not go has used up nothing."""
        self.under_way -= 1
        if not went and self.bucket is not None:
            self.bucket.put_back()

    @property
    def lane(self) -> int:
        """The most urgent lane that waits here."""
        return next((lane for lane, queue in self.aside.items() if queue), len(Lane))

    def pop(self) -> Work:
        """The first of the most urgent lane."""
        return self.aside[self.lane].popleft()

    def push(self, work: Work) -> None:
        """Behind the others. Where letters are put off, one that was tried before goes first: it may pass now."""
        queue = self.aside[work.batch.lane]
        if work.attempt and self.domain is not None and self.domain.is_tried:
            queue.appendleft(work)
        else:
            queue.append(work)

    def rate(self, share: float) -> float:
        """Letters a second that pass, about."""
        rate = self.bucket.rate if self.bucket is not None else inf
        at_once = self.at_once(share)
        if at_once < inf:
            mean = self.domain.mean if self.domain is not None else 0.0
            rate = min(rate, at_once / max(mean, GUESSED))
        return rate

    def is_full(self, lane: int, now: float, share: float) -> bool:
        """Whether another letter of this lane had better wait in the ledger."""
        if self.domain is not None and self.domain.shut_until > now + KEPT_SECONDS:
            return True
        return self.has(lane, self.rate(share) * KEPT_SECONDS)

    def is_busy(self, lane: int, share: float) -> bool:
        """Whether no more of this lane need be claimed."""
        return self.has(lane, self.rate(share) * CLAIMED_SECONDS)

    def has(self, lane: int, enough: float) -> bool:
        """Whether so many wait here that are as urgent as this lane: less urgent ones take nobody's place."""
        waiting = sum(len(queue) for each, queue in self.aside.items() if each <= lane)
        return waiting >= KEPT or (waiting > 0 and waiting >= enough)

    def book(self, now: float, share: float) -> float:
        """When a letter that is given back to the ledger may come again: each has its turn behind the others."""
        rate = self.rate(share)
        first = max(now + len(self) / rate, self.domain.shut_until if self.domain is not None else now, now + 1)
        self.booked = min(max(self.booked, first) + 1 / rate, now + LONGEST_WAIT)
        return self.booked

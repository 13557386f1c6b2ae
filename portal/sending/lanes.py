"""The messages that were claimed and wait for a connection, the most urgent first."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterator

from portal.ledger.rules import Lane
from portal.ledger.work import Run, Work

PREFETCH = 300  # messages of a lane below which more are claimed


class Lanes:
    """One queue a lane. A message that leaves without being sent gives its place in its batch back to the ledger."""

    def __init__(self) -> None:
        self.queues: dict[int, deque[Work]] = {lane: deque() for lane in Lane}
        self.room = asyncio.Event()  # something was taken, or something is due: look again

    def __len__(self) -> int:
        return sum(map(len, self.queues.values()))

    def __iter__(self) -> Iterator[Work]:
        return itertools.chain.from_iterable(self.queues.values())

    def has_room(self, lane: int) -> bool:
        """Whether more of this lane may be claimed."""
        return len(self.queues[lane]) <= PREFETCH

    def add(self, works: list[Work]) -> None:
        """Behind what waits already."""
        for work in works:
            self.queues[work.batch.lane].append(work)

    def take(self) -> Work | None:
        """The next one."""
        for queue in self.queues.values():
            if queue:
                if len(queue) == PREFETCH:
                    self.room.set()
                return queue.popleft()
        return None

    def put_back(self, work: Work) -> None:
        """To the front of its lane."""
        self.queues[work.batch.lane].appendleft(work)

    def drop(self, run: Run, unwanted: Callable[[Work], bool] = lambda work: True) -> None:
        """Give these back to the ledger: others may send them, later or from elsewhere."""
        for work in self.remove(unwanted):
            run.drop(work)

    def remove(self, unwanted: Callable[[Work], bool]) -> list[Work]:
        """Take these out."""
        removed = [work for work in self if unwanted(work)]
        if removed:
            for lane, queue in self.queues.items():
                self.queues[lane] = deque(work for work in queue if not unwanted(work))
            self.room.set()
        return removed

"""The messages that were claimed and wait for a connection, the most urgent first.

As long as nobody is limited and no domain is slow there are only the four queues. What a gate (portal.sending.gates)
does not let through waits aside, in the gate's own queues, and holds up nobody.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from math import inf

from portal.ledger.rules import Lane
from portal.ledger.work import Run, Work
from portal.sending.domains import domain_of
from portal.sending.gates import Gate, Key

PREFETCH = 300  # messages of a lane below which more are claimed
TURNS = 20  # of so many messages one is of a lower lane, however full the higher ones are; urgent ones always go first
SHARE = 3  # a slow domain has at most this part of the connections: a third


class Lanes:
    """One queue a lane. A message that leaves without being sent gives its place in its batch back to the ledger."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.queues: dict[int, deque[Work]] = {lane: deque() for lane in Lane}
        self.order = tuple(self.queues.values())
        self.gates: dict[Key, Gate] = {}  # none: nobody is limited, nobody is slow
        self.look_at = 0.0  # when a gate with letters aside may open
        self.connections = 1
        self.turn, self.claims = 0, 0
        self.room = asyncio.Event()  # something was taken, or something is due: look again
        self.give_back: Callable[[Work, float], None] = lambda work, not_before: None

    def __len__(self) -> int:
        return sum(map(len, self.order)) + sum(map(len, self.gates.values()))

    def __iter__(self) -> Iterator[Work]:
        return itertools.chain.from_iterable((*self.order, *self.gates.values()))

    @property
    def backlog(self) -> int:
        """What could go now, were there connections; letters aside count as one."""
        return sum(map(len, self.order)) + any(map(len, self.gates.values()))

    def has_room(self, lane: int) -> bool:
        """Whether more of this lane may be claimed. Each lane has room of its own: urgent ones always find some."""
        return len(self.queues[lane]) <= PREFETCH

    def to_claim(self, due: Iterable[int]) -> list[int]:
        """Those of the due lanes that have room, the most urgent first; one in TURNS times the least urgent leads."""
        lanes = [lane for lane in due if self.has_room(lane)]
        self.claims += 1
        if self.claims % TURNS == 0 and Lane.urgent not in lanes:
            lanes.reverse()
        return lanes

    def add(self, works: list[Work]) -> None:
        """Behind what waits already."""
        for work in works:
            self.queues[work.batch.lane].append(work)

    def take(self) -> Work | None:
        """The next one."""
        if self.gates:
            return self.take_through_gates()
        urgent, trigger, sequence, mass = self.order
        if urgent:
            queue = urgent
        elif trigger or sequence:
            queue = self.by_turns()
        elif mass:
            queue = mass
        else:
            return None
        if len(queue) == PREFETCH:
            self.room.set()
        return queue.popleft()

    def by_turns(self) -> deque[Work]:
        """Trigger before sequence before mass, and yet one in TURNS for each that waits behind a fuller lane."""
        _urgent, trigger, sequence, mass = self.order
        self.turn = (self.turn + 1) % TURNS
        if mass and self.turn == 0:
            return mass
        if sequence and (self.turn == TURNS // 2 or not trigger):
            return sequence
        return trigger or sequence

    def put_back(self, work: Work) -> None:
        """To the front of its lane; what came through a gate, to the front of those aside."""
        gate = next((gate for gate in work.gates if self.gates.get(gate.key) is gate), None)
        self.left(work, went=False)
        queues = gate.aside if gate is not None else self.queues
        queues[work.batch.lane].appendleft(work)

    def drop(self, run: Run, unwanted: Callable[[Work], bool] = lambda work: True) -> None:
        """Give these back to the ledger: others may send them, later or from elsewhere."""
        for work in self.remove(unwanted):
            run.drop(work)

    def remove(self, unwanted: Callable[[Work], bool]) -> list[Work]:
        """Take these out, wherever they wait."""
        removed = [work for work in self if unwanted(work)]
        if removed:
            for queue in itertools.chain(self.order, *(gate.aside.values() for gate in self.gates.values())):
                kept = [work for work in queue if not unwanted(work)]
                queue.clear()
                queue.extend(kept)
            self.room.set()
        return removed

    # --------------------------------------------------------------------------------------------- gates
    def gate(self, key: Key) -> Gate:
        """The gate of a sender or a domain; made when it is the first time."""
        self.look_at = 0.0
        return self.gates.setdefault(key, Gate(key))

    def open_up(self, keys: Collection[Key]) -> None:
        """Take down these gates where they hold nobody to anything any more: what waited aside goes first."""
        for key in keys:
            gate = self.gates.get(key)
            if gate is not None and gate.is_idle:
                del self.gates[key]
                for lane, queue in gate.aside.items():
                    self.queues[lane].extendleft(reversed(queue))
                gate.aside.clear()

    def gates_of(self, work: Work) -> tuple[Gate, ...]:
        """The gates on the way of a message: of its sender, of its domain."""
        sender = self.gates.get(work.batch.sender_id)
        domain = self.gates.get(domain_of(work.parcel.address))
        return tuple(gate for gate in (sender, domain) if gate is not None)

    def take_through_gates(self) -> Work | None:
        """The next one that every gate on its way lets through; the others step aside."""
        now = self.clock()
        while (work := self.choose(now)) is not None:
            gates = self.gates_of(work)
            shut = next((gate for gate in gates if self.opens_at(gate, now) > now), None)
            if shut is None:
                self.enter(work, gates)
                return work
            self.set_aside(shut, work, now)
        return None

    def choose(self, now: float) -> Work | None:
        """What waited aside comes before others of its lane, as soon as its gate opens."""
        urgent, trigger, sequence, mass = self.order
        queue = urgent or (self.by_turns() if trigger or sequence else mass)
        gate = self.open_gate(now) if now >= self.look_at or not queue else None
        if gate is not None and (not queue or gate.lane <= queue[0].batch.lane or (not urgent and self.turn == 0)):
            return gate.pop()
        if not queue:
            return None
        if len(queue) == PREFETCH:
            self.room.set()
        return queue.popleft()

    def open_gate(self, now: float) -> Gate | None:
        """An open gate with letters aside, of several the one with the most urgent."""
        best, soonest = None, inf
        for gate in self.gates.values():
            if len(gate):
                at = self.opens_at(gate, now)
                if at <= now and (best is None or gate.lane < best.lane):
                    best = gate
                soonest = min(soonest, at)
        self.look_at = soonest
        return best

    def opens_at(self, gate: Gate, now: float) -> float:
        """When it lets the next one through. All slow domains together leave a third of the connections to others."""
        if gate.is_slow and self.slow_under_way >= self.share(SHARE - 1):
            return inf
        return gate.opens_at(now, self.share())

    def share(self, thirds: int = 1) -> float:
        """Connections of a slow domain: a third of them, two while nobody else has anything to send."""
        alone = not any(self.order)
        return max(1, self.connections * (SHARE - 1 if alone else thirds) // SHARE)

    @property
    def slow_under_way(self) -> int:
        """Letters under way to slow domains."""
        return sum(gate.under_way for gate in self.gates.values() if gate.is_slow)

    def set_aside(self, gate: Gate, work: Work, now: float) -> None:
        """It waits for this gate: here, or in the ledger when that would take long."""
        share = self.share()
        if gate.is_full(work.batch.lane, now, share):
            self.give_back(work, gate.book(now, share))
        else:
            gate.push(work)
            self.look_at = min(self.look_at, self.opens_at(gate, now))

    def empty(self, gate: Gate) -> None:
        """Give back what a gate does not let through for long."""
        now, share = self.clock(), self.share()
        for queue in gate.aside.values():
            while queue:
                self.give_back(queue.popleft(), gate.book(now, share))

    def enter(self, work: Work, gates: tuple[Gate, ...]) -> None:
        """It is under way, through these gates."""
        for gate in gates:
            gate.enter()
        work.gates, work.alone = gates, any(gate.is_slow for gate in gates)

    def left(self, work: Work, *, went: bool = True) -> None:
        """It is under way no more."""
        for gate in work.gates:
            gate.leave(went)
            self.look_at = 0.0
        work.gates, work.alone = (), False

    def busy_senders(self, lane: int) -> list[int]:
        """Senders of whom enough waits aside: no more of this lane of theirs need be claimed."""
        share = self.share()
        return [key for key, gate in self.gates.items() if isinstance(key, int) and gate.is_busy(lane, share)]

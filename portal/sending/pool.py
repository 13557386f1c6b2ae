"""How many connections: few when there is little to do, more with the backlog, fewer when the server says so."""

from __future__ import annotations

import asyncio
import random
import sys
import time

import structlog

from portal.sending.connection import SmtpConnection
from portal.sending.dispatcher import Dispatcher
from portal.sending.handshake import LoginRefused, RouteDown, open_connection
from portal.sending.oauth import Tokens
from portal.sending.smtp import PATIENCE, TIMEOUTS, route_pause
from portal.settings import SmtpUrl

log = structlog.get_logger(__name__)

CONNECTIONS = 20
BACKLOG = 5  # waiting messages that justify one more connection
IDLE = 60.0  # seconds after which a connection without work says goodbye
RECOVERY, LONGEST_RECOVERY = 5.0, 300.0  # seconds after which a cap that was cut grows by one again
FRUITLESS, BREATH = 5, 1.0  # so many opened and lost without one answer: then one at a time, seconds apart
ONE_SIGN = 1.0  # seconds within which several 421 are one sign


def chance() -> float:
    """For jitter."""
    return random.random()  # noqa: S311 - no secret


class Pool:
    """The connections of one run to the one route.

    It begins with one and doubles with the answers, to `size` or to where the server has once said that it is enough
    (`level`); from there one more at a time, less and less often while that is refused.
    """

    def __init__(self, route: SmtpUrl, dispatcher: Dispatcher, size: int = CONNECTIONS) -> None:
        self.route, self.dispatcher, self.size = route, dispatcher, size
        self.tokens = Tokens(route.oauth) if route.oauth else None
        self.cap, self.level = 1, size
        self.changed = 0.0  # loop time when the cap last changed
        self.recovery, self.refused_at = RECOVERY, size  # so many were open when one more was refused
        self.failures = 0  # in a row
        self.strikes, self.accepted = 0, 0  # 421 on the only connection without a letter accepted in between
        self.closed_until = 0.0  # loop time
        self.opened, self.opened_at = 0, 0.0  # connections since the last answer; loop time of the last one
        self.heard = 0  # answers until then
        self.waiting = 0  # connections that wait for slow domains, beside which others may be opened
        self.opening: set[asyncio.Task[bool]] = set()
        self.login_refused = ""  # the server's words; for the engine to pause the senders
        dispatcher.grow_at = dispatcher.answers + 1

    @property
    def now(self) -> float:
        """Loop time."""
        return asyncio.get_running_loop().time()

    @property
    def may_open(self) -> bool:
        """Whether the route is not in a pause."""
        return not self.dispatcher.stopping and self.now >= self.closed_until

    @property
    def has_breath(self) -> bool:
        """Whether to open one more. A server that takes connections and breaks each of them is not hammered."""
        lost = self.opened - len(self.dispatcher.alive)
        if lost < FRUITLESS or self.dispatcher.answers != self.heard:
            return True
        return not self.opening and self.now >= self.opened_at + BREATH

    async def ready(self) -> bool:
        """Whether letters can go now; opens the first connection if need be."""
        if self.dispatcher.alive:
            return True
        return self.may_open and self.has_breath and await self.open()

    # ------------------------------------------------------------------------------------------------ more
    def grow(self) -> None:
        """Open more connections when the backlog is worth it; fewer after the server asked for less."""
        if self.dispatcher.slowed:
            self.slow_down()
        self.start_slowly()
        alive = len(self.dispatcher.alive)
        if not alive and not self.opening and not self.may_open:
            self.dispatcher.lanes.drop(self.dispatcher.run)
        for _ in range(self.wanted() - alive - len(self.opening)):
            if self.may_open and self.has_breath:
                task = asyncio.create_task(self.open())
                self.opening.add(task)
                task.add_done_callback(self.opening.discard)

    def start_slowly(self) -> None:
        """Twice as many once each of those there are has had an answer."""
        dispatcher = self.dispatcher
        if dispatcher.answers >= dispatcher.grow_at:
            self.cap, self.changed = min(max(self.level, self.cap), 2 * self.cap), self.now
            dispatcher.grow_at = dispatcher.answers + self.cap if self.cap < self.level else sys.maxsize
        dispatcher.lanes.connections = self.cap

    def wanted(self) -> int:
        """How many connections would be right. Those that wait for slow domains beyond their share are replaced."""
        backlog = self.dispatcher.lanes.backlog
        stuck = max(0, self.waiting - self.cap // 3)
        return min(self.cap + min(stuck, self.cap), 1 + backlog // BACKLOG) if backlog else 0

    async def open(self) -> bool:
        """One more connection. A failure closes the route for a while; no message pays for it."""
        try:
            connection, offer = await open_connection(self.route, self.dispatcher, self.tokens)
        except RouteDown as failure:
            self.failed(failure)
            return False
        self.failures = 0
        self.count_opened()
        self.dispatcher.alive.add(connection)
        if len(self.dispatcher.alive) > self.refused_at:  # it takes more than it seemed
            self.cap = self.level = self.refused_at = len(self.dispatcher.alive)
            self.recovery = RECOVERY
        self.dispatcher.now = time.monotonic()  # the first letter's time begins here
        connection.begin(self.dispatcher.watch.believed(offer))
        return True

    def count_opened(self) -> None:
        """One more, perhaps without an answer since the one before."""
        self.opened = self.opened + 1 if self.heard == self.dispatcher.answers else 1
        self.heard, self.opened_at = self.dispatcher.answers, self.now

    # ------------------------------------------------------------------------------------------------ fewer
    def failed(self, failure: RouteDown) -> None:
        """While others work that is their right number. Without any, back off: what was claimed goes back."""
        alive = len(self.dispatcher.alive)
        if alive:
            return self.is_enough(alive, failure)
        self.failures += 1
        pause = route_pause(self.failures, polite=failure.polite, chance=chance())
        self.closed_until = self.now + pause
        log.warning("mail server cannot be used", host=self.route.host, reason=str(failure), pause=round(pause, 1))
        if isinstance(failure, LoginRefused):
            self.login_refused = str(failure)
        self.dispatcher.lanes.drop(self.dispatcher.run)

    def is_enough(self, alive: int, failure: RouteDown) -> None:
        """The server has found its level. One more is tried later, each time less soon."""
        if self.cap != alive:
            log.info("mail server takes no more connections", host=self.route.host, open=alive, reason=str(failure))
        if self.refused_at == alive:
            self.recovery = min(2 * self.recovery, LONGEST_RECOVERY)
        self.cap = self.level = self.refused_at = alive
        self.changed = self.now

    def slow_down(self) -> None:
        """421 or 4.7.x: half the connections. When that was the only one, a polite pause before the next."""
        self.dispatcher.slowed = False
        alive = self.dispatcher.alive
        if self.now - self.changed > ONE_SIGN or self.level == self.size or not alive:
            self.cap = self.level = max(1, min(self.cap, len(alive) + 1) // 2)
            self.changed = self.now
        if not alive:
            accepted = self.dispatcher.counts["accepted"]
            self.strikes = 1 if accepted > self.accepted else self.strikes + 1
            self.accepted = accepted
            self.closed_until = self.now + route_pause(self.strikes, polite=True, chance=chance())
        for connection in self.surplus():
            self.send_away(connection)

    def surplus(self) -> list[SmtpConnection]:
        """Connections beyond the cap, idle ones first."""
        parked = self.dispatcher.parked
        busy = [connection for connection in self.dispatcher.alive if connection not in parked]
        return [*busy, *parked][self.cap :]

    def send_away(self, connection: SmtpConnection) -> None:
        """Let it end what it has under way, and go."""
        if connection in self.dispatcher.parked:
            self.dispatcher.parked.remove(connection)
            connection.leave()
        connection.leaving = True

    # ------------------------------------------------------------------------------------------------ each second
    def tend(self) -> None:
        """Once a second: silent servers, idle connections, a cap that was cut or may grow again."""
        for connection in list(self.dispatcher.alive):
            self.doubt_pipelining(connection)
            connection.look_at_the_clock(self.now)
        for connection in [each for each in self.dispatcher.parked if self.now - each.idle_since > IDLE]:
            self.send_away(connection)
        if self.cap < self.size and self.cap >= self.level and self.now - self.changed > self.recovery:
            self.cap, self.changed = self.cap + 1, self.now
            self.level = self.cap
        self.waiting = self.dispatcher.tend()
        self.grow()

    def doubt_pipelining(self, connection: SmtpConnection) -> None:
        """Commands sent together and not answered: some servers lose them. One by one, they wait their full time."""
        step = connection.steps[0] if connection.steps else ""
        if connection.deadline is None or not connection.offer.pipelining or step not in ("mail", "rcpt", "data"):
            return
        if self.now - (connection.deadline - TIMEOUTS[step]) > PATIENCE:
            self.dispatcher.disbelieve("pipelining", f"no answer to {step} for {PATIENCE:.0f} seconds")
            connection.hang_up()

    def hang_up(self) -> None:
        """All connections, at once."""
        for task in list(self.opening):
            task.cancel()
        for connection in list(self.dispatcher.alive):
            connection.hang_up()

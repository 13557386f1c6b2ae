"""How many connections: few when there is little to do, more with the backlog, fewer when the server says so."""

from __future__ import annotations

import asyncio
import random

import structlog

from portal.sending.dispatcher import Dispatcher
from portal.sending.handshake import LoginRefused, RouteDown, open_connection
from portal.sending.smtp import route_pause
from portal.settings import SmtpUrl

log = structlog.get_logger(__name__)

CONNECTIONS = 10
BACKLOG = 5  # waiting messages that justify one more connection
IDLE = 60.0  # seconds after which a connection without work says goodbye
RECOVERY = 5.0  # seconds after which a cap that was halved grows by one again


def chance() -> float:
    """For jitter."""
    return random.random()  # noqa: S311 - no secret


class Pool:
    """The connections of one run to the one route."""

    def __init__(self, route: SmtpUrl, dispatcher: Dispatcher, size: int = CONNECTIONS) -> None:
        self.route, self.dispatcher, self.size = route, dispatcher, size
        self.cap = size
        self.grown = 0.0  # loop time when the cap last changed
        self.failures = 0  # in a row
        self.closed_until = 0.0  # loop time
        self.opening: set[asyncio.Task[bool]] = set()
        self.login_refused = ""  # the server's words; for the engine to pause the senders

    @property
    def now(self) -> float:
        """Loop time."""
        return asyncio.get_running_loop().time()

    @property
    def may_open(self) -> bool:
        """Whether the route is not in a pause."""
        return not self.dispatcher.stopping and self.now >= self.closed_until

    async def ready(self) -> bool:
        """Whether letters can go now; opens the first connection if need be."""
        if self.dispatcher.alive:
            return True
        return self.may_open and await self.open()

    def grow(self) -> None:
        """Open more connections when the backlog is worth it; fewer after the server asked for less."""
        if self.dispatcher.slowed:
            self.slow_down()
        if not self.dispatcher.alive and not self.opening and not self.may_open:
            self.dispatcher.lanes.drop(self.dispatcher.run)
        backlog = len(self.dispatcher.lanes)
        wanted = min(self.cap, 1 + backlog // BACKLOG) if backlog else 0
        for _ in range(wanted - len(self.dispatcher.alive) - len(self.opening)):
            if self.may_open:
                task = asyncio.create_task(self.open())
                self.opening.add(task)
                task.add_done_callback(self.opening.discard)

    async def open(self) -> bool:
        """One more connection. A failure closes the route for a while; no message pays for it."""
        try:
            connection, offer = await open_connection(self.route, self.dispatcher)
        except RouteDown as failure:
            self.failed(failure)
            return False
        self.failures = 0
        self.dispatcher.alive.add(connection)
        connection.begin(offer)
        return True

    def failed(self, failure: RouteDown) -> None:
        """Back off. Without any connection left, what was claimed goes back to the ledger."""
        self.failures += 1
        pause = route_pause(self.failures, polite=failure.polite, chance=chance())
        self.closed_until = self.now + pause
        log.warning("mail server cannot be used", host=self.route.host, reason=str(failure), pause=round(pause, 1))
        if isinstance(failure, LoginRefused):
            self.login_refused = str(failure)
        if not self.dispatcher.alive:
            self.dispatcher.lanes.drop(self.dispatcher.run)

    def tend(self) -> None:
        """Once a second: silent servers, idle connections, a cap that was cut or may grow again."""
        for connection in list(self.dispatcher.alive):
            connection.look_at_the_clock(self.now)
        for connection in [each for each in self.dispatcher.parked if self.now - each.idle_since > IDLE]:
            self.dispatcher.parked.remove(connection)
            connection.leave()
        if self.cap < self.size and self.now - self.grown > RECOVERY:
            self.cap, self.grown = self.cap + 1, self.now
        self.grow()

    def slow_down(self) -> None:
        """421 or 4.7.x: half the connections, and a polite pause before the next one is opened."""
        self.dispatcher.slowed = False
        self.cap, self.grown = max(1, self.cap // 2), self.now
        self.closed_until = self.now + route_pause(1, polite=True, chance=chance())
        for connection in list(self.dispatcher.parked)[self.cap :]:
            self.dispatcher.parked.remove(connection)
            connection.leave()

    def hang_up(self) -> None:
        """All connections, at once."""
        for task in list(self.opening):
            task.cancel()
        for connection in list(self.dispatcher.alive):
            connection.hang_up()

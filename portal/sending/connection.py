"""One SMTP connection. In conversation while it is opened; afterwards one write a message.

In the second part nothing is awaited and no task is made: the next message is pulled inside `data_received`, and
where the server pipelines, its envelope rides behind the dot of the message before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from portal.ledger.work import Work
from portal.sending.feed import Feed
from portal.sending.smtp import LONGEST_LINE, TIMEOUTS, Envelope, Offer, code_of, text_of

Reply = tuple[int, list[bytes]]


class SmtpConnection(asyncio.Protocol):
    """Replies come in the order of `steps`. `work` has its envelope under way or accepted; `on_wire` has its dot."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.offer = Offer()
        self.rest, self.lines = b"", list[bytes]()
        self.steps: deque[str] = deque()
        self.unsent: deque[bytes] = deque()  # commands that wait for the reply to the one before (no pipelining)
        self.waiter: asyncio.Future[Reply] | None = None  # in conversation
        self.early: deque[Reply] = deque()  # replies nobody has asked for yet: the banner
        self.work: Work | None = None
        self.on_wire: Work | None = None
        self.letter: bytes | asyncio.Future[bytes] = b""
        self.asked, self.asked_at = False, 0.0  # loop time
        self.talking, self.dead = True, False
        self.leaving = False  # no message after this one
        self.refusal: tuple[str, int, str] | None = None  # the first refusal of this envelope: step, code, reply
        self.idle_since = 0.0  # loop time
        self.deadline: float | None = None  # loop time by which the server must have said something

    # --------------------------------------------------------------------------------------------- asyncio's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Also called again when TLS takes over."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Whole lines are replies; the rest waits."""
        if self.rest:
            data = self.rest + data
        *whole, self.rest = data.split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            return self.hang_up()
        for line in whole:
            if line[3:4] == b"-":
                self.lines.append(line)
            elif self.lines:
                lines, self.lines = [*self.lines, line], []
                self.reply(lines)
            else:
                self.reply([line])
        self.deadline = self.loop.time() + TIMEOUTS[self.steps[0]] if self.steps else None

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits is told: a dot without its reply is uncertain, anything before it goes back."""
        self.deadline = None
        if self.waiter and not self.waiter.done():
            self.waiter.set_exception(ConnectionResetError("the mail server closed the connection"))
        on_wire, work, self.on_wire = self.on_wire, self.work, None
        if on_wire:
            self.feed.unanswered(on_wire)
        if work and not self.asked:  # asked: granted() or refused() sees to it
            self.work = None
            self.feed.put_back(work, broke=True)
        if not self.talking:
            self.feed.closed(self)

    # --------------------------------------------------------------------------------------------- conversation
    async def say(self, command: bytes | None, step: str = "hello") -> Reply:
        """Write a command (None: only listen) and wait for its reply. Raises OSError or TimeoutError."""
        if command:
            self.transport.write(command)
        if self.early:
            return self.early.popleft()
        if self.transport.is_closing():
            raise ConnectionResetError("the mail server closed the connection")
        self.waiter = self.loop.create_future()
        try:
            async with asyncio.timeout(TIMEOUTS[step]):
                return await self.waiter
        finally:
            self.waiter = None

    def hang_up(self) -> None:
        """Say and hear no more; connection_lost follows."""
        self.dead = True
        self.transport.abort()

    def begin(self, offer: Offer) -> None:
        """The conversation is over: from now on messages."""
        self.offer, self.talking = offer, False
        self.take()

    # --------------------------------------------------------------------------------------------- messages
    def reply(self, lines: list[bytes]) -> None:
        """One reply of the server, to whatever is next in line."""
        if self.dead:
            return
        code = code_of(lines[-1])
        if len(lines) > 1 and lines[0][:3] != lines[-1][:3]:  # RFC 5321 4.2.1
            code = None
        if code is None:
            return self.hang_up()
        if self.talking:
            return self.answer_conversation((code, lines))
        step = self.steps.popleft() if self.steps else "unasked"
        if code == 421 and step != "dot":
            if self.work:  # else it only tires of an idle connection
                self.feed.slow_down(self.work)
            return self.hang_up()
        HEAR[step](self, code, lines)

    def answer_conversation(self, reply: Reply) -> None:
        """To the one who waits in `say`, else kept for the next who does."""
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(reply)
        else:
            self.early.append(reply)

    def take(self) -> None:
        """Pull the next message, or be idle."""
        if self.work or self.transport.is_closing():
            return
        if self.leaving:
            return self.leave()
        found = self.feed.next(self.offer)
        if found is None:
            return self.feed.idle(self)
        self.transport.write(self.envelope(*found))

    def envelope(self, work: Work, envelope: Envelope) -> bytes:
        """What to write for this message's envelope now; without pipelining the rest waits for replies."""
        self.work, self.letter, self.refusal = work, envelope.letter, None
        if self.offer.pipelining:
            self.expect("mail", "rcpt", "data")
            return envelope.mail + envelope.rcpt + b"DATA\r\n"
        self.unsent.extend((envelope.rcpt, b"DATA\r\n"))
        self.expect("mail")
        return envelope.mail

    def expect(self, *steps: str) -> None:
        """These replies are due, in this order."""
        self.steps.extend(steps)
        if self.deadline is None:
            self.deadline = self.loop.time() + TIMEOUTS[self.steps[0]]

    def on_mail(self, code: int, lines: list[bytes]) -> None:
        """The sender is accepted or not."""
        if code != 250 or self.unsent:
            self.envelope_reply("mail", "rcpt", code, lines)

    def on_rcpt(self, code: int, lines: list[bytes]) -> None:
        """The recipient is accepted or not."""
        if code != 250 or self.unsent:
            self.envelope_reply("rcpt", "data", code, lines)

    def envelope_reply(self, step: str, following: str, code: int, lines: list[bytes]) -> None:
        """Remember the first refusal; without pipelining go on to the next command, or give up at once."""
        if 300 <= code < 400:  # neither yes nor no: out of step
            return self.hang_up()
        if code >= 400 and self.refusal is None:
            self.refusal = (step, code, text_of(lines))
        if not self.unsent:
            return
        if self.refusal:
            self.unsent.clear()
            return self.give_up()
        self.transport.write(self.unsent.popleft())
        self.expect(following)

    def on_data(self, code: int, lines: list[bytes]) -> None:
        """354: the dot is all that is missing. It is asked for, never taken."""
        if code < 400 and code != 354:  # a yes to DATA without a letter would be a letter lost
            return self.hang_up()
        if code != 354:
            self.refusal = self.refusal or ("data", code, text_of(lines))
            return self.give_up()
        if self.refusal:  # no recipient, but the server wants a letter: an empty one goes to nobody (RFC 2920 3.1)
            self.transport.write(b".\r\n")
            return self.expect("nothing")
        if isinstance(self.letter, bytes):
            return self.ask()
        self.letter.add_done_callback(self.signed)

    def signed(self, letter: asyncio.Future[bytes]) -> None:
        """The signature that the dot waited for. Meanwhile the connection may have broken."""
        if letter is self.letter and self.work and not self.transport.is_closing():
            self.letter = letter.result()
            self.ask()

    def ask(self) -> None:
        """For permission to write the dot."""
        assert self.work
        self.asked, self.asked_at = True, self.loop.time()
        self.feed.ask(self, self.work)

    def on_nothing(self, code: int, lines: list[bytes]) -> None:
        """The empty letter was dealt with."""
        self.give_up()

    def give_up(self) -> None:
        """The envelope was refused: say so, reset, go on."""
        assert self.work
        assert self.refusal
        work, self.work = self.work, None
        step, code, reply = self.refusal
        if step == "mail" and code >= 500:
            self.feed.sender_refused(work, reply)
        else:
            self.feed.replied(work, code, reply, dot=False)
        if not self.transport.is_closing():
            self.transport.write(b"RSET\r\n")
            self.expect("rset")
            self.take()

    def on_rset(self, code: int, lines: list[bytes]) -> None:
        """A server that cannot even forget is not to be trusted with a letter."""
        if code != 250:
            self.hang_up()

    def granted(self, work: Work) -> None:
        """The intent is on record: letter and dot, and the next envelope right behind them."""
        self.asked = False
        work.since += self.loop.time() - self.asked_at  # PostgreSQL's time is not held against the mail server
        if self.transport.is_closing():
            self.work = None
            return self.feed.withdraw(work)
        self.on_wire, self.work = work, None
        letter, self.letter = self.letter, b""
        assert isinstance(letter, bytes)  # or nobody would have asked
        self.expect("dot")
        is_followed = self.offer.pipelining and not (work.alone or self.leaving)
        following = self.feed.next(self.offer) if is_followed else None
        behind = self.envelope(*following) if following else b""
        self.transport.write(b"%b.\r\n%b" % (letter, behind))

    def refused(self, work: Work, why: str) -> None:
        """It may not go. After 354 there is no other way to take it back than to hang up."""
        self.asked, self.work = False, None
        self.hang_up()
        self.feed.refused(work, why)

    def on_dot(self, code: int, lines: list[bytes]) -> None:
        """The end of a message."""
        assert self.on_wire
        work, self.on_wire = self.on_wire, None
        self.feed.replied(work, code, text_of(lines), dot=True)
        if code == 421:
            self.feed.slow_down()
            return self.hang_up()
        if self.work is None:
            self.take()

    def on_unasked(self, code: int, lines: list[bytes]) -> None:
        """It speaks out of turn: we no longer know which reply belongs to what."""
        self.hang_up()

    def on_quit(self, code: int, lines: list[bytes]) -> None:
        """Goodbye."""
        self.transport.close()

    def leave(self) -> None:
        """Say goodbye, politely when nothing is under way."""
        if self.work or self.on_wire or self.steps:
            return self.hang_up()
        self.transport.write(b"QUIT\r\n")
        self.expect("quit")

    def look_at_the_clock(self, now: float) -> None:
        """Hang up on a server that has been silent for too long."""
        if self.deadline is not None and now > self.deadline:
            self.hang_up()


STEPS = ("mail", "rcpt", "data", "nothing", "rset", "dot", "quit", "unasked")
HEAR: dict[str, Callable[[SmtpConnection, int, list[bytes]], None]] = {
    step: getattr(SmtpConnection, f"on_{step}") for step in STEPS
}

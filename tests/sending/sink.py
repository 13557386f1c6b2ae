"""A mail server on loopback that keeps what it got and misbehaves when told to."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE)
TAKEN = b"taken"  # an answer at the dot: the letter is kept, and the connection closed without a word
HANGS = b"\0"  # an answer: none, ever
ALL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclass
class Got:
    """A letter as it arrived, unstuffed."""

    mail: str
    rcpt: str
    raw: bytes


@dataclass
class Sink:
    """`answer(step, line)` may return another reply, b"" to close the connection, HANGS, or None for the usual one.

    Steps: banner, ehlo, mail, rcpt, data, body, dot, rset. `line` is the command, or the letter at the dot. A letter
    whose client hung up before the reply was due is kept all the same: real servers do.
    """

    offer: tuple[str, ...] = ALL
    answer: Callable[[str, bytes], bytes | None] = lambda step, line: None
    delay: float = 0.0  # seconds before the reply to a dot
    tls: ssl.SSLContext | None = None  # STARTTLS is offered
    smtps: ssl.SSLContext | None = None  # TLS from the start
    injected: bytes = b""  # plain text that somebody adds behind the reply to STARTTLS
    login: tuple[str, str] | None = None
    bearer: str = ""  # AUTH XOAUTH2 is offered, and this access token taken
    gulps: bool = False  # it loses what comes in one packet with a command, though it offers PIPELINING
    port: int = 0
    got: list[Got] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most: int = 0

    @property
    def ids(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(name for letter in self.got if (name := id_of(letter.raw)))

    @property
    def count(self) -> int:
        """How many letters arrived."""
        return len(self.got)

    def wait(self, raw: bytes) -> float:
        """Seconds before the reply to this letter."""
        return self.delay

    def keep(self, letter: Got, *, answered: bool) -> None:
        """A letter has arrived; its reply follows, unless the connection is cut."""
        self.got.append(letter)


def id_of(raw: bytes) -> str:
    """The left part of a letter's Message-ID, or ""."""
    found = MESSAGE_ID.search(raw)
    return found[1].decode() if found else ""


class Session(asyncio.Protocol):
    """One client. Commands are answered in order, also when several come in one packet."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = b""
        self.in_data = False
        self.mail, self.rcpt = b"", b""
        self.blocked = False
        self.authenticating: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        if not getattr(self, "greeted", False):
            self.greeted = True
            self.sink.connections += 1
            self.sink.open += 1
            self.sink.most = max(self.sink.most, self.sink.open)
            self.say("banner", b"", b"220 sink ready")

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.open -= 1

    def say(self, step: str, line: bytes, usual: bytes) -> bool:
        reply = self.sink.answer(step, line)
        if reply == HANGS:
            self.blocked = True
            return False
        if reply == b"":
            self.transport.abort()
            return False
        self.transport.write((usual if reply is None else reply) + b"\r\n")
        return (reply or usual)[:1] in b"23"

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while not self.blocked and not self.transport.is_closing() and self.one():
            if self.sink.gulps and not self.in_data:
                self.buffer = b""

    def one(self) -> bool:
        if self.in_data:
            return self.letter()
        line, found, rest = self.buffer.partition(b"\r\n")
        if found:
            self.buffer = rest
            self.sink.commands.append(line)
            self.command(line)
        return bool(found)

    def letter(self) -> bool:
        if self.buffer and self.sink.answer("body", b"") == b"":
            self.transport.abort()
            return False
        if self.buffer.startswith(b".\r\n"):
            raw, self.buffer = b"", self.buffer[3:]
        elif (end := self.buffer.find(b"\r\n.\r\n")) >= 0:
            raw, self.buffer = self.buffer[: end + 2], self.buffer[end + 5 :]
        else:
            return False
        self.in_data = False
        if delay := self.sink.wait(raw):
            self.blocked = True
            asyncio.get_running_loop().call_later(delay, self.finish, raw)
            return False
        self.take(raw)
        return True

    def finish(self, raw: bytes) -> None:
        self.blocked = False
        self.take(raw)
        if not self.transport.is_closing():
            self.data_received(b"")

    def take(self, raw: bytes) -> None:
        raw = re.sub(rb"^\.\.", b".", raw, flags=re.MULTILINE)
        reply = self.sink.answer("dot", raw) if self.rcpt else b"554 5.5.1 no valid recipients"
        if reply is None or reply == TAKEN or reply.startswith(b"2"):
            self.sink.keep(Got(self.mail.decode(), self.rcpt.decode(), raw), answered=reply != TAKEN)
        if self.transport.is_closing():
            return
        if reply in (b"", TAKEN):
            return self.transport.abort()
        self.transport.write((b"250 2.0.0 Ok: queued" if reply is None else reply) + b"\r\n")

    def command(self, line: bytes) -> None:
        if self.authenticating is not None:
            return self.auth_line(line)
        match line[:4].upper():
            case b"EHLO":
                names = [*self.sink.offer, *(["AUTH PLAIN LOGIN"] if self.sink.login else [])]
                names += ["AUTH XOAUTH2"] if self.sink.bearer else []
                names += ["STARTTLS"] if self.sink.tls and not self.transport.get_extra_info("ssl_object") else []
                lines = ["sink", *names]
                usual = b"\r\n".join(
                    f"250{' ' if i == len(lines) - 1 else '-'}{x}".encode() for i, x in enumerate(lines)
                )
                self.say("ehlo", line, usual)
            case b"HELO":
                self.transport.write(b"250 sink\r\n")
            case b"STAR":
                self.task = asyncio.ensure_future(self.start_tls())
            case b"AUTH":
                self.authenticating = []
                if line.upper().startswith(b"AUTH PLAIN "):
                    return self.auth_line(line[11:])
                if self.sink.bearer:
                    return self.auth_line(line[13:])
                self.transport.write(b"334 VXNlcm5hbWU6\r\n")
            case b"MAIL":
                self.rcpt = b""
                self.mail = line if self.say("mail", line, b"250 2.1.0 Ok") else b""
            case b"RCPT":
                usual = b"250 2.1.5 Ok" if self.mail else b"503 5.5.1 no sender"
                self.rcpt = line if self.say("rcpt", line, usual) and self.mail else b""
            case b"DATA":
                usual = b"354 go on" if self.rcpt else b"503 5.5.1 no recipient"
                self.in_data = self.say("data", line, usual)
            case b"RSET":
                self.mail = self.rcpt = b""
                self.say("rset", line, b"250 2.0.0 Ok")
            case b"QUIT":
                self.transport.write(b"221 2.0.0 Bye\r\n")
                self.transport.close()
            case _:
                self.transport.write(b"502 5.5.2 what?\r\n")

    def auth_line(self, line: bytes) -> None:
        if self.sink.bearer:
            return self.bearer_line(line)
        assert self.authenticating is not None and self.sink.login
        self.authenticating.append(base64.b64decode(line))
        user, password = (each.encode() for each in self.sink.login)
        if self.authenticating == [user]:
            return self.transport.write(b"334 UGFzc3dvcmQ6\r\n")
        right = self.authenticating in ([b"\0%b\0%b" % (user, password)], [user, password])
        self.authenticating = None
        self.transport.write(b"235 2.7.0 Welcome\r\n" if right else b"535 5.7.8 Wrong password\r\n")

    def bearer_line(self, line: bytes) -> None:
        if line:  # AUTH XOAUTH2 and what is behind it; else the empty line after its error
            right = line.endswith(base64.b64encode(f"user=office\1auth=Bearer {self.sink.bearer}\1\1".encode()))
            self.authenticating = None if right else []
            return self.transport.write(b"235 2.7.0 Welcome\r\n" if right else b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        self.authenticating = None
        self.transport.write(b"535 5.7.8 Token not accepted\r\n")

    async def start_tls(self) -> None:
        self.blocked = True
        self.transport.write(b"220 2.0.0 Ready\r\n" + self.sink.injected)
        loop = asyncio.get_running_loop()
        try:
            self.transport = await loop.start_tls(self.transport, self, self.sink.tls, server_side=True)
        except OSError:  # the client did not believe the certificate
            return
        self.blocked = False
        self.data_received(b"")


@asynccontextmanager
async def running(sink: Sink) -> AsyncIterator[Sink]:
    """The sink on a port of its own (or on the one it had) for the length of the block."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Session(sink), "127.0.0.1", sink.port, ssl=sink.smtps
    )
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()

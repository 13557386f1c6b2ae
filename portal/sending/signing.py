"""Keys that sign, and processes that sign with them while the sender's event loop goes on.

Not threads: after each signature one waits for the interpreter's lock, which the loop holds, and a core stands idle
meanwhile. Processes cost about 4 % more processor time a letter, and keep all cores at work.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

import structlog

from portal.sending.signer import ANSWERED, ASKED, signing_with

log = structlog.get_logger(__name__)

SIGNER = Path(__file__).with_name("signer.py")
SILENT = 10.0  # seconds after which a process that owes signatures is given up
LEAST_LIFE = 5.0  # seconds between two starts of processes: what dies at once is not started in a loop

_numbers = itertools.count(1)


class Key:
    """A private key of a domain, ready to sign SHA-256 digests. `private` is PKCS 8, DER."""

    def __init__(self, domain: str, selector: str, algorithm: str, private: bytes) -> None:
        self.domain, self.selector, self.algorithm = domain, selector, algorithm
        self.slow = algorithm == "rsa"
        self.number = next(_numbers)  # of this process
        self.private = private
        self.sign: Callable[[bytes], bytes] = signing_with(private)

    def __repr__(self) -> str:
        return f"Key({self.selector}._domainkey.{self.domain}, {self.algorithm})"  # never the key itself


class Job:
    """A letter that waits for its signatures."""

    __slots__ = ("digests", "done", "future", "keys", "signed")

    def __init__(
        self,
        keys: Sequence[Key],
        digests: Sequence[bytes],
        done: Callable[[list[bytes]], bytes],
        future: asyncio.Future[bytes],
    ) -> None:
        self.keys, self.digests, self.done, self.future = keys, digests, done, future
        self.signed: list[bytes] = []

    def add(self, signature: bytes) -> None:
        """One more, in the order of the keys. With the last one the future is done."""
        self.signed.append(signature)
        if len(self.signed) == len(self.keys) and not self.future.done():
            try:
                self.future.set_result(self.done(self.signed))
            except Exception as failed:
                self.future.set_exception(failed)

    def sign_here(self) -> None:
        """Make what is missing, now."""
        for key, digest in list(zip(self.keys, self.digests, strict=True))[len(self.signed) :]:
            self.add(key.sign(digest))


class Hand(asyncio.Protocol):
    """One signing process: what it has been asked, and its answers."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", str(SIGNER)], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env={}
            )
        self.socket = ours
        self.jobs: dict[int, Job] = {}
        self.asked = 0
        self.keys: set[int] = set()
        self.received = b""
        self.transport: asyncio.Transport | None = None
        self.ready = False  # until then letters are signed here: on a busy machine a start may take seconds
        self.heard_at = 0.0  # loop time
        self.watched = False
        self.loop = asyncio.get_running_loop()
        self.gone = self.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has been started."""
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, job: Job) -> None:
        """All signatures of a letter, in order; the socket keeps it."""
        assert self.transport
        frames = []
        for key, digest in zip(job.keys, job.digests, strict=True):
            if key.number not in self.keys:
                self.keys.add(key.number)
                frames.append(ASKED.pack(0, key.number, len(key.private)) + key.private)
            self.asked = self.asked % 0xFFFF_FFFF + 1
            self.jobs[self.asked] = job
            frames.append(ASKED.pack(self.asked, key.number, len(digest)) + digest)
        self.transport.write(b"".join(frames))
        if not self.watched:
            self.watched, self.heard_at = True, self.loop.time()
            self.loop.call_later(SILENT, self.watch)

    def watch(self) -> None:
        """Look again and again as long as it owes something; give it up when it has fallen silent."""
        self.watched = bool(self.jobs)
        if self.jobs and self.loop.time() - self.heard_at >= SILENT:
            log.warning("a signing process fell silent", owed=len(self.jobs))
            self.give_up()
        elif self.jobs:
            self.loop.call_later(SILENT, self.watch)

    def give_up(self) -> None:
        """Kill it; what it owes is signed here."""
        self.process.kill()
        if self.transport:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Signatures, after the word that it is ready."""
        self.heard_at = self.loop.time()
        data = self.received + data if self.received else data
        at, size = 0, ANSWERED.size
        while len(data) - at >= size:
            number, length = ANSWERED.unpack_from(data, at)
            if len(data) - at < size + length:
                break
            if number:
                self.jobs.pop(number).add(data[at + size : at + size + length])
            else:
                self.ready = True
            at += size + length
        self.received = data[at:]

    def connection_lost(self, failure: Exception | None) -> None:
        """It died, or was told to: what it owes is signed here."""
        self.transport, self.ready = None, False
        jobs, self.jobs = dict.fromkeys(self.jobs.values()), {}
        for job in jobs:
            job.sign_here()
        if not self.gone.done():
            self.gone.set_result(None)

    async def end(self) -> None:
        """Hang up and see it off."""
        if self.transport:
            self.transport.close()
            await self.gone
        await asyncio.get_running_loop().run_in_executor(None, self.process.wait)


class Hands:
    """The signing processes of one event loop, as many as there are cores."""

    def __init__(self) -> None:
        self.wanted = cores()
        self.all: list[Hand] = []
        self.starting: asyncio.Task[None] | None = None
        self.started_at = float("-inf")

    def freest(self) -> Hand | None:
        """The one that owes least; None while none is ready (then some are started)."""
        best, least, alive = None, sys.maxsize, 0
        for hand in self.all:
            alive += hand.transport is not None
            if hand.ready and len(hand.jobs) < least:
                best, least = hand, len(hand.jobs)
        if alive < self.wanted:
            self.start()
        return best

    def start(self) -> None:
        """Start what is missing, unless that has just been tried."""
        loop = asyncio.get_running_loop()
        if loop.time() - self.started_at >= LEAST_LIFE and (self.starting is None or self.starting.done()):
            self.started_at = loop.time()
            self.starting = loop.create_task(self.fill())

    async def fill(self) -> None:
        """As many as cores; dead ones are replaced."""
        for hand in [each for each in self.all if not each.transport]:
            self.all.remove(hand)
            await hand.end()
        while len(self.all) < self.wanted:
            try:
                self.all.append(await started())
            except OSError as failed:
                log.warning("no signing process was started", reason=str(failed))
                return


async def started() -> Hand:
    """A new process, ready to be asked."""
    hand = Hand()
    await asyncio.get_running_loop().create_connection(lambda: hand, sock=hand.socket)
    return hand


_hands: WeakKeyDictionary[asyncio.AbstractEventLoop, Hands] = WeakKeyDictionary()


def cores() -> int:
    """How many we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def begin(keys: Sequence[Key], digests: Sequence[bytes], done: Callable[[list[bytes]], bytes]) -> asyncio.Future[bytes]:
    """Have one digest signed by each key; a future of `done(signatures)`. The first call starts the processes."""
    loop = asyncio.get_running_loop()
    job = Job(keys, digests, done, loop.create_future())
    hands = _hands.get(loop)
    if hands is None:
        hands = _hands[loop] = Hands()
    hand = hands.freest()
    if hand:
        hand.ask(job)
    else:
        job.sign_here()
    return job.future


async def close() -> None:
    """End the processes of this event loop. What they have been asked is signed here."""
    hands = _hands.pop(asyncio.get_running_loop(), None)
    if hands:
        if hands.starting:
            await hands.starting
        await asyncio.gather(*[hand.end() for hand in hands.all])

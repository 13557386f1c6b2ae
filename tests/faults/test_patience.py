"""Mail servers and name servers that are late, endless or silent."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from portal import db
from portal.sending import handshake, pool, smtp
from tests.faults.oracle import Oracle
from tests.faults.processes import drained, impatient, spread
from tests.sending.helpers import plan, sending, states, until
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.mark.parametrize("after", [0.2, 0.9, 1.1, 30.0], ids=["soon", "in time", "just late", "never"])
async def test_P2_the_250_comes_late(after: float, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six hundred seconds are one second here. The server takes the letter in any case."""
    monkeypatch.setitem(smtp.TIMEOUTS, "dot", 1.0)
    await plan(1)
    slow = [after]
    async with running(Sink(answer=lambda step, line: None)) as sink, sending(sink):
        sink.wait = lambda raw: slow.pop() if slow else 0.0  # type: ignore[method-assign]
        await drained()
        if after < 5:
            await until(lambda: asyncio.sleep(0, sink.count == 1))
    counted = await oracle.judge(sink, 1, uncertain=int(after > 0.5))
    assert after > 0.5 or counted == {"accepted": 1}


@pytest.mark.long
async def test_P2_the_250_comes_after_61_599_and_601_seconds(oracle: Oracle) -> None:
    """Whoever gives up after the usual minute sends twice. At 601 both are right: sent, or not confirmed."""
    waits = {b"person0@people": 61.0, b"person1@people": 599.0, b"person2@people": 601.0}
    await plan(40)
    await spread()
    async with running(Sink()) as sink, sending(sink, lease=60):
        sink.wait = lambda raw: next((waits[name] for name in waits if b"To: " in raw and name in raw), 0.0)  # type: ignore[method-assign]
        async with asyncio.timeout(900):
            while (await states()).get("queued"):
                await asyncio.sleep(1)
            while sink.count < 40:
                await asyncio.sleep(1)
    counted = await oracle.judge(sink, 40, uncertain=1, faults=3)
    late = "select state::text from message where address like any ($1::text[])"
    assert [row[0] for row in await db.fetch(late, ["person0@%", "person1@%"])] == ["accepted"] * 2
    assert counted["accepted"] >= 39


@asynccontextmanager
async def rude(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    """A server that is none; its port."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A slow loris: one octet at a time, never a whole line."""
    with contextlib.suppress(OSError):
        while not writer.is_closing():
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A reply of many lines that never ends."""
    with contextlib.suppress(OSError):
        while not writer.is_closing():
            writer.write(b"220-more follows\r\n" * 500)
            await writer.drain()
            await asyncio.sleep(0)


async def hang_in_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """STARTTLS, and then not a word."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"250-sink\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go ahead\r\n")
        await asyncio.sleep(60)


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, and be silent."""
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("handle", "tls"),
    [(drip, "none"), (flood, "none"), (hang_in_tls, "starttls"), (say_nothing, "none"), (say_nothing, "tls")],
)
async def test_a_server_that_wastes_our_time_costs_no_message_a_try(
    handle: Any, tls: str, oracle: Oracle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a good server takes its place, and everything is sent."""
    impatient(monkeypatch)
    for step in ("banner", "hello"):
        monkeypatch.setitem(smtp.TIMEOUTS, step, 0.3)
    monkeypatch.setattr(handshake, "CONNECT_TIMEOUT", 0.3)
    count, failures = 20, list[str]()
    failed = pool.Pool.failed
    monkeypatch.setattr(pool.Pool, "failed", lambda self, why: (failures.append(str(why)), failed(self, why))[1])
    await plan(count)
    sink = Sink()
    async with rude(handle) as port:
        sink.port = port
        async with sending(sink, tls=tls) as engine:
            await until(lambda: asyncio.sleep(0, len(failures) >= 2))
            assert engine.shift
            assert await states() == {"queued": count}
    sink.port = 0
    async with running(sink), sending(sink):
        await drained()
    assert await db.fetchval("select max(attempts) from message") == 0
    await oracle.judge(sink, count, faults=len(failures))


async def test_dns_that_does_not_answer_costs_no_message_a_try(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    monkeypatch.setattr(handshake, "CONNECT_TIMEOUT", 0.2)
    asked, over, resolve = threading.Semaphore(0), threading.Event(), socket.getaddrinfo

    def silent(host: Any, *words: Any, **more: Any) -> Any:
        if host != "mail.example.invalid":
            return resolve(host, *words, **more)
        asked.release()
        over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    count = 20
    await plan(count)
    sink = Sink()
    try:
        async with running(sink):
            async with sending(sink, host="mail.example.invalid"):
                await until(lambda: asyncio.sleep(0, asked.acquire(blocking=False)))
                await until(lambda: asyncio.sleep(0, asked.acquire(blocking=False)))
                assert await states() == {"queued": count}
            async with sending(sink):
                await drained()
    finally:
        over.set()
    await oracle.judge(sink, count, faults=2)

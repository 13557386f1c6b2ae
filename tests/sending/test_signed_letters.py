"""Letters arrive signed: what the receiving server got, read by somebody else's verifier."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import dkim as verifier
import pytest
from structlog.testing import capture_logs

from portal import db
from portal.actor import SYSTEM
from portal.sending import dkim, signing
from portal.signatures import actions, queries
from tests.sending.helpers import plan, sending, settled, states, until
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture(autouse=True)
async def no_keys_kept() -> AsyncIterator[None]:
    """No key and no process of another test, and none left behind."""
    dkim.forget()
    yield
    dkim.forget()
    await signing.close()


async def activate(*algorithms: str) -> None:
    """Keys of the domain that the letters are from."""
    for algorithm in algorithms:
        key = await actions.make("passerelle.example", algorithm, SYSTEM, algorithm)
        await actions.activate(key.id, SYSTEM, unseen=True)


async def verdicts(sink: Sink) -> list[list[bool]]:
    """Of each letter, of each of its signatures."""
    records = {key.name: key.value.encode() for key in await queries.keys()}

    def record(name: bytes, timeout: float = 5) -> bytes:
        return records[name.decode().rstrip(".")]

    letters = [verifier.DKIM(got.raw) for got in sink.got]
    counts = [got.raw.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature: ") for got in sink.got]
    return [
        [letter.verify(each, dnsfunc=record) for each in range(count)]
        for letter, count in zip(letters, counts, strict=True)
    ]


@pytest.mark.parametrize("algorithms", [("ed25519",), ("rsa",), ("rsa", "ed25519")], ids="+".join)
async def test_every_letter_arrives_with_signatures_that_hold(algorithms: tuple[str, ...]) -> None:
    await activate(*algorithms)
    await plan(60, optional=True)

    async with running(Sink()) as sink, sending(sink):
        await settled(0)

    assert await states() == {"accepted": 60}
    assert await verdicts(sink) == [[True] * len(algorithms)] * 60
    assert all(got.raw.isascii() and b"list-unsubscribe-post" in got.raw for got in sink.got)
    assert not any("8BITMIME" in got.mail for got in sink.got)


async def test_signing_processes_that_die_cost_no_letter() -> None:
    await activate("rsa")
    await plan(150)

    async with running(Sink(delay=0.005)) as sink, sending(sink):
        await settled(120)
        for pid in [hand.process.pid for hands in signing._hands.values() for hand in hands.all]:
            os.kill(pid, signal.SIGKILL)
        await settled(0)

    assert await verdicts(sink) == [[True]] * 150
    assert set(sink.ids.values()) == {1}


async def test_letters_of_a_domain_without_keys_leave_unsigned() -> None:
    await actions.make("passerelle.example", "ed25519", SYSTEM)
    await plan(3)

    async with running(Sink()) as sink, sending(sink):
        await settled(0)

    assert await verdicts(sink) == [[], [], []]


async def test_a_key_that_cannot_be_opened_holds_the_letters() -> None:
    await activate("ed25519")
    secret = await db.fetchval("select secret from dkim_key")
    await db.execute("update dkim_key set secret = 'unreadable'")
    dkim.forget()
    await plan(3)

    async with running(Sink()) as sink:
        with capture_logs() as logs:
            async with sending(sink):
                await until(lambda: said_so(logs))
        assert (await states(), sink.got) == ({"queued": 3}, [])
        await db.execute("update dkim_key set secret = $1", secret)
        dkim.forget()
        async with sending(sink):
            await settled(0)
    assert await verdicts(sink) == [[True]] * 3


async def said_so(logs: Sequence[Mapping[str, Any]]) -> bool:
    """The worker's log names the key."""
    failures = [str(each.get("exc_info")) for each in logs]
    return any(each.startswith("The DKIM key ed25519 of passerelle.example cannot be opened") for each in failures)

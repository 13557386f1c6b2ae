"""Faults of mail servers: silence, lies, cuts at every stage, storms. What the server got against the rows."""

from __future__ import annotations

import random

import pytest

from portal import db
from portal.sending import smtp
from tests.faults.oracle import Oracle
from tests.faults.processes import drained_with_retries, impatient, retries_due, spread
from tests.sending.chaos import Chaos, Temper
from tests.sending.helpers import plan, sending, states, until
from tests.sending.sink import TAKEN, Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")
LONG = pytest.mark.long
STAGES = ("banner", "ehlo", "mail", "rcpt", "data", "body", "dot", "taken")


@pytest.mark.parametrize("stage", STAGES)
async def test_P1_P3_the_connection_is_cut(stage: str, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of eight stages, every tenth time."""
    impatient(monkeypatch)
    count, cuts = 200, 0
    turns = 0

    def cut(step: str, line: bytes) -> bytes | None:
        nonlocal turns, cuts
        if step != {"taken": "dot"}.get(stage, stage):
            return None
        turns += 1
        if turns % (2 if step in ("banner", "ehlo") else 10):
            return None
        cuts += 1
        return TAKEN if stage == "taken" else b""

    await plan(count)
    async with running(Sink(answer=cut)) as sink, sending(sink):
        await drained_with_retries()
    assert cuts
    doubtful = cuts if stage in ("body", "dot", "taken") else 0
    counted = await oracle.judge(sink, count, uncertain=doubtful, faults=cuts)
    assert counted.get("uncertain", 0) == doubtful


MATRIX = [
    b"211 help", b"250 2.0.0 Ok", b"251 2.1.5 Forwarded", b"252 2.5.2 Perhaps", b"299 ?",
    b"354 again?", b"399 ?",
    b"400", b"421 4.3.2 Bye", b"432 4.7.12 Password", b"450 4.2.0 Busy", b"451 4.3.0 Later", b"452 4.2.2 Full",
    b"454 4.7.0 TLS", b"455 4.5.1 No", b"499 4.0.0 ?",
    b"500 5.5.2 What", b"502 5.5.1 No", b"503 5.5.1 Order", b"521 5.3.2 No mail", b"541 5.7.1 Spam",
    b"550 5.1.1 Unknown", b"551 5.1.6 Moved", b"552 5.2.2 Full", b"553 5.1.3 Name",
    b"554 5.7.1 Policy", b"556 5.1.10 Null", b"599 5.0.0 ?",
    b"550 4.7.1 Mismatch", b"450 5.7.1 Mismatch", b"250 5.0.0 Mismatch", b"550", b"450-4.2.0 two\r\n450 4.2.0 lines",
    b"250-2.0.0 two\r\n250 2.0.0 lines", b"550-5.1.1 three\r\n550-5.1.1 long\r\n550 5.1.1 lines",
    b"600 what", b"099 what", b"25", b"2x0 what", b"\xff\xfe\x00", b"250" + b"y" * 70_000, b" 250 indented", b"-1",
]  # fmt: skip


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
async def test_P1_P3_every_reply_there_is(step: str, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reply of the matrix at one step, three times, good ones in between: all messages end, none twice."""
    impatient(monkeypatch)
    monkeypatch.setitem(smtp.TIMEOUTS, "dot", 2.0)
    times = {"mail": 1}.get(step, 3)  # each 5xx to MAIL pauses the sender, who has to be resumed
    wrong = [
        reply for reply in MATRIX for _ in range(times) if step != "mail" or reply[:1] != b"5" or b"5.5.2" in reply
    ]
    random.Random(3).shuffle(wrong)
    count, turns, said = 400, 0, list[bytes]()

    def odd(at: str, line: bytes) -> bytes | None:
        nonlocal turns
        if at != step:
            return None
        turns += 1
        if turns % 3 or len(said) == len(wrong):
            return None
        said.append(wrong[len(said)])
        return said[-1]

    await plan(count)
    await spread()
    async with running(Sink(answer=odd)) as sink, sending(sink):
        await until(lambda: calm(said, wrong), 120)
        await db.execute("update sender set paused = false")
        await db.execute("update origin set gate = 'open'")
        await drained_with_retries()
    doubtful = sum(unclear(reply) for reply in said) if step == "dot" else 0
    await oracle.judge(sink, count, uncertain=doubtful, faults=len(said), unsent=None)
    assert set(await states()) <= {"accepted", "failed", "uncertain"}


async def calm(said: list[bytes], wrong: list[bytes]) -> bool:
    """Whether every odd reply was given. Rules that pause this mail, and greylisting, are nobody's business here."""
    await db.execute("update sender set paused = false")
    await db.execute("update origin set gate = 'open'")
    await retries_due()
    left = await db.fetchval("select count(*) from message where state = 'queued'")
    return len(said) == len(wrong) or not left


def unclear(reply: bytes) -> bool:
    """Whether nobody can know from this reply to a dot what became of the letter."""
    last = reply.split(b"\r\n")[-1]
    return not (last[:3].isdigit() and last[:1] in b"245") or len(last) > 60_000


async def test_greylisted_and_421_storms_pass(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a while every connection is told to go away, then each recipient to come back: nothing fails."""
    impatient(monkeypatch)
    count, storm, seen = 300, 15, set[bytes]()

    def busy(step: str, line: bytes) -> bytes | None:
        nonlocal storm
        if step in ("banner", "mail", "data") and storm > 0 and random.random() < 0.5:
            storm -= 1
            return b"421 4.7.0 Too busy"
        if step == "rcpt" and line not in seen:
            seen.add(line)
            return b"450 4.2.0 Greylisted"
        return None

    await plan(count)
    await spread()
    async with running(Sink(answer=busy)) as sink, sending(sink):
        await drained_with_retries()
    assert storm == 0
    await oracle.judge(sink, count, faults=15)


@pytest.mark.parametrize(
    ("count", "temper"),
    [
        (800, Temper(7, 0.05, 0.03, garbage=0.01, cut=0.005, lost=0.01, thrown=0.01, delay=0.002, slow=0.01)),
        pytest.param(
            20_000,
            Temper(7, 0.08, 0.08, garbage=0.005, cut=0.002, lost=0.002, thrown=0.002, delay=0.002, slow=0.002),
            marks=LONG,
        ),
    ],
    ids=["short", "long"],
)  # fmt: skip
async def test_P1_P3_a_server_with_a_bad_temper(
    oracle: Oracle, count: int, temper: Temper, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    await plan(count)
    await spread()
    async with running(Chaos(temper=temper)) as sink, sending(sink):
        await drained_with_retries()
    counted = await oracle.judge(sink, count, uncertain=sink.cuts, faults=sink.cuts)
    assert counted.get("uncertain", 0) == sink.cuts

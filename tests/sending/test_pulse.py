"""What a run says about itself while it sends, and that nothing of it matters to the letters."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db
from portal.ledger.work import Batch, Work
from portal.sending import pulse
from portal.sending.pulse import BOUNDS, DOMAINS, OTHERS, Pulse
from tests.sending.helpers import plan, sending, settled, states, until
from tests.sending.sink import Sink, running


class To:
    """As much of a parcel as is counted."""

    def __init__(self, address: str) -> None:
        self.address = address


def work(domain: str, lane: int = 3, sender: int = 1) -> Work:
    return Work(1, 0, Batch(1, 1, sender, lane, 1), To(f"ana@{domain}"))  # type: ignore[arg-type]


async def said() -> list[dict[str, Any]]:
    return [row["said"] for row in await db.fetch("select said from pulse")]


@pytest.mark.usefixtures("fresh_database")
async def test_a_run_says_what_it_does_and_falls_silent_when_it_ends() -> None:
    await plan(300)

    async def spoken() -> bool:
        return any(each["ended"] for each in await said())

    async with running(Sink(delay=0.05)) as sink:
        async with sending(sink, size=5):
            await until(spoken)
            word = (await said())[0]
            await settled(0)
        assert await said() == []
    assert [(lane, state) for lane, _sender, state, _n in word["ended"]] == [(1, "accepted")]
    assert [(domain, state) for domain, state, _n in word["domains"]] == [("people.example", "accepted")]
    assert word["ended"][0][3] == word["domains"][0][2] > 0
    assert (word["connections"]["cap"], word["connections"]["most"], word["connections"]["open"]) == (5, 5, 5)
    assert sum(word["flushes"]) > 0 and word["flushed"] >= word["ended"][0][3] and word["flush_seconds"] > 0
    assert sum(word["waiting"].values()) > 0 and word["route"] == {"failures": 0, "pause": 0.0}


@pytest.mark.usefixtures("fresh_database")
async def test_sending_goes_on_when_the_pulse_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    await plan(50)
    await db.execute("drop table pulse")
    monkeypatch.setattr(pulse, "EVERY", 0.01)
    async with running(Sink(delay=0.02)) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 50}


def test_many_domains_are_few_names() -> None:
    heart = Pulse()
    for number in range(2_000):
        heart.ended(work(f"d{number}.example"), "accepted")
    for _letter in range(5):
        heart.ended(work("Busy.example"), "failed")
        heart.ended(work("busy.example"), "accepted")
    named = heart.by_domain(DOMAINS)
    assert len({domain for domain, _state in named}) == DOMAINS + 1
    assert (named["busy.example", "failed"], named["busy.example", "accepted"]) == (5, 5)
    assert named[OTHERS, "accepted"] == 2_000 - (DOMAINS - 1)


def test_the_latency_of_flushes_is_told_in_classes() -> None:
    heart = Pulse()
    for milliseconds in [0.4] * 98 + [3.0, 5_000.0]:
        heart.flushed(milliseconds / 1000, 2)
    assert heart.flushed_dots == 200
    assert dict(zip((*BOUNDS, "slower"), heart.flushes, strict=True)) == dict.fromkeys(BOUNDS, 0) | {
        0.5: 98, 4.0: 1, "slower": 1
    }  # fmt: skip


def test_the_rate_is_that_of_the_last_seconds() -> None:
    heart = Pulse()
    assert heart.rate(100.0) == 0.0
    heart.counts[3, 1, "accepted"] = 50
    heart.counts[3, 1, "failed"] = 50
    assert heart.rate(105.0) == 10.0
    for second in range(1, 20):
        rate = heart.rate(105.0 + second)
    assert rate == 0.0

"""Figures of sending put together. Pure: rows and the present are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from portal.ledger.rules import floor

Span = Literal["last_minute", "today"]


class Flow(msgspec.Struct, frozen=True):
    """Messages of a lane and a sender in a state: all, those of the last full minute, those of today (UTC)."""

    lane: int
    sender_id: int
    address: str
    state: str
    total: int
    last_minute: int
    today: int


class Moment(msgspec.Struct, frozen=True):
    """What ended in one step of a chart, from `at` on."""

    at: datetime
    sent: int
    failed: int
    uncertain: int


class Period(msgspec.Struct, frozen=True):
    """A chart's time: so many steps, the last of which is the present one."""

    name: str
    step: timedelta
    steps: int

    def start(self, now: datetime) -> datetime:
        """When the first step begins."""
        return floor(now, self.step) - (self.steps - 1) * self.step


# The tally keeps minutes for 3 hours, quarters for 2 days, hours for 9 days (portal.ledger.checks).
PERIODS = (
    Period("hour", timedelta(minutes=1), 60),
    Period("day", timedelta(minutes=15), 96),
    Period("week", timedelta(hours=3), 56),
)


def period_of(name: str) -> Period:
    """The period of that name, else the first."""
    return next((period for period in PERIODS if period.name == name), PERIODS[0])


def filled(moments: Iterable[Moment], period: Period, now: datetime) -> list[Moment]:
    """One moment a step, nothing where nothing was; a message that was tried again counts where it ended."""
    known = {moment.at: moment for moment in moments}
    times = [period.start(now) + number * period.step for number in range(period.steps)]
    return [clear(known[at]) if at in known else Moment(at, 0, 0, 0) for at in times]


def clear(moment: Moment) -> Moment:
    """No fewer than none: what was undone was counted earlier."""
    return Moment(moment.at, max(0, moment.sent), max(0, moment.failed), max(0, moment.uncertain))


def total(flows: Iterable[Flow], *states: str, lane: int | None = None, sender_id: int | None = None) -> int:
    """How many messages are in these states, of a lane, of a sender."""
    return sum(
        flow.total
        for flow in flows
        if flow.state in states and lane in (None, flow.lane) and sender_id in (None, flow.sender_id)
    )


def sent_in(flows: Iterable[Flow], span: Span, *, lane: int | None = None, sender_id: int | None = None) -> int:
    """How many were sent in the last full minute, or today (UTC)."""
    found = [
        flow.today if span == "today" else flow.last_minute
        for flow in flows
        if flow.state == "accepted" and lane in (None, flow.lane) and sender_id in (None, flow.sender_id)
    ]
    return max(sum(found), 0)


def per_minute(words: Iterable[dict[str, Any] | None]) -> int:
    """What all runs together send in a minute, by what they said last."""
    return round(60 * sum(float(word["per_second"]) for word in words if word))


def under_way(words: Iterable[dict[str, Any] | None]) -> bool:
    """Whether a run holds messages: on its connections, or waiting for one."""
    return any(word["waiting"] or word["connections"]["open"] > word["connections"]["idle"] for word in words if word)


def time_left(waiting: int, rate: int) -> timedelta | None:
    """How long it takes at this pace; None when nothing waits or nothing moves."""
    return timedelta(minutes=waiting / rate) if waiting and rate else None


def held_back(words: Sequence[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Receiving domains that any run holds back, the fullest first; what waits for one is summed up."""
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        for each in word["held_back"] if word else ():
            before = found.get(each["domain"], {"waiting": 0, "slow": False, "pause": 0.0, "per_minute": None})
            found[each["domain"]] = {
                "domain": each["domain"],
                "waiting": before["waiting"] + each["waiting"],
                "slow": before["slow"] or each["slow"],
                "pause": max(before["pause"], each["pause"]),
                "per_minute": each["per_minute"] or before["per_minute"],
            }
    return sorted(found.values(), key=lambda each: (-each["waiting"], each["domain"]))

"""Figures of messages, and how they are put together. Days and months are UTC's, as those of the kept totals."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import add
from typing import TypeVar

import msgspec

K = TypeVar("K", bound=Hashable)

BY_DAY = 62  # days of a period up to which each day is a column; longer ones show months
LONGEST_YEARS = 10
OTHERS = 0  # the campaign of e-mails about none


class Figures(msgspec.Struct, frozen=True):
    """Counts of messages, in the order of a report.

    `intended` counts when they were planned, the rest when it happened.

    `bounced`, `opted_out`: addresses that were blocked, or whose owners wished no more, after this e-mail and before
    another one.
    """

    intended: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0
    cancelled: int = 0
    bounced: int = 0
    opted_out: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*map(add, msgspec.structs.astuple(self), msgspec.structs.astuple(other)))

    @property
    def shown(self) -> tuple[int, ...]:
        """As people read them. What was cleared up in a later month than it happened in is less than nothing there."""
        return tuple(max(0, n) for n in msgspec.structs.astuple(self))

    def __bool__(self) -> bool:
        return any(msgspec.structs.astuple(self))


class Cell(msgspec.Struct, frozen=True):
    """Figures of one mailing (0: of none) of one campaign (OTHERS: of none) in one step of time."""

    step: datetime
    campaign_id: int
    mailing_id: int
    figures: Figures


class Period(msgspec.Struct, frozen=True):
    """From one day to another, both included."""

    since: date
    until: date

    @property
    def unit(self) -> str:
        """`day` or `month`: what a column of the chart stands for."""
        return "day" if (self.until - self.since).days < BY_DAY else "month"

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.since, time(), UTC)

    @property
    def end(self) -> datetime:
        """The instant after its last."""
        return datetime.combine(self.until + timedelta(days=1), time(), UTC)

    def steps(self) -> list[datetime]:
        """The beginnings of its days or months; of the first month, though the period may begin within it."""
        found, day = [], self.since if self.unit == "day" else self.since.replace(day=1)
        while day <= self.until:
            found.append(datetime.combine(day, time(), UTC))
            day = day + timedelta(days=1) if self.unit == "day" else next_month(day)
        return found


def next_month(day: date) -> date:
    """The first of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def period_of(since: date | None, until: date | None, today: date) -> Period:
    """What was asked for, the right way round; else the twelve months that end today."""
    last = until or today
    first = since or next_month(last.replace(day=1, year=last.year - 1))
    first, last = min(first, last), max(first, last)
    return Period(max(first, last - timedelta(days=366 * LONGEST_YEARS)), last)


def summed(cells: Iterable[Cell], key: Callable[[Cell], K]) -> dict[K, Figures]:
    """Figures by a part of the cells, in the order in which they come."""
    found: dict[K, Figures] = {}
    for cell in cells:
        found[key(cell)] = found.get(key(cell), Figures()) + cell.figures
    return found


def over_time(cells: Iterable[Cell], period: Period) -> list[tuple[datetime, Figures]]:
    """Figures of each step, also of those in which nothing happened."""
    found = summed(cells, lambda cell: cell.step)
    return [(step, found.get(step, Figures())) for step in period.steps()]


def total(cells: Iterable[Cell]) -> Figures:
    """Figures of all."""
    return sum((cell.figures for cell in cells), Figures())


def segments(figures: Figures, most: int, width: int = 100) -> list[tuple[str, float, float]]:
    """A bar as (state, x, width): sent, not confirmed, not delivered, skipped; `most` fills it."""
    parts = (
        ("accepted", figures.sent),
        ("uncertain", figures.uncertain),
        ("failed", figures.failed),
        ("skipped", figures.skipped),
    )
    found, x = [], 0.0
    for state, n in parts:
        if n > 0:
            wide = max(0.5, n / max(most, 1) * width)
            found.append((state, round(x, 2), round(wide, 2)))
            x += wide
    return found


def ordered(found: Sequence[tuple[K, Figures]]) -> list[tuple[K, Figures]]:
    """The largest first."""
    return sorted(found, key=lambda pair: (-pair[1].intended, -pair[1].sent, str(pair[0])))

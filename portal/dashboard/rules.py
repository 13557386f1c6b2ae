"""The dashboard's drawings as numbers: bars, lines and sums from values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAY_WIDTH, HOURS_HEIGHT = 960, 72  # the chart of a day: 40 units an hour
HOUR_WIDTH, BAR_WIDTH, BAR_LEFT = 40, 32, 4
TOP = 4  # the highest bar leaves this much free
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 84, 22, 2


class Hour(msgspec.Struct, frozen=True):
    """E-mails of one hour of the day: sent, and still to come."""

    hour: int
    sent: int
    due: int


class Told(msgspec.Struct, frozen=True):
    """Today's e-mails of a campaign; None: of no campaign."""

    campaign_id: int | None
    sent: int
    due: int


class Bar(msgspec.Struct, frozen=True):
    """A rectangle of the chart. `kind`: sent or due."""

    kind: str
    x: int
    y: int
    height: int


class Segment(msgspec.Struct, frozen=True):
    """A part of a stacked bar."""

    x: int
    width: int
    tone: str


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """Two stacked rectangles an hour, as high as the day's busiest hour allows; whatever is not zero can be seen."""
    most = max((hour.sent + hour.due for hour in hours), default=0)
    drawn = []
    for hour in hours:
        floor = HOURS_HEIGHT
        for kind, count in (("sent", hour.sent), ("due", hour.due)):
            if count:
                height = max(2, round(count / most * (HOURS_HEIGHT - TOP)))
                floor -= height
                drawn.append(Bar(kind, hour.hour * HOUR_WIDTH + BAR_LEFT, max(0, floor), height))
    return drawn


def place_of(now: datetime) -> int:
    """Where the chart's line for the present stands; `now` on the reader's clock."""
    return round((now.hour + now.minute / 60) * HOUR_WIDTH)


def day_of(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first instant of the reader's day, and of the next (UTC)."""
    clock = ZoneInfo(zone)
    today = now.astimezone(clock).date()
    return _midnight(today, clock), _midnight(today + timedelta(days=1), clock)


def _midnight(day: date, clock: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), clock).astimezone(UTC)


def segments(counts: Sequence[tuple[str, int]]) -> list[Segment]:
    """A bar stacked from (tone, count), one unit each."""
    drawn, x = [], 0
    for tone, count in counts:
        if count:
            drawn.append(Segment(x, count, tone))
            x += count
    return drawn


def spark(days: Sequence[int]) -> list[tuple[float, float]]:
    """Points of a line over the days; the busiest day touches the top."""
    most = max(days, default=0) or 1
    step = SPARK_WIDTH / max(1, len(days) - 1)
    room = SPARK_HEIGHT - 2 * SPARK_EDGE
    return [
        (round(place * step, 1), round(SPARK_HEIGHT - SPARK_EDGE - count / most * room, 1))
        for place, count in enumerate(days)
    ]

"""How long it takes and on which days (B10): e-mails against the day's limits and the pace. Pure.

A pool is a limit that several mailings share (portal.ledger.quotas): `caps` says what it allows a day, `used` what is
gone of today's. Days are local dates of the zone that limits are counted in, and have 23, 24 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

LONGEST = 366  # days that are looked ahead

Pool = str
Taken = dict[tuple[Pool, date], int]


class Load(msgspec.Struct, frozen=True):
    """So many e-mails from an instant on, drawing on these pools."""

    name: str
    n: int
    at: datetime
    pools: tuple[Pool, ...] = ()


class Forecast(msgspec.Struct, frozen=True):
    """When the last one leaves (None: not within a year), and how many leave on each day, the first day first.

    `waits`: how many of them the limits put off beyond the first day.
    """

    ends_at: datetime | None
    by_day: tuple[tuple[date, int], ...]

    @property
    def waits(self) -> int:
        """How many do not leave on the first day."""
        return sum(n for _day, n in self.by_day[1:])


def day_begins(day: date, zone: str) -> datetime:
    """The instant at which a local date begins: the first of two midnights, or the end of the gap that has none."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def forecast(
    n: int,
    used_today: Mapping[Pool, int],
    caps: Mapping[Pool, int],
    rate_per_minute: float,
    now: datetime,
    zone: str,
    *,
    starts_at: datetime | None = None,
    taken: Taken | None = None,
) -> Forecast:
    """`n` e-mails that draw on all pools of `caps` at once, from `starts_at` (or now) on.

    `used_today` holds for the day of `now`; `taken`: what others take of a pool on a day, which grows by these.
    """
    taken = {} if taken is None else taken
    begin = max(starts_at or now, now)
    today, first = now.astimezone(ZoneInfo(zone)).date(), begin.astimezone(ZoneInfo(zone)).date()
    left, by_day, end = n, list[tuple[date, int]](), begin if n == 0 else None
    for day in (first + timedelta(days=number) for number in range(LONGEST)):
        if left <= 0:
            break
        start, over = max(begin, day_begins(day, zone)), day_begins(day + timedelta(days=1), zone)
        rooms = [
            cap - taken.get((pool, day), 0) - (used_today.get(pool, 0) if day == today else 0)
            for pool, cap in caps.items()
        ]
        in_time = int((over - start).total_seconds() / 60 * rate_per_minute)
        go = max(0, min([left, in_time, *rooms]))
        for pool in caps:
            taken[pool, day] = taken.get((pool, day), 0) + go
        by_day += [(day, go)] if go or not by_day else []
        left -= go
        end = start + timedelta(minutes=go / rate_per_minute) if left <= 0 else None
    return Forecast(end, tuple(by_day))


def spread(
    loads: Sequence[Load],
    used_today: Mapping[Pool, int],
    caps: Mapping[Pool, int],
    rate_per_minute: float,
    now: datetime,
    zone: str,
) -> list[tuple[Load, Forecast]]:
    """Several mailings one after the other, in the order in which they begin: what one takes, the next has not."""
    taken: Taken = {}
    found = []
    for load in sorted(loads, key=lambda each: max(each.at, now)):
        own = {pool: caps[pool] for pool in load.pools if pool in caps}
        found.append(
            (
                load,
                forecast(load.n, used_today, own, rate_per_minute, now, zone, starts_at=load.at, taken=taken),
            )
        )
    return found

"""When a schedule runs (Z23, Z26): recurrence rules, wall times and their instants, what is too late. Pure.

Rules are a part of RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY, COUNT and UNTIL. Weeks
begin on Monday. A day that a month does not have is left out; -1 is its last. Wall times stay what they are when the
clocks change: an hour that is skipped counts at the end of the gap, one that comes twice at the first
(campaigns.rules.instant).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from portal.campaigns.rules import instant
from portal.triggers import timing

MOST_EVERY, MOST_TIMES = 366, 1000
BARREN = 400  # periods without a day in them, one after another: there is none
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"})

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY"]
Shift = Literal["", "skipped", "twice", "moved"]


class Unreadable(ValueError):
    """A rule that is none, or one of more than this part of RFC 5545."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A recurrence. `days`: (which of the month or 0 for each, weekday from Monday 0).

    `month_days`: 1 to 31, -1 the last. `until` is inclusive: wall time, or aware (UTC).
    """

    frequency: Frequency
    every: int = 1
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    times: int | None = None
    until: datetime | None = None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """When a schedule runs: first at `starts_at` on the clocks of `time_zone`, then by its rule ("": once).

    With `days_before` it runs once, so many days before `closes_at` (wall time there), at the time of `starts_at`.
    """

    starts_at: datetime
    time_zone: str
    rule: str = ""
    days_before: int | None = None
    closes_at: datetime | None = None


class Run(msgspec.Struct, frozen=True):
    """A time to come. `at`: aware, UTC; `wall`: what the clocks show then; `offset`: minutes from UTC.

    `shift`: skipped (the clocks jump over the wished hour), twice (they show it twice, this is the first), moved (they
    have changed since the run before).
    """

    at: datetime
    wall: datetime
    offset: int
    shift: Shift = ""


# ------------------------------------------------------------------------------------------------ rules as text
def read(text: str) -> Rule | None:
    """The rule of a text, None for "" (once). Raises Unreadable."""
    if not text:
        return None
    pairs = [part.partition("=")[::2] for part in text.upper().removeprefix("RRULE:").split(";")]
    parts = dict(pairs)
    frequency = next((each for each in get_args(Frequency) if each == parts.get("FREQ")), None)
    known = len(parts) == len(pairs) and parts.keys() <= PARTS and parts.get("WKST", "MO") == "MO"
    if not known or frequency is None or ("COUNT" in parts and "UNTIL" in parts):
        raise Unreadable(text)
    rule = Rule(
        frequency=frequency,
        every=_number(parts.get("INTERVAL", "1"), MOST_EVERY),
        days=tuple(sorted({_day(each) for each in parts["BYDAY"].split(",")})) if "BYDAY" in parts else (),
        month_days=tuple(dict.fromkeys(_month_day(each) for each in parts.get("BYMONTHDAY", "").split(",") if each)),
        times=_number(parts["COUNT"], MOST_TIMES) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )
    if frequency != "MONTHLY" and (rule.month_days or any(which for which, _weekday in rule.days)):
        raise Unreadable(text)
    return rule


def written(rule: Rule | None) -> str:
    """The reverse of `read`: the shortest text of a rule."""
    if rule is None:
        return ""
    parts = [f"FREQ={rule.frequency}"]
    parts += [f"INTERVAL={rule.every}"] if rule.every > 1 else []
    days = ",".join(f"{which or ''}{WEEKDAYS[weekday]}" for which, weekday in rule.days)
    parts += [f"BYDAY={days}"] if days else []
    parts += [f"BYMONTHDAY={','.join(map(str, rule.month_days))}"] if rule.month_days else []
    parts += [f"COUNT={rule.times}"] if rule.times else []
    if rule.until:
        parts.append(f"UNTIL={rule.until:%Y%m%dT%H%M%S}{'Z' if rule.until.tzinfo else ''}")
    return ";".join(parts)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= most):
        raise Unreadable(text)
    return int(text)


def _day(text: str) -> tuple[int, int]:
    found = DAY.fullmatch(text)
    if found is None:
        raise Unreadable(text)
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def _month_day(text: str) -> int:
    day = _number(text.lstrip("+-"), 31)
    return -day if text.startswith("-") else day


def _until(text: str) -> datetime:
    """A date means the whole of that day."""
    for pattern in ("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"):
        try:
            found = datetime.strptime(text, pattern)
        except ValueError:
            continue
        if pattern == "%Y%m%d":
            return found.replace(hour=23, minute=59, second=59)
        return found.replace(tzinfo=UTC) if pattern.endswith("Z") else found
    raise Unreadable(text)


# ------------------------------------------------------------------------------------------------ days
def days_of(rule: Rule, first: date) -> Iterator[date]:
    """The days of a rule from `first` on, ascending, without an end unless the calendar has one."""
    barren, place = 0, 0
    while barren < BARREN:
        try:
            found = [day for day in _period(rule, first, place * rule.every) if day >= first]
        except (OverflowError, ValueError):  # the year 10000
            return
        yield from found
        barren = 0 if found else barren + 1
        place += 1


def _period(rule: Rule, first: date, steps: int) -> list[date]:
    """The days in one day, week or month, so many after that of `first`."""
    if rule.frequency == "DAILY":
        day = first + timedelta(days=steps)
        return [day] if not rule.days or (0, day.weekday()) in rule.days else []
    if rule.frequency == "WEEKLY":
        monday = first - timedelta(days=first.weekday()) + timedelta(weeks=steps)
        weekdays = sorted(weekday for _which, weekday in rule.days) or [first.weekday()]
        return [monday + timedelta(days=weekday) for weekday in weekdays]
    months = first.year * 12 + first.month - 1 + steps
    return _month(rule, first, months // 12, months % 12 + 1)


def _month(rule: Rule, first: date, year: int, month: int) -> list[date]:
    length = calendar.monthrange(year, month)[1]
    wished = rule.month_days or (() if rule.days else (first.day,))
    by_number = {day if day > 0 else length + 1 + day for day in wished} & set(range(1, length + 1))
    by_name = {day for day in range(1, length + 1) if _named(rule, date(year, month, day), length)}
    both = by_number & by_name if rule.month_days and rule.days else by_number | by_name
    return [date(year, month, day) for day in sorted(both)]


def _named(rule: Rule, day: date, length: int) -> bool:
    """Whether a day is, for example, each Monday of its month, or the last Friday."""
    places = {0, (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)}
    return any(day.weekday() == weekday and which in places for which, weekday in rule.days)


# ------------------------------------------------------------------------------------------------ instants
def runs(when: Timing) -> Iterator[Run]:
    """All runs of a schedule, ascending, whether past or to come."""
    before: int | None = None
    for wall in _walls(when):
        run = run_at(wall, when.time_zone)
        moved = before is not None and run.offset != before and not run.shift
        before = run.offset
        yield msgspec.structs.replace(run, shift="moved") if moved else run


def run_at(wall: datetime, time_zone: str) -> Run:
    """The run at a wall time of a zone."""
    zone = ZoneInfo(time_zone)
    at = instant(wall, time_zone)
    shown = at.astimezone(zone)
    offset = int((shown.utcoffset() or timedelta()).total_seconds() // 60)
    shift: Shift = ""
    if shown.replace(tzinfo=None, fold=0) != wall:
        shift = "skipped"
    elif wall.replace(tzinfo=zone, fold=1).utcoffset() != wall.replace(tzinfo=zone, fold=0).utcoffset():
        shift = "twice"
    return Run(at, shown.replace(tzinfo=None, fold=0), offset, shift)


def _walls(when: Timing) -> Iterator[datetime]:
    """Wall times, ascending."""
    hour = when.starts_at.time()
    if when.days_before is not None:
        yield from _before_closing(when, hour)
        return
    rule = read(when.rule)
    if rule is None:
        yield when.starts_at
        return
    for day in islice(days_of(rule, when.starts_at.date()), rule.times):
        wall = datetime.combine(day, hour)
        if rule.until and _passed(wall, rule.until, when.time_zone):
            return
        yield wall


def _before_closing(when: Timing, hour: time) -> Iterator[datetime]:
    days = when.days_before or 0
    if when.closes_at and timing.due(when.closes_at, days, hour, when.time_zone):
        yield datetime.combine(when.closes_at.date() - timedelta(days=days), hour)


def _passed(wall: datetime, until: datetime, time_zone: str) -> bool:
    return instant(wall, time_zone) > until if until.tzinfo else wall > until


def next_after(when: Timing, after: datetime) -> datetime | None:
    """The first instant after another; None when there is none any more."""
    return next((run.at for run in runs(when) if run.at > after), None)


def coming(when: Timing, now: datetime, most: int = 5) -> list[Run]:
    """The next runs."""
    return list(islice((run for run in runs(when) if run.at > now), most))


def missed(when: Timing, due_at: datetime, now: datetime) -> list[datetime]:
    """What has become due since `due_at`, with it; ascending."""
    later = [run.at for run in takewhile(lambda run: run.at <= now, runs(when)) if run.at > due_at]
    return [due_at, *later]


def day_there(at: datetime, time_zone: str) -> str:
    """The date that the clocks of a zone show at an instant: 2026-11-30."""
    return f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d}"


# ------------------------------------------------------------------------------------------------ drift
def drifted(before: int, joined: int, gone: int, percent: int) -> bool:
    """Whether an audience has changed by more than so many percent of what it was (B13); 0: any change asks."""
    changed = joined + gone
    return changed > 0 and changed * 100 > before * percent

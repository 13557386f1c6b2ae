"""When schedules run: rules as text, days, wall times and their instants over six zones, what has drifted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.mailings import schedule_rules as rules
from portal.mailings.rules import LATENESS, is_late
from portal.mailings.schedule_rules import Timing

ZONES = (
    "Europe/Madrid",
    "America/New_York",
    "America/Santiago",  # its clocks change at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",
    "UTC",
)


def walls(rule: str, first: str, most: int = 5, zone: str = "UTC") -> list[str]:
    """The first days and times of a rule."""
    when = Timing(starts_at=datetime.fromisoformat(first), time_zone=zone, rule=rule)
    found = rules.coming(when, datetime.min.replace(tzinfo=UTC), most)
    return [f"{run.wall:%Y-%m-%d %H:%M}" for run in found]


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [
        ("", "2026-11-30T09:00", ["2026-11-30 09:00"]),
        ("FREQ=DAILY;INTERVAL=3;COUNT=3", "2026-12-30T09:00", ["2026-12-30", "2027-01-02", "2027-01-05"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-12-01T09:00", ["2026-12-03", "2026-12-07", "2026-12-10"]),
        ("FREQ=WEEKLY;INTERVAL=2", "2026-12-01T09:00", ["2026-12-01", "2026-12-15", "2026-12-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-05T09:00", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-05T09:00", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "2027-01-05T09:00", ["2027-01-29", "2027-02-01", "2027-02-26"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-11-22T09:00", ["2027-08-13", "2028-10-13", "2029-04-13"]),
        ("FREQ=DAILY;BYDAY=SA;UNTIL=20261205", "2026-11-23T09:00", ["2026-11-28", "2026-12-05"]),
        ("FREQ=DAILY;UNTIL=20261124T083000Z", "2026-11-23T09:00", ["2026-11-23"]),
    ],
)
def test_days_of_rules(rule: str, first: str, expected: list[str]) -> None:
    """What RFC 5545 says about each of them."""
    assert [day[: len(wished)] for day, wished in zip(walls(rule, first), expected, strict=False)] == expected


@pytest.mark.parametrize(
    "text",
    ["FREQ=YEARLY", "FREQ=DAILY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY;COUNT=2;UNTIL=20261201", "weekly",
     "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;UNTIL=tomorrow", "FREQ=MONTHLY;BYMONTHDAY=32"],
)  # fmt: skip
def test_rules_that_cannot_be_read_are_refused(text: str) -> None:
    """Nothing is guessed: more than we know is refused."""
    with pytest.raises(rules.Unreadable):
        rules.read(text)


def test_a_rule_without_a_day_ends() -> None:
    """The 31st in every twelfth month after a February never comes."""
    assert walls("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2027-02-01T09:00") == []


some_rules = st.builds(
    rules.Rule,
    frequency=st.just("WEEKLY"),
    every=st.integers(1, 4),
    days=st.sets(st.integers(0, 6)).map(lambda days: tuple((0, day) for day in sorted(days))),
    times=st.none() | st.integers(1, 30),
) | st.builds(
    rules.Rule,
    frequency=st.just("MONTHLY"),
    every=st.integers(1, 6),
    month_days=st.sets(st.sampled_from((1, 2, 28, 31, -1))).map(lambda days: tuple(sorted(days))),
)


@given(rule=some_rules)
def test_rules_come_back_from_their_text(rule: rules.Rule) -> None:
    """What is kept is what was meant."""
    assert rules.read(rules.written(rule)) == rule


# ------------------------------------------------------------------------------------------------ clocks
@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    first=st.datetimes(datetime(2009, 1, 1), datetime(2031, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    every=st.integers(1, 9),
)
def test_z23_each_day_runs_once_at_its_hour_whatever_the_clocks_do(zone: str, first: datetime, every: int) -> None:
    """Each wall time is one instant, later than the one before; shown there it is the wished hour, or a gap's end."""
    when = Timing(starts_at=first, time_zone=zone, rule=f"FREQ=DAILY;INTERVAL={every}")
    found = rules.coming(when, datetime.min.replace(tzinfo=UTC), 120)
    clock = ZoneInfo(zone)
    for place, run in enumerate(found):
        wished = first + timedelta(days=place * every)
        shown = run.at.astimezone(clock)
        if run.shift == "skipped":
            before = (run.at - timedelta(seconds=1)).astimezone(clock).replace(tzinfo=None)
            assert before < wished < shown.replace(tzinfo=None)  # the gap's end, and not a second later
        else:
            assert (shown.replace(tzinfo=None), shown.fold) == (wished, 0)
            earlier = (run.at - timedelta(minutes=30)).astimezone(clock).replace(tzinfo=None)
            assert earlier < wished
    instants = [run.at for run in found]
    assert instants == sorted(instants)
    assert all(rules.next_after(when, at) > at for at in instants[:20])  # type: ignore[operator]


def test_z23_a_gap_fires_once_at_its_end_and_an_overlap_once_at_its_first_occurrence() -> None:
    """Madrid: no half past two on 29 March 2026, two of them on 25 October."""
    spring = Timing(starts_at=datetime(2026, 3, 28, 2, 30), time_zone="Europe/Madrid", rule="FREQ=DAILY")
    found = rules.coming(spring, datetime(2026, 1, 1, tzinfo=UTC), 3)
    assert [(f"{run.at:%d %H:%M}", run.offset, run.shift) for run in found] == [
        ("28 01:30", 60, ""), ("29 01:00", 120, "skipped"), ("30 00:30", 120, ""),
    ]  # fmt: skip
    autumn = Timing(starts_at=datetime(2026, 10, 24, 2, 30), time_zone="Europe/Madrid", rule="FREQ=DAILY")
    found = rules.coming(autumn, datetime(2026, 1, 1, tzinfo=UTC), 3)
    assert [(f"{run.at:%d %H:%M}", run.offset, run.shift) for run in found] == [
        ("24 00:30", 120, ""), ("25 00:30", 120, "twice"), ("26 01:30", 60, "moved"),
    ]  # fmt: skip


def test_what_was_missed_is_told_apart_from_what_is_due() -> None:
    """Three days away: three times, of which the last is not too late."""
    when = Timing(starts_at=datetime(2026, 11, 1, 9), time_zone="UTC", rule="FREQ=DAILY")
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    missed = rules.missed(when, datetime(2026, 11, 20, 9, tzinfo=UTC), now)
    assert [(at.day, is_late(at, now)) for at in missed] == [(20, True), (21, True), (22, False)]
    assert not is_late(now - LATENESS, now)


def test_before_a_closing_it_runs_once_and_only_before_it() -> None:
    """Seven days before the closing, at the schedule's hour on the campaign's clocks."""
    hour, closing = datetime(2026, 1, 1, 9), datetime(2026, 11, 30, 23, 59)
    when = Timing(starts_at=hour, time_zone="Europe/Madrid", days_before=7, closes_at=closing)
    assert rules.next_after(when, datetime(2026, 11, 1, tzinfo=UTC)) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    early = Timing(starts_at=hour, time_zone="UTC", days_before=0, closes_at=datetime(2026, 11, 30, 8))
    assert rules.next_after(early, datetime(2026, 11, 1, tzinfo=UTC)) is None


@pytest.mark.seed("B13")
def test_b13_drift_is_a_share_of_what_the_audience_was() -> None:
    """20 of 100 may change; the 21st asks. Whoever wants to be asked always sets 0."""
    assert not rules.drifted(100, 12, 8, 20)
    assert rules.drifted(100, 12, 9, 20)
    assert rules.drifted(100, 1, 0, 0)
    assert not rules.drifted(0, 0, 0, 0)
    assert rules.drifted(0, 1, 0, 100)

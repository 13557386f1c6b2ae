"""Forecasts: never more than a limit a day, nothing lost, and days as long as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.mailings.forecasting import Forecast, Load, day_begins, forecast, spread

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()
ZONES = st.sampled_from(["UTC", "Europe/Warsaw", "America/Havana", "Africa/Cairo", "Pacific/Auckland"])


@pytest.mark.seed("B10")
def test_B10_what_the_limits_leave_of_today_goes_today_and_the_rest_on_the_next_days() -> None:
    caps = {"organisation": 2_250, "account:7": 500}
    found = forecast(1_100, {"organisation": 2_000, "account:7": 100}, caps, 100, NOON, "UTC")
    days = tuple(TODAY + timedelta(days=number) for number in range(3))
    assert found.by_day == tuple(zip(days, (250, 500, 350), strict=True))
    assert found.waits == 850
    assert found.ends_at == datetime(2026, 11, 24, 0, 3, 30, tzinfo=UTC)


@pytest.mark.seed("B10")
def test_B10_mailings_that_share_a_limit_take_it_from_each_other() -> None:
    loads = [
        Load("second", 300, NOON + timedelta(hours=2), ("organisation",)),
        Load("first", 250, NOON, ("organisation", "account:7")),
        Load("another sender's", 300, NOON, ("sender:4",)),
    ]
    spreads = spread(loads, {}, {"organisation": 400, "account:7": 200}, 1_000, NOON, "UTC")
    found = {load.name: result.by_day for load, result in spreads}
    tomorrow = TODAY + timedelta(days=1)
    assert found["first"] == ((TODAY, 200), (tomorrow, 50))
    assert found["second"] == ((TODAY, 200), (tomorrow, 100))
    assert found["another sender's"] == ((TODAY, 300),)


def test_a_limit_of_nothing_never_ends_and_nobody_is_done_at_once() -> None:
    assert forecast(5, {}, {"organisation": 0}, 100, NOON, "UTC") == Forecast(None, ((TODAY, 0),))
    assert forecast(0, {}, {}, 100, NOON, "UTC") == Forecast(NOON, ())


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Warsaw", date(2026, 3, 29), 23),
        ("Europe/Warsaw", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # no midnight
        ("America/Havana", date(2026, 11, 1), 25),  # two of them
    ],
)
def test_days_are_as_long_as_they_are(zone: str, day: date, hours: int) -> None:
    begins, ends = day_begins(day, zone), day_begins(day + timedelta(days=1), zone)
    assert ends - begins == timedelta(hours=hours)
    found = forecast(100_000, {}, {}, 60, begins, zone)
    assert found.by_day[0] == (day, hours * 3_600)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    n=st.integers(0, 5_000),
    caps=st.lists(st.integers(1, 900), min_size=1, max_size=3),
    used=st.integers(0, 1_000),
    rate=st.floats(1, 10_000),
    hour=st.integers(0, 20_000),
    zone=ZONES,
)
def test_no_day_exceeds_any_limit_and_all_of_them_leave(
    n: int, caps: list[int], used: int, rate: float, hour: int, zone: str
) -> None:
    now = NOON + timedelta(hours=hour)
    pools = {f"account:{number}": cap for number, cap in enumerate(caps)}
    found = forecast(n, {"account:0": used}, pools, rate, now, zone)
    counts = [count for _day, count in found.by_day]
    assert all(count <= min(caps) for count in counts)
    assert not counts or counts[0] <= max(0, caps[0] - used)
    assert sum(counts) == n if found.ends_at else sum(counts) < n
    assert list(found.by_day) == sorted(found.by_day)

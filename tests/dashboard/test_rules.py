"""The dashboard's drawings: bars, lines, the reader's day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboard.rules import HOURS_HEIGHT, SPARK_HEIGHT, Bar, Hour, bars, day_of, place_of, spark


def test_an_hour_stacks_what_is_to_come_on_what_was_sent() -> None:
    assert bars([Hour(9, 3, 1), Hour(18, 0, 1)]) == [
        Bar("sent", 364, 21, 51),
        Bar("due", 364, 4, 17),
        Bar("due", 724, 55, 17),
    ]


def test_a_day_without_mail_draws_nothing() -> None:
    assert bars([]) == []


@given(st.lists(st.builds(Hour, st.integers(0, 23), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=24))
def test_bars_stay_within_the_chart_and_can_be_seen(hours: list[Hour]) -> None:
    for bar in bars(hours):
        assert bar.height >= 2
        assert 0 <= bar.y <= HOURS_HEIGHT


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/Madrid", datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 25, 4, tzinfo=UTC), datetime(2026, 10, 26, 4, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)),
    ],
)
def test_the_readers_day_begins_at_her_midnight_even_when_clocks_change(
    zone: str, start: datetime, end: datetime
) -> None:
    assert day_of(datetime(2026, 10, 25, 12, tzinfo=UTC), zone) == (start, end)


def test_the_line_of_the_present() -> None:
    assert place_of(datetime(2026, 11, 22, 10, 30)) == 420


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=14))
def test_the_busiest_day_touches_the_top_of_its_line(days: list[int]) -> None:
    points = spark(days)
    heights = [y for _x, y in points]
    assert len(points) == len(days)
    assert all(0 <= y <= SPARK_HEIGHT for y in heights)
    assert min(heights) == (2 if max(days) else 20)

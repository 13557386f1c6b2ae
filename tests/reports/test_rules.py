"""Figures put together, and periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.reports.rules import Cell, Figures, Period, over_time, period_of, segments, summed, total

TODAY = date(2026, 11, 22)
DAYS = st.integers(0, 36_000).map(lambda number: date(2000, 1, 1) + timedelta(days=number))


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (None, None, (date(2025, 12, 1), TODAY)),
        (date(2026, 11, 1), None, (date(2026, 11, 1), TODAY)),
        (None, date(2026, 2, 3), (date(2025, 3, 1), date(2026, 2, 3))),
        (date(2026, 3, 1), date(2026, 2, 1), (date(2026, 2, 1), date(2026, 3, 1))),
    ],
)
def test_a_period_is_what_was_asked_for_or_twelve_months(
    since: date | None, until: date | None, wanted: tuple[date, date]
) -> None:
    period = period_of(since, until, TODAY)
    assert (period.since, period.until) == wanted


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(since=DAYS, until=DAYS)
def test_every_instant_of_a_period_lies_in_one_of_its_steps(since: date, until: date) -> None:
    period = period_of(since, until, TODAY)
    steps = period.steps()
    assert steps == sorted(set(steps)) and steps[0] <= period.start and steps[-1] < period.end
    assert period.unit == "month" or len(steps) == (period.until - period.since).days + 1
    assert len(steps) <= max(62, 12 * 10 + 2)


def test_figures_add_up_by_time_by_campaign_and_altogether() -> None:
    period = Period(TODAY - timedelta(days=2), TODAY)
    monday, sunday = (datetime(2026, 11, day, tzinfo=UTC) for day in (20, 22))
    cells = [
        Cell(monday, 7, 1, Figures(intended=10, sent=8, failed=2)),
        Cell(sunday, 7, 0, Figures(sent=1)),
        Cell(sunday, 8, 2, Figures(intended=5, skipped=5)),
    ]
    assert [figures.sent for _step, figures in over_time(cells, period)] == [8, 0, 1]
    assert summed(cells, lambda cell: cell.campaign_id)[7] == Figures(intended=10, sent=9, failed=2)
    assert total(cells) == Figures(intended=15, sent=9, failed=2, skipped=5)
    assert (Figures(sent=3) + Figures(uncertain=-2)).shown == (0, 3, 0, 0, 0, 0, 0, 0)


def test_a_bar_shows_whatever_is_not_zero() -> None:
    assert segments(Figures(intended=1_000, sent=999, failed=1), 2_000) == [
        ("accepted", 0.0, 49.95),
        ("failed", 49.95, 0.5),
    ]

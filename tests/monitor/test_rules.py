"""Figures of sending put together from rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.monitor import rules
from portal.monitor.rules import PERIODS, Flow, Moment, filled, period_of

NOW = datetime(2026, 5, 4, 12, 0, 42, tzinfo=UTC)
HOUR, DAY, WEEK = PERIODS


def test_a_chart_ends_with_the_step_that_is_under_way() -> None:
    assert HOUR.start(NOW) == datetime(2026, 5, 4, 11, 1, tzinfo=UTC)
    assert DAY.start(NOW) == datetime(2026, 5, 3, 12, 15, tzinfo=UTC)
    assert WEEK.start(NOW) == datetime(2026, 4, 27, 15, 0, tzinfo=UTC)


def test_steps_without_anything_are_none_and_nothing_is_less() -> None:
    known = [Moment(datetime(2026, 5, 4, 12, 0, tzinfo=UTC), 7, -1, 2)]
    moments = filled(known, HOUR, NOW)
    assert len(moments) == 60
    assert moments[-1] == Moment(known[0].at, 7, 0, 2)
    assert {(each.sent, each.failed, each.uncertain) for each in moments[:-1]} == {(0, 0, 0)}


@pytest.mark.parametrize(("name", "period"), [("hour", HOUR), ("day", DAY), ("week", WEEK), ("", HOUR), ("year", HOUR)])
def test_a_period_is_found_by_its_name(name: str, period: rules.Period) -> None:
    assert period_of(name) is period


def flow(lane: int, sender: int, state: str, total: int, last_minute: int = 0, today: int = 0) -> Flow:
    return Flow(lane, sender, "a@b.example", state, total, last_minute, today)


FLOWS = [flow(0, 1, "accepted", 5, 2, 4), flow(3, 1, "accepted", 100, -1, 50), flow(3, 2, "queued", 40, 40, 40)]


def test_messages_are_summed_up_by_lane_and_by_sender() -> None:
    assert rules.total(FLOWS, "accepted", "queued") == 145
    assert rules.total(FLOWS, "accepted", lane=3) == 100
    assert rules.total(FLOWS, "queued", sender_id=1) == 0
    assert rules.sent_in(FLOWS, "today") == 54
    assert rules.sent_in(FLOWS, "last_minute", lane=0) == 2
    assert rules.sent_in(FLOWS, "last_minute", lane=3) == 0


def test_the_time_left_is_known_while_something_moves() -> None:
    assert rules.per_minute([{"per_second": 1.5}, None, {"per_second": 0.5}]) == 120
    assert rules.time_left(600, 120) == timedelta(minutes=5)
    assert rules.time_left(600, 0) is None and rules.time_left(0, 120) is None


def test_a_domain_that_several_processes_hold_back_is_one_line() -> None:
    slow = {"domain": "slow.example", "waiting": 3, "slow": True, "pause": 0.0, "per_minute": None}
    limited = {"domain": "many.example", "waiting": 9, "slow": False, "pause": 0.0, "per_minute": 60.0}
    words = [{"held_back": [slow, limited]}, None, {"held_back": [slow | {"pause": 12.0, "slow": False}]}]
    assert rules.held_back(words) == [limited, slow | {"waiting": 6, "pause": 12.0}]

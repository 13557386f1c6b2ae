"""Charts as paths."""

from __future__ import annotations

import re

import pytest

from portal.web.charts import HEIGHT, LEAST, ceiling, stacked


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 4), (3, 4), (4, 4), (5, 6), (9, 10), (10, 10), (11, 20), (45, 60), (100, 100), (101, 200), (8_001, 10_000)],
)
def test_the_upper_edge_is_a_number_that_people_like(most: int, top: int) -> None:
    assert ceiling(most) == top


def rectangles(path: str) -> list[tuple[float, ...]]:
    """(x, y, width, height) of each."""
    return [tuple(map(float, each)) for each in re.findall(r"M(\S+) (\S+)h(\S+)v(\S+)h-\S+z", path)]


def test_columns_stand_on_each_other_and_leave_a_gap() -> None:
    sent, failed = stacked([[50, 0], [25, 100]], 100, width=100, height=100)
    assert rectangles(sent) == [(5.5, 50.0, 39.0, 50.0)]
    assert rectangles(failed) == [(5.5, 25.0, 39.0, 25.0), (55.5, 0.0, 39.0, 100.0)]


def test_one_in_a_million_can_be_seen_and_nothing_leaves_the_chart() -> None:
    many, one, none = stacked([[1_000_000], [1], [0]], 1_000_000)
    assert rectangles(many)[0][3] == HEIGHT
    ((_x, y, _width, height),) = rectangles(one)
    assert (y, height) == (0.0, LEAST)
    assert none == ""

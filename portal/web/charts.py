"""Charts as SVG paths, drawn by the server: pure functions from numbers to the `d` of a path. No script, no style.

A chart is WIDTH x HEIGHT units and stretched to its place. Beside it always stand its numbers, in a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import msgspec

WIDTH, HEIGHT = 960, 160
GAP = 0.22  # of a column's place stays free
LEAST = 2.0  # units: whatever is not zero can be seen
NICE = (1, 2, 4, 6, 8, 10)


class Column(msgspec.Struct, frozen=True):
    """A rectangle: where it begins, its upper edge, its size."""

    x: float
    y: float
    width: float
    height: float


def ceiling(most: float) -> int:
    """The upper edge of a chart: the next number that people like and that can be halved; at least 4."""
    power = int(10 ** (len(str(int(most))) - 1))
    return max(4, next(factor * power for factor in NICE if factor * power >= most))


def stacked(series: Sequence[Sequence[float]], top: float, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """One path for each series: a column for each value, series upon series. All series have the same length."""
    floors = [[0.0, *accumulate(sizes(values, top, height))] for values in zip(*series, strict=True)]
    return [
        " ".join(
            rectangle(column(number, len(floors), floor[layer], floor[layer + 1], width, height))
            for number, floor in enumerate(floors)
            if floor[layer + 1] > floor[layer]
        )
        for layer in range(len(series))
    ]


def sizes(values: Sequence[float], top: float, height: int) -> list[float]:
    """The heights of one stack; small ones are made visible."""
    return [max(LEAST, value / top * height) if value > 0 else 0.0 for value in values]


def column(number: int, count: int, floor: float, ceiling_: float, width: int, height: int) -> Column:
    """The place of one part of a stack, no higher than the chart."""
    place = width / count
    lower, upper = min(floor, height - LEAST), min(ceiling_, height)
    return Column(number * place + place * GAP / 2, height - upper, place * (1 - GAP), upper - lower)


def rectangle(part: Column) -> str:
    """Path commands for a rectangle."""
    return f"M{part.x:.1f} {part.y:.1f}h{part.width:.1f}v{part.height:.1f}h-{part.width:.1f}z"

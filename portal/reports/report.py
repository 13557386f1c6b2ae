"""A report put together: the picture over time, and the table of one way to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portal.actor import Actor
from portal.i18n import _, text_in
from portal.reports import queries, rules, words
from portal.reports.queries import Reason
from portal.reports.rules import OTHERS, Cell, Figures, Period
from portal.web import charts

TICKS = 12  # labels below the picture, at most
MOST = 200  # rows of a table on the page; a file has all


class Line(msgspec.Struct, frozen=True):
    """A row. `page`: where its name leads ("": nowhere); `at`: when a mailing has started; `reasons` of mailings."""

    name: str
    figures: Figures
    page: str = ""
    at: datetime | None = None
    reasons: tuple[Reason, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `paths` are those of the picture: sent, failed, uncertain; `top` is its upper edge.

    `titles`: of the campaigns that the reader sees, the latest first.
    """

    by: str
    period: Period
    lines: list[Line]
    left_out: int
    total: Figures
    paths: list[str]
    top: int
    ticks: list[str]
    titles: dict[int, dict[str, str]]

    @property
    def most(self) -> int:
        """What fills a bar of the table."""
        return max((line.figures.intended for line in self.lines), default=0)


async def report(actor: Actor, by: str, period: Period, campaign_id: int | None, most: int | None = MOST) -> Report:
    """The figures that the actor may see; at most so many rows."""
    found = await queries.cells(actor, period, campaign_id)
    cells = [cell for cell in found if cell.mailing_id] if by == "mailing" else found
    time = rules.over_time(cells, period)
    parts = [each.shown[1:4] for _step, each in time]
    top = charts.ceiling(max(map(sum, parts)))
    titles = dict(await queries.campaigns(actor))
    if by == "time":
        lines = [Line(words.step_word(step, period.unit), figures) for step, figures in reversed(time)]
    elif by == "campaign":
        lines = _campaigns(cells, titles, most)
    else:
        lines = await _mailings(cells, most)
    return Report(
        by=by,
        period=period,
        lines=lines,
        left_out=max(0, _count(by, cells, period) - len(lines)),
        total=rules.total(cells),
        paths=charts.stacked([list(series) for series in zip(*parts, strict=True)], top),
        top=top,
        ticks=_ticks(period),
        titles=titles,
    )


def _ticks(period: Period) -> list[str]:
    """A label below each column; of many columns some have none."""
    steps = period.steps()
    every = -(-len(steps) // TICKS)
    return ["" if number % every else words.tick(step, period) for number, step in enumerate(steps)]


def _count(by: str, cells: Sequence[Cell], period: Period) -> int:
    """Rows that the whole table has."""
    if by == "time":
        return len(period.steps())
    return len({cell.campaign_id if by == "campaign" else cell.mailing_id for cell in cells})


def _campaigns(cells: Sequence[Cell], titles: dict[int, dict[str, str]], most: int | None) -> list[Line]:
    found = rules.ordered(list(rules.summed(cells, lambda cell: cell.campaign_id).items()))[:most]
    return [
        Line(_("About no campaign"), figures)
        if number == OTHERS or number not in titles
        else Line(text_in(titles[number]), figures, f"/campaigns/{number}")
        for number, figures in found
    ]


async def _mailings(cells: Sequence[Cell], most: int | None) -> list[Line]:
    own = rules.summed(cells, lambda cell: cell.mailing_id)
    rows = await queries.mailings(list(own))
    latest = sorted(own, reverse=True)[:most]
    why = await queries.reasons(latest)
    return [
        Line(row.name, own[number], f"/mailings/{number}", row.started_at, tuple(why.get(number, ())))
        if (row := rows.get(number))
        else Line(_("A mailing that was deleted"), own[number], reasons=tuple(why.get(number, ())))
        for number in latest
    ]

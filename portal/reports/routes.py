"""Reports: what became of the e-mails, as pictures with the tables behind them, CSV and XLSX."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromQuery

from portal import sheets
from portal.formats import date_table
from portal.i18n import _, text_in
from portal.ledger.words import state_tone, state_word
from portal.outcomes import Missing
from portal.reports import rules, words
from portal.reports.report import Line, Report, report
from portal.reports.rules import Period, period_of
from portal.web.fields import Day, Integer
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.lists import chips
from portal.web.pages import page
from portal.web.rights import needs

HERE = "/reports"
RIGHT = needs("message.see")
WAYS = ("time", "campaign", "mailing")


class FiltersForm(Form):
    """What reports are narrowed to."""

    campaign = Integer(required=False)
    since = Day(required=False)
    until = Day(required=False)


class Asked(msgspec.Struct, frozen=True):
    """A report as its address asks for it; what cannot be read narrows nothing."""

    by: str
    period: Period
    campaign_id: int | None
    query: dict[str, str]


@get(HERE, opt=RIGHT)
async def reports(request: Request, by: FromQuery[str] = "time") -> Response[Any]:
    """The figures of a period."""
    asked, form = _asked(request, by)
    found = await report(request.user, asked.by, asked.period, asked.campaign_id)
    campaigns = [(number, text_in(title)) for number, title in found.titles.items()]
    return page(
        request,
        "reports/list.html",
        report=found,
        asked=asked,
        form=form,
        campaigns=campaigns,
        chips=chips(HERE, _active(asked, dict(campaigns)), {**asked.query, "by": asked.by}),
        words=words,
        columns=words.columns(),
        segments=rules.segments,
        state_word=state_word,
        state_tone=state_tone,
    )


@get(HERE + "/file", opt=RIGHT)
async def download(request: Request, by: FromQuery[str] = "time", file: FromQuery[str] = "csv") -> Response[Any]:
    """All rows of a report. `file`: csv or xlsx."""
    if file not in sheets.TYPES:
        raise Missing
    asked, _form = _asked(request, by)
    found = await report(request.user, asked.by, asked.period, asked.campaign_id, most=None)
    header, rows = header_of(found), rows_of(found)
    headers = {"Content-Disposition": f'attachment; filename="report.{file}"', "Cache-Control": "no-store"}
    content = await asyncio.to_thread(sheets.whole, file, _("Report"), header, rows)
    return Response(content, media_type=sheets.TYPES[file], headers=headers)


def _asked(request: Request, by: str) -> tuple[Asked, FiltersForm]:
    form = FiltersForm()
    form.take({name: [text] for name, text in request.query_params.items() if name in form.fields})
    query = {name: form.shown(name) for name in form.fields if name not in form.errors and form.shown(name)}
    period = period_of(form.since, form.until, datetime.now(UTC).date())
    return Asked(by if by in WAYS else "time", period, form.campaign or None, query), form


def _active(asked: Asked, campaigns: dict[int, str]) -> list[tuple[str, str]]:
    """(query parameter, its words) of the filters that are set."""
    said = {
        "campaign": lambda: campaigns.get(asked.campaign_id or 0, str(asked.campaign_id)),
        "since": lambda: _("From {date}").format(date=date_table(asked.period.since)),
        "until": lambda: _("Until {date}").format(date=date_table(asked.period.until)),
    }
    return [(name, said[name]()) for name in asked.query]


def header_of(found: Report) -> list[str]:
    """The first row of a file."""
    first = [words.first_column(found.by, found.period.unit)]
    more = [_("Started"), _("Why skipped"), _("Why not delivered")] if found.by == "mailing" else []
    return [*first, *words.columns(), *more]


def rows_of(found: Report) -> list[Sequence[Any]]:
    """The other rows of a file."""
    return [[line.name, *line.figures.shown, *_more(found, line)] for line in found.lines]


def _more(found: Report, line: Line) -> list[Any]:
    if found.by != "mailing":
        return []
    return [line.at, words.reasons(line.reasons, "skipped"), words.reasons(line.reasons, "failed")]


routes: list[Any] = [reports, download]

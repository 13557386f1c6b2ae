"""The page *Sending* put together from its figures. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from portal.ledger import totals
from portal.ledger.rules import STATES, Lane
from portal.ledger.totals import Totals
from portal.ledger.words import lane_word
from portal.monitor import queries, rules
from portal.monitor.queries import Needs, SenderRow, WorkerRow
from portal.monitor.rules import Flow, Moment, Period
from portal.web import charts

SENDERS_SHOWN = 50
TICKS = 4  # parts of the time axis
LATE_CHECK = timedelta(minutes=5)  # without a check for as long, the proof is old


class LaneLine(msgspec.Struct, frozen=True):
    """A priority: how many wait, since when the oldest has been due (None: none is), sent in the last full minute."""

    word: str
    waiting: int
    since: datetime | None
    sent: int


class SenderLine(msgspec.Struct, frozen=True):
    """An address: sent today, its limits, what waits for it."""

    row: SenderRow
    sent: int
    waiting: int

    @property
    def used(self) -> int:
        """What counts against the daily limit."""
        return max(self.row.reserved, self.sent) if self.row.daily_cap is None else self.row.reserved


class WorkerLine(msgspec.Struct, frozen=True):
    """A sending process: its machine and number, what it does, its connections."""

    host: str
    process: str
    started_at: datetime
    doing: str
    pause: float
    rate: int
    open: int
    most: int


class Chart(msgspec.Struct, frozen=True):
    """What was sent, as paths (sent, failed, uncertain) and as numbers; `top` is the upper edge."""

    period: Period
    moments: list[Moment]
    paths: list[str]
    top: int
    ticks: list[datetime]

    @property
    def sums(self) -> tuple[int, int, int]:
        """Sent, failed, uncertain in the whole period."""
        parts = zip(*((each.sent, each.failed, each.uncertain) for each in self.moments), strict=True)
        sent, failed, uncertain = (sum(part) for part in parts)
        return sent, failed, uncertain


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `under_way`: a process holds messages; `decisions`: what the reader finds under *Needs a decision*."""

    now: datetime
    rate: int
    waiting: int
    left: timedelta | None
    sent_today: int
    lanes: list[LaneLine]
    senders: list[SenderLine]
    workers: list[WorkerLine]
    held_back: list[dict[str, Any]]
    under_way: bool
    needs: Needs
    decisions: int
    chart: Chart
    totals: Totals

    @property
    def overdue(self) -> bool:
        """Whether anything is due and has not left."""
        return self.under_way or any(lane.since for lane in self.lanes)

    @property
    def unproven(self) -> bool:
        """Whether the minute's check is overdue."""
        at = self.totals.checked_at
        return at is not None and self.now - at > LATE_CHECK

    @property
    def pause(self) -> float:
        """Seconds until the mail server is asked again, when no process reaches it; else 0."""
        pauses = [each.pause for each in self.workers]
        return min(pauses, default=0.0)


async def board(period: Period, now: datetime | None = None, *, decisions: int = 0) -> Board:
    """All of it, as it is now. What waits and the sum of the proof come from one statement: they agree."""
    now = now or datetime.now(UTC)
    flows, runs = await queries.flows(), await queries.workers()
    said = [run.said for run in runs]
    rate, waiting = rules.per_minute(said), rules.total(flows, "queued")
    return Board(
        now=now,
        rate=rate,
        waiting=waiting,
        left=rules.time_left(waiting, rate),
        sent_today=rules.sent_in(flows, "today"),
        lanes=lane_lines(flows, await queries.oldest()),
        senders=sender_lines(flows, await queries.senders()),
        workers=[worker_line(run) for run in runs],
        held_back=rules.held_back(said),
        under_way=rules.under_way(said),
        needs=await queries.needs(),
        decisions=decisions,
        chart=chart(period, rules.filled(await queries.moments(period.step, period.start(now)), period, now)),
        totals=totals.judged({state: rules.total(flows, state) for state in STATES}, await totals.last_check()),
    )


def lane_lines(flows: list[Flow], oldest: dict[int, datetime]) -> list[LaneLine]:
    """One line a priority, the most urgent first."""
    return [
        LaneLine(
            lane_word(lane),
            rules.total(flows, "queued", lane=lane),
            oldest.get(lane),
            rules.sent_in(flows, "last_minute", lane=lane),
        )
        for lane in Lane
    ]


def sender_lines(flows: list[Flow], rows: list[SenderRow]) -> list[SenderLine]:
    """Those on pause first, then the busiest; at most SENDERS_SHOWN."""
    lines = [
        SenderLine(row, rules.sent_in(flows, "today", sender_id=row.id), rules.total(flows, "queued", sender_id=row.id))
        for row in rows
    ]
    lines.sort(key=lambda line: (not line.row.paused, -line.waiting - line.sent, line.row.address))
    return lines[:SENDERS_SHOWN]


def worker_line(run: WorkerRow) -> WorkerLine:
    """What a process says it does; without a word of it, that it is silent."""
    host, _colon, process = run.worker.rpartition(":")
    said = run.said or {"per_second": 0, "connections": {"open": 0, "cap": 0}, "route": {"failures": 0, "pause": 0.0}}
    connected, rate = said["connections"], round(60 * said["per_second"])
    pause = float(said["route"]["pause"]) if not connected["open"] and said["route"]["failures"] else 0.0
    doing = "silent" if run.said is None else "waiting" if pause else "sending" if rate else "ready"
    return WorkerLine(
        host or process,
        process if host else "",
        run.started_at,
        doing,
        pause,
        rate,
        connected["open"],
        connected["cap"],
    )


def chart(period: Period, moments: list[Moment]) -> Chart:
    """Columns of three parts over time; the last is the present and still grows."""
    top = charts.ceiling(max(each.sent + each.failed + each.uncertain for each in moments))
    series = [
        [each.sent for each in moments],
        [each.failed for each in moments],
        [each.uncertain for each in moments],
    ]
    first, span = moments[0].at, period.steps * period.step
    ticks = [first + span * part / TICKS for part in range(TICKS)]
    return Chart(period, moments, charts.stacked(series, top), top, ticks)

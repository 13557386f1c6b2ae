"""What somebody wants an automatic follow-up to be, and whether it can be that (Z30). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from portal.campaigns.rules import instant

Cause = Literal["submitted", "status", "date"]
CAUSES: tuple[Cause, ...] = ("submitted", "status", "date")

LONGEST_NAME = 120
MOST_DAYS = 365
MOST_HOURS = 23
GRACE = timedelta(days=7)  # what is late by more is not sent any more

Problem = tuple[str, str]  # (field, code)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up as wished for.

    `days`, `hours`: how long after a form or a status; of a date the days after it (negative: before) and the hour of
    the campaign's clocks. `status_id`: the status, or of a date which dossiers; None: any. `question`: the key of one
    that is answered with a date; "": the campaign's closing.
    """

    name: str = ""  # empty: the template's name
    cause: Cause
    status_id: int | None = None
    question: str = ""
    days: int = 0
    hours: int = 0
    template_id: int | None
    active: bool = False

    @property
    def delay(self) -> timedelta:
        """How long after its cause it is due."""
        return timedelta(days=self.days, hours=self.hours)


class Known(msgspec.Struct, frozen=True):
    """What can be named: templates, statuses of the campaign, its questions that are answered with a date."""

    templates: Collection[int]
    statuses: Collection[int]
    questions: Collection[str]


def problems(draft: Draft, known: Known) -> Iterator[Problem]:
    """Everything that has to be mended; nothing when it can be saved."""
    if len(draft.name) > LONGEST_NAME:
        yield "name", "name"
    if draft.template_id not in known.templates:
        yield "template", "template"
    if draft.status_id not in known.statuses and not (draft.status_id is None and draft.cause != "status"):
        yield "status", "status"
    if draft.cause == "date" and draft.question and draft.question not in known.questions:
        yield "question", "question"
    if not (-MOST_DAYS if draft.cause == "date" else 0) <= draft.days <= MOST_DAYS:
        yield "days", "days"
    if not 0 <= draft.hours <= MOST_HOURS:
        yield "hours", "hours"


def due_on(day: date, days: int, hours: int, zone: str) -> datetime:
    """When a follow-up of a date is due, aware; hours that clocks skip or show twice are read as closings are."""
    return instant(datetime.combine(day + timedelta(days=days), time(hours)), zone)


def days_due(since: datetime, until: datetime, days: int, hours: int, zone: str) -> dict[str, datetime]:
    """Dates (ISO 8601) whose follow-up is due after `since` and not after `until`, each with that instant."""
    local = ZoneInfo(zone)
    first = since.astimezone(local).date() - timedelta(days=days + 1)
    last = until.astimezone(local).date() - timedelta(days=days - 1)
    each = (first + timedelta(days=number) for number in range((last - first).days + 1))
    found = {day.isoformat(): due_on(day, days, hours, zone) for day in each}
    return {day: at for day, at in found.items() if since < at <= until}

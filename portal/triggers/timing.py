"""When a reminder is due, and what becomes of it at an instant (B07). Pure: values and `now`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

from portal.campaigns.rules import instant

LATENESS = timedelta(hours=1)  # what is due longer than this no longer goes by itself

Verdict = Literal["wait", "send", "late"]


def due(closes_at: datetime | None, days_before: int, at_time: time, time_zone: str) -> datetime | None:
    """The instant (UTC) so many days before a closing, at a time on the zone's clocks.

    `closes_at` is wall time there. None: there is no closing, or the hour would come after it. Days are those of the
    calendar; an hour that the clocks skip or show twice is read as closings are (campaigns.rules.instant).
    """
    if closes_at is None:
        return None
    at = instant(datetime.combine(closes_at.date() - timedelta(days=days_before), at_time), time_zone)
    return at if at < instant(closes_at, time_zone) else None


def verdict(due_at: datetime, now: datetime, *, decided: bool) -> Verdict:
    """What becomes of a reminder, or of the rest of one: what a person has decided to send goes at any time."""
    if now < due_at:
        return "wait"
    return "send" if decided or now - due_at <= LATENESS else "late"

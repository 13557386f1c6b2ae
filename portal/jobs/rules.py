"""What may be done with a job, how fast it is and how long it will take. Values and `now` in, values out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

State = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]
Verb = Literal["pause", "resume", "cancel"]
VERBS: tuple[Verb, ...] = ("pause", "resume", "cancel")
OPEN = frozenset({"waiting", "running", "paused"})
FROM: dict[Verb, frozenset[str]] = {
    "pause": frozenset({"waiting", "running"}),
    "resume": frozenset({"paused"}),
    "cancel": OPEN,
}
TO: dict[Verb, State] = {"pause": "paused", "resume": "waiting", "cancel": "cancelled"}
SOONEST = timedelta(seconds=2)  # before that, a pace is a guess


def allowed(verb: Verb, state: str, in_items: bool) -> bool:
    """Whether a job in this state can be paused, resumed or cancelled. A whole cannot pause: it has no middle."""
    return state in FROM[verb] and (in_items or verb == "cancel")


def per_minute(done: int, since: datetime | None, now: datetime) -> int:
    """Items a minute since the work was taken up; 0 as long as it is too early to say."""
    if since is None or now - since < SOONEST:
        return 0
    return round(60 * done / (now - since).total_seconds())


def time_left(left: int, pace: int) -> timedelta | None:
    """How long the rest takes at that pace (items a minute)."""
    return timedelta(minutes=left / pace) if pace and left > 0 else None

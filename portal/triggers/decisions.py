"""The log (B02): every trigger that was considered at every event, the first condition that failed, or the messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from portal import db

Event = Literal["submitted", "status", "deadline"]

OF_DOSSIER = """
select x.id, x.at, x.event, x.event_id, x.trigger_id, x.trigger_name, x.why_not, x.details, x.message_ids
from decision x where x.dossier_id = $1 order by x.id desc limit $2"""

AT_ONCE = 2_000  # lines of one dossier


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger at one event. `why_not`: a `reasons.WhyNot`, or "" when it fired."""

    id: int
    at: datetime
    event: Event
    event_id: int
    trigger_id: int
    trigger_name: str
    why_not: str
    details: dict[str, Any]
    message_ids: list[int]


async def of_dossier(dossier_id: int) -> list[Decided]:
    """The log of a dossier that the caller has found, in the order in which the triggers were asked."""
    rows = await db.fetch_as(Decided, OF_DOSSIER, dossier_id, AT_ONCE)
    return rows[::-1]

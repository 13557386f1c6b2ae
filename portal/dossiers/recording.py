"""What a change of a dossier leaves behind: its row, a line of the history, what triggers and the slower are told."""

from __future__ import annotations

from typing import Any, Literal

from portal import db, timeline
from portal.actor import Actor
from portal.dossiers import queries
from portal.dossiers.queries import Dossier
from portal.dossiers.rules import Mode
from portal.outcomes import Stale
from portal.triggers.facts import Change

Kind = Literal["submitted", "status"]

CHANGE_ROW = """
insert into status_change (dossier_id, from_id, to_id, actor_kind, account_id, manual, mode, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id"""


async def stale(dossier_id: int) -> Stale:
    """What to tell whoever was slower: the dossier as it is now; if it was a move, who made it and when."""
    last = await queries.last_change(dossier_id)
    theirs = await queries.by_id(dossier_id)
    last = last if last and last.at >= theirs.changed_at else None  # else the candidate saved it
    return Stale(theirs, by=last.name if last else "", at=last.at if last else theirs.changed_at)


async def write_change(
    dossier: Dossier, to_id: int, by: Actor, *, manual: bool = False, mode: Mode | None = None, reason: str = ""
) -> int:
    """The row of a change of status. `dossier` as it was before. Returns the row's id."""
    row = (dossier.id, dossier.status_id, to_id, by.kind, by.account_id, manual, mode, reason)
    return int(await db.fetchval(CHANGE_ROW, *row))


async def record(dossier: Dossier, what: str, by: Actor, **details: Any) -> None:
    """A line of the dossier's history."""
    lead = {"campaign_id": dossier.campaign_id, "dossier_id": dossier.id, "person_id": dossier.person_id}
    await timeline.record("dossier", dossier.id, what, by, **lead, **details)


def change_of(
    dossier: Dossier,
    event_id: int,
    to_id: int,
    by: Actor,
    *,
    kind: Kind,
    manual: bool,
    mode: Mode = "send",
    phase: int | None = None,
) -> Change:
    """What the triggers are told. `dossier` as it was before."""
    return Change(
        dossier_id=dossier.id,
        campaign_id=dossier.campaign_id,
        event_id=event_id,
        kind=kind,
        from_status=dossier.status_id,
        to_status=to_id,
        manual=manual,
        actor_kind=by.kind,
        mode=mode,
        phase=phase,
    )

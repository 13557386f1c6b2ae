"""Tell the candidates whom a decision has not reached (B05)."""

from __future__ import annotations

from portal import db
from portal.actor import Actor
from portal.outcomes import Stale
from portal.triggers import actions as triggers
from portal.triggers import untold
from portal.triggers.facts import Change
from portal.triggers.untold import Untold


async def tell(status_id: int, announced: int, by: Actor, dossier_id: int = 0) -> int:
    """Let the triggers of a decision write to the candidates who have heard nothing. Returns how many e-mails go.

    Whom a colleague chose not to write to is told only alone, by `dossier_id`. The event is the decision itself, so
    nobody is ever told twice. Raises Stale when the number is not `announced`.
    """
    async with db.transaction():
        rows = untold.told_at_once(await untold.untold(by, untold.MOST), status_id, dossier_id)
        if len(rows) != announced:
            raise Stale(len(rows))
        return sum([len(await triggers.fire(_decision(row))) for row in rows])


def _decision(row: Untold) -> Change:
    return Change(
        dossier_id=row.id,
        campaign_id=row.campaign_id,
        event_id=row.change_id or 0,
        kind="status",
        from_status=row.from_id,
        to_status=row.status_id,
        manual=True,
        actor_kind="user",
    )

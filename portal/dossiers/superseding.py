"""A status that is put back cancels its letters, a later decision supersedes those before it (B03)."""

from __future__ import annotations

from portal.dossiers import pending
from portal.dossiers.queries import Status
from portal.ledger import actions as ledger


async def settle_waiting(dossier_id: int, to: Status, *, manual: bool) -> int:
    """Cancel the letters that a change to a status makes untrue, in the caller's transaction. Returns how many.

    By hand: all that wait, held ones too. A machine: those of a change that it puts back; all, if it brings a decision.
    """
    changes = await pending.waiting_changes(dossier_id)
    undone = [one.id for one in changes if one.from_id == to.id]
    cancelled = await ledger.cancel_waiting(dossier_id, "undone", undone) if undone else 0
    if manual or to.is_decision:
        cancelled += await ledger.cancel_waiting(dossier_id, "superseded")
    return cancelled

"""Who has been told of a decision need not be looked at again (B05): the rest of the table is what may be untold."""

from __future__ import annotations

from portal import db

AT_ONCE = 5_000

# Dossiers whose decision was taken back, and those whose candidate was sent a letter since it was made.
SWEEP = f"""
with done as (
    select k.dossier_id from to_tell k join dossier d on d.id = k.dossier_id join status s on s.id = d.status_id
    where not s.is_decision or exists (
        select from message m where m.dossier_id = d.id and m.person_id = d.person_id and m.state = 'accepted'
        and m.created_at >= coalesce((select max(h.at) from status_change h
                                      where h.dossier_id = d.id and h.to_id = d.status_id), d.changed_at))
    limit {AT_ONCE} for update of k skip locked)
delete from to_tell k using done where k.dossier_id = done.dossier_id"""


async def sweep() -> int:
    """Take those away who have been told; called by the clock each minute. Returns how many."""
    return await db.execute(SWEEP)

"""Undo (B03): the newest change of status is taken back together with the letters of it that have not left."""

from __future__ import annotations

import msgspec

from portal import db
from portal.actor import Actor
from portal.dossiers import actions, pending, queries
from portal.dossiers.pending import Change
from portal.dossiers.queries import Dossier
from portal.i18n import pgettext
from portal.outcomes import Stale

# How many letters of a change are with their recipients, or may be: too late for them.
LEFT = """
select count(*)::int from message m join origin o on o.id = m.origin_id and o.kind = 'trigger'
where m.dossier_id = $1 and m.occurrence = $2 and m.state in ('accepted', 'uncertain')"""

# A second click waits here for the first, and then finds that the change is not the newest one any more.
ONE_AT_A_TIME = "select from dossier where id = $1 for update"


class Undone(msgspec.Struct, frozen=True):
    """What taking back a change does to its letters: `cancelled` never leave, `left` are with their recipients.

    `going`: a worker has them in its hands; whether they are stopped is said on the timeline.
    """

    cancelled: int
    going: int
    left: int


async def would_undo(dossier: Dossier, change_id: int) -> tuple[Change, Undone]:
    """The change and what undoing it would do now. Raises Stale when it is not the newest one (any more)."""
    last = await pending.last_change(dossier.id)
    if last is None or (last.id, last.to_id) != (change_id, dossier.status_id):
        raise Stale(dossier, by=last.by if last else "", at=last.at if last else None)
    waiting = [one for one in await pending.letters(dossier.id) if one.occurrence == change_id]
    going = sum(one.going for one in waiting)
    return last, Undone(len(waiting) - going, going, int(await db.fetchval(LEFT, dossier.id, change_id)))


async def undo(dossier_id: int, change_id: int, by: Actor) -> Undone:
    """Put the status back as it was before a change; nothing is sent for it. Raises Missing, Stale."""
    async with db.transaction():
        await db.execute(ONE_AT_A_TIME, dossier_id)
        dossier = await queries.one(by, dossier_id)
        last, undone = await would_undo(dossier, change_id)
        # NOTE: the reason that the timeline gives for a change of status that was undone
        reason = pgettext("reason", "The change before was undone")
        await actions.change_status(dossier_id, last.from_key, dossier.version, by, "silent", reason)
    return undone

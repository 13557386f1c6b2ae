"""Withdrawal: a candidate takes an application back, or a colleague does so for them; a colleague may undo it."""

from __future__ import annotations

from portal import db
from portal.actor import Actor
from portal.dossiers import queries
from portal.dossiers.queries import Dossier
from portal.dossiers.recording import record, write_change
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.outcomes import Refused

WITHDRAWN = "withdrawn"  # the key of the status that withdrawn dossiers get to, where the campaign has it
LONGEST_NOTE = 1_000

WITHDRAW = """
update dossier set withdrawn_at = now(), withdrawal_note = $2, changed_at = now(), version = version + 1
where id = $1 and withdrawn_at is null"""

UNDO = """
update dossier set withdrawn_at = null, withdrawal_note = '', changed_at = now(), version = version + 1
where id = $1 and withdrawn_at is not null"""

MOVE = "update dossier set status_id = $2 where id = $1 and status_id <> $2"

# Where the dossier stood before the withdrawal moved it, if nobody has moved it since.
BEFORE = """
select c.from_id from status_change c join status s on s.id = c.to_id and s.key = $2
where c.id = (select max(id) from status_change where dossier_id = $1)"""


async def withdraw(dossier_id: int, note: str, by: Actor) -> int:
    """Take an application back; what waits to be sent about it is cancelled. Returns how many e-mails that were.

    A draft stays a draft; what was submitted gets to the status *Withdrawn*. Twice changes nothing. Raises Refused
    (candidates may not in this campaign). Whoever calls has found the dossier already.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        if by.kind == "candidate" and not dossier.withdrawal:
            raise Refused(_("This application cannot be withdrawn here. Write to us."))
        if not await db.execute(WITHDRAW, dossier_id, note.strip()[:LONGEST_NOTE]):
            return 0
        if not dossier.is_draft:
            await _move(dossier, await _status(dossier, WITHDRAWN), by)
        cancelled = await ledger.cancel_waiting(dossier_id, reason="withdrawn")
        await record(dossier, "dossier.withdrawn", by, reason=note.strip()[:LONGEST_NOTE], cancelled=cancelled)
    return cancelled


async def undo(dossier_id: int, by: Actor) -> None:
    """The application counts again, where it stood before. E-mails that were cancelled stay so. Raises Missing."""
    async with db.transaction():
        dossier = await queries.one(by, dossier_id)
        if await db.execute(UNDO, dossier_id):
            await _move(dossier, await db.fetchval(BEFORE, dossier_id, WITHDRAWN), by)
            await record(dossier, "dossier.withdrawal_undone", by)


async def _status(dossier: Dossier, key: str) -> int | None:
    found = await db.fetchval("select id from status where campaign_id = $1 and key = $2", dossier.campaign_id, key)
    return None if found is None else int(found)


async def _move(dossier: Dossier, to_id: int | None, by: Actor) -> None:
    """A change of status that nobody made by hand: no automatic e-mail goes (E11)."""
    if to_id is not None and await db.execute(MOVE, dossier.id, to_id):
        await write_change(dossier, to_id, by)

"""Notes of colleagues about a dossier. Candidates never see them; each is its author's own."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.assessment import queries
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale

LONGEST = 10_000  # characters

NOTE = "select id, dossier_id, account_id, author_name, body, at, changed_at, version from note where "
CHANGE = "update note set body = $3, changed_at = now(), version = version + 1 where id = $1 and version = $2"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note. `account_id` None: whoever wrote it has no account any more. Instants are aware."""

    id: int
    dossier_id: int
    account_id: int | None
    author_name: str
    body: str
    at: datetime
    changed_at: datetime | None
    version: int


async def of_dossier(dossier_id: int) -> list[Note]:
    """The notes about a dossier that the caller has found, the newest first."""
    return await db.fetch_as(Note, f"{NOTE} dossier_id = $1 order by id desc limit 200", dossier_id)


async def own(by: Actor, dossier_id: int, note_id: int) -> Note:
    """A note that the actor may change: one of her own. Raises Missing."""
    await queries.subject(by, dossier_id)
    found = await db.one_as(Note, f"{NOTE} id = $1 and dossier_id = $2", note_id, dossier_id)
    if found is None or found.account_id != by.account_id:
        raise Missing
    return found


async def add(by: Actor, dossier_id: int, body: str) -> int:
    """Write a note. Returns its id. Raises Missing, Refused."""
    async with db.transaction():
        subject = await queries.subject(by, dossier_id)
        sql = "insert into note (dossier_id, account_id, author_name, body) values ($1, $2, $3, $4) returning id"
        note_id = int(await db.fetchval(sql, dossier_id, by.account_id, by.name, checked(body)))
        await timeline.record("dossier", dossier_id, "note.added", by, **subject.lead, note=note_id)
    return note_id


async def change(by: Actor, dossier_id: int, note_id: int, version: int, body: str) -> None:
    """Write one's own note anew. Raises Missing, Refused, Stale (theirs: the Note as it is now)."""
    async with db.transaction():
        subject, before = await queries.subject(by, dossier_id), await own(by, dossier_id, note_id)
        if checked(body) == before.body:
            return
        if not await db.execute(CHANGE, note_id, version, checked(body)):
            raise Stale(before, by=before.author_name, at=before.changed_at or before.at)
        await timeline.record("dossier", dossier_id, "note.changed", by, **subject.lead, note=note_id)


async def remove(by: Actor, dossier_id: int, note_id: int) -> None:
    """Delete one's own note. Raises Missing."""
    async with db.transaction():
        subject = await queries.subject(by, dossier_id)
        await own(by, dossier_id, note_id)
        await db.execute("delete from note where id = $1", note_id)
        await timeline.record("dossier", dossier_id, "note.removed", by, **subject.lead, note=note_id)


def checked(body: str) -> str:
    """The text as it is stored. Raises Refused."""
    text = body.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise Refused(_("Write the note."), field="body")
    if len(text) > LONGEST:
        raise Refused(_("Use at most {n} characters.").format(n=LONGEST), field="body")
    return text

"""Documents join and leave a dossier. Rows change in the transaction, bytes only after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal import db, timeline
from portal.actor import Actor
from portal.dossiers import files, queries, words
from portal.dossiers.files import Kept
from portal.dossiers.rules import DOCUMENTS_MISSING
from portal.outcomes import Refused

INSERT = """
insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
values ($1, $2, $3, $4, $5, $6, $7)"""

# A colleague who decides at this moment comes first: the status is read again under the row's lock.
TOUCH = """
update dossier d set changed_at = now(), version = d.version + 1
from status s where s.id = d.status_id and s.key = $2 and d.id = $1"""


async def add(dossier_id: int, documents: Mapping[str, Kept], by: Actor) -> None:
    """Documents that were missing, after the submission; the closing date does not count. One a question, replacing.

    Raises Refused when the dossier does not (or no longer) ask for documents.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        if not await queries.takes_documents(dossier) or not await db.execute(TOUCH, dossier_id, DOCUMENTS_MISSING):
            raise Refused(words.no_documents_wanted())
        replaced = await attach(dossier_id, documents)
        lead = {"campaign_id": dossier.campaign_id, "dossier_id": dossier.id, "person_id": dossier.person_id}
        names = [kept.name for kept in documents.values()]
        await timeline.record("dossier", dossier.id, "dossier.documents_added", by, **lead, files=" · ".join(names))
    settle(documents, replaced)


async def attach(dossier_id: int, documents: Mapping[str, Kept], removed: Sequence[str] = ()) -> list[str]:
    """Give the dossier its documents, one a question. Returns what they replace, for `settle`."""
    leaving = [*removed, *documents]
    if not leaving:
        return []
    sql = "delete from dossier_file where dossier_id = $1 and question_key = any ($2) returning stored_as"
    replaced = [row["stored_as"] for row in await db.fetch(sql, dossier_id, leaving)]
    for key, kept in documents.items():
        row = (dossier_id, key, kept.name, kept.stored_as, kept.media_type, kept.size, kept.sha256)
        await db.execute(INSERT, *row)
    return replaced


def settle(documents: Mapping[str, Kept], replaced: Sequence[str]) -> None:
    """After the commit: what was attached is nobody else's to claim, what was replaced is forgotten."""
    for kept in documents.values():
        files.claimed(kept.stored_as)
    for stored_as in replaced:
        files.drop(stored_as)


async def sweep() -> int:
    """Forget documents that nobody claimed within a day. Returns how many. Called by the clock."""
    stale = files.stale_pending()
    rows = await db.fetch("select stored_as from dossier_file where stored_as = any ($1)", stale)
    owned = {row["stored_as"] for row in rows}
    for stored_as in stale:
        files.claimed(stored_as)
        if stored_as not in owned:
            files.drop(stored_as)
    return len(set(stale) - owned)

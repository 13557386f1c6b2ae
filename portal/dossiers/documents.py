"""Documents join and leave a dossier. Rows change in the transaction, bytes only after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal import db
from portal.dossiers import files
from portal.dossiers.files import Kept

INSERT = """
insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
values ($1, $2, $3, $4, $5, $6, $7)"""


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

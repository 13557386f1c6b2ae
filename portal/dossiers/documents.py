"""Documents join and leave a dossier. Rows change in the transaction, bytes only after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal import db
from portal.actor import Actor
from portal.dossiers import files, form_words, queries, words
from portal.dossiers.files import Kept
from portal.dossiers.recording import record
from portal.dossiers.rules import DOCUMENTS_MISSING
from portal.outcomes import Refused

INSERT = """
insert into dossier_file (dossier_id, question_key, name, stored_as, media_type, size, sha256)
values ($1, $2, $3, $4, $5, $6, $7)"""

# What is taken away, and what a new document takes the place of: a question takes one, unless it says otherwise.
REMOVE = """
delete from dossier_file f
where f.dossier_id = $1 and (f.id = any ($2::bigint[]) or f.question_key = any ($3) and not exists (
    select from question q join dossier d on d.campaign_id = q.campaign_id
    where d.id = f.dossier_id and q.key = f.question_key and coalesce((q.settings ->> 'files')::int, 1) > 1))
returning stored_as"""

# Questions that have more documents than they take: two tabs may each have added some.
OVERFULL = """
select (q.settings ->> 'files')::int as most
from dossier_file f join dossier d on d.id = f.dossier_id
join question q on q.campaign_id = d.campaign_id and q.key = f.question_key
where f.dossier_id = $1 and q.settings ? 'files'
group by q.id having count(*) > (q.settings ->> 'files')::int limit 1"""

# A colleague who decides at this moment comes first: the status is read again under the row's lock.
TOUCH = """
update dossier d set changed_at = now(), version = d.version + 1
from status s where s.id = d.status_id and s.key = $2 and d.id = $1"""


async def add(dossier_id: int, documents: Mapping[str, Sequence[Kept]], by: Actor, removed: Sequence[int] = ()) -> None:
    """Documents that were missing, after the submission; the closing date does not count.

    Raises Refused when the dossier does not (or no longer) ask for documents.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        if not await queries.takes_documents(dossier) or not await db.execute(TOUCH, dossier_id, DOCUMENTS_MISSING):
            raise Refused(words.no_documents_wanted())
        replaced = await attach(dossier_id, documents, removed)
        names = [kept.name for each in documents.values() for kept in each]
        await record(dossier, "dossier.documents_added", by, files=" · ".join(names))
    settle(documents, replaced)


async def attach(dossier_id: int, documents: Mapping[str, Sequence[Kept]], removed: Sequence[int] = ()) -> list[str]:
    """Give the dossier its documents. Returns what they replace, for `settle`. Raises Refused: too many of them."""
    if not documents and not removed:
        return []
    gone = await db.fetch(REMOVE, dossier_id, list(removed), list(documents))
    for key, several in documents.items():
        for kept in several:
            row = (dossier_id, key, kept.name, kept.stored_as, kept.media_type, kept.size, kept.sha256)
            await db.execute(INSERT, *row)
    if documents and (most := await db.fetchval(OVERFULL, dossier_id)):
        raise Refused(form_words.too_many_files(int(most)))
    return [row["stored_as"] for row in gone]


def settle(documents: Mapping[str, Sequence[Kept]], replaced: Sequence[str]) -> None:
    """After the commit: what was attached is nobody else's to claim, what was replaced is forgotten."""
    for several in documents.values():
        for kept in several:
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

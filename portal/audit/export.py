"""The audit log as CSV, row by row: nothing is kept in memory but a portion."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from portal import sheets
from portal.actor import Actor
from portal.audit import queries
from portal.audit.queries import Filters, Row
from portal.i18n import use
from portal.timeline_words import actor_word, event_words

PORTION = 1_000
HEADER = (
    *("id", "at", "what", "sentence", "actor", "actor_kind", "account_id", "subject", "subject_id", "about"),
    *("campaign_id", "dossier_id", "person_id", "details", "seal", "hash"),
)


async def lines(actor: Actor, filters: Filters) -> AsyncIterator[bytes]:
    """The file in pieces, the latest event first, in the actor's language."""
    with use(actor.locale, actor.time_zone):
        header = sheets.csv_lines([HEADER], first=True)
    yield header
    text: str | None = ""
    while text is not None:
        with use(actor.locale, actor.time_zone):
            found = await queries.search(actor, filters, queries.NEWEST.read(text), PORTION)
            piece = sheets.csv_lines([_cells(row) for row in found.items])
        yield piece
        text = found.older


def _cells(row: Row) -> Sequence[str | int | None]:
    sentence = event_words(row)[1].striptags()
    details = msgspec.json.encode(row.details).decode()
    chain = (row.seal, row.hash.hex() if row.hash else "")
    return [
        *(row.id, row.at.isoformat(), row.what, sentence, actor_word(row.actor_kind, row.actor_name)),
        *(row.actor_kind, row.account_id, row.subject, row.subject_id, row.about),
        *(row.campaign_id, row.dossier_id, row.person_id, details, *chain),
    ]

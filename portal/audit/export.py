"""The audit log as CSV, row by row: nothing is kept in memory but a portion."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence

import msgspec

from portal.actor import Actor
from portal.audit import queries
from portal.audit.queries import Filters, Row
from portal.audit.rules import cell
from portal.i18n import use
from portal.timeline_words import actor_word, event_words

PORTION = 1_000
BOM = "\ufeff"  # spreadsheets take a file without it for another encoding
HEADER = (
    *("id", "at", "what", "sentence", "actor", "actor_kind", "account_id", "subject", "subject_id", "about"),
    *("campaign_id", "dossier_id", "person_id", "details", "seal", "hash"),
)


async def lines(actor: Actor, filters: Filters) -> AsyncIterator[bytes]:
    """The file in pieces, the latest event first, in the actor's language."""
    yield (BOM + _written([HEADER])).encode()
    text: str | None = ""
    while text is not None:
        with use(actor.locale, actor.time_zone):
            found = await queries.search(actor, filters, queries.NEWEST.read(text), PORTION)
            piece = _written([_cells(row) for row in found.items])
        yield piece.encode()
        text = found.older


def _cells(row: Row) -> Sequence[str]:
    sentence = event_words(row)[1].striptags()
    details = msgspec.json.encode(row.details).decode()
    chain = (row.seal, row.hash.hex() if row.hash else "")
    return [
        cell(each)
        for each in (
            *(row.id, row.at.isoformat(), row.what, sentence, actor_word(row.actor_kind, row.actor_name)),
            *(row.actor_kind, row.account_id, row.subject, row.subject_id, row.about),
            *(row.campaign_id, row.dossier_id, row.person_id, details, *chain),
        )
    ]


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()

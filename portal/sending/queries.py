"""The very letter that went, or would go, made again from its frozen values."""

from __future__ import annotations

from portal import db
from portal.emails.letters import Rendered
from portal.ledger.claims import COLUMNS, FROM
from portal.ledger.work import Parcel
from portal.outcomes import Missing
from portal.sending.letters import Composer, heads_of, whole

SENT_AT = "select coalesce(settled_at, due_at) from message where id = $1"


async def letter_of(message_id: int) -> tuple[bytes, Rendered]:
    """-> (the letter's bytes, its parts as people read them). Whoever asks has found the message through the actor.

    Bytes are those of a server without 8BITMIME, without dot-stuffing and signature. Raises Missing when there is no
    letter (skipped messages may have none), dispatcher.Unsendable when it cannot be composed.
    """
    row = await db.fetchrow(f"select {COLUMNS} from {FROM} where m.id = $1", message_id)
    if row is None or row["subject"] is None:
        raise Missing
    parcel = Parcel(*row)
    composer = Composer(b"")
    await composer.prepare([parcel])
    sent_at = await db.fetchval(SENT_AT, message_id)
    head, body = composer.parts(parcel, heads_of(parcel, sent_at.timestamp()), eight_bit=False)
    return whole(head, body), composer.rendered(parcel)

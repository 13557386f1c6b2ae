"""The register of messages as JSON, and the sum that proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from portal.ledger import queries
from portal.ledger.queries import LATEST, MessageFilters, MessageRow
from portal.ledger.rules import Lane
from portal.ledger.totals import Totals, totals
from portal.web.api import Listing, bounded, cursor_of
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["messages"]


class OriginOut(msgspec.Struct):
    """Why a message exists: a trigger and its id, for instance."""

    kind: str
    id: int


class MessageOut(msgspec.Struct):
    """A message. `state`: skipped, held, queued, sending, accepted, failed, uncertain, cancelled; `reason`: why."""

    id: int
    state: str
    reason: str | None
    recipient: str
    locale: str
    subject: str
    lane: str
    origin: OriginOut
    dossier: int | None
    person: int | None
    message_id: str
    attempts: int
    planned_at: datetime
    due_at: datetime
    accepted_at: datetime | None
    code: int | None
    reply: str | None


@get("/messages", opt=needs("message.see"), tags=TAGS, summary="Messages of your campaigns")
async def list_messages(
    request: Request,
    dossier: FromQuery[int | None] = None,
    person: FromQuery[int | None] = None,
    campaign: FromQuery[int | None] = None,
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    reason: FromQuery[str] = "",
    q: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[MessageOut]:
    """The latest first; `q` is a part of address, name or subject."""
    filters = MessageFilters(q, in_state, reason, campaign_id=campaign, dossier_id=dossier, person_id=person)
    page = await queries.search(request.user, filters, cursor_of(cursor, LATEST.read), bounded(limit))
    return Listing([_out(row) for row in page.items], page.older)


@get("/messages/{message_id:int}", opt=needs("message.see"), tags=TAGS, summary="One message")
async def get_message(request: Request, message_id: FromPath[int]) -> MessageOut:
    """As it stands now."""
    return _out(await queries.one(request.user, message_id))


@get("/ledger/totals", opt=needs("message.see"), tags=TAGS, summary="The sum of all messages")
async def get_totals() -> Totals:
    """Every intended message is in exactly one state, none was sent twice; `checked_at`: when rows were counted."""
    return await totals()


def _out(row: MessageRow) -> MessageOut:
    return MessageOut(
        id=row.id,
        state=row.state,
        reason=row.reason,
        recipient=row.address,
        locale=row.locale,
        subject=row.subject,
        lane=Lane(row.lane).name,
        origin=OriginOut(row.origin_kind, row.origin_ref),
        dossier=row.dossier_id,
        person=row.person_id,
        message_id=row.header_id,
        attempts=row.tries,
        planned_at=row.planned_at,
        due_at=row.due_at,
        accepted_at=row.settled_at if row.state == "accepted" else None,
        code=row.code,
        reply=row.reply,
    )


routes: list[Any] = [list_messages, get_message, get_totals]

"""The register of messages as JSON, and the sum that proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from portal.ledger import actions, decisions, queries
from portal.ledger.queries import LATEST, MessageFilters, MessageRow
from portal.ledger.rules import Lane
from portal.ledger.totals import Totals, totals
from portal.outcomes import Stale
from portal.web.api import Listing, bounded, cursor_of, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["messages"]
Verb = Literal["release", "cancel", "retry", "resend", "leave"]


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
    needs_decision: FromQuery[bool] = False,
    q: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[MessageOut]:
    """The latest first; `q` is a part of address, name or subject. `needs_decision`: nobody could confirm it."""
    filters = MessageFilters(
        *(q, in_state, reason, campaign, dossier, person),
        needs_decision=needs_decision,
    )
    page = await queries.search(request.user, filters, cursor_of(cursor, LATEST.read), bounded(limit))
    return Listing([_out(row) for row in page.items], page.older)


@get("/messages/{message_id:int}", opt=needs("message.see"), tags=TAGS, summary="One message")
async def get_message(request: Request, message_id: FromPath[int]) -> MessageOut:
    """As it stands now."""
    return _out(await queries.one(request.user, message_id))


@post(
    "/messages/{message_id:int}/{verb:str}",
    opt=needs("message.act"),
    tags=TAGS,
    status_code=200,
    summary="Release, cancel, retry, resend or leave a message",
)
async def act(request: Request, message_id: FromPath[int], verb: FromPath[Verb]) -> Response[Any]:
    """409 with the message as it is now when its state does not allow it (any more)."""
    try:
        if verb in ("resend", "leave"):
            await actions.settle_by_hand(message_id, request.user, verb)
        else:
            await {"release": actions.release, "cancel": actions.cancel, "retry": actions.retry}[verb](
                message_id, request.user
            )
    except Stale as stale:
        return slower(stale, _out(await queries.one(request.user, message_id)))
    return Response(_out(await queries.one(request.user, message_id)))


@get("/decisions", opt=needs("message.see"), tags=TAGS, summary="What waits for a person")
async def list_decisions(request: Request) -> decisions.Decisions:
    """A restored database, origins and senders on pause, and messages that nobody could confirm, by origin."""
    return await decisions.all_of(request.user)


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


routes: list[Any] = [list_messages, get_message, act, list_decisions, get_totals]

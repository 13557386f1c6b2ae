"""Blocked addresses as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from portal.ledger.actions import Scope, SuppressionReason
from portal.outcomes import Missing
from portal.people import wishes
from portal.suppressions import actions, queries
from portal.suppressions.queries import LATEST, Blocked, Filters
from portal.web.api import Listing, bounded, cursor_of, listing
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["suppressions"]


class SuppressionIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An address to block. `scope` optional: what is necessary still goes."""

    address: str
    scope: Scope = "all"
    note: str = ""


class SuppressionOut(msgspec.Struct):
    """A blocked address. `person`: whose it is, if we know; `expires_at`: when it ends by itself."""

    address: str
    scope: str
    reason: str
    source: str
    note: str
    at: datetime
    expires_at: datetime | None
    person: int | None


@get("/suppressions", opt=needs("mailing.see"), tags=TAGS, summary="Addresses that are not written to")
async def list_suppressions(
    request: Request,
    q: FromQuery[str] = "",
    reason: FromQuery[SuppressionReason | None] = None,
    blocked: Annotated[Scope | None, QueryParameter(name="scope")] = None,
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[SuppressionOut]:
    """Latest first; `q` is a part of the address."""
    filters = Filters(q=q.replace("\0", ""), reason=reason or "", scope=blocked or "")
    return listing(await queries.search(filters, cursor_of(cursor, LATEST.read), bounded(limit)), _out)


@post("/suppressions", opt=needs("suppression.edit"), tags=TAGS, summary="Block an address")
async def create_suppression(request: Request, data: JSONBody[SuppressionIn]) -> SuppressionOut:
    """By hand, as far as `scope` says. Refused when it is blocked as far already."""
    await actions.add(request.user, data.address, data.scope, data.note, source="api")
    found = await queries.one(data.address.strip(), data.scope)
    if found is None:
        raise Missing
    return _out(found)


@delete("/suppressions", opt=needs("suppression.edit"), tags=TAGS, summary="Write to an address again")
async def delete_suppression(
    request: Request,
    address: FromQuery[str],
    blocked: Annotated[Scope, QueryParameter(name="scope")] = "all",
    note: FromQuery[str] = "",
) -> None:
    """Bounces and blocks by hand. A person's own wish takes an administrator and a `note` on how they asked."""
    found = await queries.one(address.replace("\0", "").strip(), blocked)
    if found is None:
        raise Missing
    await wishes.lift(request.user, found.address, found.scope, found.reason, note)


def _out(row: Blocked) -> SuppressionOut:
    own = (row.address, row.scope, row.reason, row.source, row.note, row.at, row.expires_at)
    return SuppressionOut(*own, row.person_id)


routes: list[Any] = [list_suppressions, create_suppression, delete_suppression]

"""The whole history of a person and of a dossier, page by page: their own pages show the latest."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from portal import db
from portal.audit.queries import COLUMNS, NEWEST
from portal.dossiers import queries as dossiers
from portal.lists import Cursor, Slice
from portal.people import queries as people
from portal.timeline import Event
from portal.timeline_words import days_of
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import page
from portal.web.rights import needs

PAGE = 100

OF_DOSSIER = "e.dossier_id = $1"


async def _events(condition: str, *values: Any, cursor: Cursor | None) -> Slice[Event]:
    first = len(values) + 1
    sql = f"""select {COLUMNS} from timeline_event e where {condition} and {NEWEST.condition(cursor, first=first)}
        order by {NEWEST.order(cursor)} limit {PAGE + 1}"""
    rows = await db.fetch_as(Event, sql, *values, *NEWEST.parameters(cursor))
    return NEWEST.slice(rows, cursor, PAGE, key=lambda row: (row.id,))


@get("/dossiers/{dossier_id:int}/history", opt=needs("dossier.see"))
async def dossier_history(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Everything that happened to a dossier."""
    dossier = await dossiers.one(request.user, dossier_id)
    found = await _events(OF_DOSSIER, dossier_id, cursor=asked(request, NEWEST))
    return _page(request, found, dossier.number, f"/dossiers/{dossier_id}")


@get("/people/{person_id:int}/history", opt=needs("person.see"))
async def person_history(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """Everything that happened to a person, as far as the actor may see it."""
    person = await people.one(request.user, person_id)
    found = await _events(people.HAPPENED, *request.user.scope, person_id, cursor=asked(request, NEWEST))
    return _page(request, found, person.name or str(person_id), f"/people/{person_id}")


def _page(request: Request, found: Slice[Event], name: str, back: str) -> Response[Any]:
    days = days_of(found.items)
    return page(request, "audit/history.html", found=found, days=days, name=name, back=back)


routes: list[Any] = [dossier_history, person_history]

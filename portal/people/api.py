"""People as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from portal.people import actions, queries
from portal.people.actions import PersonDraft
from portal.people.queries import LATEST, Filters
from portal.web.api import Listing, bounded, cursor_of, listing
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["people"]
Kind = Literal["candidate", "contact"]


class PersonIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody to write to."""

    kind: Kind = "candidate"
    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"


class PersonOut(msgspec.Struct):
    """A person as her own record says."""

    id: int
    kind: str
    email: str | None
    first_name: str
    last_name: str
    locale: str
    changed_at: datetime


@get("/people", opt=needs("person.see"), tags=TAGS, summary="People you may see")
async def list_people(
    request: Request,
    kind: FromQuery[Kind] = "candidate",
    q: FromQuery[str] = "",
    locale: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[PersonOut]:
    """Last changed first; `q` is a part of name or address."""
    filters = Filters(kind=kind, q=q, locale=locale)
    return listing(await queries.search(request.user, filters, cursor_of(cursor, LATEST.read), bounded(limit)), _out)


@post("/people", opt=needs("person.edit"), tags=TAGS, summary="Add a person")
async def create_person(request: Request, data: JSONBody[PersonIn]) -> PersonOut:
    """Refused when somebody has the address already."""
    person_id = await actions.create(request.user, PersonDraft(**msgspec.structs.asdict(data)))
    return _out(await queries.one(request.user, person_id))


@get("/people/{person_id:int}", opt=needs("person.see"), tags=TAGS, summary="One person")
async def get_person(request: Request, person_id: FromPath[int]) -> PersonOut:
    """As she is now."""
    return _out(await queries.one(request.user, person_id))


def _out(row: Any) -> PersonOut:
    return PersonOut(**{name: getattr(row, name) for name in PersonOut.__struct_fields__})


routes: list[Any] = [list_people, create_person, get_person]

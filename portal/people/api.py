"""People as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from portal.outcomes import Stale
from portal.people import actions, queries
from portal.people.actions import PersonDraft
from portal.people.queries import LATEST, Filters
from portal.web.api import Listing, bounded, cursor_of, listing, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["people"]
CHANGED = ("email", "first_name", "last_name", "locale", "company", "owner_id", "phone", "tags")
Kind = Literal["candidate", "contact"]


class PersonIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody to write to. `company`: by its name; one that is not there yet is made."""

    kind: Kind = "candidate"
    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"
    company: str = ""
    owner_id: int | None = None
    phone: str = ""
    tags: tuple[str, ...] = ()


class PersonOut(msgspec.Struct):
    """A person as her own record says."""

    id: int
    kind: str
    email: str | None
    first_name: str
    last_name: str
    locale: str
    changed_at: datetime


class PersonWhole(PersonOut):
    """The same with what a list does not show. `version`: to be sent back with a change."""

    company: str
    owner_id: int | None
    phone: str
    tags: list[str]
    version: int


class PersonChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What changes; `version`: the one you have seen. What is left out stays."""

    version: int
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    first_name: str | msgspec.UnsetType = msgspec.UNSET
    last_name: str | msgspec.UnsetType = msgspec.UNSET
    locale: str | msgspec.UnsetType = msgspec.UNSET
    company: str | msgspec.UnsetType = msgspec.UNSET
    owner_id: int | msgspec.UnsetType | None = msgspec.UNSET
    phone: str | msgspec.UnsetType = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET


@get("/people", opt=needs("person.see"), tags=TAGS, summary="People you may see")
async def list_people(
    request: Request,
    kind: FromQuery[Kind] = "candidate",
    q: FromQuery[str] = "",
    locale: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    view: FromQuery[int | None] = None,
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[PersonOut]:
    """Last changed first; `q` is a part of name or address; `view`: its rules or members, beside your own filters."""
    filters = Filters(kind=kind, q=q, locale=locale, tag=tag, view_id=view)
    return listing(await queries.search(request.user, filters, cursor_of(cursor, LATEST.read), bounded(limit)), _out)


@post("/people", opt=needs("person.edit"), tags=TAGS, summary="Add a person")
async def create_person(request: Request, data: JSONBody[PersonIn]) -> PersonWhole:
    """Refused when somebody has the address already."""
    person_id = await actions.create(request.user, PersonDraft(**msgspec.structs.asdict(data)))
    return _whole(await queries.one(request.user, person_id))


@get("/people/{person_id:int}", opt=needs("person.see"), tags=TAGS, summary="One person")
async def get_person(request: Request, person_id: FromPath[int]) -> PersonWhole:
    """As she is now."""
    return _whole(await queries.one(request.user, person_id))


@patch("/people/{person_id:int}", opt=needs("person.edit"), tags=TAGS, summary="Change a person")
async def change_person(
    request: Request, person_id: FromPath[int], data: JSONBody[PersonChange]
) -> PersonWhole | Response[Any]:
    """409 with the person as she is now, when somebody was faster."""
    before = await queries.one(request.user, person_id)
    kept = {name: getattr(before, name) for name in CHANGED}
    sent = {name: value for name in CHANGED if (value := getattr(data, name)) is not msgspec.UNSET}
    draft = PersonDraft(**{**kept, **sent, "kind": before.kind})
    draft = msgspec.structs.replace(draft, tags=tuple(draft.tags))
    try:
        await actions.change(request.user, person_id, data.version, draft)
    except Stale as stale:
        return slower(stale, _whole(stale.theirs))
    return _whole(await queries.one(request.user, person_id))


def _out(row: Any) -> PersonOut:
    return PersonOut(**{name: getattr(row, name) for name in PersonOut.__struct_fields__})


def _whole(row: Any) -> PersonWhole:
    return PersonWhole(**{name: getattr(row, name) for name in PersonWhole.__struct_fields__})


routes: list[Any] = [list_people, create_person, get_person, change_person]

"""Saved views as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from portal import db
from portal.audiences.sources import Chosen, Count, count, may_choose
from portal.outcomes import Missing, Stale
from portal.views import actions, queries
from portal.views.actions import Draft
from portal.views.queries import View
from portal.web.api import Listing, cut, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["views"]
SEE = needs("dossier.see")
KEEP = needs("dossier.status")  # a key that only looks keeps nothing
Module = Literal["dossiers", "candidates", "contacts", "companies"]


class ViewIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A view. `filters`: as the list's query string says them; `columns`: empty for the usual ones.

    `criteria`: {"join": "all" or "any", "items": [rules and groups]}, a rule being {"field", "op", "value": [texts]}.
    """

    name: str
    module: Module = "dossiers"
    campaign: int | None = None
    shared: bool = False
    opens_first: bool = False
    filters: dict[str, str | list[str]] = {}
    columns: list[str] = []
    criteria: dict[str, Any] = {}


class ViewChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What changes; `version`: the one you have seen. `frozen`: true keeps whom it lists now, false looks them up."""

    version: int
    name: str | None = None
    shared: bool | None = None
    opens_first: bool | None = None
    filters: dict[str, str | list[str]] | None = None
    columns: list[str] | None = None
    criteria: dict[str, Any] | None = None
    frozen: bool | None = None


class ViewOut(msgspec.Struct):
    """A view, one's own or shared by `owner`."""

    id: int
    name: str
    module: str
    campaign: int | None
    owner: str
    own: bool
    shared: bool
    opens_first: bool
    filters: dict[str, Any]
    columns: list[str]
    criteria: dict[str, Any]
    frozen_at: datetime | None
    version: int


@get("/views", opt=SEE, tags=TAGS, summary="Views you may use")
async def list_views(
    request: Request,
    module: FromQuery[Module | None] = None,
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[ViewOut]:
    """Newest first."""
    return cut(await queries.visible(request.user, module), limit, cursor, _out)


@post("/views", opt=KEEP, tags=TAGS, summary="Save a view")
async def create_view(request: Request, data: JSONBody[ViewIn]) -> ViewOut:
    """Your own; `shared` shows it to everybody who sees the list."""
    draft = Draft(
        name=data.name,
        shared=data.shared,
        opens_first=data.opens_first,
        filters=data.filters,
        columns=data.columns,
        criteria=data.criteria,
    )
    view_id = await actions.create(request.user, data.module, data.campaign, draft)
    return _out(await queries.one(request.user, view_id))


@get("/views/{view_id:int}", opt=SEE, tags=TAGS, summary="One view")
async def get_view(request: Request, view_id: FromPath[int]) -> ViewOut:
    """As it is now."""
    return _out(await queries.one(request.user, view_id))


@patch("/views/{view_id:int}", opt=KEEP, tags=TAGS, summary="Change a view of yours")
async def change_view(request: Request, view_id: FromPath[int], data: JSONBody[ViewChange]) -> ViewOut | Response[Any]:
    """What is left out stays."""
    view = await queries.one(request.user, view_id)
    draft = Draft(
        name=view.name if data.name is None else data.name,
        shared=view.shared if data.shared is None else data.shared,
        opens_first=view.opens_first if data.opens_first is None else data.opens_first,
        filters=view.filters if data.filters is None else data.filters,
        columns=view.columns if data.columns is None else data.columns,
        criteria=view.criteria if data.criteria is None else data.criteria,
    )
    try:
        async with db.transaction():
            await actions.change(request.user, view_id, data.version, draft)
            await _freeze(request, view, data)
    except Stale as stale:
        return slower(stale, _out(stale.theirs))
    return _out(await queries.one(request.user, view_id))


async def _freeze(request: Request, view: View, data: ViewChange) -> None:
    """Freeze it or make it live, as asked; nothing if it is so already."""
    if data.frozen is None or data.frozen == view.frozen:
        return
    if data.frozen:
        await actions.freeze(request.user, view.id, data.version + 1)
    else:
        await actions.make_live(request.user, view.id, data.version + 1)


@get("/views/{view_id:int}/count", opt=SEE, tags=TAGS, summary="How many a view lists")
async def count_view(request: Request, view_id: FromPath[int]) -> Count:
    """Among those you may see; an estimate, which says so, where there are too many."""
    view = await queries.one(request.user, view_id)
    if not may_choose(request.user, view.module):
        raise Missing
    return await count(request.user, Chosen(module=view.module, campaign_id=view.campaign_id, view_id=view_id))


@delete("/views/{view_id:int}", opt=KEEP, tags=TAGS, summary="Delete a view of yours")
async def delete_view(request: Request, view_id: FromPath[int], version: FromQuery[int]) -> None:
    """Nobody sees it any more."""
    await actions.delete(request.user, view_id, version)


def _out(view: View) -> ViewOut:
    return ViewOut(
        id=view.id,
        name=view.name,
        module=view.module,
        campaign=view.campaign_id,
        owner=view.owner,
        own=view.own,
        shared=view.shared,
        opens_first=view.opens_first,
        filters=view.filters,
        columns=view.columns,
        criteria=view.criteria,
        frozen_at=view.frozen_at,
        version=view.version,
    )


routes: list[Any] = [list_views, create_view, get_view, count_view, change_view, delete_view]

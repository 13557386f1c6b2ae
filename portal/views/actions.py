"""Views are saved, changed and deleted by their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.views import queries, rules
from portal.views.queries import View

INSERT = """
insert into custom_view (module, campaign_id, name, owner_id, shared, opens_first, filters, columns)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id"""
UPDATE = """
update custom_view set name = $3, shared = $4, opens_first = $5, filters = $6, columns = $7, changed_at = now(),
    version = version + 1
where id = $1 and version = $2"""
ONE_OPENS = """
update custom_view set opens_first = false, version = version + 1
where owner_id = $1 and id <> $2 and module = $3 and campaign_id is not distinct from $4 and opens_first"""
MEMBER = "select $1::bool or exists (select from campaign_member where campaign_id = $3 and account_id = $2)"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A view as it shall be."""

    name: str
    shared: bool = False
    opens_first: bool = False
    filters: dict[str, Any] = {}
    columns: Sequence[str] = ()


async def create(by: Actor, module: str, campaign_id: int | None, draft: Draft) -> int:
    """A view of the actor's own. Raises Missing (the campaign is not one of the actor's), Refused."""
    async with db.transaction():
        if campaign_id is not None and not await db.fetchval(MEMBER, *by.scope, campaign_id):
            raise Missing
        name, filters = _checked(draft)
        row = (module, campaign_id, name, by.account_id, draft.shared, draft.opens_first, filters, list(draft.columns))
        view_id = int(await db.fetchval(INSERT, *row))
        await _one_opens(view_id, module, campaign_id, draft, by)
    return view_id


async def change(by: Actor, view_id: int, version: int, draft: Draft) -> None:
    """Change a view of one's own. Raises Missing, Refused, Stale (theirs: a View)."""
    async with db.transaction():
        view = await _own(by, view_id)
        name, filters = _checked(draft)
        row = (view_id, version, name, draft.shared, draft.opens_first, filters, list(draft.columns))
        if not await db.execute(UPDATE, *row):
            raise Stale(await queries.one(by, view_id))
        await _one_opens(view_id, view.module, view.campaign_id, draft, by)


async def delete(by: Actor, view_id: int, version: int) -> None:
    """Delete a view of one's own. Raises Missing, Stale."""
    async with db.transaction():
        await _own(by, view_id)
        if not await db.execute("delete from custom_view where id = $1 and version = $2", view_id, version):
            raise Stale(await queries.one(by, view_id))


async def _own(by: Actor, view_id: int) -> View:
    view = await queries.one(by, view_id)
    if not view.own:
        raise Missing
    return view


async def _one_opens(view_id: int, module: str, campaign_id: int | None, draft: Draft, by: Actor) -> None:
    """A list opens with one view at most."""
    if draft.opens_first:
        await db.execute(ONE_OPENS, by.account_id, view_id, module, campaign_id)


def _checked(draft: Draft) -> tuple[str, Mapping[str, Any]]:
    name, filters = draft.name.strip(), rules.kept(draft.filters)
    if not name:
        raise Refused(_("Enter a name."), field="name")
    if len(name) > rules.NAME_LIMIT:
        raise Refused(_("Shorten the name to 80 characters."), field="name")
    if len(str(filters)) > rules.LARGEST:
        raise Refused(_("These filters are too long to be saved."))
    return name, filters

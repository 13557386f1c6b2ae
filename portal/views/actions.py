"""Views are saved, changed and deleted by their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences import sources, words
from portal.audiences.kept import goes_round, read_criteria
from portal.audiences.rules import written
from portal.audiences.sources import Chosen, source
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.views import queries, rules
from portal.views.queries import View

INSERT = """
insert into custom_view (module, campaign_id, name, owner_id, shared, opens_first, filters, columns, criteria)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id"""
UPDATE = """
update custom_view set name = $3, shared = $4, opens_first = $5, filters = $6, columns = $7, criteria = $8,
    changed_at = now(), version = version + 1
where id = $1 and version = $2"""
ONE_OPENS = """
update custom_view set opens_first = false, version = version + 1
where owner_id = $1 and id <> $2 and module = $3 and campaign_id is not distinct from $4 and opens_first"""
FREEZE = """
update custom_view set changed_at = now(), version = version + 1 where id = $1 and version = $2 and frozen_at is null"""
LIVE = """
update custom_view set frozen_at = null, changed_at = now(), version = version + 1
where id = $1 and version = $2 and frozen_at is not null"""
MEMBER = "select $1::bool or exists (select from campaign_member where campaign_id = $3 and account_id = $2)"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A view as it shall be."""

    name: str
    shared: bool = False
    opens_first: bool = False
    filters: dict[str, Any] = {}
    columns: Sequence[str] = ()
    criteria: dict[str, Any] = {}


async def create(by: Actor, module: str, campaign_id: int | None, draft: Draft) -> int:
    """A view of the actor's own. Raises Missing (the campaign is not one of the actor's), Refused."""
    async with db.transaction():
        if campaign_id is not None and not await db.fetchval(MEMBER, *by.scope, campaign_id):
            raise Missing
        name, filters = _checked(draft)
        criteria = await _criteria(by, module, campaign_id, draft)
        row = (module, campaign_id, name, by.account_id, draft.shared, draft.opens_first, filters, list(draft.columns))
        view_id = int(await db.fetchval(INSERT, *row, criteria))
        await _one_opens(view_id, module, campaign_id, draft, by)
    return view_id


async def change(by: Actor, view_id: int, version: int, draft: Draft) -> None:
    """Change a view of one's own. Raises Missing, Refused, Stale (theirs: a View)."""
    async with db.transaction():
        view = await _own(by, view_id)
        name, filters = _checked(draft)
        criteria = await _criteria(by, view.module, view.campaign_id, draft, view_id)
        if view.frozen and (filters, criteria) != (view.filters, view.criteria):
            raise Refused(_("The view is frozen. Make it live before you change whom it lists."))
        row = (view_id, version, name, draft.shared, draft.opens_first, filters, list(draft.columns), criteria)
        if not await db.execute(UPDATE, *row):
            raise Stale(await queries.one(by, view_id))
        await _one_opens(view_id, view.module, view.campaign_id, draft, by)


async def delete(by: Actor, view_id: int, version: int) -> None:
    """Delete a view of one's own. Raises Missing, Stale."""
    async with db.transaction():
        await _own(by, view_id)
        if not await db.execute("delete from custom_view where id = $1 and version = $2", view_id, version):
            raise Stale(await queries.one(by, view_id))


async def freeze(by: Actor, view_id: int, version: int) -> int:
    """Keep whom a view of one's own lists now, whatever happens. Their number. Raises Missing, Refused, Stale."""
    async with db.transaction():
        view = await _own(by, view_id)
        if not await db.execute(FREEZE, view_id, version):
            raise Stale(view)
        found = await source(by, Chosen(module=view.module, campaign_id=view.campaign_id, view_id=view_id))
        place = len(found.parameters) + 1
        sql = f"""insert into custom_view_member (view_id, record_id)
            select ${place}::int, chosen.record_id from ({found.sql}) chosen"""
        n = await db.execute(sql, *found.parameters, view_id)
        await db.execute("update custom_view set frozen_at = now() where id = $1", view_id)
    return n


async def make_live(by: Actor, view_id: int, version: int) -> None:
    """Look up whom a view lists whenever it is used, again. Raises Missing, Stale."""
    async with db.transaction():
        view = await _own(by, view_id)
        if not await db.execute(LIVE, view_id, version):
            raise Stale(view)
        await db.execute("delete from custom_view_member where view_id = $1", view_id)


async def _criteria(
    by: Actor, module: str, campaign_id: int | None, draft: Draft, view_id: int | None = None
) -> dict[str, Any]:
    """Criteria as they are kept. Raises Refused: something has to be mended, or the view would depend on itself."""
    group = read_criteria(draft.criteria)
    if not group:
        return {}
    if module not in sources.MODULES:
        raise Refused(_("Rules are not for this list."))
    if view_id is not None and await goes_round(view_id, group):
        raise Refused(words.goes_round(draft.name))
    await source(by, Chosen(module=module, campaign_id=campaign_id, criteria=draft.criteria))
    return written(group)


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

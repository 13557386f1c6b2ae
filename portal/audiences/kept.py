"""Saved views that criteria name, with those that these name in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences import words
from portal.audiences.filters import as_rules
from portal.audiences.rules import Group, Rule, Unreadable, named, read
from portal.audiences.sql import Kept
from portal.outcomes import Missing, Refused
from portal.views import queries as views
from portal.views.queries import View

NAMED = """
select id, name, module, campaign_id, filters, criteria, frozen_at is not null as frozen from custom_view
where id = any ($1::int[])"""
MOST = 100  # views that depend on one another


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A view that criteria name, whoever may use it."""

    id: int
    name: str
    module: str
    campaign_id: int | None
    filters: dict[str, Any]
    criteria: dict[str, Any]
    frozen: bool


def read_criteria(raw: Mapping[str, Any]) -> Group:
    """Criteria from JSON. Raises Refused."""
    try:
        return read(raw)
    except Unreadable:
        raise Refused(words.unreadable()) from None


def _kept(view: View | Named) -> Kept:
    """A view as criteria know it; a frozen one's members say all. Raises Refused when its criteria cannot be read."""
    own = Group() if view.frozen else read_criteria(view.criteria)
    listed = Group() if view.frozen else as_rules(view.module, view.filters, view.campaign_id)
    return Kept(
        id=view.id,
        name=view.name,
        module=view.module,
        campaign_id=view.campaign_id,
        group=Group("all", tuple(each for each in (listed, own) if each)),
        criteria=own,
        frozen=view.frozen,
    )


async def one(actor: Actor, view_id: int) -> Kept:
    """A view that the actor may use. Raises Missing, Refused."""
    return _kept(await views.one(actor, view_id))


async def depending(groups: Iterable[Group]) -> dict[int, Kept]:
    """Every view that criteria lead to, by id; a frozen one leads nowhere. Those that are gone are left out."""
    found: dict[int, Kept] = {}
    wanted = {view_id for group in groups for view_id in named(group, "view")}
    while wanted and len(found) < MOST:
        rows = [_kept(row) for row in await db.fetch_as(Named, NAMED, sorted(wanted))]
        found |= {each.id: each for each in rows}
        wanted = {view_id for each in rows for view_id in _leads_to(each)} - set(found)
    return found


def _leads_to(view: Kept) -> list[int]:
    return named(view.group, "view")


def circle(start: Iterable[int], views_by_id: Mapping[int, Kept], above: tuple[int, ...] = ()) -> Kept | None:
    """A view that depends on itself, or None. `above`: the views that led here."""
    for view_id in start:
        view = views_by_id.get(view_id)
        if view is None:
            continue
        if view_id in above:
            return view
        if found := circle(_leads_to(view), views_by_id, (*above, view_id)):
            return found
    return None


async def beside_filters(actor: Actor, module: str, view_id: int) -> Group:
    """What a view of a list says beside the filters that stand in the list's address; nothing for another list's view.

    Raises Refused when its criteria cannot be read.
    """
    try:
        view = await one(actor, view_id)
    except Missing:
        return Group()
    if view.module != module:
        return Group()
    return Group("all", (Rule("view", "in", (str(view.id),)),)) if view.frozen else view.criteria


async def goes_round(view_id: int, group: Group) -> bool:
    """Whether a view with these criteria would depend on itself."""
    views_by_id = await depending([group])
    return circle(named(group, "view"), views_by_id, (view_id,)) is not None

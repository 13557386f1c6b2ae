"""Views of a list: one's own, and those that colleagues share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.outcomes import Missing

VIEW = """
select v.id, v.module, v.campaign_id, v.name, v.owner_id, a.name as owner, v.shared, v.opens_first, v.filters,
       v.columns, v.criteria, v.frozen_at, v.version, v.owner_id = $2 as own
from custom_view v join account a on a.id = v.owner_id
where (v.owner_id = $2 or v.shared) and (v.campaign_id is null or $1::bool or exists (
    select from campaign_member m where m.campaign_id = v.campaign_id and m.account_id = $2))"""


# What would change with a view: other views, mailings that have not ended, schedules.
USED = """
select 'view' as kind, v.id, v.name from custom_view v
where jsonb_path_exists(v.criteria, '$.** ? (@.field == "view" && @.value[*] == $id)', $2)
union all
select 'mailing', g.id, g.name from mailing g
where (g.audience = 'view' and g.view_id = $1
    or jsonb_path_exists(g.criteria, '$.** ? (@.field == "view" && @.value[*] == $id)', $2))
    and g.state not in ('finished', 'cancelled')
union all
select 'schedule', h.id, h.name from schedule h where h.view_id = $1
order by 1, 3 limit 100"""


class Use(msgspec.Struct, frozen=True):
    """Something that depends on a view. `kind`: view, mailing, schedule."""

    kind: str
    id: int
    name: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view. `filters`: as the list's query string says them. `campaign_id` None: of the list over all campaigns."""

    id: int
    module: str
    campaign_id: int | None
    name: str
    owner_id: int
    owner: str
    shared: bool
    opens_first: bool
    filters: dict[str, Any]
    columns: list[str]
    version: int
    own: bool
    criteria: dict[str, Any] = {}
    frozen_at: datetime | None = None

    @property
    def frozen(self) -> bool:
        """Whether it is the list of its members at one moment."""
        return self.frozen_at is not None


async def of_module(actor: Actor, module: str, campaign_id: int | None) -> list[View]:
    """The views of one list that the actor may use: the own ones first, by name."""
    sql = f"""{VIEW} and v.module = $3 and v.campaign_id is not distinct from $4
        order by v.owner_id <> $2, folded(v.name), v.id limit 100"""
    return await db.fetch_as(View, sql, *actor.scope, module, campaign_id)


async def visible(actor: Actor, module: str | None = None) -> list[View]:
    """Every view that the actor may use."""
    sql = f"{VIEW} and ($3::text is null or v.module = $3) order by v.id desc limit 500"
    return await db.fetch_as(View, sql, *actor.scope, module)


async def one(actor: Actor, view_id: int) -> View:
    """A view that the actor may use. Raises Missing."""
    found = await db.one_as(View, f"{VIEW} and v.id = $3", *actor.scope, view_id)
    if found is None:
        raise Missing
    return found


async def members(view_id: int) -> int:
    """How many a frozen view lists."""
    return int(await db.fetchval("select count(*) from custom_view_member where view_id = $1", view_id))


async def used_by(view_id: int) -> list[Use]:
    """What depends on a view, by kind and name."""
    return await db.fetch_as(Use, USED, view_id, {"id": str(view_id)})


def opening(views: Sequence[View]) -> View | None:
    """The own view that the list opens with."""
    return next((view for view in views if view.own and view.opens_first), None)

"""The list of dossiers: its pages by key, its numbers, the neighbours of one dossier in it, what its filters offer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.assessment.queries import PERCENT
from portal.audiences.sources import COUNTED_UP_TO as COUNTED_UP_TO
from portal.audiences.sources import Count as Count
from portal.audiences.sources import within
from portal.dossiers.filters import LATEST as LATEST
from portal.dossiers.filters import Filters as Filters
from portal.dossiers.filters import Where
from portal.dossiers.filters import read_filters as read_filters
from portal.lists import Cursor, Keyset, Slice

PAGE = 50

# The campaigns of a member, and whether all of their dossiers are seen or only those that are assigned.
SEEN = """
select c.id, bool_or(m.role = 'manager' or not c.assigned_only) as whole
from campaign_member m join campaign c on c.id = m.campaign_id
where m.account_id = $1 and ($2::int is null or c.id = $2) group by c.id"""

# The page's rows. The last letter is the candidate's own, not a colleague's notification.
ROWS = """
select d.id, d.number, d.first_name, d.last_name, p.email::text as email, d.locale, d.campaign_id,
       c.title as campaign_title, s.label as status_label, s.tone, d.submitted_at, d.changed_at, d.created_at,
       d.withdrawn_at, {key} as key, {more} letter.shown as letter, letter.id as letter_id
from (select d.* from dossier d where {conditions} order by {order} limit {limit}) d
join campaign c on c.id = d.campaign_id
join status s on s.id = d.status_id
join person p on p.id = d.person_id
left join lateral (select m.id, m.shown from message_now m where m.dossier_id = d.id and m.person_id = d.person_id
                   order by m.id desc limit 1) letter on true
order by {order}"""

# What only some columns need, by the name of the row's field.
MORE = {
    "answers": "d.answers",
    "evaluators": """array(select a.name from assignment x join account a on a.id = x.account_id
        where x.dossier_id = d.id order by folded(a.name), a.id)""",
    "score": f"{PERCENT}::float8",
}
OFFERED = 500


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list. `letter`: the state of the last e-mail to the candidate, as message_now.shown.

    `key`: where it stands in the list's order. `answers`, `evaluators`, `score` (per cent): if a column needs them.
    """

    id: int
    number: str
    first_name: str
    last_name: str
    email: str
    locale: str
    campaign_id: int
    campaign_title: dict[str, str]
    status_label: dict[str, str]
    tone: str
    submitted_at: datetime | None
    changed_at: datetime
    created_at: datetime
    withdrawn_at: datetime | None
    key: list[Any]
    letter: str | None
    letter_id: int | None
    answers: dict[str, Any] = {}
    evaluators: list[str] = []
    score: float | None = None

    @property
    def name(self) -> str:
        """As typed in this application; the address where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def place(self) -> str:
        """The cursor that leads on from here, up or down."""
        return Cursor(tuple(self.key)).encode()


class Neighbour(msgspec.Struct, frozen=True):
    """A dossier beside another one in the list, and its place there."""

    id: int
    place: str


class Neighbours(msgspec.Struct, frozen=True):
    """The dossiers above and below in the list."""

    newer: Neighbour | None
    older: Neighbour | None


class Choice(msgspec.Struct, frozen=True):
    """A value that the filters offer, with its label by locale."""

    key: str
    label: dict[str, str]


def _key(order: Keyset) -> str:
    """The order's columns as one array of JSON: instants keep their microseconds."""
    return f"jsonb_build_array({', '.join(order.columns)})"


async def find(
    actor: Actor,
    filters: Filters,
    cursor: Cursor | None = None,
    limit: int = PAGE,
    more: Sequence[str] = (),
    *,
    order: Keyset | None = None,
    where: Where | None = None,
) -> Slice[Row]:
    """A page of the dossiers that the actor may see, in the order of the filters unless another is given.

    `more`: fields of MORE to fill. `where`: the conditions, of whoever has them already; else those of the filters.
    """
    order, where = order or filters.order, where.copy() if where else await narrowed(actor, filters)
    where.page(order, cursor)
    sql = ROWS.format(
        key=_key(order),
        more="".join(f"{MORE[name]} as {name}, " for name in more),
        conditions=where.sql,
        order=order.order(cursor),
        limit=limit + 1,
    )
    rows = await db.fetch_as(Row, sql, *where.values)
    return order.slice(rows, cursor, limit, key=lambda row: tuple(row.key))


async def count(actor: Actor, filters: Filters, where: Where | None = None) -> Count:
    """How many dossiers the filters leave: exact up to 10,000, the planner's estimate beyond. `where`: as for `find`.

    Of assignments the planner knows nothing, so whoever sees only the assigned ones somewhere gets an exact count.
    """
    where = where.copy() if where else await narrowed(actor, filters)
    matching = f"select 1 from dossier d where {where.sql}"
    n = int(await db.fetchval(f"select count(*) from ({matching} limit {COUNTED_UP_TO + 1}) matching", *where.values))
    if n <= COUNTED_UP_TO:
        return Count(n)
    if not actor.everywhere:
        seen = await db.fetch(SEEN, actor.account_id, filters.campaign)
        if not all(row["whole"] for row in seen):
            return Count(int(await db.fetchval(f"select count(*) from dossier d where {where.sql}", *where.values)))
        where.scope_to([row["id"] for row in seen])
    plan = await db.fetchval(f"explain (format json) select 1 from dossier d where {where.sql}", *where.values)
    return Count(max(n, int(plan[0]["Plan"]["Plan Rows"])), exact=False)


async def narrowed(actor: Actor, filters: Filters) -> Where:
    """The conditions of filters, and of the view that they name. Raises Refused when its rules have to be mended."""
    where = Where(actor, filters)
    condition = await within(actor, "dossiers", int(filters.view), where.values, "$1") if filters.view else ""
    where.conditions += [condition] if condition else []
    return where


async def meant(actor: Actor, filters: Filters, among: Sequence[int] | None = None) -> Where:
    """The condition for all dossiers that the filters leave; `among`: only of these, whatever the filters say."""
    where = await narrowed(actor, Filters() if among is not None else filters)
    if among is not None:
        where.add("d.id = any ({0}::bigint[])", list(among))
    return where


async def ids(actor: Actor, filters: Filters, among: Sequence[int] | None = None) -> list[int]:
    """All dossiers that the filters leave, by id; `among`: only of these, whatever the filters say."""
    where = await meant(actor, filters, among)
    rows = await db.fetch(f"select d.id from dossier d where {where.sql} order by d.id", *where.values)
    return [row["id"] for row in rows]


async def neighbours(actor: Actor, filters: Filters, dossier_id: int) -> Neighbours:
    """The dossiers before and after one in the filtered list: one query each way, by key.

    Where it was when it was opened (`place`), so that deciding on it does not lead back to the top of the list.
    """
    here = filters.order.read(filters.place)
    if here is None:
        key = await db.fetchval(f"select {_key(filters.order)} from dossier d where d.id = $1", dossier_id)
        here = filters.order.read(Cursor(tuple(key)).encode())
    if here is None:
        return Neighbours(None, None)
    where = await narrowed(actor, filters)
    where.add("d.id <> {0}", dossier_id)
    return Neighbours(
        await _next(where.copy(), filters.order, Cursor(here.key, back=True)),
        await _next(where, filters.order, Cursor(here.key)),
    )


async def _next(where: Where, order: Keyset, cursor: Cursor) -> Neighbour | None:
    where.page(order, cursor)
    sql = f"select d.id, {_key(order)} as key from dossier d where {where.sql} order by {order.order(cursor)} limit 1"
    row = await db.fetchrow(sql, *where.values)
    return Neighbour(row["id"], Cursor(tuple(row["key"])).encode()) if row else None


# ------------------------------------------------------------------------------------------------ what is offered
async def campaigns(actor: Actor) -> list[Choice]:
    """The campaigns whose dossiers the actor may see; `key` is the id."""
    sql = f"""select c.id::text as key, c.title as label from campaign c
        where $1::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $2)
        order by c.id desc limit {OFFERED}"""
    return await db.fetch_as(Choice, sql, *actor.scope)


async def statuses(actor: Actor, campaign_id: int | None) -> list[Choice]:
    """The statuses to filter by: the campaign's, or one of each key over all campaigns that the actor may see."""
    sql = """select key, label from (
            select distinct on (s.key) s.key, s.label, s.position from status s
            where ($3::int is null or s.campaign_id = $3) and ($1::bool or exists
                (select from campaign_member m where m.campaign_id = s.campaign_id and m.account_id = $2))
            order by s.key, s.campaign_id) one
        order by position, key"""
    return await db.fetch_as(Choice, sql, *actor.scope, campaign_id)

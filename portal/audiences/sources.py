"""Audiences as SQL: whom a view, criteria, ticks or picks mean, among what the actor may see.

    found = await source(actor, Chosen(module="candidates", view_id=7))
    rows = await db.fetch(f"select person_id from ({found.sql}) chosen", *found.parameters)

The relation's columns: `record_id` (a person's id, or a dossier's, as the module says), `person_id`, `dossier_id` (null
for people). Its parameters are numbered from $1; whoever joins it numbers its own after them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg
import msgspec

from portal import db
from portal.actor import Actor
from portal.scope import sees_dossier

COUNTED_UP_TO = 10_000  # beyond it the planner's estimate is shown
PATIENCE = "1500ms"  # then the planner's estimate is shown, whatever the number
LIMITED = "select set_config('statement_timeout', $1, true)"
KINDS = {"candidates": "candidate", "contacts": "contact"}

PEOPLE = "select p.id as record_id, p.id as person_id, null::bigint as dossier_id from person p"
DOSSIERS = "select d.id as record_id, d.person_id, d.id as dossier_id from dossier d"
OWN = f"""($1::bool or exists (select from dossier d where d.person_id = p.id and {sees_dossier("d", "$3")}))"""
PICKED = "{record} in (select picked.record_id from mailing_pick picked where picked.mailing_id = {mailing})"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Who is chosen: everybody of the module for whom all that is given holds. Given nothing: everybody.

    `module`: candidates, contacts or dossiers. `campaign_id`: only its dossiers; people are not narrowed by it.
    `criteria`: as rules.read takes them. `picked_by_mailing`: rows that were ticked for a mailing. `ids`: only these.
    """

    module: str
    campaign_id: int | None = None
    view_id: int | None = None
    criteria: dict[str, Any] = {}
    picked_by_mailing: int | None = None
    ids: tuple[int, ...] = ()


class Source(NamedTuple):
    """A relation (record_id, person_id, dossier_id) and its parameters from $1."""

    sql: str
    parameters: list[Any]


class Count(msgspec.Struct, frozen=True):
    """How many there are. When not `exact`, there are more than could be counted in time, and `n` is an estimate."""

    n: int
    exact: bool = True


class Parameters:
    """Values beside a statement that is being made, numbered from $1."""

    def __init__(self, *values: Any) -> None:
        self.values: list[Any] = list(values)

    def add(self, value: Any, cast: str) -> str:
        """A value's place in the statement, with its type."""
        self.values.append(value)
        return f"${len(self.values)}::{cast}"


async def source(actor: Actor, chosen: Chosen) -> Source:
    """Who is chosen among those that the actor may see. Raises Refused with what to mend, in words."""
    people = chosen.module in KINDS
    if people:
        reach = actor.everywhere or actor.may("person.edit")
        parameters = Parameters(reach, actor.scope[1], actor.everywhere, KINDS[chosen.module])
        conditions = [OWN, "$3::bool is not null", "p.kind = $4::text"]
    else:
        parameters = Parameters(*actor.scope)
        conditions = [sees_dossier("d")]
        if chosen.campaign_id is not None:
            conditions.append(f"d.campaign_id = {parameters.add(chosen.campaign_id, 'int')}")
    record = "p.id" if people else "d.id"
    if chosen.ids:
        conditions.append(f"{record} = any ({parameters.add(list(chosen.ids), 'bigint[]')})")
    if chosen.picked_by_mailing is not None:
        mailing = parameters.add(chosen.picked_by_mailing, "int")
        conditions.append(PICKED.format(record=record, mailing=mailing))
    return Source(f"{PEOPLE if people else DOSSIERS} where {' and '.join(conditions)}", parameters.values)


async def count(actor: Actor, chosen: Chosen, most: int = COUNTED_UP_TO) -> Count:
    """How many are chosen: exact up to `most`, the planner's estimate beyond. Raises Refused as `source` does."""
    return await counted(await source(actor, chosen), most)


async def counted(found: Source, most: int = COUNTED_UP_TO) -> Count:
    """The same of a relation."""
    try:
        sql = f"select count(*)::int from (select 1 from ({found.sql}) chosen limit {most + 1}) matching"
        async with db.transaction():
            before = await db.fetchval("select current_setting('statement_timeout')")
            await db.fetchval(LIMITED, PATIENCE)
            n = int(await db.fetchval(sql, *found.parameters))
            await db.fetchval(LIMITED, before)
    except asyncpg.QueryCanceledError:
        n = -1
    if 0 <= n <= most:
        return Count(n)
    plan = await db.fetchval(f"explain (format json) {found.sql}", *found.parameters)
    return Count(max(n, int(plan[0]["Plan"]["Plan Rows"])), exact=False)

"""Audiences as SQL: whom a view, criteria, ticks or picks mean, among what the actor may see.

    found = await source(actor, Chosen(module="candidates", view_id=7))
    rows = await db.fetch(f"select person_id from ({found.sql}) chosen", *found.parameters)

The relation's columns: `record_id` (a person's id, or a dossier's, as the module says), `person_id`, `dossier_id` (null
for people). Its parameters are numbered from $1; whoever joins it numbers its own after them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from portal import db
from portal.actor import Actor
from portal.audiences import fields, kept, words
from portal.audiences.parameters import Parameters
from portal.audiences.rules import Catalogue, Group, named, problems
from portal.audiences.sql import Compiler, Kept, Setting
from portal.i18n import _
from portal.outcomes import Missing, Refused
from portal.scope import sees_dossier

COUNTED_UP_TO = 10_000  # beyond it the planner's estimate is shown
PATIENCE = "1500ms"  # then the planner's estimate is shown, whatever the number
LIMITED = "select set_config('statement_timeout', $1, true)"
KINDS = {"candidates": "candidate", "contacts": "contact"}
MODULES = ("dossiers", "candidates", "contacts")

PEOPLE = "select p.id as record_id, p.id as person_id, null::bigint as dossier_id from person p"
DOSSIERS = """select d.id as record_id, d.person_id, d.id as dossier_id
from dossier d left join person p on p.id = d.person_id"""
EVERYTHING = "dossiers"  # the module of which criteria may ask most
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


def may_choose(actor: Actor, module: str) -> bool:
    """Whether a module has criteria that the actor may use; for dossiers, pages ask for the right themselves."""
    return module in MODULES and (module not in KINDS or actor.may("person.see"))


async def source(actor: Actor, chosen: Chosen) -> Source:
    """Who is chosen among those that the actor may see. Raises Refused with what to mend, in words."""
    wanted = kept.read_criteria(chosen.criteria)
    view = None if chosen.view_id is None else await _view(actor, chosen)
    parameters, condition = _everybody(actor, chosen)
    compiled = await _compiled(actor, chosen, parameters, wanted, view)
    return Source(" and ".join([condition, *compiled]), parameters.values)


async def _view(actor: Actor, chosen: Chosen) -> Kept:
    try:
        view = await kept.one(actor, chosen.view_id or 0)
    except Missing:
        raise Refused(_("The view was deleted, or is not shared with you any more. Choose another one.")) from None
    if view.module != chosen.module:
        raise Refused(_("The view lists something else. Choose another one."))
    return view


def _everybody(actor: Actor, chosen: Chosen) -> tuple[Parameters, str]:
    """All of the module that the actor may see, narrowed by what needs no criteria."""
    people = chosen.module in KINDS
    if people:
        reach = actor.everywhere or actor.may("person.edit")
        parameters = Parameters(reach, actor.scope[1], actor.everywhere, KINDS[chosen.module])
        conditions = [OWN, "p.kind = $4::text"]
    else:
        parameters = Parameters(*actor.scope)
        conditions = [sees_dossier("d")]
    if chosen.campaign_id is not None and not people:
        conditions.append(f"d.campaign_id = {parameters.add(chosen.campaign_id, 'int')}")
    record = "p.id" if people else "d.id"
    if chosen.ids:
        conditions.append(f"{record} = any ({parameters.add(list(chosen.ids), 'bigint[]')})")
    if chosen.picked_by_mailing is not None:
        mailing = parameters.add(chosen.picked_by_mailing, "int")
        conditions.append(PICKED.format(record=record, mailing=mailing))
    return parameters, f"{PEOPLE if people else DOSSIERS} where {' and '.join(conditions)}"


async def _compiled(
    actor: Actor, chosen: Chosen, parameters: Parameters, wanted: Group, view: Kept | None
) -> list[str]:
    """The conditions of criteria and of a view. Raises Refused: what has to be mended in either."""
    groups = [wanted] if view is None else [wanted, view.group]
    if not any(groups) and (view is None or (not view.frozen and view.campaign_id is None)):
        return []
    people = chosen.module in KINDS
    compiler = await _compiler(actor, groups, view, parameters, "$3" if people else "$1", chosen.campaign_id)
    conditions = [compiler.group(wanted, people=people)] if wanted else []
    return conditions if view is None else [*conditions, compiler.view(view, people=people)]


async def _compiler(
    actor: Actor, groups: list[Group], view: Kept | None, parameters: Parameters, everywhere: str, campaign: int | None
) -> Compiler:
    """What makes SQL of groups, of which the first is the actor's own. Raises Refused: what has to be mended."""
    views = await kept.depending(groups)
    above = () if view is None else (view.id,)
    if itself := kept.circle([each for group in groups for each in named(group, "view")], views, above):
        raise Refused(words.goes_round(itself.name))
    nested = set(views) - set(named(groups[0], "view"))
    every = [*groups, *(each.group for each in views.values())]
    catalogue = await fields.catalogue(actor, EVERYTHING, every, campaign, nested)
    for group in groups:
        refuse(group, catalogue, view.name if view and group is view.group else "")
    for each in views.values():
        refuse(each.group, catalogue, each.name)
    setting = Setting(
        catalogue=catalogue,
        views=views,
        now=datetime.now(UTC),
        zone=ZoneInfo(actor.time_zone),
        everywhere=everywhere,
        account="$2",
    )
    return Compiler(setting, parameters)


async def within(actor: Actor, module: str, view_id: int, values: list[Any], everywhere: str) -> str:
    """A list's condition for a view on `p`, or `d`: its criteria, or its members; its filters are the list's own.

    `values`: the list's parameters so far, to which the condition's are added; $2 is the account's id, `everywhere`
    where the other half of the actor's scope is. "" when the view is none of this list's or only keeps filters.
    """
    group = await kept.beside_filters(actor, module, view_id)
    if not group:
        return ""
    parameters = Parameters(*values)
    compiler = await _compiler(actor, [Group(), group], None, parameters, everywhere, None)
    people = module in KINDS
    condition = compiler.group(group, people=people)
    values[:] = parameters.values
    return condition if people else f"exists (select from person p where p.id = d.person_id and {condition})"


def refuse(group: Group, catalogue: Catalogue, view: str = "") -> None:
    """Raise Refused if criteria have to be mended. `view`: the name of the view that they belong to."""
    found = problems(group, catalogue)
    if not found:
        return
    sentence = words.problem(found[0])
    # NOTE: {view}: a saved view's name; {sentence}: what is wrong with one of its rules
    raise Refused(_("View “{view}”: {sentence}").format(view=view, sentence=sentence) if view else sentence)


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

"""People as pages and actions need them, found through the actor.

Whoever may edit people sees all of them; others see those who have a dossier in one of their campaigns.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.audiences.sources import Count, Source, counted, within
from portal.lists import Cursor, Keyset, Slice, literal
from portal.outcomes import Missing
from portal.scope import sees_dossier

PAGE = 50
MOST_WORDS = 5
LATEST = Keyset(("p.changed_at", datetime), ("p.id", int))

VISIBLE = f"($1::bool or exists (select from dossier d where d.person_id = p.id and {sees_dossier('d')}))"

# A person of the list: dossiers are counted only where the actor may see them. Search words are compared with the
# folded column that the trigram index covers, one condition each, so that their order does not matter.
LISTED = f"""
select p.id, p.kind, p.email::text as email, p.first_name, p.last_name, p.locale, p.changed_at,
       (select count(*) from dossier d where d.person_id = p.id and {sees_dossier("d", "$3")}) as dossiers,
       coalesce((select array_agg(s.reason order by s.scope) from suppression s where s.address = p.email),
           '{{}}') as reasons,
       coalesce((select array_agg(s.scope order by s.scope) from suppression s where s.address = p.email),
           '{{}}') as scopes
from person p"""

PERSON = f"""
select p.id, p.kind, p.email::text as email, p.first_name, p.last_name, p.locale, p.created_at, p.changed_at, p.version,
       p.phone, p.tags, p.company_id, coalesce(c.name, '') as company, p.owner_id, coalesce(o.name, '') as owner
from person p left join company c on c.id = p.company_id left join account o on o.id = p.owner_id
where {VISIBLE} and p.id = $3"""

# Who blocked an address stands in the history of its person, under the same scope.
SUPPRESSIONS = """
select s.scope, s.reason, s.source, s.note, s.at, s.expires_at, coalesce(e.actor_kind, 'rule') as actor_kind,
       coalesce(e.actor_name, '') as by
from suppression s left join lateral (
    select actor_kind, actor_name from timeline_event
    where what = 'address.blocked' and details ->> 'scope' = s.scope and person_id = $2
    order by id desc limit 1) e on true
where s.address = $1 order by s.scope"""

DOSSIERS = f"""
select d.id, d.number, d.campaign_id, c.title as campaign_title, c.default_locale, s.label, s.tone,
       s.key = 'draft' as draft, d.submitted_at, d.changed_at
from dossier d join campaign c on c.id = d.campaign_id join status s on s.id = d.status_id
where d.person_id = $3
and {sees_dossier("d")}
order by d.changed_at desc, d.id desc limit 200"""


# Her history without what happened in campaigns and to dossiers that the actor may not see.
HAPPENED = f"""
e.person_id = $3 and ($1::bool or case when e.dossier_id is not null
    then exists (select from dossier d where d.id = e.dossier_id and {sees_dossier("d")})
    else e.campaign_id is null or exists (
        select from campaign_member m where m.campaign_id = e.campaign_id and m.account_id = $2) end)"""
HISTORY = f"""
select {timeline.columns_of("e")} from timeline_event e where {HAPPENED} order by e.id desc limit 200"""


Where = tuple[list[str], list[Any]]  # conditions, and the values of their parameters from $1


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of people is narrowed to. `q`: words of name or address; `opted_out`: optional e-mail refused."""

    kind: str = "candidate"
    q: str = ""
    locale: str = ""
    opted_out: bool = False
    tag: str = ""
    view_id: int | None = None


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a list. `reasons`, `scopes`: why her address is not written to, and how far.

    `dossiers`: those the actor may see.
    """

    id: int
    kind: str
    email: str | None
    first_name: str
    last_name: str
    locale: str
    changed_at: datetime
    dossiers: int
    reasons: list[str]
    scopes: list[str]

    @property
    def name(self) -> str:
        """Full name, or the address."""
        return full_name(self.first_name, self.last_name, self.email)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody we write to. Instants are aware. `company`, `owner`: their names, or ""."""

    id: int
    kind: str
    email: str | None
    first_name: str
    last_name: str
    locale: str
    created_at: datetime
    changed_at: datetime
    version: int
    phone: str
    tags: list[str]
    company_id: int | None
    company: str
    owner_id: int | None
    owner: str

    @property
    def name(self) -> str:
        """Full name, or the address."""
        return full_name(self.first_name, self.last_name, self.email)


class Suppression(msgspec.Struct, frozen=True):
    """Why an address is not written to. `scope` optional: necessary e-mail still goes. `by`: a name, or ""."""

    scope: Literal["all", "optional"]
    reason: str
    source: str
    note: str
    at: datetime
    expires_at: datetime | None
    actor_kind: str
    by: str


class PersonDossier(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier of a person, with the words of its campaign and status."""

    id: int
    number: str
    campaign_id: int
    campaign_title: dict[str, str]
    default_locale: str
    label: dict[str, str]
    tone: str
    draft: bool
    submitted_at: datetime | None
    changed_at: datetime


class LastChange(msgspec.Struct, frozen=True):
    """Who was faster, and when."""

    by: str
    at: datetime


# ------------------------------------------------------------------------------------------------ lists
async def search(
    actor: Actor, filters: Filters, cursor: Cursor | None = None, limit: int = PAGE, where: Where | None = None
) -> Slice[PersonRow]:
    """One page of the people that match, last changed first. `where`: of whoever has the conditions already."""
    conditions, parameters = where or await narrowed(actor, filters)
    first = len(parameters) + 2
    sql = f"""{LISTED} where {" and ".join(conditions)} and {LATEST.condition(cursor, first=first)}
        order by {LATEST.order(cursor)} limit ${first - 1}"""
    rows = await db.fetch_as(PersonRow, sql, *parameters, limit + 1, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.changed_at, row.id))


async def matching(where: Where) -> Count:
    """How many people match: exact up to 10,000, an estimate beyond."""
    conditions, parameters = where
    every = " and ".join([*conditions, "$3::bool is not null"])
    return await counted(Source(f"select 1 from person p where {every}", parameters))


async def count(actor: Actor, kind: str) -> int:
    """How many people of a kind the actor may see at all."""
    sql = f"select count(*) from person p where {VISIBLE} and p.kind = $3"
    return int(await db.fetchval(sql, *_reach(actor), kind))


def _reach(actor: Actor) -> tuple[bool, int]:
    """The two parameters of VISIBLE."""
    everywhere, account_id = actor.scope
    return everywhere or actor.may("person.edit"), account_id


async def narrowed(actor: Actor, filters: Filters) -> Where:
    """The conditions of a list on `p`."""
    conditions, parameters = [VISIBLE, "p.kind = $4"], [*_reach(actor), actor.everywhere, filters.kind]
    if filters.locale:
        parameters.append(filters.locale)
        conditions.append(f"p.locale = ${len(parameters)}")
    for word in filters.q.split()[:MOST_WORDS]:
        parameters.append(f"%{literal(word)}%")
        conditions.append(f"p.search like folded(${len(parameters)})")
    if filters.opted_out:
        conditions.append("exists (select from suppression s where s.address = p.email and s.reason = 'opted_out')")
    if filters.tag:
        parameters.append([filters.tag.lower()])
        conditions.append(f"p.tags && ${len(parameters)}::text[]")
    if filters.view_id is not None:
        condition = await within(actor, f"{filters.kind}s", filters.view_id, parameters, "$3")
        conditions += [condition] if condition else []
    return conditions, parameters


def full_name(first_name: str, last_name: str, email: str | None) -> str:
    """First and last name, or the address where there is no name."""
    return f"{first_name} {last_name}".strip() or email or ""


# ------------------------------------------------------------------------------------------------ one person
async def one(actor: Actor, person_id: int) -> Person:
    """The person, if the actor may see her. Raises Missing."""
    found = await db.one_as(Person, PERSON, *_reach(actor), person_id)
    if found is None:
        raise Missing
    return found


async def owners() -> list[tuple[int, str]]:
    """(id, name) of the colleagues who may look after people."""
    rows = await db.fetch("select id, name from account where active order by folded(name), id limit 500")
    return [(row["id"], row["name"]) for row in rows]


async def by_address(actor: Actor, email: str) -> Person | None:
    """Who has an address, if the actor may see her."""
    person_id = await db.fetchval("select id from person where email = $1", email)
    return None if person_id is None else await db.one_as(Person, PERSON, *_reach(actor), person_id)


async def suppressions(person: Person) -> list[Suppression]:
    """Why her address is not written to; empty when it is. Since when, and by whom."""
    return await db.fetch_as(Suppression, SUPPRESSIONS, person.email, person.id) if person.email else []


async def dossiers_of(actor: Actor, person_id: int) -> list[PersonDossier]:
    """Her dossiers that the actor may see, last changed first."""
    return await db.fetch_as(PersonDossier, DOSSIERS, *actor.scope, person_id)


async def history_of(actor: Actor, person_id: int) -> list[timeline.Event]:
    """What happened to her that the actor may see, newest first."""
    return await db.fetch_as(timeline.Event, HISTORY, *actor.scope, person_id)


async def last_change(person_id: int) -> LastChange | None:
    """Who changed her record last."""
    sql = """select actor_name as by, at from timeline_event
        where person_id = $1 and what = 'person.changed' order by id desc limit 1"""
    return await db.one_as(LastChange, sql, person_id)

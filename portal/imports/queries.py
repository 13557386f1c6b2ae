"""Imports as their pages need them: one's own, or of campaigns one may edit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns.kinds import Question
from portal.campaigns.reading import READERS
from portal.dossiers import queries as dossiers
from portal.imports.reading import Reading
from portal.imports.rules import Kind, Known, Option, Problem
from portal.lists import Cursor, Keyset, Slice
from portal.outcomes import Missing

Person = Literal["candidate", "contact"]
PAGE = 50
LATEST = Keyset(("i.id", int))
State = Literal["uploaded", "checking", "checked", "importing", "done", "failed", "cancelled"]

# Whoever brings a list in sees it; of dossiers' lists only as long as she is on the campaign's team.
MINE = """
from import_file i left join campaign c on c.id = i.campaign_id left join account a on a.id = i.account_id
left join job j on j.id = i.job_id
where ($1::bool or i.account_id = $2) and (i.campaign_id is null or $1::bool or exists
    (select from campaign_member m where m.campaign_id = i.campaign_id and m.account_id = $2 and m.role = 'manager'))"""

COLUMNS = """i.id, i.kind, i.campaign_id, c.title as campaign_title, coalesce(a.name, '') as by, i.name, i.stored_as,
    i.size, i.reading, i.header, i.rows, i.mapping, i.options, i.job_id, i.counts, i.created_at, i.ended_at, i.version,
    case when i.state in ('checking', 'importing') and j.state in ('cancelled', 'failed') then 'failed'
         else i.state end as state"""  # its task was stopped, or broke: nothing of it was committed

# Who of the file is there already: their records, and whether they have a dossier in the campaign.
THERE = """
select p.email::text as email, exists (select from dossier d where d.person_id = p.id and d.campaign_id = $2) as applied
from person p where p.email = any ($1::text[]::citext[])"""


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen for the whole file. `known`: records that are there already; `status` where no cell says one."""

    known: Known = "leave"
    person: Person = "candidate"
    locale: str = ""
    status: str = "submitted"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What the check found: rows `new`, of people `known`, of people with a dossier (`applied`), with errors."""

    new: int = 0
    known: int = 0
    applied: int = 0
    wrong: int = 0
    created: int = 0  # what became of it: records made (dossiers, or people) ...
    changed: int = 0  # ... and people whose record was changed

    def rows(self, kind: Kind, known: Known) -> int:
        """How many rows bringing it in would write."""
        return self.new + (self.known if kind == "dossiers" or known == "update" else 0)


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded list and how far it is. `mapping`: field -> column, from 0."""

    id: int
    kind: Kind
    campaign_id: int | None
    campaign_title: dict[str, str] | None
    by: str
    name: str
    stored_as: str
    size: int
    reading: Reading
    header: list[str]
    rows: int
    mapping: dict[str, int]
    options: Choices
    state: State
    job_id: int | None
    counts: Counts
    created_at: datetime
    ended_at: datetime | None
    version: int

    @property
    def open(self) -> bool:
        """Whether columns can still be chosen."""
        return self.state in ("uploaded", "checked")

    @property
    def ready(self) -> int:
        """Rows that would be written."""
        return self.counts.rows(self.kind, self.options.known)


class There(msgspec.Struct, frozen=True):
    """Somebody who is known already."""

    email: str
    applied: bool


async def latest(actor: Actor, cursor: Cursor | None, limit: int = PAGE) -> Slice[Import]:
    """One page of the imports that the actor may see, latest first."""
    sql = f"""select {COLUMNS} {MINE} and {LATEST.condition(cursor, first=3)}
        order by {LATEST.order(cursor)} limit {limit + 1}"""
    rows = [_import(row) for row in await db.fetch(sql, *actor.scope, *LATEST.parameters(cursor))]
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.id,))


async def one(actor: Actor, import_id: int) -> Import:
    """The import, if the actor may see it. Raises Missing."""
    row = await db.fetchrow(f"select {COLUMNS} {MINE} and i.id = $3", *actor.scope, import_id)
    if row is None:
        raise Missing
    return _import(row)


def _import(row: Any) -> Import:
    return msgspec.convert(dict(row), Import)


async def problems(import_id: int, limit: int | None = 200) -> list[Problem]:
    """What is wrong, by line."""
    sql = "select line, field, problem, value from import_problem where import_id = $1 order by line, field limit $2"
    return await db.fetch_as(Problem, sql, import_id, limit)


async def there(emails: list[str], campaign_id: int | None) -> list[There]:
    """Who of these is known already."""
    return await db.fetch_as(There, THERE, emails, campaign_id)


async def questions(campaign_id: int | None) -> list[Question]:
    """The questions whose answers a cell can give: all but documents and headings."""
    if campaign_id is None:
        return []
    return [each for each in await dossiers.questions(campaign_id) if each.kind in READERS]


async def statuses(campaign_id: int | None) -> list[Option]:
    """The campaign's statuses, with all their names."""
    if campaign_id is None:
        return []
    return [Option(each.key, each.label) for each in await dossiers.statuses(campaign_id)]


async def campaigns_to_choose(actor: Actor) -> list[tuple[int, dict[str, str]]]:
    """(id, title) of the campaigns whose dossiers the actor may bring in, latest first."""
    sql = """select c.id, c.title from campaign c where $1::bool or exists (select from campaign_member m
        where m.campaign_id = c.id and m.account_id = $2 and m.role = 'manager') order by c.id desc limit 500"""
    return [(row["id"], row["title"]) for row in await db.fetch(sql, *actor.scope)]

"""The list of dossiers: filters to SQL, pages by key, numbers, and the neighbours of one dossier in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from portal import db
from portal.actor import Actor
from portal.lists import Cursor, Keyset, Slice
from portal.scope import sees_dossier

PAGE = 50
COUNTED_UP_TO = 10_000  # beyond it the planner's estimate is shown
LATEST = Keyset(("d.changed_at", datetime), ("d.id", int))

# The page's rows. The last letter is the candidate's own, not a colleague's notification.
ROWS = """
select d.id, d.number, d.first_name, d.last_name, p.email::text as email, d.locale, d.campaign_id,
       c.title as campaign_title, s.label as status_label, s.tone, d.submitted_at, d.changed_at,
       letter.shown as letter, letter.id as letter_id
from (select d.* from dossier d where {conditions} order by {order} limit {limit}) d
join campaign c on c.id = d.campaign_id
join status s on s.id = d.status_id
join person p on p.id = d.person_id
left join lateral (select m.id, m.shown from message_now m where m.dossier_id = d.id and m.person_id = d.person_id
                   order by m.id desc limit 1) letter on true
order by {order}"""

THROUGH_ACTOR = sees_dossier("d")

# A status is known by its key: the same word in every campaign.
BY_STATUS = "d.status_id = any (array(select id from status where key = {}))"
BY_WORDS = "(d.search like {0} or d.person_id = any (array(select id from person where search like {0})))"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows the list; empty: everything. Days are the reader's own."""

    q: str = ""
    campaign: int | None = None
    status: str = ""
    language: str = ""
    after: date | None = None
    before: date | None = None

    def query(self) -> dict[str, str]:
        """As a URL carries them."""
        return {name: str(value) for name, value in msgspec.structs.asdict(self).items() if value not in (None, "")}

    def without(self, *names: str) -> dict[str, str]:
        """The same without some of them: a removable chip's address."""
        return {name: value for name, value in self.query().items() if name not in names}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the list. `letter`: the state of the last e-mail to the candidate, as message_now.shown."""

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
    letter: str | None
    letter_id: int | None

    @property
    def name(self) -> str:
        """As typed in this application; the address where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Count(msgspec.Struct, frozen=True):
    """How many there are; `exact` is false above 10,000."""

    n: int
    exact: bool = True


class Neighbours(msgspec.Struct, frozen=True):
    """The dossiers above and below in the list."""

    newer: int | None
    older: int | None


class Choice(msgspec.Struct, frozen=True):
    """A value that the filters offer, with its label by locale."""

    key: str
    label: dict[str, str]


class _Where:
    """Conditions with their parameters; the first two are always the actor's scope."""

    def __init__(self, actor: Actor, filters: Filters) -> None:
        self.values: list[Any] = list(actor.scope)
        self.conditions = [THROUGH_ACTOR]
        zone = ZoneInfo(actor.time_zone)
        for condition, value in (
            ("d.campaign_id = {}", filters.campaign),
            (BY_STATUS, filters.status or None),
            ("d.locale = {}", filters.language or None),
            ("d.submitted_at >= {}", filters.after and datetime.combine(filters.after, time(), zone)),
            ("d.submitted_at < {}", filters.before and datetime.combine(filters.before + timedelta(1), time(), zone)),
        ):
            if value is not None:
                self.add(condition, value)
        for word in filters.q.split()[:8]:
            self.add(BY_WORDS.replace("{0}", "'%' || folded({0}) || '%'"), pattern(word))

    def add(self, condition: str, value: Any) -> None:
        """One more condition; `{}` or `{0}` in it is its parameter."""
        self.values.append(value)
        self.conditions.append(condition.format(f"${len(self.values)}"))

    def page(self, cursor: Cursor | None) -> None:
        """Only rows on one side of a row."""
        self.conditions.append(LATEST.condition(cursor, first=len(self.values) + 1))
        self.values += LATEST.parameters(cursor)

    @property
    def sql(self) -> str:
        return " and ".join(self.conditions)


def pattern(word: str) -> str:
    """A word for LIKE: its own % and _ mean themselves."""
    return re.sub(r"([\\%_])", r"\\\1", word)


async def find(actor: Actor, filters: Filters, cursor: Cursor | None = None, limit: int = PAGE) -> Slice[Row]:
    """A page of the dossiers that the actor may see, last changed first."""
    where = _Where(actor, filters)
    where.page(cursor)
    sql = ROWS.format(conditions=where.sql, order=LATEST.order(cursor), limit=limit + 1)
    rows = await db.fetch_as(Row, sql, *where.values)
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.changed_at, row.id))


async def count(actor: Actor, filters: Filters) -> Count:
    """How many dossiers the filters leave: exact up to 10,000, the planner's estimate beyond."""
    where = _Where(actor, filters)
    matching = f"select 1 from dossier d where {where.sql}"
    n = int(await db.fetchval(f"select count(*) from ({matching} limit {COUNTED_UP_TO + 1}) matching", *where.values))
    if n <= COUNTED_UP_TO:
        return Count(n)
    plan = await db.fetchval(f"explain (format json) {matching}", *where.values)
    return Count(max(n, int(plan[0]["Plan"]["Plan Rows"])), exact=False)


async def neighbours(actor: Actor, filters: Filters, changed_at: datetime, dossier_id: int) -> Neighbours:
    """The dossiers before and after one in the filtered list: one query each way, by key."""
    return Neighbours(
        await _next(actor, filters, Cursor((changed_at, dossier_id), back=True)),
        await _next(actor, filters, Cursor((changed_at, dossier_id))),
    )


async def _next(actor: Actor, filters: Filters, cursor: Cursor) -> int | None:
    where = _Where(actor, filters)
    where.page(cursor)
    sql = f"select d.id from dossier d where {where.sql} order by {LATEST.order(cursor)} limit 1"
    found = await db.fetchval(sql, *where.values)
    return None if found is None else int(found)


# ------------------------------------------------------------------------------------------------ what is offered
async def campaigns(actor: Actor) -> list[Choice]:
    """The campaigns whose dossiers the actor may see; `key` is the id."""
    sql = """select c.id::text as key, c.title as label from campaign c
        where $1::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $2)
        order by c.id desc limit 500"""
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


def read_filters(query: Mapping[str, str]) -> Filters:
    """Filters from a query string; what makes no sense is left out."""
    campaign = query.get("campaign", "")
    return Filters(
        q=re.sub(r"[\s\u00a0\u202f\x00]+", " ", query.get("q", "")).strip()[:200],
        campaign=int(campaign) if campaign.isascii() and campaign.isdigit() and len(campaign) < 10 else None,
        status=query.get("status", "")[:100].replace("\0", ""),
        language=query.get("language", "")[:10].replace("\0", ""),
        after=_day(query.get("after", "")),
        before=_day(query.get("before", "")),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9000 else None

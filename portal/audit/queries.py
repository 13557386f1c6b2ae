"""Reads of the audit log, found through the actor.

Administrators see everything. Others see what they did themselves, the campaigns that they manage, and what belongs to
no campaign as far as their rights open it; never the sign-ins of others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.audit.rules import AREAS, names_of
from portal.lists import Cursor, Keyset, Slice
from portal.timeline import Event
from portal.timeline_words import WORDS

NEWEST = Keyset(("e.id", int))
PAGE = 50
OPEN = {"template": "template.see", "picture": "template.see", "person": "person.edit", "programme": "programme.edit"}
WHOLES = ("campaign", "dossier", "person")  # events name these beside their subject
MANAGED = "select campaign_id from campaign_member where account_id = $1 and role = 'manager'"

# What an event is about, by the name that people know it by; null when it is gone.
ABOUT = """case e.subject
    when 'dossier' then (select d.number from dossier d where d.id = e.subject_id)
    when 'campaign' then (select coalesce(c.title ->> c.default_locale, c.slug)
        from campaign c where c.id = e.subject_id)
    when 'person' then (select coalesce(nullif(trim(p.first_name || ' ' || p.last_name), ''), p.email::text)
        from person p where p.id = e.subject_id)
    when 'template' then (select t.name from template t where t.id = e.subject_id)
    when 'trigger' then (select t.name from trigger t where t.id = e.subject_id)
    when 'account' then (select a.name from account a where a.id = e.subject_id)
    when 'role' then (select r.name from role r where r.id = e.subject_id)
    when 'sender' then (select s.address::text from sender s where s.id = e.subject_id)
    when 'message' then (select m.address from message m where m.id = e.subject_id)
    end as about"""
COLUMNS = timeline.columns_of("e")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What the log is narrowed to. `since` and `until` are days of the reader, both included."""

    area: str = ""
    account_id: int = 0
    campaign_id: int = 0
    subject: str = ""
    subject_id: int = 0
    since: date | None = None
    until: date | None = None


class Row(Event, kw_only=True, frozen=True):
    """An event with what it is about, and its place in the chain."""

    about: str | None
    seal: int | None
    hash: bytes | None


async def search(actor: Actor, filters: Filters, cursor: Cursor | None, limit: int = PAGE) -> Slice[Row]:
    """One page of the log, the latest first."""
    conditions, values = await _conditions(actor, filters)
    first = len(values) + 1
    sql = f"""select {COLUMNS}, {ABOUT}, e.seal, e.hash from timeline_event e
        where {" and ".join(conditions)} and {NEWEST.condition(cursor, first=first)}
        order by {NEWEST.order(cursor)} limit {limit + 1}"""
    rows = await db.fetch_as(Row, sql, *values, *NEWEST.parameters(cursor))
    return NEWEST.slice(rows, cursor, limit, key=lambda row: (row.id,))


async def _conditions(actor: Actor, filters: Filters) -> tuple[list[str], list[Any]]:
    found = _Conditions(actor.time_zone)
    if filters.area in AREAS:
        found.add("e.what = any ({})", names_of(filters.area, list(WORDS)))
    if not actor.everywhere:
        await _visible(found, actor)
    if filters.account_id:
        found.add("e.account_id = {}", filters.account_id)
    if filters.campaign_id:
        found.add("e.campaign_id = {}", filters.campaign_id)
    if filters.subject in WHOLES and filters.subject_id:
        found.add(f"e.{filters.subject}_id = {{}}", filters.subject_id)
    elif filters.subject and filters.subject_id:
        found.add("e.subject = {} and e.subject_id = {}", filters.subject, filters.subject_id)
    elif filters.subject:
        found.add("e.subject = {}", filters.subject)
    if filters.since:
        found.add("e.at >= {}", found.midnight(filters.since))
    if filters.until and filters.until < date.max:
        found.add("e.at < {}", found.midnight(filters.until + timedelta(days=1)))
    return found.texts, found.values


async def _visible(found: _Conditions, actor: Actor) -> None:
    mine = [row["campaign_id"] for row in await db.fetch(MANAGED, actor.account_id)]
    opened = [subject for subject, right in OPEN.items() if actor.may(right)]
    found.add(
        """(e.campaign_id = any ({}) or e.account_id = {} or e.campaign_id is null and (
        e.dossier_id is null and e.subject = any ({}) or e.dossier_id is not null and exists (
            select from dossier d where d.id = e.dossier_id and d.campaign_id = any ({}))))""",
        *(mine, actor.account_id, opened, mine),
    )


class _Conditions:
    """SQL conditions with their numbered parameters."""

    def __init__(self, zone: str) -> None:
        self.texts, self.values = ["true"], list[Any]()
        self.zone = ZoneInfo(zone)

    def add(self, condition: str, *values: Any) -> None:
        """One more; each `{}` is the number of a value."""
        first = len(self.values) + 1
        self.values += values
        self.texts.append(condition.format(*(f"${first + at}" for at in range(len(values)))))

    def midnight(self, day: date) -> datetime:
        """When a day begins on the reader's clock."""
        return datetime.combine(day, time(), self.zone)


class Verified(msgspec.Struct, frozen=True):
    """What the last walk along the chain found (timeline.Verdict), when, and who had asked for it."""

    at: datetime
    by: str
    seal: int
    hash: str
    broken: int | None


async def last_verified() -> Verified | None:
    """The last walk along the chain; None: there was none yet."""
    sql = "select at, actor_name, details from timeline_event where what = 'audit.verified' order by id desc limit 1"
    row = await db.fetchrow(sql)
    return msgspec.convert({"at": row["at"], "by": row["actor_name"]} | row["details"], Verified) if row else None


# ------------------------------------------------------------------------------------------------ to choose from
async def people() -> Sequence[tuple[int, str]]:
    """Accounts by name, the deactivated ones too: they did things."""
    rows = await db.fetch("select id, name from account order by folded(name), id limit 1000")
    return [(row["id"], row["name"]) for row in rows]


async def campaigns(actor: Actor) -> Sequence[tuple[int, dict[str, str]]]:
    """Campaigns whose events the actor sees, the latest first."""
    sql = """select c.id, c.title from campaign c where $1::bool or exists (
        select from campaign_member m where m.campaign_id = c.id and m.account_id = $2 and m.role = 'manager')
        order by c.created_at desc, c.id desc limit 500"""
    return [(row["id"], row["title"]) for row in await db.fetch(sql, *actor.scope)]

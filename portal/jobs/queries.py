"""Reads about jobs: one, the latest of somebody, the items that could not be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.jobs import rules
from portal.lists import Cursor, Keyset, Slice
from portal.outcomes import Missing

PAGE = 50
LATEST = Keyset(("j.id", int))
REFUSED = Keyset(("i.item_id", int), ascending=True)
JOB = """
select j.id, j.kind, j.campaign_id, j.account_id, coalesce(a.name, '') as name, j.what, j.state, j.total, j.done,
       j.refused, j.problem, j.result, j.created_at, j.started_at, j.ended_at, j.paced_at, j.paced_from, j.version,
       exists (select from job_item i where i.job_id = j.id) as in_items
from job j left join account a on a.id = j.account_id"""
OWN = " and ($2::bool or j.account_id = $3)"
REFUSED_ITEMS = """
select i.item_id, i.reason from job_item i where i.job_id = $1 and i.state = 'refused' and {condition}
order by {order} limit {limit}"""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job. `total`, `done`, `refused` count items; `what` is what was asked for, `result` what came of it."""

    id: int
    kind: str
    campaign_id: int | None
    account_id: int | None
    name: str
    what: dict[str, Any]
    state: rules.State
    total: int
    done: int
    refused: int
    problem: str
    result: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    paced_at: datetime | None
    paced_from: int
    version: int
    in_items: bool

    @property
    def open(self) -> bool:
        """Whether it still goes on, or may go on."""
        return self.state in rules.OPEN

    @property
    def passed(self) -> int:
        """How many items have been looked at."""
        return self.done + self.refused

    @property
    def verbs(self) -> list[rules.Verb]:
        """What can be done with it now."""
        return [verb for verb in rules.VERBS if rules.allowed(verb, self.state, self.in_items)]

    def pace(self, now: datetime) -> int:
        """Items a minute; 0 when it stands or it is too early to say."""
        moving = self.state == "running"
        return rules.per_minute(self.passed - self.paced_from, self.paced_at, now) if moving else 0

    def time_left(self, now: datetime) -> timedelta | None:
        """How long it will still take, as far as one can say."""
        return rules.time_left(self.total - self.passed, self.pace(now))


class Item(msgspec.Struct, frozen=True):
    """An item that could not be done. `reason`: a word of the job's kind, or a sentence."""

    item_id: int
    reason: str


async def one(actor: Actor, job_id: int) -> Job:
    """A job of one's own; administrators see everybody's. Raises Missing."""
    found = await db.one_as(Job, f"{JOB} where j.id = $1{OWN}", job_id, *actor.scope)
    if found is None:
        raise Missing
    return found


async def unfinished(actor: Actor, kind: str, campaign_id: int) -> int | None:
    """The actor's own job of this kind about a campaign, as long as it has not ended; None: there is none."""
    sql = """select id from job where account_id = $1 and kind = $2 and campaign_id = $3
        and state in ('waiting', 'running', 'paused') order by id desc limit 1"""
    found: int | None = await db.fetchval(sql, actor.account_id, kind, campaign_id)
    return found


async def by_id(job_id: int) -> Job | None:
    """A job, whoever asks: for those who work on it."""
    return await db.one_as(Job, f"{JOB} where j.id = $1", job_id)


async def latest(actor: Actor, cursor: Cursor | None = None) -> Slice[Job]:
    """The actor's own jobs, newest first; administrators see everybody's."""
    condition, order = LATEST.condition(cursor, first=3), LATEST.order(cursor)
    sql = f"{JOB} where ($1::bool or j.account_id = $2) and {condition} order by {order} limit {PAGE + 1}"
    rows = await db.fetch_as(Job, sql, *actor.scope, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, PAGE, key=lambda row: (row.id,))


async def under_way(actor: Actor) -> int:
    """How many of the actor's own jobs have not ended."""
    sql = "select count(*) from job where account_id = $1 and state in ('waiting', 'running', 'paused')"
    return int(await db.fetchval(sql, actor.account_id))


async def refused(job_id: int, cursor: Cursor | None = None) -> Slice[Item]:
    """The items that could not be done, with their reasons."""
    sql = REFUSED_ITEMS.format(
        condition=REFUSED.condition(cursor, first=2), order=REFUSED.order(cursor), limit=PAGE + 1
    )
    rows = await db.fetch_as(Item, sql, job_id, *REFUSED.parameters(cursor))
    return REFUSED.slice(rows, cursor, PAGE, key=lambda row: (row.item_id,))

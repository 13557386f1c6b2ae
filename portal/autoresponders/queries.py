"""Automatic follow-ups as their pages and the worker need them. Reads only."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.autoresponders.rules import Cause, Draft
from portal.outcomes import Missing
from portal.triggers.queries import LastChange, check_scope

DAYS_COUNTED = 30

COLUMNS = """a.id, a.campaign_id, a.name, a.cause, a.status_id, a.question, a.days, a.hours, a.template_id, a.active,
    a.active_from, a.looked_at, a.version, m.name as template_name, m.version_id,
    m.archived_at is not null as template_archived, m.category = 'optional' as optional, s.label as status_label,
    q.label as question_label, c.time_zone, c.closes_at, c.archived_at is not null as campaign_archived,
    array(select x.locale from template_variant x where x.version_id = m.version_id order by x.locale) as locales,
    coalesce((select y.verified and not y.paused from sender y where y.id = coalesce(
        (select v.sender_id from template_version v where v.id = m.version_id),
        (select sender_id from organisation))), false) as sender_ready"""
TABLES = """autoresponder a join campaign c on c.id = a.campaign_id join template m on m.id = a.template_id
left join status s on s.id = a.status_id
left join question q on q.campaign_id = a.campaign_id and q.key = a.question and a.question <> ''"""

# What each has sent lately, and what of it waits, by the ledger's tally.
ROWS = f"""
select {COLUMNS},
    (select coalesce(sum(k.n), 0) from origin o join tally k on k.origin_id = o.id where o.kind = 'autoresponder'
        and o.ref_id = a.id and k.state = 'accepted' and k.minute > now() - make_interval(days => $2))::int as sent,
    (select coalesce(sum(k.n), 0) from origin o join tally k on k.origin_id = o.id where o.kind = 'autoresponder'
        and o.ref_id = a.id and k.state in ('queued', 'held'))::int as waiting
from {TABLES} where a.campaign_id = $1 order by a.cause desc, a.id"""

LAST_CHANGE = """
select actor_name as name, at from timeline_event
where campaign_id = $1 and subject = 'autoresponder' and subject_id = $2 order by id desc limit 1"""


class Autoresponder(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up with what its sentence says. `closes_at`: wall time in `time_zone`; other instants are aware.

    `active_from`: what happened before is not answered. `looked_at`: when a worker last found whom it is for.

    `sender_ready`: whether the address that it writes from is verified and open.
    """

    id: int
    campaign_id: int
    name: str
    cause: Cause
    status_id: int | None
    question: str
    days: int
    hours: int
    template_id: int
    active: bool
    active_from: datetime | None
    looked_at: datetime | None
    version: int
    template_name: str
    version_id: int | None
    template_archived: bool
    optional: bool
    status_label: dict[str, str] | None
    question_label: dict[str, str] | None
    time_zone: str
    closes_at: datetime | None
    campaign_archived: bool
    locales: list[str]
    sender_ready: bool
    sent: int = 0
    waiting: int = 0

    @property
    def draft(self) -> Draft:
        """What it is, as it was wished for."""
        return msgspec.convert(self, Draft, from_attributes=True)

    @property
    def problem(self) -> str:
        """What keeps it from sending: a word of words.WAITS; "" when nothing does."""
        if self.template_archived:
            return "archived"
        if self.version_id is None:
            return "empty"
        if self.cause == "date" and self.question and self.question_label is None:
            return "question"
        if self.cause == "date" and not self.question and self.closes_at is None:
            return "no_closing"
        return "" if self.sender_ready else "sender"


async def of_campaign(campaign_id: int) -> list[Autoresponder]:
    """A campaign's follow-ups, for whoever has found the campaign."""
    return await db.fetch_nested(Autoresponder, ROWS, campaign_id, DAYS_COUNTED)


async def one(actor: Actor, autoresponder_id: int) -> Autoresponder:
    """The follow-up, if its campaign is one of the actor's. Raises Missing."""
    found = await by_id(autoresponder_id)
    if found is None:
        raise Missing
    await check_scope(actor, found.campaign_id)
    return found


async def by_id(autoresponder_id: int) -> Autoresponder | None:
    """The follow-up, for whoever may see it anyway; None when it is gone."""
    sql = f"select {COLUMNS} from {TABLES} where a.id = $1"
    return next(iter(await db.fetch_nested(Autoresponder, sql, autoresponder_id)), None)


async def dated(campaign_id: int) -> dict[str, dict[str, str]]:
    """Key -> label of the campaign's questions that are answered with a date, those of all phases."""
    sql = """select key, label from question where campaign_id = $1 and kind = 'date'
        order by retired_at nulls first, position, id"""
    return {row["key"]: row["label"] for row in await db.fetch(sql, campaign_id)}


async def last_change(campaign_id: int, autoresponder_id: int) -> LastChange | None:
    """Who changed it last, and when."""
    return await db.one_as(LastChange, LAST_CHANGE, campaign_id, autoresponder_id)

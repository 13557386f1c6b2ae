"""Whom a follow-up is for, as a relation of dossiers that the plan of a mailing can be made of. Reads only.

    due(record_id, person_id, dossier_id, overdue)

A person who has got it, or whose dossier has been left out with a reason, is not among them: never twice for the same
cause. Nor are withdrawn dossiers, those that have left the status
meanwhile, and those whose colleague chose to send nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from portal import db
from portal.audiences.parameters import Parameters
from portal.audiences.sources import Source
from portal.autoresponders.queries import Autoresponder
from portal.autoresponders.rules import GRACE, days_due, due_on

BACK = timedelta(days=1)  # transactions that were open while a worker looked, and dates that were changed
AHEAD = timedelta(days=800)  # further ahead than any delay and any date that a page counts

DOSSIERS = """
select d.id as record_id, d.person_id, d.id as dossier_id, {at} <= {overdue} as overdue from dossier d {joins}
where d.campaign_id = {campaign} and d.withdrawn_at is null and {when} and not exists (
    select from message m join origin o on o.id = m.origin_id where m.person_id = d.person_id
    and o.kind = 'autoresponder' and o.ref_id = {me} and (m.dossier_id = d.id or m.state <> 'skipped'))"""

# A dossier that a file brought in as submitted was not submitted by a form.
BY_FORM = """not exists (
    select from status_change h join status s on s.id = h.to_id
    where h.dossier_id = d.id and h.from_id is null and h.actor_kind = 'import' and s.key <> 'draft')"""
# A dossier's last change is not before the last change of its status: that is what the index knows.
ENTERED = """cross join lateral (
    select h.at, h.mode from status_change h where h.dossier_id = d.id and h.to_id = d.status_id
    order by h.id desc limit 1) entered"""
SETTLED = timedelta(minutes=1)  # a status that is put back at once sends nothing


def window(one: Autoresponder, now: datetime) -> datetime:
    """Since when what is due is looked at again; what is found there twice is planned once."""
    assert one.active_from is not None
    return max(one.active_from, min(one.looked_at or one.active_from, now - BACK))


def source(one: Autoresponder, since: datetime, until: datetime, now: datetime) -> Source | None:
    """Dossiers whose follow-up is due after `since` and not after `until`; None: at no time between."""
    makers: dict[str, Callable[[Autoresponder, datetime, datetime, datetime], Source | None]] = {
        "submitted": _submitted,
        "status": _status,
        "date": _answered if one.question else _closing,
    }
    return makers[one.cause](one, since, until, now)


async def ahead(one: Autoresponder, now: datetime) -> int:
    """How many dossiers have met the cause already and get their e-mail later."""
    found = source(one, now, now + AHEAD, now) if one.active and one.active_from else None
    if found is None:
        return 0
    return int(await db.fetchval(f"select count(*) from ({found.sql}) due", *found.parameters))


def _relation(one: Autoresponder, parameters: Parameters, now: datetime, at: str, when: str, joins: str = "") -> Source:
    sql = DOSSIERS.format(
        at=at,
        when=when,
        joins=joins,
        overdue=parameters.add(now - GRACE, "timestamptz"),
        campaign=parameters.add(one.campaign_id, "int"),
        me=parameters.add(one.id, "int"),
    )
    return Source(sql, parameters.values)


def _events(one: Autoresponder, since: datetime, until: datetime, delay: timedelta) -> tuple[Parameters, str, str]:
    """After an event: when it must have happened, which is never before the follow-up was activated."""
    assert one.active_from is not None
    parameters = Parameters(max(one.active_from, since - delay), until - delay, delay)
    return parameters, "$1::timestamptz", "$2::timestamptz"


def _submitted(one: Autoresponder, since: datetime, until: datetime, now: datetime) -> Source:
    parameters, first, last = _events(one, since, until, one.draft.delay)
    submitted = "coalesce(d.submitted_at, 'epoch'::timestamptz)"
    when = f"{submitted} > {first} and {submitted} <= {last} and {BY_FORM}"
    return _relation(one, parameters, now, f"{submitted} + $3::interval", when)


def _status(one: Autoresponder, since: datetime, until: datetime, now: datetime) -> Source:
    parameters, first, last = _events(one, since, until, max(one.draft.delay, SETTLED))
    status = parameters.add(one.status_id, "int")
    when = f"""d.status_id = {status} and d.changed_at >= {first} and entered.at > {first} and entered.at <= {last}
    and entered.mode is distinct from 'silent'"""
    return _relation(one, parameters, now, "entered.at + $3::interval", when, ENTERED)


def _closing(one: Autoresponder, since: datetime, until: datetime, now: datetime) -> Source | None:
    if one.closes_at is None:
        return None
    at = due_on(one.closes_at.date(), one.days, one.hours, one.time_zone)
    if not since < at <= until:
        return None
    parameters = Parameters(at)
    return _relation(one, parameters, now, "$1::timestamptz", _applied(one, parameters, "$1::timestamptz"))


def _answered(one: Autoresponder, since: datetime, until: datetime, now: datetime) -> Source | None:
    days = days_due(since, until, one.days, one.hours, one.time_zone)
    if not days:
        return None
    parameters = Parameters(list(days), list(days.values()), one.question)
    joins = "join unnest($1::text[], $2::timestamptz[]) due(day, at) on due.day = d.answers ->> $3::text"
    when = f"d.submitted_at is not null and {_applied(one, parameters, 'due.at')}"
    return _relation(one, parameters, now, "due.at", when, joins)


def _applied(one: Autoresponder, parameters: Parameters, at: str) -> str:
    """Those who were there by then, with the status that is asked for."""
    status = "true" if one.status_id is None else f"d.status_id = {parameters.add(one.status_id, 'int')}"
    return f"d.created_at <= {at} and {status}"

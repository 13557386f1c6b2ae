"""Conflicts of interest: whoever declares one gives the dossier back and never gets it again until it is lifted."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.assessment import queries

LONGEST_REASON = 300

CONFLICTS = """
select a.id, a.name, x.reason, x.declared_at as at, coalesce(b.name, '') as by
from conflict_of_interest x join account a on a.id = x.account_id left join account b on b.id = x.declared_by
where x.dossier_id = $1 order by folded(a.name), a.id"""
DECLARE = """
insert into conflict_of_interest (dossier_id, account_id, reason, declared_by) values ($1, $2, $3, $4)
on conflict do nothing"""


class Conflict(msgspec.Struct, frozen=True):
    """Who must not judge a dossier, why, since when, and who said so."""

    id: int
    name: str
    reason: str
    at: datetime
    by: str


async def of_dossier(dossier_id: int) -> list[Conflict]:
    """Those of a dossier that the caller has found."""
    return await db.fetch_as(Conflict, CONFLICTS, dossier_id)


async def declare(by: Actor, dossier_id: int, reason: str) -> None:
    """Say that one must not judge a dossier: it is given back. Twice is once. Raises Missing."""
    async with db.transaction():
        subject = await queries.subject(by, dossier_id)
        reason = reason.strip()[:LONGEST_REASON]
        if await db.execute(DECLARE, dossier_id, by.account_id, reason, by.account_id):
            sql = "delete from assignment where dossier_id = $1 and account_id = $2"
            await db.execute(sql, dossier_id, by.account_id)
            await timeline.record("dossier", dossier_id, "conflict.declared", by, **subject.lead, reason=reason)


async def lift(by: Actor, dossier_id: int, account_id: int) -> None:
    """Say that somebody may judge a dossier after all. It is not assigned again by itself. Raises Missing."""
    async with db.transaction():
        subject = await queries.subject(by, dossier_id)
        sql = "delete from conflict_of_interest where dossier_id = $1 and account_id = $2"
        if await db.execute(sql, dossier_id, account_id):
            who = await db.fetchval("select name from account where id = $1", account_id)
            await timeline.record("dossier", dossier_id, "conflict.lifted", by, **subject.lead, who=who)

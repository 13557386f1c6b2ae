"""Which database the register belongs to. In another one (a restored backup, a promoted standby) nothing leaves.

A backup does not know what was sent after it was made: sending on from it would send that again. So a run of the
sender starts only in the database that the register was last confirmed in. Pages go on working meanwhile.

The identity has four parts: PostgreSQL's system identifier (another cluster), its timeline (a recovery to a point in
time, a promotion), the oids of the database and of the message table (a dump loaded beside the old one or over it).
Ordinary roles may read all of them in PostgreSQL 15 to 18; where a host forbids it, a part is "-" and fits anything.
"""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import SYSTEM, Actor
from portal.ledger.waking import notify_all

UNKNOWN = "-"
ALLOWED = """
select has_function_privilege('pg_control_system()', 'execute')
    and has_function_privilege('pg_control_checkpoint()', 'execute')"""
CONTROL = "select system_identifier::text, timeline_id::text from pg_control_system(), pg_control_checkpoint()"
LOCAL = "select oid::text, 'message'::regclass::oid::text from pg_database where datname = current_database()"
KNOWN = "select database, held_since from epoch"
FIRST = "insert into epoch (database) values ($1) on conflict do nothing"
HOLD = "update epoch set held_since = now() where held_since is null returning true"
CONFIRM = "update epoch set database = $1, held_since = null, at = now() where held_since is not null"


class Held(msgspec.Struct, frozen=True):
    """Since when nothing leaves, and when the register was last known to be in its own database. Aware, UTC."""

    since: datetime
    at: datetime


async def may_send(session: Any = db) -> bool:
    """Whether a run may start: this is the register's own database, and nobody holds it. `session`: asyncpg's or db.

    The first time ever it becomes so. In a strange one everything is on hold from now on, recorded once.
    """
    here = await identity(session)
    await session.execute(FIRST, here)
    row = await session.fetchrow(KNOWN)
    if row["held_since"] is None and not same(row["database"], here):
        if await session.fetchval(HOLD):
            details = {"before": row["database"], "now": here}
            about = ("ledger", 1, None, None, None, "ledger.held")
            await session.fetchval(timeline.INSERT, *about, SYSTEM.kind, None, "", details)
        return False
    return row["held_since"] is None


async def identity(session: Any = db) -> str:
    """What this database is, as one line."""
    allowed = await session.fetchval(ALLOWED)
    control = await session.fetchrow(CONTROL) if allowed else (UNKNOWN, UNKNOWN)
    return " ".join([*control, *await session.fetchrow(LOCAL)])


def same(one: str, other: str) -> bool:
    """Whether two identities can be the same database: equal part by part, as far as both are known."""
    pairs = list(zip_longest(one.split(), other.split()))
    return all(a == b or UNKNOWN in (a, b) for a, b in pairs)


async def held() -> Held | None:
    """Since when everything is on hold, or None."""
    return await db.one_as(Held, "select held_since as since, at from epoch where held_since is not null")


async def hold(by: Actor) -> bool:
    """Somebody knows better than we can: a folder was copied back, a snapshot was mounted. False when held already."""
    async with db.transaction():
        await db.execute(FIRST, await identity())
        if not await db.fetchval(HOLD):
            return False
        await timeline.record("ledger", 1, "ledger.held", by)
        return True


async def confirm(by: Actor) -> bool:
    """An administrator has looked: mail may go from this database. False when nothing was held."""
    async with db.transaction():
        if not await db.execute(CONFIRM, await identity()):
            return False
        await timeline.record("ledger", 1, "ledger.confirmed", by)
        await notify_all()
        return True

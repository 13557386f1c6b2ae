"""A worker's side of jobs: take one up, do it in portions, never an item twice, whatever dies in between.

A portion is one transaction: the job's row is locked, so no other worker, pause or cancellation is in it; the effects
of its items and the words that they are done commit together. A killed worker's portion has never happened.
A whole is one call; its handler commits what it does itself and must be able to begin again (see `Whole`), or ends the
job in its own transaction (`finish`).
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
import structlog

from portal import db, i18n
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.jobs import queries
from portal.jobs.queries import Job
from portal.outcomes import Missing, Refused, Stale

log = structlog.get_logger(__name__)
T = TypeVar("T")

Report = Callable[[int, int], Awaitable[None]]
# One item, in the portion's transaction: None when it is done, else a word that says why not. Refused, Stale and
# Missing are such words, too. The actor is who asked for the job, with the rights of this moment.
PerItem = Callable[[Job, int, Actor], Awaitable[str | None]]
# The whole: what it returns is the job's result. It calls `report(done, total)` every now and then, outside of any
# transaction of its own or not: the figures are seen at once. Report raises Stopped when the job was cancelled or
# belongs to somebody else now. After a crash it is called again from the beginning: what it commits must say so.
Whole = Callable[[Job, Actor, Report], Awaitable[dict[str, Any]]]

PORTION = 100  # items
PORTION_TIME = 0.5  # seconds, after which a portion takes no further item
BEATS = 3  # heartbeats within a lease
AWAY = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
NO = (Refused, Stale, Missing)

# Whether one waits for a worker.
DUE = """
select exists (select from job
    where state in ('waiting', 'running') and (lease_until is null or lease_until < now()))"""
# The oldest that nobody works on. Its pace is measured from here.
TAKE = """
update job set state = 'running', started_at = coalesce(started_at, now()), paced_at = now(),
    paced_from = done + refused, lease_until = now() + make_interval(secs => $1), version = version + 1
where id = (select id from job where state in ('waiting', 'running') and kind = any ($2)
            and (lease_until is null or lease_until < now()) order by id for update skip locked limit 1)
returning id, version"""
HOLD = "select id from job where id = $1 and version = $2 and state = 'running' for no key update"
NEXT = "select item_id from job_item where job_id = $1 and state = 'waiting' order by item_id limit $2"
SETTLE = """
update job_item i set state = case when new.reason = '' then 'done' else 'refused' end, reason = new.reason
from unnest($2::bigint[], $3::text[]) new (item_id, reason) where i.job_id = $1 and i.item_id = new.item_id"""
COUNT = """
update job set done = done + $2, refused = refused + $3, lease_until = now() + make_interval(secs => $4)
where id = $1"""
END = """
update job set state = $2, problem = $3, ended_at = now(), lease_until = null, version = version + 1 where id = $1"""
FINISH = """
update job set state = 'done', result = $3, ended_at = now(), lease_until = null, version = version + 1
where id = $1 and version = $2 and state = 'running'"""
GIVE_BACK = "update job set lease_until = null where id = $1 and version = $2 and state = 'running'"
BEAT = """
update job set lease_until = now() + make_interval(secs => $3) where id = $1 and version = $2 and state = 'running'"""
REPORT = "update job set done = $3, total = $4 where id = $1 and version = $2 and state = 'running'"


class Stopped(Exception):
    """The job was cancelled, or another worker has it: what is under way must not be committed."""


async def finish(job: Job, result: dict[str, Any]) -> None:
    """For the handler of a whole, last in its transaction: the effects and the job's end commit together, or neither.

    Raises Stopped, as `report` does.
    """
    if not await db.execute(FINISH, job.id, job.version, result):
        raise Stopped


async def work(per_item: Mapping[str, PerItem], wholes: Mapping[str, Whole], lease: float) -> int:
    """Take up jobs until none is left; how many were. `lease`: seconds after which a silent worker is given up."""
    taken = 0
    while row := await db.fetchrow(TAKE, lease, [*per_item, *wholes]):
        taken += 1
        await _work_on(row["id"], row["version"], per_item, wholes, lease)
    return taken


async def _work_on(
    job_id: int, version: int, per_item: Mapping[str, PerItem], wholes: Mapping[str, Whole], lease: float
) -> None:
    job = await queries.by_id(job_id)
    assert job, "jobs are not deleted"
    try:
        if job.kind in wholes:
            await _whole(job, version, wholes[job.kind], lease)
        else:
            while await _portion(job, version, per_item[job.kind], lease):
                pass
    except AGAIN:
        log.info("job in another's way, tried again", job=job_id)
    finally:
        await aside(db.execute(GIVE_BACK, job_id, version))


# ------------------------------------------------------------------------------------------------ item by item
async def _portion(job: Job, version: int, handler: PerItem, lease: float) -> bool:
    """The next items, in one transaction. False: the job has ended, stands, or is somebody else's."""
    async with db.transaction():
        if not await db.fetchval(HOLD, job.id, version):
            return False
        if (actor := await _asker(job)) is None:
            await db.execute(END, job.id, "cancelled", "account_inactive")
            return False
        items = [row["item_id"] for row in await db.fetch(NEXT, job.id, PORTION)]
        if not items:
            await db.execute(END, job.id, "done", "")
            return False
        with i18n.use(actor.locale, actor.time_zone):
            reasons = await _each(job, items, actor, handler)
        refused = sum(1 for reason in reasons.values() if reason)
        await db.execute(SETTLE, job.id, list(reasons), list(reasons.values()))
        await db.execute(COUNT, job.id, len(reasons) - refused, refused, lease)
    return True


async def _each(job: Job, items: list[int], actor: Actor, handler: PerItem) -> dict[int, str]:
    """item -> why it could not be done, "" if it was; as many as the portion's time allows, at least one."""
    until, reasons = time.monotonic() + PORTION_TIME, dict[int, str]()
    for item in items:
        reasons[item] = await _one(job, item, actor, handler)
        if time.monotonic() > until:
            break
    return reasons


async def _one(job: Job, item: int, actor: Actor, handler: PerItem) -> str:
    """One item within a savepoint: what fails leaves nothing behind, and does not hold up the others."""
    try:
        async with db.transaction():
            reason = await handler(job, item, actor)
            if reason:
                raise Refused(reason)
    except NO as no:
        return _why_not(no)
    except (*AWAY, *AGAIN):
        raise
    except Exception:
        log.exception("item of a job failed", job=job.id, kind=job.kind, item=item)
        return "error"
    return ""


def _why_not(no: Refused | Stale | Missing) -> str:
    """A refusal as a word of the job, or a sentence."""
    if isinstance(no, Refused):
        return no.message or next(iter(no.errors.values()), "error")
    return "changed" if isinstance(no, Stale) else "missing"


# ------------------------------------------------------------------------------------------------ as a whole
async def _whole(job: Job, version: int, handler: Whole, lease: float) -> None:
    actor = await _asker(job)
    if actor is None:
        await db.execute(END, job.id, "cancelled", "account_inactive")
        return

    async def report(done: int, total: int) -> None:
        if not await aside(db.execute(REPORT, job.id, version, done, total)):
            raise Stopped

    try:
        async with _beating(job.id, version, lease):
            with i18n.use(actor.locale, actor.time_zone):
                result = await handler(job, actor, report)
        await db.execute(FINISH, job.id, version, result)
    except Stopped:
        log.info("job stopped", job=job.id)
    except NO as no:
        await db.execute(END, job.id, "failed", _why_not(no))
    except (*AWAY, *AGAIN):
        raise
    except Exception:
        log.exception("job failed", job=job.id, kind=job.kind)
        await db.execute(END, job.id, "failed", "error")


@asynccontextmanager
async def _beating(job_id: int, version: int, lease: float) -> AsyncIterator[None]:
    """Prolong the lease as long as the block lasts."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(lease / BEATS)
            try:
                await db.execute(BEAT, job_id, version, lease)
            except AWAY:
                log.warning("database cannot be reached", job=job_id)

    beating = asyncio.get_running_loop().create_task(beat(), context=contextvars.Context())
    try:
        yield
    finally:
        beating.cancel()


async def aside(work: Coroutine[Any, Any, T]) -> T:
    """Outside of the caller's transaction: committed at once, whatever becomes of that."""
    return await asyncio.shield(asyncio.get_running_loop().create_task(work, context=contextvars.Context()))


async def _asker(job: Job) -> Actor | None:
    """Who asked for the job, with the rights of this moment; None when the account is gone or inactive."""
    account = await accounts.by_id(job.account_id) if job.account_id else None
    return accounts.actor_of(account) if account and account.active else None

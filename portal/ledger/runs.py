"""A worker's run: started in one life of PostgreSQL, kept by its lease, adopted into a new life, ended."""

from __future__ import annotations

import asyncio

import structlog

from portal.ledger import epoch
from portal.ledger.sessions import GONE, PAUSE, open_session
from portal.ledger.work import Run, RunLost, boot_time

log = structlog.get_logger(__name__)

LOOK_AGAIN = 2.0  # seconds between looks at whether a restored database was confirmed
LIFE = "insert into life default values on conflict do nothing"
START = """
insert into run (worker, life, lease_until)
select $1, id, now() + make_interval(secs => $2) from life returning id"""
FIRST_ROW = "insert into journal (run_id, seq) values ($1, 0)"
RENEW = """
update run set lease_until = now() + make_interval(secs => $2)
where id = $1 and ended_at is null and life = (select id from life)
and not exists (select from epoch where held_since is not null) returning id"""
ADOPT = """
update run set life = life.id, lease_until = now() + make_interval(secs => $2) from life
where run.id = $1 and ended_at is null returning run.id"""
REPEAT = """
insert into journal (run_id, seq, intents, ended, tries, codes, replies)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"""
END = "update run set ended_at = now() where id = $1"
FORGET = "delete from journal where run_id = $1"


async def start(worker: str, lease: float) -> Run:
    """A new run with three sessions: flushes commit asynchronously, settlements and claims on disk.

    Waits as long as the register is on hold in a database that is not its own (portal.ledger.epoch).
    """
    run = Run(worker, lease)
    await connect(run)
    try:
        await until_confirmed(run)
    except BaseException:
        hang_up(run)
        raise
    await run.settle_db.execute(LIFE)
    run.renewed = boot_time()
    run.id = await run.settle_db.fetchval(START, worker, lease)
    await run.settle_db.execute(FIRST_ROW, run.id)
    return run


async def until_confirmed(run: Run) -> None:
    """Return when mail may leave from this database."""
    told = False
    while not await epoch.may_send(run.settle_db):
        if not told:
            log.error("mail was sent from another database: confirm this one under Messages, or: portal ledger confirm")
        told = True
        await asyncio.sleep(LOOK_AGAIN)


async def connect(run: Run) -> None:
    """Open the three sessions."""
    run.flush_db = await open_session("off")
    run.settle_db = await open_session()
    run.claim_db = await open_session()


def hang_up(run: Run) -> None:
    """Drop the three sessions without a word."""
    for session in (run.flush_db, run.settle_db, run.claim_db):
        session.terminate()


async def renew(run: Run) -> bool:
    """Prolong the lease. False: PostgreSQL has a new life, or the run was taken over; the next flush will tell."""
    asked = boot_time()
    if not await run.settle_db.fetchval(RENEW, run.id, run.lease):
        return False
    run.renewed = asked
    return True


async def recover(run: Run) -> None:
    """PostgreSQL went away. Repeat what an asynchronous commit may have lost; then the run belongs to the new life."""
    async with run.settling:
        run.reconcile = run.unsettled = True
        hang_up(run)
        while True:
            try:
                await connect(run)
                await adopt(run)
                run.broken = False
                return
            except GONE:
                hang_up(run)
                await asyncio.sleep(PAUSE)


async def adopt(run: Run) -> None:
    """One transaction: the new life, and the unconfirmed rows under their own numbers.

    RunLost when the run was sealed, or when another database answers than before.
    """
    if not await epoch.may_send(run.settle_db):
        raise RunLost
    async with run.settle_db.transaction():
        await run.settle_db.execute(LIFE)
        asked = boot_time()
        if not await run.settle_db.fetchval(ADOPT, run.id, run.lease):
            raise RunLost
        await run.settle_db.executemany(REPEAT, list(run.unconfirmed))
    run.renewed = asked


async def end(run: Run) -> None:
    """Everything is settled: the run ends clean."""
    await run.settle_db.execute(END, run.id)
    await run.settle_db.execute(FORGET, run.id)

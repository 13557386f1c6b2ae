"""Long work survives the death of its worker: kill -9 in the middle, and every dossier is moved exactly once."""

from __future__ import annotations

import asyncio

from portal import db
from portal.dossiers import bulk_actions
from portal.jobs import actions, queries
from portal.jobs.queries import Job
from tests import factories
from tests.sending.sink import Sink, running
from tests.workers.processes import house

DOSSIERS = 300
DEATHS = 2
PATIENCE = 120  # seconds
ONCE = """
select count(*) as moves, count(distinct dossier_id) as dossiers from status_change"""
WRITTEN = """
select count(*) as messages, count(distinct dossier_id) as dossiers from message where state <> 'skipped'"""


async def test_a_killed_workers_job_is_done_by_the_next_one_each_item_exactly_once(
    fresh_database: str, valkey_url: str
) -> None:
    job_id = await begin()
    async with running(Sink()) as sink, house(fresh_database, valkey_url, sink.port) as own:
        await own.clock()
        done = 0
        for _ in range(DEATHS):
            worker = await own.worker()
            done = await beyond(job_id, done)
            await own.kill(worker)
            assert (await now(job_id)).state == "running"
        await own.worker()
        await beyond(job_id, DOSSIERS - 1)
        async with asyncio.timeout(PATIENCE):
            while (await now(job_id)).state != "done":
                await asyncio.sleep(0.05)
    job = await now(job_id)
    assert (job.done, job.refused) == (DOSSIERS, 0)
    assert tuple(await db.fetchrow(ONCE) or ()) == (DOSSIERS, DOSSIERS)
    assert tuple(await db.fetchrow(WRITTEN) or ()) == (DOSSIERS, DOSSIERS)


async def begin() -> int:
    """A bulk change of status with an e-mail each."""
    await factories.organisation()
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    await factories.trigger(campaign)
    ids = [(await factories.dossier(campaign)).id for _ in range(DOSSIERS)]
    what = {"to": "accepted", "label": {"en": "Accepted"}, "mode": "send", "reason": ""}
    return await actions.start(bulk_actions.JOB, alice.actor, what=what, items=ids, campaign_id=campaign.id)


async def now(job_id: int) -> Job:
    job = await queries.by_id(job_id)
    assert job
    return job


async def beyond(job_id: int, done: int) -> int:
    """Wait until more than so many are done. How many are."""
    async with asyncio.timeout(PATIENCE):
        while (passed := (await now(job_id)).passed) <= done:
            await asyncio.sleep(0.01)
    return passed

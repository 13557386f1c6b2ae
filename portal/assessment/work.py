"""Spreading many dossiers takes a worker: one transaction; begun again it finds what is assigned already."""

from __future__ import annotations

from typing import Any

from portal.actor import Actor
from portal.assessment import actions, queries
from portal.assessment.words import JOB as JOB
from portal.jobs.queries import Job
from portal.jobs.running import Report
from portal.outcomes import Missing


async def spread(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Spread the dossiers of a campaign's statuses: `what` is {campaign, statuses, accounts, each, cap}."""
    if not by.may("assign.edit"):
        raise Missing
    what = job.what
    ids = await queries.to_assess(by, what["campaign"], what["statuses"])
    done = await actions.assign_evenly(by, ids, what["accounts"], each=what["each"], cap=what["cap"])
    await report(done.pairs, done.pairs)
    return {"pairs": done.pairs, "short": len(done.short)}

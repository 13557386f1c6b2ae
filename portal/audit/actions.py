"""Looking at the audit log as a whole is recorded too."""

from __future__ import annotations

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.audit.queries import Filters
from portal.jobs import actions as jobs
from portal.timeline import Progress, Verdict

VERIFY_JOB = "audit.verify"
MOST_AT_ONCE = 20_000  # events: less than a second


async def verify(by: Actor, progress: Progress | None = None) -> Verdict:
    """Walk the chain. What was found is recorded."""
    verdict = await timeline.check(progress=progress)
    await timeline.record("audit", 0, "audit.verified", by, **msgspec.to_builtins(verdict))
    return verdict


async def begin_to_verify(by: Actor) -> int | None:
    """Walk the chain now, or, when it is long, as a job. Returns the job's id, or None when it is done."""
    length = await timeline.length()
    if length > MOST_AT_ONCE:
        async with db.transaction():
            return await jobs.start(VERIFY_JOB, by, what={}, total=length)
    await verify(by)
    return None


async def exported(by: Actor, filters: Filters) -> None:
    """Somebody takes the log, or a part of it, away."""
    told = {name: value for name, value in msgspec.to_builtins(filters).items() if value}
    await timeline.record("audit", 0, "audit.exported", by, filters=told)

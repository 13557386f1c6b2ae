"""A worker's side of the audit log: walking a long chain."""

from __future__ import annotations

from typing import Any

import msgspec

from portal.actor import Actor
from portal.audit import actions
from portal.jobs.queries import Job
from portal.jobs.running import Report


async def verify(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Walk the chain. It may begin again after a crash: it changes nothing but the last entry, which says so."""

    async def progress(done: int) -> None:
        await report(done, max(done, job.total))

    return dict(msgspec.to_builtins(await actions.verify(by, progress)))

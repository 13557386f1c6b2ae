"""Which feature does which kind of long work; one item at a time, or as a whole (portal.jobs.running)."""

from __future__ import annotations

from portal.assessment import work as assessment
from portal.audit import work as audit
from portal.audit.actions import VERIFY_JOB
from portal.dossiers import assigning, bulk_actions, ending, exporting
from portal.emails import remaking
from portal.imports import work as imports
from portal.imports.rules import CHECK_JOB, RUN_JOB
from portal.jobs import running
from portal.jobs.running import PerItem, Whole
from portal.settings import settings

AT_ONCE = 2  # jobs of one worker process: each holds up to two connections of its pool

PER_ITEM: dict[str, PerItem] = {remaking.JOB: remaking.remake_one, bulk_actions.JOB: bulk_actions.move_one}
WHOLE: dict[str, Whole] = {
    exporting.JOB: exporting.work,
    ending.JOB: ending.work,
    assigning.JOB: assigning.work,
    assessment.JOB: assessment.spread,
    CHECK_JOB: imports.check,
    RUN_JOB: imports.run,
    VERIFY_JOB: audit.verify,
}

_under_way = 0


async def work() -> int:
    """Do jobs until none waits; nothing when this process has its hands full. Returns how many were taken up."""
    global _under_way
    if _under_way >= AT_ONCE:
        return 0
    _under_way += 1
    try:
        return await running.work(PER_ITEM, WHOLE, settings().lease_seconds)
    finally:
        _under_way -= 1

"""Many dossiers given to evaluators, taken back, spread over them: at once, or as long work when they are many."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.assessment import actions as assessment
from portal.dossiers import bulk_words
from portal.dossiers.selection import Selection, from_text, picked_ids
from portal.jobs import actions as jobs
from portal.jobs import running
from portal.jobs.queries import Job
from portal.jobs.running import Report
from portal.outcomes import Missing, Refused

JOB = "assign"
AT_ONCE = 2_000  # assignments that a page makes itself: half a second
How = Literal["give", "take", "spread"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be done with the dossiers of a selection. `each`: evaluators for each dossier that is spread."""

    how: How
    evaluators: list[int]
    each: int = 1

    def pairs(self, dossiers: int) -> int:
        """At most so many assignments are made or ended."""
        return dossiers * (self.each if self.how == "spread" else len(self.evaluators))


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `pairs`: assignments made or ended; `left_out`: reason -> how many; `short`: dossiers that

    still lack an evaluator.
    """

    how: How
    pairs: int
    left_out: dict[str, int] = {}
    short: int = 0


async def do(by: Actor, ids: list[int], wish: Wish, report: Report | None = None) -> Assigned:
    """Do it in one transaction. Raises Refused (by field)."""
    async with db.transaction():
        if wish.how == "spread":
            spread = await assessment.assign_evenly(by, ids, wish.evaluators, each=wish.each)
            return Assigned(how=wish.how, pairs=spread.pairs, short=len(spread.short))
        verb = assessment.assign if wish.how == "give" else assessment.unassign
        outcomes: list[assessment.Outcome] = []
        for account_id in wish.evaluators:
            if report:
                await report(len(ids) * len(outcomes), len(ids) * len(wish.evaluators))
            outcomes.append(await verb(by, ids, account_id))
    left_out = Counter[str](why for each in outcomes for why in each.refused.values())
    return Assigned(how=wish.how, pairs=sum(len(each.done) for each in outcomes), left_out=dict(left_out))


async def start(by: Actor, campaign_id: int, selection: Selection, dossiers: int, wish: Wish) -> int:
    """Leave it to a worker. `dossiers`: how many the page announced. Returns the job's id."""
    what = {"picked": selection.text(), "dossiers": dossiers, "wish": msgspec.to_builtins(wish)}
    return await jobs.start(JOB, by, what=what, total=wish.pairs(dossiers), campaign_id=campaign_id)


async def work(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Do what a job asks for (portal.jobs.running.Whole): one transaction with the job's end.

    Raises Missing, Stopped, Refused when the selection has other dossiers than were announced.
    """
    if not by.may("assign.edit"):
        raise Missing
    wish = msgspec.convert(job.what["wish"], Wish)
    async with db.transaction():
        ids = await picked_ids(by, from_text(job.what["picked"]))
        if len(ids) != job.what["dossiers"]:
            raise Refused(bulk_words.changed(job.what["dossiers"], len(ids)))
        done = await do(by, ids, wish, report)
        await report(done.pairs, done.pairs)
        result: dict[str, Any] = msgspec.to_builtins(done)
        await running.finish(job, result)
    return result

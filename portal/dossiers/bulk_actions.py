"""Many dossiers get a status: at once in one transaction, or as long work that does each of them exactly once."""

from __future__ import annotations

import msgspec

from portal import db
from portal.actor import Actor
from portal.dossiers import actions, bulk, queries, words
from portal.dossiers.queries import Status
from portal.dossiers.rules import Mode, refuse_change
from portal.dossiers.selection import Selection
from portal.jobs import actions as jobs
from portal.jobs.queries import Job
from portal.outcomes import Refused, Stale

JOB = "status"
AT_ONCE = 200  # dossiers
# Whether somebody has decided about a dossier since the work was asked for.
DECIDED = "select exists (select from status_change c where c.dossier_id = $1 and c.at > $2)"


class Announced(msgspec.Struct, frozen=True):
    """What the page said: how many dossiers move, how many e-mails go (None: they were estimated, or none shall go)."""

    dossiers: int
    letters: int | None


class Done(msgspec.Struct, frozen=True):
    """What became of it: the numbers, or the job that does it."""

    moved: int = 0
    letters: int = 0
    held: int = 0
    job_id: int | None = None


async def move(
    by: Actor, campaign_id: int, selection: Selection, to: Status, mode: Mode, reason: str, announced: Announced
) -> Done:
    """Move the dossiers of a selection, all of the campaign, by hand.

    Raises Refused (no reason), Stale (theirs: a Recount): other numbers than were announced; then nothing has happened.
    """
    if refusal := refuse_change("", to.key, mode, reason):
        raise Refused(words.refusal_word(refusal), field=refusal.field)
    async with db.transaction():
        moving = await bulk.moving(by, selection, to)
        _compare(announced.dossiers, len(moving))
        if len(moving) > AT_ONCE:
            await _check_letters(by, campaign_id, selection, to, announced)
            what = {"to": to.key, "label": to.label, "mode": mode, "reason": reason.strip()}
            return Done(job_id=await jobs.start(JOB, by, what=what, items=moving, campaign_id=campaign_id))
        done = [await _move(each, to.key, by, mode, reason) for each in moving]
        letters = sum(each.letters for each in done)
        if announced.letters is not None:
            _compare(announced.letters, letters)
        return Done(moved=len(done), letters=letters, held=sum(each.held for each in done))


def _compare(before: int, now: int) -> None:
    if before != now:
        raise Stale(actions.Recount(before=before, now=now))


async def _check_letters(by: Actor, campaign_id: int, selection: Selection, to: Status, announced: Announced) -> None:
    if announced.letters is not None:
        now = await bulk.forecast(by, campaign_id, selection, to)
        _compare(announced.letters, now.count if now.exact else announced.letters)


async def _move(dossier_id: int, to: str, by: Actor, mode: Mode, reason: str) -> actions.Moved:
    version = await db.fetchval("select version from dossier where id = $1", dossier_id)
    return await actions.change_status(dossier_id, to, version, by, mode, reason)


async def move_one(job: Job, dossier_id: int, by: Actor) -> str | None:
    """One dossier of a job (portal.jobs.running.PerItem). A decision made since the job was asked for stands."""
    dossier = await queries.one(by, dossier_id)
    if not by.may("dossier.status"):
        return "missing"
    if dossier.status_key == job.what["to"]:
        return "same_status"
    if await db.fetchval(DECIDED, dossier_id, job.created_at):
        return "changed"
    await actions.change_status(
        dossier_id, job.what["to"], dossier.version, by, job.what["mode"], job.what.get("reason", "")
    )
    return None

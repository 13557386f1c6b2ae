"""What candidates do after the submission: change it where the campaign allows that, fill in the form of a phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import phases
from portal.campaigns.phases import Phase
from portal.campaigns.reading import Answer
from portal.campaigns.rules import is_open, phase_for
from portal.dossiers import applicants, checks, documents, form_words, queries
from portal.dossiers.actions import Application
from portal.dossiers.files import Kept
from portal.dossiers.queries import Dossier
from portal.dossiers.recording import change_of, record, stale, write_change
from portal.outcomes import Refused
from portal.triggers import actions as triggers

RESUBMIT = """
update dossier d set first_name = $3, last_name = $4, locale = $5, answers = $6, changed_at = now(),
    version = d.version + 1
from status s where s.id = d.status_id and s.key = 'submitted' and d.withdrawn_at is null
    and d.id = $1 and d.version = $2"""

SAVE_PHASE = """
update dossier set answers = $3, changed_at = now(), version = version + 1
where id = $1 and version = $2 and withdrawn_at is null"""

SAVED = """
insert into phase_submission (dossier_id, phase_id) values ($1, $2)
on conflict (dossier_id, phase_id) do update set saved_at = now() where phase_submission.submitted_at is null"""

# Once: a second click, or a second tab, finds the row submitted.
SUBMITTED = """
update phase_submission set submitted_at = now(), saved_at = now()
where dossier_id = $1 and phase_id = $2 and submitted_at is null"""

MOVE = "update dossier set status_id = $2 where id = $1 and status_id = $3"

SUBMISSION = """
select phase_id, saved_at, submitted_at from phase_submission where dossier_id = $1 order by submitted_at, phase_id"""


class Submission(msgspec.Struct, frozen=True):
    """How far a dossier is with a phase's form."""

    phase_id: int
    saved_at: datetime
    submitted_at: datetime | None


class PhaseAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of a phase brings; shapes as in `Application`."""

    answers: Mapping[str, Answer] = {}
    documents: Mapping[str, Sequence[Kept]] = {}
    removed: Sequence[int] = ()


# ------------------------------------------------------------------------------------------------ the initial phase
def may_resubmit(dossier: Dossier) -> bool:
    """Whether a candidate may still change what was submitted: the campaign says so and is open, nobody has begun."""
    allowed = dossier.resubmission and dossier.status_key == "submitted" and dossier.withdrawn_at is None
    return allowed and is_open(dossier, datetime.now(UTC))


async def resubmit(dossier_id: int, version: int, application: Application, by: Actor) -> None:
    """Change a submitted application; it stays submitted, with its number and its date.

    Raises Refused (not allowed any more; an answer is missing), Stale.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        if not may_resubmit(dossier):
            raise Refused(form_words.no_changes_any_more())
        names = applicants.names(application.first_name, application.last_name)
        given = {**await checks.other_answers(dossier), **application.answers}
        if not await db.execute(RESUBMIT, dossier_id, version, *names, application.locale, given):
            raise await stale(dossier_id)
        replaced = await documents.attach(dossier_id, application.documents, application.removed)
        await checks.check_complete(await queries.by_id(dossier_id))
        await record(dossier, "dossier.resubmitted", by, version=version + 1)
    documents.settle(application.documents, replaced)


# ------------------------------------------------------------------------------------------------ later phases
async def submissions(dossier_id: int) -> dict[int, Submission]:
    """phase id -> how far the dossier is with it."""
    return {each.phase_id: each for each in await db.fetch_as(Submission, SUBMISSION, dossier_id)}


async def open_phase(dossier: Dossier) -> Phase | None:
    """The phase whose form the dossier's candidate may fill in now: open, entered, told, and not handed in yet."""
    if dossier.withdrawn_at is not None or await queries.as_told(dossier) is not dossier:
        return None
    return phase_now(dossier, await phases.of_campaign(dossier.campaign_id), await submissions(dossier.id))


def phase_now(dossier: Dossier, later: Sequence[Phase], handed_in: Mapping[int, Submission]) -> Phase | None:
    """The same of a campaign's later phases, for a dossier whose candidate has been told where it stands."""
    phase = phase_for(later, dossier.status_id, datetime.now(UTC)) if dossier.withdrawn_at is None else None
    done = handed_in.get(phase.id) if phase else None
    return None if done and done.submitted_at else phase


async def save_phase(
    dossier_id: int, phase_id: int, version: int, sent: PhaseAnswers, by: Actor, *, submitting: bool = False
) -> None:
    """Save the form of a phase, and submit it if `submitting`: the dossier gets to the status that follows (E07).

    Raises Refused (not open to this dossier; an answer is missing), Stale.
    """
    async with db.transaction():
        dossier = await queries.by_id(dossier_id)
        phase = await open_phase(dossier)
        if phase is None or phase.id != phase_id:
            raise Refused(form_words.phase_not_open())
        answers = {**await checks.other_answers(dossier, phase_id), **sent.answers}
        if not await db.execute(SAVE_PHASE, dossier_id, version, answers):
            raise await stale(dossier_id)
        replaced = await documents.attach(dossier_id, sent.documents, sent.removed)
        await db.execute(SAVED, dossier_id, phase_id)
        if submitting:
            await _submit_phase(await queries.by_id(dossier_id), phase, by)
        else:
            await record(dossier, "dossier.phase_saved", by, title=phase.title)
    documents.settle(sent.documents, replaced)


async def _submit_phase(dossier: Dossier, phase: Phase, by: Actor) -> None:
    answers = await checks.check_complete(dossier, phase.id)
    if not await db.execute(SUBMITTED, dossier.id, phase.id):
        raise await stale(dossier.id)
    to_id = phase.submitted_status_id or dossier.status_id
    await db.execute("update dossier set answers = $2 where id = $1", dossier.id, answers)
    await db.execute(MOVE, dossier.id, to_id, dossier.status_id)
    event_id = await write_change(dossier, to_id, by)
    await record(dossier, "dossier.phase_submitted", by, title=phase.title, change_id=event_id)
    await triggers.fire(change_of(dossier, event_id, to_id, by, kind="submitted", manual=False, phase=phase.id))

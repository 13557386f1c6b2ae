"""The pages behind a candidate's link, put together: a form with what was saved, or where the application stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response

from portal.campaigns import phases
from portal.campaigns.kinds import Question, asked
from portal.campaigns.phases import Phase
from portal.campaigns.rules import state
from portal.dossiers import answers, later, queries, words
from portal.dossiers.answers import Difference
from portal.dossiers.application_form import DraftForm, PhaseForm
from portal.dossiers.documents_form import DocumentsForm
from portal.dossiers.queries import Dossier, File
from portal.dossiers.visitors import own_path
from portal.web.htmx import Request
from portal.web.pages import page


def own(dossier: Dossier) -> str:
    """The candidate's way back."""
    return own_path(dossier.slug, dossier.id)


async def places(dossier: Dossier) -> tuple[list[Question], dict[str, list[File]]]:
    """The questions that a document answers and that were put, and the documents that are there."""
    put = asked(await queries.questions(dossier.campaign_id), dossier.answers)
    stored = answers.by_question(await queries.files(dossier.id))
    return [each for each in put if each.kind == "file"], stored


async def draft_page(
    request: Request,
    dossier: Dossier,
    form: DraftForm,
    *,
    status_code: int = 200,
    done: str = "",
    theirs: list[Difference] | None = None,
) -> Response[Any]:
    """The form with what was saved, or with what was typed; also to change what was submitted."""
    sent = done == "later" and await queries.has_return_link(dossier.id)
    return page(
        request,
        "apply/draft.html",
        status_code=status_code,
        dossier=dossier,
        form=form,
        own=own(dossier),
        opening=words.until_when(dossier),
        done=done,
        link_sent=sent,
        theirs=theirs,
        offered=dossier.locales,
    )


async def phase_page(
    request: Request,
    dossier: Dossier,
    phase: Phase,
    form: PhaseForm,
    *,
    status_code: int = 200,
    done: str = "",
    theirs: list[Difference] | None = None,
) -> Response[Any]:
    """The form of a later phase."""
    return page(
        request,
        "apply/phase.html",
        status_code=status_code,
        dossier=dossier,
        phase=phase,
        form=form,
        own=own(dossier),
        opening=words.until_when(phase),
        done=done,
        theirs=theirs,
        offered=dossier.locales,
    )


async def status_page(
    request: Request, dossier: Dossier, done: str = "", *, form: DocumentsForm | None = None, status_code: int = 200
) -> Response[Any]:
    """Where an application stands, with what was answered; while documents are missing, the form to add them."""
    now = state(dossier, datetime.now(UTC))
    wanted = await queries.takes_documents(dossier) and dossier.withdrawn_at is None
    told = await queries.as_told(dossier)
    every = await phases.of_campaign(dossier.campaign_id)
    handed_in = await later.submissions(dossier.id)
    phase = later.phase_now(dossier, every, handed_in) if told is dossier else None
    return page(
        request,
        "apply/status.html",
        status_code=status_code,
        dossier=told,
        wanted=wanted,
        own=own(dossier),
        form=form or DocumentsForm.of(*await places(dossier)),
        lines=await answers.lines(dossier),
        opening=words.not_open(dossier, now) if now != "open" else "",
        phase=phase,
        phase_opening=words.until_when(phase) if phase else "",
        started=phase is not None and phase.id in handed_in,
        handed_in=[each for each in every if _done(handed_in.get(each.id))],
        may_change=later.may_resubmit(dossier) and told is dossier,
        done=done,
        offered=dossier.locales,
    )


def _done(submission: later.Submission | None) -> bool:
    return submission is not None and submission.submitted_at is not None

"""What a candidate's link opens: a draft, a submitted application, the form of a later phase, the withdrawal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.actor import candidate
from portal.campaigns.rules import state
from portal.dossiers import actions, answers, documents, downloads, later, own_parts, queries, withdrawing
from portal.dossiers.application_form import DraftForm, PhaseForm, shown_answers
from portal.dossiers.documents_form import DocumentsForm
from portal.dossiers.forms import WithdrawalForm
from portal.dossiers.own_parts import draft_page, phase_page, places, status_page
from portal.dossiers.queries import Dossier
from portal.dossiers.visitors import LARGEST_BODY, LOOKS_A_MINUTE, TRIES_A_MINUTE, language_of, who
from portal.i18n import use
from portal.outcomes import Missing, Refused, Stale
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public

OWN = "/apply/{slug:str}/{token:str}"
LOOKING, SENDING = [limited("apply-look", LOOKS_A_MINUTE)], [limited("apply", TRIES_A_MINUTE)]


@get(OWN, opt=public(), guards=LOOKING)
async def way_back(
    request: Request,
    slug: FromPath[str],
    token: FromPath[str],
    done: FromQuery[str] = "",
    phase: FromQuery[int | None] = None,
    change: FromQuery[str] = "",
) -> Response[Any]:
    """A draft: the form with what was saved. Submitted: where the application stands, and what can still be done."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        if phase is not None:
            return await _phase_form(request, dossier, phase, done)
        if writable(dossier) or (change and later.may_resubmit(dossier)):
            return await _filled_in(request, dossier, done)
        return await status_page(request, dossier, done)


def writable(dossier: Dossier) -> bool:
    """Whether it is a draft that may be submitted now."""
    open_now = state(dossier, datetime.now(UTC)) == "open"
    return dossier.is_draft and dossier.withdrawn_at is None and open_now


async def _filled_in(request: Request, dossier: Dossier, done: str) -> Response[Any]:
    questions = await queries.questions(dossier.campaign_id)
    values = shown_answers(questions, dossier.answers)
    values |= {"first_name": dossier.first_name, "last_name": dossier.last_name, "locale": dossier.locale}
    stored = answers.by_question(await queries.files(dossier.id))
    form = DraftForm.over(questions, dossier.locales, {**values, "version": dossier.version}, stored)
    return await draft_page(request, dossier, form, done=done)


async def _phase_form(request: Request, dossier: Dossier, phase_id: int, done: str) -> Response[Any]:
    phase = await later.open_phase(dossier)
    if phase is None or phase.id != phase_id:
        return await status_page(request, dossier, done)
    questions = await queries.questions(dossier.campaign_id, phase_id)
    values = {**shown_answers(questions, dossier.answers), "version": dossier.version}
    stored = answers.by_question(await queries.files(dossier.id))
    return await phase_page(
        request, dossier, phase, PhaseForm.over(questions, dossier.locales, values, stored), done=done
    )


# ------------------------------------------------------------------------------------------------ saving
@post(OWN, opt=public(), guards=SENDING, request_max_body_size=LARGEST_BODY)
async def save_or_submit(
    request: Request,
    slug: FromPath[str],
    token: FromPath[str],
    phase: FromQuery[int | None] = None,
    change: FromQuery[str] = "",
) -> Response[Any]:
    """Save the draft, or submit it. A second click finds it submitted and shows the same page."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        if phase is not None:
            return await _save_phase(request, dossier, phase)
        if dossier.withdrawn_at is not None or not (dossier.is_draft or change):
            return see(request, f"/apply/{slug}/{token}?done=submit")
        questions = await queries.questions(dossier.campaign_id)
        stored = answers.by_question(await queries.files(dossier.id))
        form = await DraftForm.sent(request, questions, dossier.locales, stored)
        if not form.valid:
            return await draft_page(request, dossier, form, status_code=422)
        try:
            await _save(dossier, form)
        except Refused as refused:
            form.refuse(refused)
            return await draft_page(request, dossier, form, status_code=422)
        except Stale as stale:
            return await _somebody_was_faster(request, form, stale.theirs)
        return see(request, f"/apply/{slug}/{token}?done={form.do if dossier.is_draft else 'changed'}")


async def _save(dossier: Dossier, form: DraftForm) -> None:
    application, by = form.application(dossier.email), who(form, dossier)
    if dossier.is_draft:
        await actions.save_answers(dossier.id, form.version, application, by, submitting=form.submitting)
    else:
        await later.resubmit(dossier.id, form.version, application, by)


async def _somebody_was_faster(request: Request, form: DraftForm, theirs: Dossier) -> Response[Any]:
    """Another tab has submitted: its page. Another tab has saved: theirs beside what was typed, which stays."""
    if not theirs.is_draft:
        return see(request, f"{own_parts.own(theirs)}?done=submit")
    form.raw["version"] = [str(theirs.version)]
    return await draft_page(request, theirs, form, status_code=409, theirs=answers.differences(form, theirs))


async def _save_phase(request: Request, dossier: Dossier, phase_id: int) -> Response[Any]:
    phase, own = await later.open_phase(dossier), own_parts.own(dossier)
    if phase is None or phase.id != phase_id:
        return see(request, f"{own}?done=phase")
    questions = await queries.questions(dossier.campaign_id, phase_id)
    stored = answers.by_question(await queries.files(dossier.id))
    form = await PhaseForm.sent(request, questions, dossier.locales, stored)
    if not form.valid:
        return await phase_page(request, dossier, phase, form, status_code=422)
    try:
        by = candidate(dossier.name)
        await later.save_phase(dossier.id, phase_id, form.version, form.given(), by, submitting=form.submitting)
    except Refused as refused:
        form.refuse(refused)
        return await phase_page(request, dossier, phase, form, status_code=422)
    except Stale as stale:
        form.raw["version"] = [str(stale.theirs.version)]
        differing = answers.differences(form, stale.theirs)
        return await phase_page(request, stale.theirs, phase, form, status_code=409, theirs=differing)
    return see(request, f"{own}?done=phase" if form.submitting else f"{own}?phase={phase_id}&done=later")


# ------------------------------------------------------------------------------------------------ documents
@post(f"{OWN}/documents", opt=public(), guards=SENDING, request_max_body_size=LARGEST_BODY)
async def add_documents(request: Request, slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
    """Documents that were missing in a submitted application, also after the closing date."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        form = await DocumentsForm.sent_documents(request, *await places(dossier))
        if not form.valid:
            return await status_page(request, dossier, form=form, status_code=422)
        try:
            await documents.add(dossier.id, form.documents, candidate(dossier.name), form.removed)
        except Refused as refused:
            form.refuse(refused)
            return await status_page(request, dossier, form=form, status_code=422)
        return see(request, f"/apply/{slug}/{token}?done=documents")


@get(f"{OWN}/files/{{file_id:int}}", opt=public(), guards=LOOKING)
async def own_document(
    slug: FromPath[str], token: FromPath[str], file_id: FromPath[int], view: FromQuery[str] = ""
) -> Response[bytes]:
    """A document of one's own application."""
    dossier = await queries.by_link(slug, token)
    return await downloads.document(await queries.file(dossier.id, file_id), shown=bool(view))


# ------------------------------------------------------------------------------------------------ withdrawing
@get(f"{OWN}/withdrawal", opt=public(), guards=LOOKING)
async def withdrawal_page(request: Request, slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
    """Ask before an application is withdrawn. 404 where candidates may not, or have already."""
    dossier = await _withdrawable(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        return page(request, "apply/withdraw.html", dossier=dossier, form=WithdrawalForm(), offered=dossier.locales)


@post(f"{OWN}/withdrawal", opt=public(), guards=SENDING)
async def withdraw(request: Request, slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
    """Take the application back. A second click finds it withdrawn and shows the same page."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        form = await WithdrawalForm.read(request)
        if form.valid and dossier.withdrawn_at is None:
            try:
                await withdrawing.withdraw(dossier.id, form.note, candidate(dossier.name))
            except Refused as refused:
                form.refuse(refused)
        if not form.valid:
            return page(
                request, "apply/withdraw.html", status_code=422, dossier=dossier, form=form, offered=dossier.locales
            )
        return see(request, f"/apply/{slug}/{token}")


async def _withdrawable(slug: str, token: str) -> Dossier:
    dossier = await queries.by_link(slug, token)
    if not dossier.withdrawal or dossier.withdrawn_at is not None:
        raise Missing
    return dossier


routes = [way_back, save_or_submit, add_documents, own_document, withdrawal_page, withdraw]

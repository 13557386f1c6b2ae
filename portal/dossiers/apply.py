"""The candidates' pages: open calls, the form of a call, the way back to a draft, and where an application stands."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import tokens
from portal.actor import candidate
from portal.campaigns.kinds import Question, asked
from portal.campaigns.queries import Campaign
from portal.campaigns.rules import state
from portal.dossiers import actions, answers, documents, downloads, form_preview, queries, words
from portal.dossiers.application_form import ApplicationForm, DocumentsForm, DraftForm, shown_answers
from portal.dossiers.queries import Dossier, File
from portal.i18n import negotiate, use
from portal.outcomes import Refused, Stale
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public

LARGEST_BODY = 65_000_000  # several documents at once; each of them is held to files.MAX_BYTES
TRIES_A_MINUTE = 30  # forms sent from one address
LOOKS_A_MINUTE = 120  # ways back tried from one address: nobody guesses 120 bits, but nobody shall try


# ------------------------------------------------------------------------------------------------ the calls
@get("/apply", opt=public())
async def open_calls(request: Request) -> Response[Any]:
    """All calls that take applications now, those that close first on top."""
    now = datetime.now(UTC)
    calls = [call for call in await queries.calls() if state(call, now) == "open"]
    return page(request, "apply/calls.html", calls=calls, until_when=words.until_when)


@get("/apply/{slug:str}", opt=public())
async def call_form(request: Request, slug: FromPath[str]) -> Response[Any]:
    """The form of a call, or when it opens or has closed."""
    call = await queries.call(slug)
    locale = language(request, call)
    with use(locale, call.time_zone):
        questions = await queries.questions(call.id)
        empty = {"once": secrets.token_urlsafe(16), "locale": locale}
        return form_page(request, call, ApplicationForm.over(questions, call.locales, empty, {}))


@post(
    "/apply/{slug:str}",
    opt=public(),
    guards=[limited("apply", TRIES_A_MINUTE)],
    request_max_body_size=LARGEST_BODY,
)
async def apply(request: Request, slug: FromPath[str]) -> Response[Any]:
    """A new application: a draft to come back to, or submitted at once."""
    call = await queries.call(slug)
    with use(language(request, call), call.time_zone):
        form = await ApplicationForm.sent(request, await queries.questions(call.id), call.locales, {})
        if not form.valid:
            return form_page(request, call, form, status_code=422)
        try:
            dossier_id = await actions.create(
                call.id, form.application(), who(form), once=form.once or None, submitting=form.submitting
            )
        except Refused as refused:
            form.refuse(refused)
            return form_page(request, call, form, status_code=422)
        return see(request, f"{own_path(slug, dossier_id)}?done={form.do}")


# ------------------------------------------------------------------------------------------------ the way back
@get("/apply/{slug:str}/{token:str}", opt=public(), guards=[limited("apply-look", LOOKS_A_MINUTE)])
async def way_back(
    request: Request, slug: FromPath[str], token: FromPath[str], done: FromQuery[str] = ""
) -> Response[Any]:
    """A draft: the form with what was saved. Submitted: where the application stands."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        questions = await queries.questions(dossier.campaign_id)
        if not dossier.is_draft or state(dossier, datetime.now(UTC)) != "open":
            return await status_page(request, dossier, done)
        values = shown_answers(questions, dossier.answers)
        values |= {"first_name": dossier.first_name, "last_name": dossier.last_name, "locale": dossier.locale}
        stored = answers.by_question(await queries.files(dossier.id))
        form = DraftForm.over(questions, dossier.locales, {**values, "version": dossier.version}, stored)
        return await draft_page(request, dossier, form, done=done)


@post(
    "/apply/{slug:str}/{token:str}",
    opt=public(),
    guards=[limited("apply", TRIES_A_MINUTE)],
    request_max_body_size=LARGEST_BODY,
)
async def save_or_submit(request: Request, slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
    """Save the draft, or submit it. A second click finds it submitted and shows the same page."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        if not dossier.is_draft:
            return see(request, f"/apply/{slug}/{token}?done=submit")
        questions = await queries.questions(dossier.campaign_id)
        stored = answers.by_question(await queries.files(dossier.id))
        form = await DraftForm.sent(request, questions, dossier.locales, stored)
        if not form.valid:
            return await draft_page(request, dossier, form, status_code=422)
        try:
            application, by = form.application(dossier.email), who(form, dossier)
            await actions.save_answers(dossier.id, form.version, application, by, submitting=form.submitting)
        except Refused as refused:
            form.refuse(refused)
            return await draft_page(request, dossier, form, status_code=422)
        except Stale as stale:
            return await _somebody_was_faster(request, slug, token, form, stale.theirs)
        return see(request, f"/apply/{slug}/{token}?done={form.do}")


@post(
    "/apply/{slug:str}/{token:str}/documents",
    opt=public(),
    guards=[limited("apply", TRIES_A_MINUTE)],
    request_max_body_size=LARGEST_BODY,
)
async def add_documents(request: Request, slug: FromPath[str], token: FromPath[str]) -> Response[Any]:
    """Documents that were missing in a submitted application, also after the closing date."""
    dossier = await queries.by_link(slug, token)
    with use(language_of(request, dossier), dossier.time_zone):
        form = await DocumentsForm.sent_documents(request, *await _places(dossier))
        if not form.valid:
            return await status_page(request, dossier, form=form, status_code=422)
        try:
            await documents.add(dossier.id, form.documents, candidate(dossier.name), form.removed)
        except Refused as refused:
            form.refuse(refused)
            return await status_page(request, dossier, form=form, status_code=422)
        return see(request, f"/apply/{slug}/{token}?done=documents")


async def _places(dossier: Dossier) -> tuple[list[Question], dict[str, list[File]]]:
    """The questions that a document answers and that were put, and the documents that are there."""
    put = asked(await queries.questions(dossier.campaign_id), dossier.answers)
    stored = answers.by_question(await queries.files(dossier.id))
    return [each for each in put if each.kind == "file"], stored


async def _somebody_was_faster(
    request: Request, slug: str, token: str, form: DraftForm, theirs: Dossier
) -> Response[Any]:
    """Another tab has submitted: its page. Another tab has saved: theirs beside what was typed, which stays."""
    if not theirs.is_draft:
        return see(request, f"/apply/{slug}/{token}?done=submit")
    form.raw["version"] = [str(theirs.version)]
    return await draft_page(request, theirs, form, status_code=409, theirs=answers.differences(form, theirs))


@get("/apply/{slug:str}/{token:str}/files/{file_id:int}", opt=public(), guards=[limited("apply-look", LOOKS_A_MINUTE)])
async def own_document(slug: FromPath[str], token: FromPath[str], file_id: FromPath[int]) -> Response[bytes]:
    """A document of one's own application."""
    dossier = await queries.by_link(slug, token)
    return await downloads.document(await queries.file(dossier.id, file_id))


# ------------------------------------------------------------------------------------------------ their parts
def form_page(request: Request, call: Campaign, form: ApplicationForm, status_code: int = 200) -> Response[Any]:
    """The form of a call that is open; otherwise only when it opens or has closed."""
    now = state(call, datetime.now(UTC))
    return page(
        request,
        "apply/form.html",
        status_code=status_code,
        call=call,
        form=form,
        opening=words.until_when(call) if now == "open" else words.not_open(call, now),
        is_open=now == "open",
        offered=call.locales,
    )


async def draft_page(
    request: Request,
    dossier: Dossier,
    form: DraftForm,
    *,
    status_code: int = 200,
    done: str = "",
    theirs: list[answers.Difference] | None = None,
) -> Response[Any]:
    """The form with what was saved, or with what was typed."""
    sent = done == "later" and await queries.has_return_link(dossier.id)
    return page(
        request,
        "apply/draft.html",
        status_code=status_code,
        dossier=dossier,
        form=form,
        opening=words.until_when(dossier),
        done=done,
        link_sent=sent,
        theirs=theirs,
        offered=dossier.locales,
    )


async def status_page(
    request: Request, dossier: Dossier, done: str = "", *, form: DocumentsForm | None = None, status_code: int = 200
) -> Response[Any]:
    """Where an application stands, with what was answered; while documents are missing, the form to add them."""
    now = state(dossier, datetime.now(UTC))
    wanted = await queries.takes_documents(dossier)
    dossier = await queries.as_told(dossier)
    return page(
        request,
        "apply/status.html",
        status_code=status_code,
        dossier=dossier,
        wanted=wanted,
        own=own_path(dossier.slug, dossier.id),
        form=form or DocumentsForm.of(*await _places(dossier)),
        lines=await answers.lines(dossier),
        opening=words.not_open(dossier, now) if now != "open" else "",
        done=done,
        offered=dossier.locales,
    )


def language(request: Request, call: Campaign) -> str:
    """The visitor's own choice, else what the browser asks for, among the call's languages; else the call's own."""
    return _among(request, call.locales, call.default_locale)


def language_of(request: Request, dossier: Dossier) -> str:
    """The same for one's own application; its letters' language comes before the call's."""
    return _among(
        request, dossier.locales, dossier.locale if dossier.locale in dossier.locales else dossier.default_locale
    )


def _among(request: Request, locales: list[str], default: str) -> str:
    visitor = request.visitor
    chosen = request.cookies.get(request.app.state.language_cookie)
    wishes = [wish for wish in (visitor.locale if visitor else None, chosen) if wish in locales]
    return negotiate(_only(request.headers.get("accept-language", ""), locales), *wishes, default=default)


def _only(accept_language: str, locales: list[str]) -> str:
    """The header without languages that the call does not speak."""
    parts = accept_language[:400].split(",")
    return ",".join(part for part in parts if part.strip().split(";")[0].split("-")[0].strip().lower() in locales)


def who(form: ApplicationForm, dossier: Dossier | None = None) -> Any:
    """The candidate as the history names them."""
    name = f"{form.first_name} {form.last_name}".strip()
    return candidate(name or (dossier.name if dossier else form.email))


def own_path(slug: str, dossier_id: int) -> str:
    """The way back as a path of this site."""
    return f"/apply/{slug}/{tokens.sign('dossier', dossier_id)}"


routes = [open_calls, call_form, apply, way_back, save_or_submit, add_documents, own_document, *form_preview.routes]

"""The candidates' pages: open calls, and the form of a call."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns.queries import Campaign
from portal.campaigns.rules import state
from portal.dossiers import actions, form_preview, own_pages, queries, withdrawal_pages, words
from portal.dossiers.application_form import ApplicationForm
from portal.dossiers.visitors import LARGEST_BODY, TRIES_A_MINUTE, language, own_path, who
from portal.i18n import use
from portal.outcomes import Refused
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public


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


routes = [open_calls, call_form, apply, *own_pages.routes, *form_preview.routes, *withdrawal_pages.routes]

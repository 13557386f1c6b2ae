"""The staff's pages: one dossier, its answers and documents, a new one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.actor import Actor
from portal.dossiers import (
    actions,
    answers,
    assessment_pages,
    bulk_pages,
    changes,
    downloads,
    history,
    list_pages,
    queries,
    search,
)
from portal.dossiers.actions import Application
from portal.dossiers.card import card
from portal.dossiers.filters import read_filters
from portal.dossiers.forms import NewDossierForm
from portal.i18n import LOCALES, _, autonym, text_in
from portal.ledger.words import reason_word, state_tone, state_word
from portal.outcomes import Refused
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

SEE = needs("dossier.see")


# ------------------------------------------------------------------------------------------------ one dossier
@get("/dossiers/{dossier_id:int}", opt=SEE)
async def one_dossier(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """The dossier's history, newest first, and the card beside it."""
    dossier = await queries.one(request.user, dossier_id)
    days = await history.of_dossier(dossier_id)
    said: dict[str, Any] = {"state_word": state_word, "state_tone": state_tone, "reason_word": reason_word}
    on_screen = request.app.state.has_mailbox and request.user.may("mailbox.see")
    said["on_screen"] = queries.message_ids(history.mails_of(days)) if on_screen else {}
    return page(request, "dossiers/one.html", days=days, **said, **await card(request, dossier))


@get("/dossiers/{dossier_id:int}/answers", opt=SEE)
async def dossier_answers(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """What the candidate wrote, with the documents."""
    dossier = await queries.one(request.user, dossier_id)
    lines = await answers.lines(dossier)
    return page(request, "dossiers/answers.html", lines=lines, **await card(request, dossier))


@get("/dossiers/{dossier_id:int}/files/{file_id:int}", opt=SEE)
async def document(
    request: Request, dossier_id: FromPath[int], file_id: FromPath[int], view: FromQuery[str] = ""
) -> Response[bytes]:
    """A document, to be saved; with `view`, to be looked at where that is safe."""
    dossier = await queries.one(request.user, dossier_id)
    return await downloads.document(await queries.file(dossier.id, file_id), shown=bool(view))


# ------------------------------------------------------------------------------------------------ a new one by hand
@get("/dossiers/new", opt=needs("dossier.edit"))
async def new_form(request: Request) -> Response[Any]:
    """The form for a dossier that somebody could not send by herself."""
    chosen = read_filters(request.query_params).campaign
    values = {"campaign": chosen or 0, "locale": request.user.locale}
    return page(request, "dossiers/new.html", form=NewDossierForm(values, choices=await _choices(request.user)))


@post("/dossiers/new", opt=needs("dossier.edit"))
async def new_dossier(request: Request) -> Response[Any]:
    """Make it: a draft, nothing is sent."""
    form = await NewDossierForm.read(request, choices=await _choices(request.user))
    if not form.valid:
        return page(request, "dossiers/new.html", form=form, status_code=422)
    application = Application(
        email=form.email, first_name=form.first_name, last_name=form.last_name, locale=form.locale
    )
    try:
        dossier_id = await actions.create_by_hand(form.campaign, application, request.user)
    except Refused as refused:
        form.refuse(refused)
        return page(request, "dossiers/new.html", form=form, status_code=422)
    return see(request, f"/dossiers/{dossier_id}", _("Dossier created. No e-mail was sent."))


async def _choices(actor: Actor) -> dict[str, Any]:
    mine = [(int(choice.key), text_in(choice.label)) for choice in await search.campaigns(actor)]
    return {"campaign": mine, "locale": [(locale, autonym(locale)) for locale in LOCALES]}


routes: list[Any] = [
    *changes.routes,
    *list_pages.routes,
    *bulk_pages.routes,
    *(new_form, new_dossier),
    *(one_dossier, dossier_answers, document),
    *assessment_pages.routes,
]

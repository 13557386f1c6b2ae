"""Changing a status: the page (and dialog) that shows what will be sent, and what happens when somebody was faster."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.dossiers import actions, consequences, letter_pages, pending, queries, words
from portal.dossiers.actions import Moved, Recount
from portal.dossiers.filters import read_filters
from portal.dossiers.forms import StatusForm
from portal.dossiers.list_pages import own_page
from portal.dossiers.queries import Dossier, Status
from portal.formats import number
from portal.i18n import _, pgettext, text_in
from portal.ledger.words import reason_word, state_word
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import queries as triggers
from portal.web.htmx import Request
from portal.web.pages import letter, page, see
from portal.web.rights import needs
from portal.web.session import Toast
from portal.web.templating import url

MOVE = needs("dossier.status")


@get("/dossiers/{dossier_id:int}/status", opt=MOVE)
async def status_page(request: Request, dossier_id: FromPath[int], to: FromQuery[str] = "") -> Response[Any]:
    """The e-mails that the change would send, and the choice what to do with them."""
    dossier = await queries.one(request.user, dossier_id)
    target = await _target(dossier, to)
    if target is None or target.id == dossier.status_id:
        return see(request, own_page(request, dossier_id))
    return await _ask(
        request, dossier, target, StatusForm({"status": target.key, "version": dossier.version, "mode": "send"})
    )


@post("/dossiers/{dossier_id:int}/status", opt=MOVE)
async def change_status(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Make the change, unless somebody was faster or the number of e-mails is no longer what was shown."""
    form = await StatusForm.read(request)
    dossier = await queries.one(request.user, dossier_id)
    target = await _target(dossier, form.status)
    if target is None:
        raise Refused(words.unknown_status(), field="status")
    if not form.valid:
        return await _ask(request, dossier, target, form, status_code=422)
    try:
        moved = await _make(request, dossier_id, form)
    except Refused as refused:
        form.refuse(refused)
        return await _ask(request, dossier, target, form, status_code=422)
    except Stale as stale:
        return await _ask_again(request, dossier_id, target, form, stale)
    return see(request, own_page(request, dossier_id), _done(dossier_id, target, moved))


async def _make(request: Request, dossier_id: int, form: StatusForm) -> Moved:
    shown = None if form.mode == "silent" else form.count
    mode: Any = form.mode
    return await actions.change_status(
        dossier_id, form.status, form.version, request.user, mode, form.reason, shown=shown
    )


def _done(dossier_id: int, target: Status, moved: Moved) -> Toast:
    """What has been done, with the way back."""
    back = url(f"/dossiers/{dossier_id}/undo", change=moved.change_id)
    done = consequences.done_words(text_in(target.label), moved)
    return Toast(done, link=back, link_text=pgettext("button", "Undo"))


@get("/dossiers/{dossier_id:int}/status/letter", opt=MOVE)
async def planned_letter(
    request: Request, dossier_id: FromPath[int], to: FromQuery[str], number: FromQuery[int] = 1
) -> Response[str]:
    """One of the letters that the change would send, for a sandboxed frame. `number` counts from 1."""
    dossier = await queries.one(request.user, dossier_id)
    target = await _target(dossier, to)
    planned = await triggers.preview(dossier_id, target.id, request.user) if target else []
    if not 1 <= number <= len(planned) or (shown := planned[number - 1].letter) is None:
        raise Missing
    return letter(shown.html)


# ------------------------------------------------------------------------------------------------ their parts
async def _ask(
    request: Request, dossier: Dossier, target: Status, form: StatusForm, *, status_code: int = 200, changed: str = ""
) -> Response[Any]:
    """The page that shows the e-mails. `changed`: why it asks again."""
    planned = await triggers.preview(dossier.id, target.id, request.user)
    count = consequences.letters_of(planned)
    form.raw["count"] = [str(count)]
    form.choices["mode"] = [(mode, words.mode_word(mode)) for mode in ("send", "hold", "silent")]
    return page(
        request,
        "dossiers/status.html",
        status_code=status_code,
        dossier=dossier,
        target=target,
        form=form,
        planned=planned,
        count=count,
        waiting=await pending.letters(dossier.id),
        told=await pending.told(dossier),
        changed=changed,
        state_word=state_word,
        reason_word=reason_word,
        query=read_filters(request.query_params).query(),
    )


async def _ask_again(
    request: Request, dossier_id: int, target: Status, form: StatusForm, stale: Stale
) -> Response[Any]:
    """409: another number of e-mails, or another status. Nothing has been changed."""
    dossier = await queries.one(request.user, dossier_id)
    if isinstance(stale.theirs, Recount):
        sentence = _(
            "The list has changed since you opened this page: now {now}, before {before}. Check it and confirm again."
        )
        changed = sentence.format(now=number(stale.theirs.now), before=number(stale.theirs.before))
        return await _ask(request, dossier, target, form, status_code=409, changed=changed)
    form.raw["version"] = [str(dossier.version)]
    planned = await triggers.preview(dossier.id, target.id, request.user) if target.id != dossier.status_id else []
    form.raw["count"] = [str(consequences.letters_of(planned))]
    return page(
        request,
        "dossiers/conflict.html",
        status_code=409,
        dossier=dossier,
        target=target,
        form=form,
        by=stale.by,
        at=stale.at,
        count=consequences.letters_of(planned),
        query=read_filters(request.query_params).query(),
    )


async def _target(dossier: Dossier, key: str) -> Status | None:
    return next((status for status in await queries.statuses(dossier.campaign_id) if status.key == key), None)


routes: list[Any] = [status_page, change_status, planned_letter, *letter_pages.routes]

"""Changing the status of many dossiers: the page that shows what will be sent, and what happens when it has changed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from portal.campaigns import queries as campaigns
from portal.dossiers import assign_pages, bulk, bulk_actions, bulk_words, export_pages, queries, words
from portal.dossiers.actions import Recount
from portal.dossiers.bulk_actions import Announced
from portal.dossiers.bulk_forms import BulkStatusForm
from portal.dossiers.list_pages import asked_selection, back_to_list
from portal.dossiers.queries import Status
from portal.dossiers.selection import Picked, Selection, from_text, pick
from portal.dossiers.status_groups import by_phase
from portal.ledger.words import reason_word
from portal.outcomes import Refused, Stale
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

MOVE = needs("dossier.status")


@get("/dossiers/bulk", opt=MOVE)
async def status_page(request: Request) -> Response[Any]:
    """First the status, then what it would send."""
    selection = asked_selection(request)
    picked = await pick(request.user, selection)
    target = await _target(picked, request.query_params.get("to", ""))
    values = {"picked": selection.text(), "to": target.key if target else "", "mode": "send"}
    return await _ask(request, selection, picked, target, BulkStatusForm(values))


@post("/dossiers/bulk/status", opt=MOVE)
async def change_status(request: Request) -> Response[Any]:
    """Move them; 409 when the numbers are no longer those that were shown."""
    form = await BulkStatusForm.read(request)
    selection = from_text(form.picked)
    picked = await pick(request.user, selection)
    target = await _target(picked, form.to)
    if target is None or picked.campaign_id is None or not form.valid:
        return await _ask(request, selection, picked, target, form, status_code=422)
    announced = Announced(form.dossiers, None if form.mode == "silent" or form.estimated else form.letters)
    try:
        done = await bulk_actions.move(
            request.user, picked.campaign_id, selection, target, _mode(form), form.reason, announced
        )
    except Refused as refused:
        form.refuse(refused)
        return await _ask(request, selection, picked, target, form, status_code=422)
    except Stale as stale:
        again = stale.theirs if isinstance(stale.theirs, Recount) else Recount(0, 0)
        return await _ask(request, selection, picked, target, form, status_code=409, recount=again)
    if done.job_id is not None:
        return see(request, f"/jobs/{done.job_id}")
    return see(request, back_to_list(selection.filters), bulk_words.done(done, target))


def _mode(form: BulkStatusForm) -> Any:
    return form.mode


async def _target(picked: Picked, key: str) -> Status | None:
    statuses = await queries.statuses(picked.campaign_id) if picked.campaign_id else []
    return next((status for status in statuses if status.key == key), None)


async def _ask(
    request: Request,
    selection: Selection,
    picked: Picked,
    target: Status | None,
    form: BulkStatusForm,
    *,
    status_code: int = 200,
    recount: Recount | None = None,
) -> Response[Any]:
    """The page, at the step it has come to."""
    campaign = await campaigns.one(request.user, picked.campaign_id) if picked.campaign_id else None
    shown = await bulk.forecast(request.user, campaign.id, selection, target) if campaign and target else None
    if shown:
        form.raw |= {"dossiers": [str(shown.dossiers)], "letters": [str(shown.count)]}
    form.choices["mode"] = [(mode, words.mode_word(mode)) for mode in ("send", "hold", "silent")]
    return page(
        request,
        "dossiers/bulk_status.html",
        status_code=status_code,
        selection=selection,
        picked=picked,
        campaign=campaign,
        target=target,
        statuses=by_phase(await queries.statuses(campaign.id), lambda one: one) if campaign else [],
        form=form,
        forecast=shown,
        changed=bulk_words.changed(recount.before, recount.now) if recount else "",
        reason_word=reason_word,
        back=back_to_list(selection.filters),
    )


routes: list[Any] = [status_page, change_status, *assign_pages.routes, *export_pages.routes]

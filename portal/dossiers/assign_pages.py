"""Giving many dossiers to evaluators, taking them back, spreading them."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post

from portal.assessment import queries as evaluators
from portal.campaigns import queries as campaigns
from portal.dossiers import assign_words, assigning
from portal.dossiers.assigning import Wish
from portal.dossiers.bulk_forms import BulkAssignForm
from portal.dossiers.list_pages import asked_selection, back_to_list
from portal.dossiers.selection import Picked, Selection, from_text, pick, picked_ids
from portal.formats import number
from portal.outcomes import Refused
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ASSIGN = needs("assign.edit")


@get("/dossiers/bulk/assign", opt=ASSIGN)
async def assign_page(request: Request) -> Response[Any]:
    """Whom they are given to, or taken back from."""
    selection = asked_selection(request)
    picked = await pick(request.user, selection)
    form = BulkAssignForm({"picked": selection.text(), "how": "give", "each": 1})
    return await _ask(request, selection, picked, form)


@post("/dossiers/bulk/assign", opt=ASSIGN)
async def assign(request: Request) -> Response[Any]:
    """Do it; 409 when the number of dossiers is no longer that which was shown."""
    form = await BulkAssignForm.read(request)
    selection = from_text(form.picked)
    picked = await pick(request.user, selection)
    if picked.campaign_id is None or not form.valid:
        return await _ask(request, selection, picked, form, status_code=422)
    if form.dossiers != picked.n:
        return await _ask(request, selection, picked, form, status_code=409, before=form.dossiers)
    wish = msgspec.convert({"how": form.how, "evaluators": form.evaluators, "each": form.each or 1}, Wish)
    if wish.pairs(picked.n) > assigning.AT_ONCE:
        job_id = await assigning.start(request.user, picked.campaign_id, selection, picked.n, wish)
        return see(request, f"/jobs/{job_id}")
    try:
        done = await assigning.do(request.user, await picked_ids(request.user, selection), wish)
    except Refused as refused:
        form.refuse(refused)
        return await _ask(request, selection, picked, form, status_code=422)
    return see(request, back_to_list(selection.filters), assign_words.done(done))


async def _ask(
    request: Request,
    selection: Selection,
    picked: Picked,
    form: BulkAssignForm,
    *,
    status_code: int = 200,
    before: int | None = None,
) -> Response[Any]:
    campaign = await campaigns.one(request.user, picked.campaign_id) if picked.campaign_id else None
    members = await evaluators.members(campaign.id) if campaign else []
    form.raw["dossiers"] = [str(picked.n)]
    form.choices |= {
        "how": assign_words.ways(),
        "evaluators": [(one.id, f"{one.name} ({number(one.load)})") for one in members],
    }
    return page(
        request,
        "dossiers/bulk_assign.html",
        status_code=status_code,
        picked=picked,
        campaign=campaign,
        form=form,
        before=before,
        as_task=picked.n > assigning.AT_ONCE,
        back=back_to_list(selection.filters),
    )


routes: list[Any] = [assign_page, assign]

"""Pages of saved views: the own ones and those of colleagues, saving one from a list, changing, deleting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath

from portal.actor import Actor
from portal.audiences.builder import Builder, build, in_words
from portal.audiences.filters import as_rules
from portal.audiences.forms import again, criteria_fields, typed
from portal.audiences.kept import beside_filters, read_criteria
from portal.audiences.rules import Group
from portal.audiences.sources import may_choose
from portal.audiences.words import counted, module_word
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.views import actions, queries, rules
from portal.views.forms import ViewForm, as_query
from portal.views.queries import View
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

SEE = needs("dossier.see")
DIGITS = 10  # a campaign's id has fewer
PLACES = {
    "candidates": "/people/candidates",
    "contacts": "/people/contacts",
    "companies": "/people/companies",
}


@get("/views", opt=SEE)
async def views(request: Request) -> Response[Any]:
    """Every view that the actor may use."""
    found = await queries.visible(request.user)
    may = request.user.may
    offered = [("dossiers", _("New view of dossiers"))] if may("dossier.see") else []
    if may("person.see"):
        offered += [("candidates", _("New view of candidates")), ("contacts", _("New view of contacts"))]
    return page(request, "views/list.html", views=found, place_of=place_of, module_word=module_word, offered=offered)


@get("/views/new", opt=SEE)
async def new_view(request: Request) -> Response[Any]:
    """A name for what the list shows now."""
    asked = request.query_params
    module = asked.get("module", "dossiers")
    if module not in rules.MODULES:
        raise Missing
    campaign = asked.get("campaign", "")
    numbered = campaign.isascii() and campaign.isdecimal() and len(campaign) < DIGITS
    values = {"module": module, "query": _query(request), "campaign": int(campaign) if numbered else None}
    view_id = asked.get("view", "")
    known = view_id.isascii() and view_id.isdecimal() and len(view_id) < DIGITS
    group = await beside_filters(request.user, module, int(view_id)) if known else Group()
    return await _form(request, ViewForm(values), None, group)


@post("/views/new", opt=SEE, status_code=303)
async def save_view(request: Request) -> Response[Any]:
    """Save it."""
    form = await ViewForm.read(request, extra=await criteria_fields(request))
    if again(form.raw):
        return await _form(request, form, None)
    if form.valid:
        try:
            view_id = await actions.create(request.user, form.module, form.campaign or None, form.draft())
            view = await queries.one(request.user, view_id)
            return see(request, place_of(view), _("View saved."))
        except Refused as refused:
            form.refuse(refused)
    return await _form(request, form, None, status_code=422)


@get("/views/{view_id:int}", opt=SEE)
async def view_page(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """A view of one's own, to be changed; with a query, to what the list shows now. Others' open their list."""
    view = await queries.one(request.user, view_id)
    if not view.own:
        return see(request, place_of(view))
    return await _form(request, _filled(view, _query(request) if request.query_params else None), view)


@post("/views/{view_id:int}", opt=SEE, status_code=303)
async def change_view(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """Save the changes; 409 compares when another tab was faster."""
    view = await queries.one(request.user, view_id)
    form = await ViewForm.read(request, extra=await criteria_fields(request))
    if again(form.raw) and view.own:
        return await _form(request, form, view)
    if form.valid:
        try:
            await actions.change(request.user, view_id, form.version or 0, form.draft())
            return see(request, place_of(await queries.one(request.user, view_id)), _("View saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            own = f"/views/{view_id}"
            return conflict(request, stale, form, _filled(stale.theirs), labels=_labels(), action=own, back=own)
    return await _form(request, form, view, status_code=422)


@post("/views/{view_id:int}/freeze", opt=SEE, status_code=303)
async def freeze_view(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """Keep whom it lists now."""
    view = await queries.one(request.user, view_id)
    n = await actions.freeze(request.user, view_id, view.version)
    return see(request, f"/views/{view_id}", _("The view is frozen: {n}.").format(n=counted(view.module, n)))


@post("/views/{view_id:int}/live", opt=SEE, status_code=303)
async def make_view_live(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """Look up whom it lists whenever it is used."""
    view = await queries.one(request.user, view_id)
    await actions.make_live(request.user, view_id, view.version)
    return see(request, f"/views/{view_id}", _("The view is live again."))


@get("/views/{view_id:int}/delete", opt=SEE)
async def delete_page(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """Ask before a view of one's own goes."""
    view = await queries.one(request.user, view_id)
    if not view.own:
        raise Missing
    return page(request, "views/delete.html", view=view, uses=await queries.used_by(view_id))


@post("/views/{view_id:int}/delete", opt=SEE, status_code=303)
async def delete_view(request: Request, view_id: FromPath[int]) -> Response[Any]:
    """Delete it."""
    view = await queries.one(request.user, view_id)
    await actions.delete(request.user, view_id, view.version)
    return see(request, "/views", _("View “{name}” deleted.").format(name=view.name))


def place_of(view: View) -> str:
    """The list that a view shows."""
    path = PLACES.get(view.module)
    if path is None:
        path = f"/campaigns/{view.campaign_id}/dossiers" if view.campaign_id else "/dossiers"
    return url(path, view=view.id, column=view.columns, **view.filters)


def _query(request: Request) -> str:
    """The list's query, as one text. Names the page's own fields nothing."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "module"]
    return urlencode(pairs)[: rules.LARGEST]


def _filled(view: View, query: str | None = None) -> ViewForm:
    return ViewForm(
        {
            "name": view.name,
            "shared": view.shared,
            "opens_first": view.opens_first,
            "query": as_query(view.filters, view.columns) if query is None else query,
            "module": view.module,
            "campaign": view.campaign_id,
            "version": view.version,
        }
    )


def _labels() -> dict[str, str]:
    return {"name": _("Name"), "shared": _("Shared with everybody who sees the list"), "query": _("Filters")}


async def _form(
    request: Request, form: ViewForm, view: View | None, first: Group | None = None, *, status_code: int = 200
) -> Response[Any]:
    """The page of a view: what is typed, whom it means, what depends on it. `first`: criteria that a new one has."""
    module, campaign_id = (view.module, view.campaign_id) if view else (form.module, form.campaign or None)
    sent = any(name.startswith("c.") for name in form.raw)
    kept = first or (read_criteria(view.criteria) if view else Group())
    group = typed(form.raw) if sent else kept
    filters = form.filters()
    return page(
        request,
        "views/edit.html",
        status_code=status_code,
        form=form,
        view=view,
        labels=_labels(),
        module=module,
        filters=await in_words(request.user, module, filters, campaign_id),
        builder=await _builder(request.user, module, campaign_id, group, filters, view),
        members=await queries.members(view.id) if view and view.frozen else 0,
        uses=await queries.used_by(view.id) if view else [],
    )


async def _builder(
    actor: Actor, module: str, campaign_id: int | None, group: Group, filters: Mapping[str, Any], view: View | None
) -> Builder | None:
    """The criteria; None where a view has none: of companies, and while it is frozen."""
    if not may_choose(actor, module) or (view and view.frozen):
        return None
    return await build(actor, module, group, campaign_id, as_rules(module, filters, campaign_id))


routes: list[Any] = [
    views, new_view, save_view, view_page, change_view, freeze_view, make_view_live, delete_page, delete_view,
]  # fmt: skip

"""People ticked one by one: search, tick, page on. What is ticked lies beside the mailing, so nothing is lost."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from portal.actor import Actor
from portal.audiences import rules as criteria
from portal.audiences.filters import as_rules
from portal.audiences.sources import KINDS, Chosen
from portal.dossiers import filters as dossier_filters
from portal.dossiers import search as dossiers
from portal.i18n import _
from portal.lists import Slice
from portal.mailings import actions, planning, queries
from portal.mailings.queries import Mailing
from portal.outcomes import Stale
from portal.people import queries as people
from portal.web.fields import Flag, Ids, Text
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import see
from portal.web.templating import url

LONGEST = 200
PAGE = 20


class PickForm(Form):
    """The ticks of one page: which records were `seen`, and which of them are ticked (`record`).

    `to`: the page to go on with; `all`: tick (on) or untick (off) everything.
    """

    seen = Ids()
    record = Ids()
    q = Text(required=False)
    ticked = Flag()
    cursor = Text(longest=600, required=False)
    to = Text(longest=600, required=False)
    all = Text(required=False)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A record that can be ticked. `number`: the dossier's, "" for people."""

    id: int
    name: str
    email: str
    locale: str
    number: str = ""


class Picks(msgspec.Struct, frozen=True, kw_only=True):
    """One page of what can be ticked. `n`: ticked in all; `only`: nothing but these is shown."""

    n: int
    ids: set[int]
    found: Slice[Row]
    q: str
    only: bool
    cursor: str


async def shown(request: Request, mailing: Mailing) -> Picks:
    """The page that is asked for."""
    given = request.query_params
    q, cursor = given.get("q", "").replace("\0", "").strip()[:LONGEST], given.get("cursor", "")
    only = given.get("ticked") == "1"
    found = await _ticked(request.user, mailing, q, cursor) if only else await _found(request.user, mailing, q, cursor)
    ids = await queries.picked_of(mailing.id, [row.id for row in found.items])
    return Picks(n=await queries.picks(mailing.id), ids=ids, found=found, q=q, only=only, cursor=cursor)


async def _found(actor: Actor, mailing: Mailing, q: str, cursor: str) -> Slice[Row]:
    """Everybody of the module, or those that a search finds, as their lists show them."""
    if mailing.module == "dossiers":
        wanted = dossier_filters.Filters(q=q, campaign=mailing.campaign_id)
        page = await dossiers.find(actor, wanted, wanted.order.read(cursor), PAGE)
        rows = [
            Row(id=each.id, name=each.name, email=each.email, locale=each.locale, number=each.number)
            for each in page.items
        ]
        return Slice(rows, page.newer, page.older)
    asked_for = people.Filters(kind=KINDS[mailing.module], q=q)
    listed = await people.search(actor, asked_for, people.LATEST.read(cursor), PAGE)
    rows = [Row(id=each.id, name=each.name, email=each.email or "", locale=each.locale) for each in listed.items]
    return Slice(rows, listed.newer, listed.older)


async def _ticked(actor: Actor, mailing: Mailing, q: str, cursor: str) -> Slice[Row]:
    """Only those that are ticked."""
    plan = await planning.plan_of(actor, msgspec.structs.replace(mailing, audience="picked"))
    page = await planning.rows(plan, q=q, cursor=planning.ORDER.read(cursor), limit=PAGE)
    rows = [Row(id=each.record_id, name=each.name, email=each.address, locale=each.locale) for each in page.items]
    return Slice(rows, page.newer, page.older)


async def keep(request: Request, mailing: Mailing) -> Response[Any]:
    """Keep the ticks of a page and go where the button says. 409 is for drafts that are none any more."""
    form = await PickForm.read(request)
    here = {"by": "picked", "q": form.q, "ticked": "1" if form.ticked else ""}
    if not form.valid:
        return see(request, url(f"/mailings/{mailing.id}/who", **here))
    actor, module = request.user, mailing.module
    if form.all == "off":
        await actions.pick(actor, mailing.id, Chosen(module=module, picked_by_mailing=mailing.id), ticked=False)
    elif form.all == "on":
        campaign_id = mailing.campaign_id if module == "dossiers" else None
        meant = criteria.written(as_rules(module, {"q": form.q}, campaign_id))
        await actions.pick(actor, mailing.id, Chosen(module=module, campaign_id=campaign_id, criteria=meant))
    else:
        await _keep_page(actor, mailing, set(form.seen), set(form.record))
    if mailing.audience != "picked":
        fresh = await queries.one(actor, mailing.id)
        await actions.change(actor, mailing.id, fresh.version, {"audience": "picked"})
    toast = None if form.to else _("Ticks kept.")
    return see(request, url(f"/mailings/{mailing.id}/who", **here, cursor=form.to or form.cursor), toast)


async def _keep_page(actor: Actor, mailing: Mailing, seen: set[int], ticked: set[int]) -> None:
    """What changed on one page: new ticks are added, ticks that are gone are taken away."""
    before = await queries.picked_of(mailing.id, sorted(seen))
    if mailing.state != "draft":
        raise Stale(mailing)
    for ids, on in ((ticked & seen - before, True), (before - ticked, False)):
        if ids:
            await actions.pick(actor, mailing.id, Chosen(module=mailing.module, ids=tuple(sorted(ids))), ticked=on)

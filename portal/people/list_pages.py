"""The lists of candidates and contacts: filters, views, ticks that survive paging, and mass mail to them (Z10, Z14)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from portal.actor import Actor
from portal.audiences.sources import Count
from portal.audiences.words import counted
from portal.formats import number
from portal.i18n import LOCALES, _, language_name, ngettext, pgettext
from portal.lists import Slice
from portal.people import queries
from portal.people.queries import LATEST, Filters, PersonRow, Where
from portal.views import queries as views
from portal.views.queries import View
from portal.web.field import clean
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

SEE = needs("person.see")
KINDS = {"candidate": "candidates", "contact": "contacts"}
MOST_TICKS = 1_000  # ticked one by one; more are "all that match"
DIGITS = 19  # an id has fewer


class Ticks(msgspec.Struct, frozen=True):
    """Who was ticked: ids, or all that the filters find."""

    ids: tuple[int, ...] = ()
    all_matching: bool = False

    def query(self) -> dict[str, Any]:
        """As a URL carries them."""
        return {"all": "1"} if self.all_matching else {"id": list(self.ids)}


@get("/people/candidates", opt=SEE)
async def candidates(request: Request) -> Response[Any]:
    """Those who apply, or may."""
    return await _list(request, "candidate")


@get("/people/contacts", opt=SEE)
async def contacts(request: Request) -> Response[Any]:
    """Everybody else we write to."""
    return await _list(request, "contact")


async def _list(request: Request, kind: str) -> Response[Any]:
    module, path = KINDS[kind], f"/people/{KINDS[kind]}"
    saved = await views.of_module(request.user, module, None)
    if first := None if request.query_params or request.htmx.partial else views.opening(saved):
        return see(request, url(path, view=first.id, **first.filters))
    view = next((each for each in saved if str(each.id) == request.query_params.get("view")), None)
    filters, ticks = _filters(request, kind, view), _ticks(request)
    where = await queries.narrowed(request.user, filters)
    found = await queries.search(request.user, filters, asked(request, LATEST), where=where)
    query = _query(filters)
    count = await _count(request, where, found)
    return page(
        request,
        "people/list.html",
        people=found,
        some=bool(found) or bool(await queries.count(request.user, kind)),
        filters=filters,
        path=path,
        module=module,
        query=query,
        ticks=ticks,
        elsewhere=[each for each in ticks.ids if each not in {row.id for row in found.items}],
        paged=query | ticks.query(),
        counted=counted(module, count.n, count.exact),
        select_all=_select_all(count),
        chips=chips(path, _active(filters, view), query),
        locales=[(each, language_name(each)) for each in LOCALES],
        views=saved,
        view=view,
        may_mail=may_mail(request.user, module),
    )


def may_mail(actor: Actor, module: str) -> bool:
    """Whether mass mail to a module is the actor's to write (Z13, Z24)."""
    return actor.may("mailing.see") and actor.may("mailing.contacts" if module == "contacts" else "mailing.candidates")


async def _count(request: Request, where: Where, found: Slice[PersonRow]) -> Count:
    if not request.query_params.get("cursor") and found.older is None:
        return Count(len(found.items))
    return await queries.matching(where)


def _select_all(count: Count) -> str:
    n = number(count.n)
    if not count.exact:
        return pgettext("button", "Tick all that match, about {n}").format(n=n)
    if count.n == 1:
        return _("Tick the only one that matches")
    return ngettext("Tick the {n} that matches", "Tick all {n} that match", count.n).format(n=n)


# ------------------------------------------------------------------------------------------------ from the query
def _filters(request: Request, kind: str, view: View | None) -> Filters:
    given = request.query_params
    locale = given.get("locale", "")
    return Filters(
        kind=kind,
        q=clean(given.get("q", ""))[:200],
        locale=locale if locale in LOCALES else "",
        opted_out=bool(given.get("out")),
        tag=clean(given.get("tag", ""))[:50],
        view_id=view.id if view else None,
    )


def _ticks(request: Request) -> Ticks:
    given = request.query_params.getall("id", [])
    ids = [int(each) for each in given if each.isascii() and each.isdigit() and len(each) < DIGITS]
    return Ticks(tuple(dict.fromkeys(ids))[:MOST_TICKS], request.query_params.get("all") == "1")


def _query(filters: Filters) -> dict[str, Any]:
    """The list's own query, without what is not set."""
    query = {
        "q": filters.q,
        "locale": filters.locale,
        "out": "1" if filters.opted_out else "",
        "tag": filters.tag,
        "view": str(filters.view_id or ""),
    }
    return {name: value for name, value in query.items() if value}


def _active(filters: Filters, view: View | None) -> list[tuple[str, str]]:
    """(query parameter, its words) of the filters that are set."""
    active = []
    if filters.q:
        active.append(("q", _("Search: {words}").format(words=filters.q)))
    if filters.locale:
        active.append(("locale", _("Language: {language}").format(language=language_name(filters.locale))))
    if filters.opted_out:
        active.append(("out", _("Opted out of optional e-mail")))
    if filters.tag:
        active.append(("tag", _("Tag: {tag}").format(tag=filters.tag)))
    if view and (view.frozen or view.criteria):
        active.append(("view", _("View: {name}").format(name=view.name)))
    return active


routes: list[Any] = [candidates, contacts]

"""The audit log: search, export, verify."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.response import Stream

from portal.audit import actions, export, histories, queries, words
from portal.audit.forms import FiltersForm
from portal.audit.queries import NEWEST, Filters, Row
from portal.audit.rules import AREAS
from portal.formats import date_table
from portal.i18n import _, text_in
from portal.timeline_words import Entry, by_day, event_words
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/audit"
RIGHT = needs("audit.see")
NAMES = {"who": "account_id", "campaign": "campaign_id", "number": "subject_id"}


@get(HERE, opt=RIGHT)
async def list_page(request: Request) -> Response[Any]:
    """Everything that was recorded, the latest first."""
    return await _page(request)


@post(f"{HERE}/verify", opt=RIGHT, status_code=303)
async def verify(request: Request) -> Response[Any]:
    """Walk the chain: the log says then what was found. A long one is walked by a worker."""
    job_id = await actions.begin_to_verify(request.user)
    return see(request, HERE if job_id is None else f"/jobs/{job_id}")


@post(f"{HERE}/export", opt=RIGHT, status_code=200)
async def export_csv(request: Request) -> Response[Any] | Stream:
    """What the filters show as CSV, however much it is."""
    form = await FiltersForm.read(request)
    filters = _filters(form)
    await actions.exported(request.user, filters)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Stream(export.lines(request.user, filters), media_type="text/csv", headers=headers)


def _filters(form: FiltersForm) -> Filters:
    """What cannot be read narrows nothing."""
    values = {NAMES.get(name, name): form[name] for name in form.fields if name not in form.errors}
    return msgspec.convert(values, Filters)


async def _page(request: Request) -> Response[Any]:
    form = FiltersForm()
    form.take({name: [text] for name, text in request.query_params.items() if name in form.fields})
    filters, query = _filters(form), _query(form)
    people = await queries.people() if request.user.everywhere else []
    campaigns = [(number, text_in(title)) for number, title in await queries.campaigns(request.user)]
    found = await queries.search(request.user, filters, asked(request, NEWEST))
    return page(
        request,
        "audit/list.html",
        found=found,
        days=by_day([_shown(row, request.user.rights) for row in found.items]),
        subject_word=words.subject_word,
        form=form,
        query=query,
        chips=chips(HERE, _active(filters, dict(people), dict(campaigns)), query),
        areas=[(each, words.area_word(each)) for each in AREAS],
        people=people,
        campaigns=campaigns,
        last=await queries.last_verified(),
        as_json=_as_json,
    )


class Shown(Entry, frozen=True):
    """An entry with what it is about, and the page of that ("": none that the reader may open)."""

    row: Row
    page: str


def _shown(row: Row, rights: frozenset[str]) -> Shown:
    return Shown(row.at, *event_words(row), row, words.page_of(row, rights))


def _as_json(details: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(details), indent=2).decode()


def _query(form: FiltersForm) -> dict[str, str]:
    """The filters that could be read, as the list's addresses carry them."""
    return {name: form.shown(name) for name in form.fields if name not in form.errors and form.shown(name)}


def _active(filters: Filters, people: dict[int, str], campaigns: dict[int, str]) -> list[tuple[str, str]]:
    """(query parameter, its words) of the filters that are set."""
    active = []
    if filters.area:
        active.append(("area", next(words.area_word(each) for each in AREAS if each == filters.area)))
    if filters.account_id:
        active.append(("who", people.get(filters.account_id, str(filters.account_id))))
    if filters.campaign_id:
        active.append(("campaign", campaigns.get(filters.campaign_id, str(filters.campaign_id))))
    if filters.subject:
        active.append(("subject", words.subject_word(filters.subject)))
    if filters.subject_id:
        active.append(("number", _("Number {n}").format(n=filters.subject_id)))
    if filters.since:
        active.append(("since", _("From {date}").format(date=date_table(filters.since))))
    if filters.until:
        active.append(("until", _("Until {date}").format(date=date_table(filters.until))))
    return active


routes: list[Any] = [list_page, verify, export_csv, *histories.routes]

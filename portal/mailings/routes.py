"""Pages of mailings: the list, a new one, and where a mailing stands. Steps and progress have modules of their own."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.audiences import sources
from portal.audiences.sources import Count
from portal.i18n import _
from portal.mailings import (
    actions,
    letter_pages,
    listed,
    offers,
    problems,
    progress_pages,
    queries,
    start_pages,
    steps,
    who_pages,
    words,
)
from portal.mailings.forms import FirstLetterForm, NewForm, choices
from portal.mailings.listed import Listed
from portal.mailings.queries import LATEST, Filters
from portal.mailings.rules import Draft
from portal.outcomes import Refused
from portal.web.field import Options
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/mailings"
SEE = needs("mailing.see")


# ------------------------------------------------------------------------------------------------ the list
@get(HERE, opt=SEE)
async def mailings(request: Request) -> Response[Any]:
    """All mailings that the reader may see, last changed first."""
    filters, given = _filters(request)
    query = {name: value for name, value in given.items() if value}
    found = await queries.search(request.user, filters, asked(request, LATEST))
    campaigns = await offers.campaigns(request.user)
    active = _active(query, dict(campaigns))
    return page(
        request,
        "mailings/list.html",
        found=found,
        sent=await progress_pages.sent_of(found.items),
        query=query,
        asked=given,
        chips=chips(HERE, active, query),
        campaigns=campaigns,
        states=[(state, word()) for state, (word, _tone, _open) in words.STATES.items()],
        modules=offers.modules(request.user),
        problem=problems.words,
        words=words,
    )


def _filters(request: Request) -> tuple[Filters, dict[str, str]]:
    """The filters of an address, and the same as an address says them; what makes no sense is left out."""
    asked_for = request.query_params
    state = asked_for.get("state", "")
    campaign_id = steps.number_of(asked_for.get("campaign", ""))
    query = {
        "q": asked_for.get("q", "").replace("\0", "").strip()[:100],
        "state": state if state in words.STATES else "",
        "campaign": str(campaign_id or ""),
        "whose": "mine" if asked_for.get("whose") == "mine" else "",
    }
    filters = Filters(
        q=query["q"],
        states=(query["state"],) if query["state"] else (),
        campaign_id=campaign_id,
        created_by=request.user.account_id if query["whose"] else None,
    )
    return filters, query


def _active(query: dict[str, str], campaigns: dict[Any, str]) -> list[tuple[str, str]]:
    said = {
        "q": lambda value: _("Search: {words}").format(words=value),
        "state": lambda value: _("State: {state}").format(state=words.STATES[value][0]()),
        "campaign": lambda value: _("Campaign: {title}").format(title=campaigns.get(int(value), value)),
        "whose": lambda value: _("Made by me"),
    }
    return [(name, said[name](value)) for name, value in query.items()]


# ------------------------------------------------------------------------------------------------ a new one
@get(HERE + "/new", opt=SEE)
async def new_page(request: Request) -> Response[Any]:
    """Name and recipients; from a list with recipients chosen, the letter (Z14)."""
    text = listed.text_of(request.query_params.multi_items())
    first = await listed.read(request.user, text) if text else None
    steps.must_write(request.user, first.module if first else None)
    campaign_id = first.campaign_id if first else steps.number_of(request.query_params.get("campaign", ""))
    values = {
        "name": request.query_params.get("name", "")[:120],
        "module": first.module if first else _module(request),
        "campaign_id": campaign_id or 0,
    }
    if not first:
        return await _new(request, NewForm(values), None)
    form = letter_pages.fresh(FirstLetterForm, request, values | {"listed": text})
    return await _new(request, form, first)


def _module(request: Request) -> str:
    """The module that the address names, or the first that the actor may write to."""
    allowed = offers.modules(request.user)
    asked_for = request.query_params.get("module", "")
    return asked_for if asked_for in allowed else allowed[0]


@post(HERE, opt=SEE, status_code=303)
async def create(request: Request) -> Response[Any]:
    """Make the draft, and go on with its next step."""
    sent = await request.form()
    text = str(sent.get("listed", ""))
    first = await listed.read(request.user, text) if text else None
    offered = await _choices(request)
    if first:
        letter = await offers.letter(request.user, steps.number_of(str(sent.get("template_id", ""))))
        form: NewForm = await FirstLetterForm.read(request, choices=offered | letter.choices)
    else:
        form = await NewForm.read(request, choices=offered)
    if form.valid:
        steps.must_write(request.user, form.module)
        try:
            mailing_id = await actions.create(
                request.user, _draft(request, form, first), picked=first.ids if first else ()
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return see(request, f"{HERE}/{mailing_id}/who", _("Draft saved."))
    return await _new(request, form, first, status_code=422)


def _draft(request: Request, form: NewForm, first: Listed | None) -> Draft:
    draft: dict[str, Any] = {
        "name": form.name,
        "module": first.module if first else form.module,
        "campaign_id": form.campaign_id or None,
        "time_zone": request.user.time_zone,
    }
    if first and isinstance(form, FirstLetterForm):
        draft |= {"audience": first.audience, "view_id": first.view_id, "criteria": first.criteria}
        draft |= letter_pages.part(form)
    return Draft(**draft)


async def _choices(request: Request) -> dict[str, Options]:
    modules = {module: words.MODULES[module] for module in offers.modules(request.user)}
    return {"module": choices(modules), "campaign_id": await offers.campaigns(request.user)}


async def _new(request: Request, form: NewForm, first: Listed | None, *, status_code: int = 200) -> Response[Any]:
    """The page, on its letter when a list has said whom to write to."""
    form.choices |= await _choices(request)
    letter, chosen, problem = None, Count(0), ""
    if first and isinstance(form, FirstLetterForm):
        letter = await offers.letter(request.user, form.template_id)
        form.choices |= letter.choices
        try:
            chosen = await sources.count(request.user, first.chosen)
        except Refused as refused:
            problem = refused.sentences
    return page(
        request,
        "mailings/new.html",
        status_code=status_code,
        form=form,
        first=first,
        letter=letter,
        chosen=chosen,
        problem=problem,
        letter_back=f"{HERE}/new?{form.shown('listed')}" if first else "",
        words=words,
    )


# ------------------------------------------------------------------------------------------------ where it stands
@get(HERE + "/{mailing_id:int}", opt=SEE)
async def mailing_page(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """A draft opens on the step where it was left; whatever has been launched shows how far it is."""
    mailing = await queries.one(request.user, mailing_id)
    if mailing.state == "draft":
        return see(request, f"{HERE}/{mailing_id}/{steps.next_of(mailing)}")
    if mailing.state == "approval":
        return see(request, f"{HERE}/{mailing_id}/review")
    return await progress_pages.show(request, mailing)


routes: list[Any] = [
    *(mailings, new_page, create, mailing_page, *who_pages.routes, *letter_pages.routes, *start_pages.routes),
    *progress_pages.routes,
]

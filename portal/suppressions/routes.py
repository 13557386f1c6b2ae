"""Pages of blocked addresses: the list, one more, a whole list, writing to one again, the file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from litestar import Response, get, post
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from portal.formats import number
from portal.i18n import _, ngettext
from portal.ledger.actions import Scope
from portal.outcomes import Missing, Refused, Stale
from portal.people import wishes
from portal.people import words as people_words
from portal.sheets import csv_lines
from portal.suppressions import actions, forms, queries, words
from portal.suppressions.actions import WrongRows
from portal.suppressions.forms import BlockForm, LiftForm, ListForm
from portal.suppressions.queries import LATEST, Blocked, Filters
from portal.suppressions.reading import MAX_BYTES, ranges
from portal.web.field import clean
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import own_path, page, see
from portal.web.rights import needs

HERE = "/suppressions"
SEE, EDIT = needs("mailing.see"), needs("suppression.edit")
Scoped = Annotated[str, QueryParameter(name="scope")]  # the plain name is the framework's own
SHOWN = 200  # wrong rows with their content; of the others the lines are named


# ------------------------------------------------------------------------------------------------ the list
@get(HERE, opt=SEE)
async def suppressions(
    request: Request, q: FromQuery[str] = "", reason: FromQuery[str] = "", blocked: Scoped = ""
) -> Response[Any]:
    """Who is not written to, and why (B08)."""
    filters = _filters(q, reason, blocked)
    query = {"q": filters.q, "reason": filters.reason, "scope": filters.scope}
    found = await queries.search(filters, asked(request, LATEST))
    return page(
        request,
        "suppressions/list.html",
        found=found,
        some=bool(found) or await queries.any_at_all(),
        filters=filters,
        query=query,
        chips=chips(HERE, _active(filters), query),
        words=words,
        people_words=people_words,
        may_lift=lambda reason: request.user.may("suppression.edit") and wishes.may_lift(request.user, reason),
    )


def _filters(q: str, reason: str, scope: str) -> Filters:
    """What cannot be read narrows nothing."""
    known = {each for each, _word in words.reasons()}
    return Filters(q=clean(q), reason=reason if reason in known else "", scope=scope if scope in words.SCOPES else "")


def _active(filters: Filters) -> list[tuple[str, str]]:
    """(query parameter, its words) of the filters that are set."""
    active = []
    if filters.q:
        active.append(("q", _("Search: {words}").format(words=filters.q)))
    if filters.reason:
        active.append(("reason", people_words.reason_word(filters.reason)))
    if filters.scope:
        active.append(("scope", words.scope_word(filters.scope)))
    return active


@post(f"{HERE}/export", opt=SEE, status_code=200)
async def export(request: Request, q: FromQuery[str] = "", reason: FromQuery[str] = "", blocked: Scoped = "") -> Stream:
    """What the filters show as CSV, however much it is."""
    await actions.exported(request.user)
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return Stream(_lines(_filters(q, reason, blocked)), media_type="text/csv", headers=headers)


async def _lines(filters: Filters) -> AsyncIterator[bytes]:
    yield csv_lines([words.header()], first=True)
    async for piece in queries.everything(filters):
        yield csv_lines([_row(each) for each in piece])


def _row(each: Blocked) -> list[Any]:
    why = (words.scope_word(each.scope), people_words.reason_word(each.reason), people_words.source_word(each.source))
    return [each.address, *why, each.note, each.at, each.expires_at, each.name]


# ------------------------------------------------------------------------------------------------ one more
@get(f"{HERE}/new", opt=EDIT)
async def new_suppression(request: Request) -> Response[Any]:
    """Which address, and what it is not to get."""
    return page(request, "suppressions/new.html", form=BlockForm({"scope": "optional"}, choices=forms.choices()))


@post(f"{HERE}/new", opt=EDIT, status_code=303)
async def add_suppression(request: Request) -> Response[Any]:
    """Block an address by hand."""
    form = await BlockForm.read(request, choices=forms.choices())
    if form.valid:
        try:
            await actions.add(request.user, form.address, cast(Scope, form.scope), form.note)
            return see(request, HERE, _("Blocked: {address}").format(address=form.address))
        except Refused as refused:
            form.refuse(refused)
    return page(request, "suppressions/new.html", status_code=422, form=form)


@get(f"{HERE}/import", opt=EDIT)
async def import_page(request: Request) -> Response[Any]:
    """Which list, and what its addresses are not to get."""
    return _import(request, ListForm({"scope": "optional"}, choices=forms.choices()))


@post(f"{HERE}/import", opt=EDIT, status_code=303, request_max_body_size=MAX_BYTES)
async def import_list(request: Request) -> Response[Any]:
    """Block all addresses of a list, or none: then every row that is wrong is named."""
    form = await ListForm.read(request, choices=forms.choices())
    if not form.valid:
        return _import(request, form, status_code=422)
    file = form.values["file"]
    try:
        blocked, listed = await actions.bring_in(
            request.user, file.filename, await file.read(), cast(Scope, form.scope), form.note
        )
    except WrongRows as refused:
        form.refuse(refused)
        return _import(request, form, wrong=refused.wrong, status_code=422)
    except Refused as refused:
        form.refuse(refused)
        return _import(request, form, status_code=422)
    return see(request, HERE, _done(blocked, listed))


def _done(blocked: int, listed: int) -> str:
    text = ngettext("{n} address blocked.", "{n} addresses blocked.", blocked).format(n=number(blocked))
    if blocked == listed:
        return text
    more = ngettext("{n} was blocked already.", "{n} were blocked already.", listed - blocked)
    return f"{text} {more.format(n=number(listed - blocked))}"


def _import(
    request: Request, form: Form, *, wrong: list[tuple[int, str]] | None = None, status_code: int = 200
) -> Response[Any]:
    wrong = wrong or []
    rest = ranges([line for line, _value in wrong[SHOWN:]])
    return page(
        request,
        "suppressions/import.html",
        status_code=status_code,
        form=form,
        wrong=wrong[:SHOWN],
        count=len(wrong),
        rest=rest,
    )


# ------------------------------------------------------------------------------------------------ writing again
@get(f"{HERE}/lift", opt=EDIT)
async def lift_page(
    request: Request, address: FromQuery[str] = "", blocked: Scoped = "", back: FromQuery[str] = ""
) -> Response[Any]:
    """Say why, who may lift it and what that does, before it is done."""
    found = await queries.one(clean(address), clean(blocked))
    if found is None:
        return see(request, own_path(back, HERE), _("This address is written to."))
    values = {"address": found.address, "scope": found.scope, "reason": found.reason, "back": own_path(back, HERE)}
    return _lift(request, found, forms.lift_form(found.reason)(values, choices=forms.choices()))


@post(f"{HERE}/lift", opt=EDIT, status_code=303)
async def lift(request: Request) -> Response[Any]:
    """Write to an address again (B08)."""
    form = await LiftForm.read(request, choices=forms.choices())
    found = await queries.one(form.address, form.scope) if form.address and form.scope else None
    if found is None:
        return see(request, HERE, _("This address is written to."))
    form = await forms.lift_form(found.reason).read(request, choices=forms.choices())
    if form.valid:
        try:
            await wishes.lift(request.user, found.address, found.scope, form.reason, form.note)
            toast = _("{address} is written to again.").format(address=found.address)
            return see(request, own_path(form.back, HERE), toast)
        except Refused as refused:
            form.refuse(refused)
        except Stale:
            form.refuse(Refused(_("The reason has changed since you opened this page. Look at it again.")))
        except Missing:
            return see(request, HERE, _("This address is written to."))
    return _lift(request, found, form, status_code=422)


def _lift(request: Request, found: Blocked, form: Form, *, status_code: int = 200) -> Response[Any]:
    return page(
        request,
        "suppressions/lift.html",
        status_code=status_code,
        it=found,
        form=form,
        back=own_path(form.shown("back"), HERE),
        words=words,
        people_words=people_words,
        may=wishes.may_lift(request.user, found.reason),
        proof=wishes.needs_proof(found.reason),
    )


routes: list[Any] = [
    suppressions, export, new_suppression, add_suppression, import_page, import_list, lift_page, lift,
]  # fmt: skip

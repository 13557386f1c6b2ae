"""Pages of people: candidates, contacts, one person, what reaches her."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.i18n import _, text_in
from portal.ledger import queries as ledger
from portal.ledger import words as ledger_words
from portal.ledger.queries import MessageFilters, MessageRow
from portal.outcomes import Missing, Refused, Stale
from portal.people import actions, companies, company_pages, consent, forms, list_pages, queries, wishes, words
from portal.people.actions import Taken
from portal.people.forms import PersonForm
from portal.people.list_pages import KINDS
from portal.people.queries import Person, Suppression
from portal.timeline_words import days_of
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

SEE, EDIT = needs("person.see"), needs("person.edit")
PERSON = "/people/{person_id:int}"


# ------------------------------------------------------------------------------------------------ lists
@get("/people", opt=SEE)
async def people(request: Request) -> Response[Any]:
    """The people most look for."""
    return see(request, "/people/candidates")


# ------------------------------------------------------------------------------------------------ a new person
@get("/people/new", opt=EDIT)
async def new_person_page(request: Request, kind: FromQuery[str] = "candidate") -> Response[Any]:
    """The form for a person added by hand."""
    return await _new(request, kind, await forms.empty())


@post("/people/new", opt=EDIT, status_code=303)
async def create_person(request: Request, kind: FromQuery[str] = "candidate") -> Response[Any]:
    """Add a person by hand."""
    form = await PersonForm.read(request, choices=await forms.choices())
    if not form.valid:
        return await _new(request, kind, form, status_code=422)
    try:
        person_id = await actions.create(request.user, form.draft(kind))
    except Refused as refused:
        form.refuse(refused)
        return await _new(request, kind, form, owner=_owner(refused), status_code=422)
    return see(request, f"/people/{person_id}", _("Record created."))


def _owner(refused: Refused) -> Person | None:
    """Who has the address already, to link there."""
    return refused.person if isinstance(refused, Taken) else None


async def _new(
    request: Request, kind: str, form: Form, *, owner: Person | None = None, status_code: int = 200
) -> Response[Any]:
    if kind not in KINDS:
        raise Missing
    labels = words.labels()
    template, back = "people/new.html", f"/people/{KINDS[kind]}"
    return page(
        request,
        template,
        status_code=status_code,
        kind=kind,
        form=form,
        owner=owner,
        labels=labels,
        back=back,
        companies=await companies.names(),
    )


# ------------------------------------------------------------------------------------------------ one person
@get(PERSON, opt=SEE)
async def person_page(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """Facts, what reaches her, her dossiers, her messages, her history."""
    person = await queries.one(request.user, person_id)
    return page(
        request,
        "people/person.html",
        person=person,
        back=f"/people/{KINDS[person.kind]}",
        kind=words.kind_word(person.kind),
        reach=[_explained(request, person, each) for each in await queries.suppressions(person)],
        unwanted=[text_in(each.name) for each in await wishes.topics_of(person.email or "") if not each.wanted],
        consents=await consent.of_person(person_id),
        people_words=words,
        dossiers=await queries.dossiers_of(request.user, person_id) if request.user.may("dossier.see") else [],
        messages=await _messages(request, person_id),
        words=ledger_words,
        days=days_of(await queries.history_of(request.user, person_id)),
    )


async def _messages(request: Request, person_id: int) -> list[MessageRow]:
    """The latest messages to her that the actor may see."""
    if not request.user.may("message.see"):
        return []
    return (await ledger.search(request.user, MessageFilters(person_id=person_id))).items


def _explained(request: Request, person: Person, each: Suppression) -> dict[str, Any]:
    """A reason not to write to her with all that a page says about it, and the way to lift it."""
    here = f"/people/{person.id}"
    return {
        "it": each,
        "word": words.reason_word(each.reason),
        "tone": words.reason_tone(each.reason),
        "source": words.source_word(each.source),
        "consequence": words.consequence(each.scope),
        "lifter": words.lifter(each.reason),
        "may_lift": request.user.may("suppression.edit") and wishes.may_lift(request.user, each.reason),
        "lift": url("/suppressions/lift", address=person.email, scope=each.scope, back=here),
    }


@get(f"{PERSON}/edit", opt=EDIT)
async def edit_person_page(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """The record as a form."""
    person = await queries.one(request.user, person_id)
    return await _edit(request, person, await forms.of_person(person))


@post(f"{PERSON}/edit", opt=EDIT, status_code=303)
async def change_person(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """Save the record; 409 compares when somebody was faster."""
    person = await queries.one(request.user, person_id)
    form = await PersonForm.read(request, choices=await forms.choices(person))
    if not form.valid:
        return await _edit(request, person, form, status_code=422)
    try:
        await actions.change(request.user, person_id, form.version, form.draft(person.kind))
    except Refused as refused:
        form.refuse(refused)
        return await _edit(request, person, form, owner=_owner(refused), status_code=422)
    except Stale as stale:
        theirs, own = await forms.of_person(stale.theirs), f"/people/{person_id}/edit"
        return conflict(request, stale, form, theirs, labels=words.labels(), action=own, back=own)
    return see(request, f"/people/{person_id}", _("Saved."))


async def _edit(
    request: Request, person: Person, form: Form, *, owner: Person | None = None, status_code: int = 200
) -> Response[Any]:
    labels = words.labels()
    template = "people/edit.html"
    return page(
        request,
        template,
        status_code=status_code,
        person=person,
        form=form,
        owner=owner,
        labels=labels,
        companies=await companies.names(),
    )


# ------------------------------------------------------------------------------------------------ what reaches her
@get(f"{PERSON}/opt-out", opt=EDIT)
async def opt_out_page(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """Say what opting out does before it is done."""
    return page(request, "people/opt_out.html", person=await queries.one(request.user, person_id))


@post(f"{PERSON}/opt-out", opt=EDIT, status_code=303)
async def opt_out(request: Request, person_id: FromPath[int]) -> Response[Any]:
    """No more optional e-mail (Z31)."""
    await wishes.opt_out(person_id, request.user)
    return see(request, f"/people/{person_id}", _("Opted out of optional e-mail."))


routes = [
    people, *list_pages.routes, *company_pages.routes, new_person_page, create_person, person_page, edit_person_page,
    change_person, opt_out_page, opt_out,
]  # fmt: skip

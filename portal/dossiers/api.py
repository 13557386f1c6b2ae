"""Dossiers as JSON: made, submitted, moved. A change of status without a mode fires no automatic e-mail (E11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from portal.addresses import valid_email
from portal.campaigns.reading import Answer, check_answers
from portal.dossiers import actions, form_words, queries, search
from portal.dossiers.actions import Application
from portal.dossiers.queries import Dossier
from portal.dossiers.rules import Mode
from portal.i18n import LOCALES, _
from portal.outcomes import Refused, Stale
from portal.web.api import Listing, bounded, cursor_of, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["dossiers"]


class PersonIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The candidate. Somebody known by this address is not renamed."""

    email: str
    first_name: str = ""
    last_name: str = ""
    locale: str = ""


class DossierIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new draft. `answers` by the questions' keys; documents are added by the candidate."""

    campaign: int
    person: PersonIn
    answers: dict[str, Answer] = {}


class StatusIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A move. `version`: the one you have seen. `mode` makes it a change by hand, which fires automatic e-mails."""

    status: str
    version: int
    mode: Mode | None = None
    reason: str = ""


class PersonOut(msgspec.Struct):
    """Who the dossier is from, as typed in it."""

    id: int
    email: str
    first_name: str
    last_name: str
    locale: str


class DossierOut(msgspec.Struct):
    """A dossier. `status` is the status's key."""

    id: int
    number: str
    campaign: int
    status: str
    version: int
    person: PersonOut
    answers: dict[str, Any]
    created_at: datetime
    submitted_at: datetime | None
    changed_at: datetime


class DossierLine(msgspec.Struct):
    """A dossier in a list."""

    id: int
    number: str
    campaign: int
    name: str
    email: str
    locale: str
    submitted_at: datetime | None
    changed_at: datetime


@get("/dossiers", opt=needs("dossier.see"), tags=TAGS, summary="Dossiers of your campaigns")
async def list_dossiers(
    request: Request,
    campaign: FromQuery[int | None] = None,
    status: FromQuery[str] = "",
    q: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[DossierLine]:
    """Last changed first. `status` by key; `q` is a part of number, name or address."""
    filters = search.Filters(q=q, campaign=campaign, status=(status,) if status else ())
    page = await search.find(request.user, filters, cursor_of(cursor, search.LATEST.read), bounded(limit))
    return Listing([_line(row) for row in page.items], page.older)


@post("/dossiers", opt=needs("dossier.edit"), tags=TAGS, summary="Create a draft")
async def create_dossier(request: Request, data: JSONBody[DossierIn]) -> DossierOut:
    """For a candidate who is found by the address, or made."""
    await queries.check_campaign(request.user, data.campaign)
    application = await _application(data)
    dossier_id = await actions.create_by_hand(data.campaign, application, request.user)
    return _out(await queries.one(request.user, dossier_id))


@get("/dossiers/{dossier_id:int}", opt=needs("dossier.see"), tags=TAGS, summary="One dossier")
async def get_dossier(request: Request, dossier_id: FromPath[int]) -> DossierOut:
    """With its answers."""
    return _out(await queries.one(request.user, dossier_id))


@post(
    "/dossiers/{dossier_id:int}/submit", opt=needs("dossier.edit"), status_code=200, tags=TAGS, summary="Submit a draft"
)
async def submit_dossier(request: Request, dossier_id: FromPath[int]) -> DossierOut:
    """As its candidate would: within the dates, with every required answer; the acknowledgement goes."""
    await queries.one(request.user, dossier_id)
    await actions.submit(dossier_id, None, request.user)
    return _out(await queries.one(request.user, dossier_id))


@post(
    "/dossiers/{dossier_id:int}/status",
    opt=needs("dossier.status"),
    status_code=200,
    tags=TAGS,
    summary="Change the status",
)
async def change_status(request: Request, dossier_id: FromPath[int], data: JSONBody[StatusIn]) -> Response[Any]:
    """409 with the dossier as it is now when the version is old."""
    try:
        await actions.change_status(
            dossier_id, data.status, data.version, request.user, mode=data.mode, reason=data.reason
        )
    except Stale as stale:
        return slower(stale, _out(await queries.one(request.user, dossier_id)))
    return Response(_out(await queries.one(request.user, dossier_id)))


async def _application(data: DossierIn) -> Application:
    errors: dict[str, str] = {}
    if not valid_email(data.person.email):
        errors["person.email"] = _("Enter an address such as name@example.org.")
    locale = data.person.locale or "en"
    if locale not in LOCALES:
        errors["person.locale"] = _("Choose one of the options.")
    questions = await queries.questions(data.campaign)
    unknown = data.answers.keys() - {question.key for question in questions if question.kind != "file"}
    errors |= {f"answers.{key}": _("This campaign asks no such question.") for key in sorted(unknown)}
    checked = check_answers(questions, data.answers, locale="en", complete=False)
    errors |= {f"answers.{key}": text for key, text in form_words.problem_words(checked.problems, questions).items()}
    if errors:
        raise Refused(errors=errors)
    person = data.person
    return Application(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        locale=locale,
        answers=checked.answers,
    )


def _out(dossier: Dossier) -> DossierOut:
    names = (dossier.first_name, dossier.last_name)
    return DossierOut(
        id=dossier.id,
        number=dossier.number,
        campaign=dossier.campaign_id,
        status=dossier.status_key,
        version=dossier.version,
        person=PersonOut(dossier.person_id, dossier.email, *names, dossier.locale),
        answers=dossier.answers,
        created_at=dossier.created_at,
        submitted_at=dossier.submitted_at,
        changed_at=dossier.changed_at,
    )


def _line(row: search.Row) -> DossierLine:
    return DossierLine(
        row.id, row.number, row.campaign_id, row.name, row.email, row.locale, row.submitted_at, row.changed_at
    )


routes: list[Any] = [list_dossiers, create_dossier, get_dossier, submit_dossier, change_status]

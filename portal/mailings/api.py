"""Mailings as JSON: written, planned, launched and steered by scripts as by people, under the same rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from portal.actor import Actor
from portal.i18n import _
from portal.mailings import actions, launching, planning, progress, queries, running
from portal.mailings.launching import Changed
from portal.mailings.planning import ORDER, Summary
from portal.mailings.queries import LATEST, Filters, Mailing
from portal.mailings.rights import writes
from portal.mailings.rules import Draft, Module, Whose
from portal.outcomes import Refused, Stale
from portal.web.api import Listing, bounded, cursor_of, listing, slower, wall_text, wall_time
from portal.web.htmx import Request
from portal.web.rights import needs
from portal.zones import names

TAGS = ["mailings"]
SEE = needs("mailing.see")
Verb = Literal["pause", "resume", "cancel", "undo", "retry"]
Press = Callable[[Actor, int, int, int, str], Awaitable[Mailing]]


class MailingIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mailing. Recipients: those of a custom `view`, of `criteria`, or `picked` (ids of people, or of dossiers).

    `from_kind`, `reply_kind`: whose address. `starts_at`: local time in `time_zone` without zone; null: at once.
    """

    name: str
    module: Module = "candidates"
    campaign: int | None = None
    view: int | None = None
    criteria: dict[str, Any] = {}
    picked: tuple[int, ...] | None = None
    template: int | None = None
    per: Literal["person", "dossier"] = "person"
    from_kind: Whose = "organisation"
    reply_kind: Whose = "organisation"
    trial: bool = False
    starts_at: str | None = None
    time_zone: str = "UTC"


class MailingChange(MailingIn):
    """`version`: the one you have seen. Picks are changed by a new mailing."""

    version: int


class LaunchIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What you have seen: the mailing's `version`, and of its plan the number that is `going` and the `seal`."""

    version: int
    expected: int
    seal: str


class MailingOut(msgspec.Struct, kw_only=True):
    """A mailing. `state`: draft, approval, scheduled, waiting, starting, running, paused, finished, cancelled,
    needs_decision; `problem`: why it waits. `total`: the messages of its plan, since its start."""

    id: int
    name: str
    module: str
    campaign: int | None
    audience: str
    view: int | None
    criteria: dict[str, Any]
    template: int | None
    per: str
    from_kind: str
    reply_kind: str
    trial: bool
    state: str
    problem: str
    starts_at: str | None
    time_zone: str
    due_at: datetime | None
    expected: int | None
    total: int | None
    started_at: datetime | None
    ended_at: datetime | None
    version: int


class ProgressOut(MailingOut):
    """The same with how far it is: messages by state, failures and those left out by reason, e-mails a minute."""

    by_state: dict[str, int]
    failures: dict[str, int]
    skipped: dict[str, int]
    rate: float
    left_seconds: int | None
    sent_twice: int


# ------------------------------------------------------------------------------------------------ reading
@get("/mailings", opt=SEE, tags=TAGS, summary="Mailings that you may see")
async def list_mailings(
    request: Request,
    q: FromQuery[str] = "",
    in_state: FromQuery[str] = "",
    campaign: FromQuery[int | None] = None,
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[MailingOut]:
    """Last changed first; `q` is a part of the name."""
    filters = Filters(q=q, states=(in_state,) if in_state else (), campaign_id=campaign)
    return listing(await queries.search(request.user, filters, cursor_of(cursor, LATEST.read), bounded(limit)), _out)


@get("/mailings/{mailing_id:int}", opt=SEE, tags=TAGS, summary="One mailing, and how far it is")
async def get_mailing(request: Request, mailing_id: FromPath[int]) -> ProgressOut:
    """Cheap at any size: ask as often as you like."""
    mailing = await queries.one(request.user, mailing_id)
    found = await progress.of(mailing)
    names_ = ("by_state", "failures", "skipped", "rate", "left_seconds", "sent_twice")
    return ProgressOut(**_fields(mailing), **{name: getattr(found, name) for name in names_})


@get("/mailings/{mailing_id:int}/plan", opt=SEE, tags=TAGS, summary="Who would get it")
async def get_plan(request: Request, mailing_id: FromPath[int]) -> Summary:
    """The numbers by language and by reason, and the seal to launch with."""
    mailing = await queries.one(request.user, mailing_id)
    return await planning.summary(await planning.plan_of(request.user, mailing))


@get("/mailings/{mailing_id:int}/plan/rows", opt=SEE, tags=TAGS, summary="Each record of the plan")
async def list_plan(
    request: Request,
    mailing_id: FromPath[int],
    in_state: FromQuery[str] = "",
    reason: FromQuery[str] = "",
    q: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[planning.PlanRow]:
    """Those who get it (`in_state` queued) or do not (skipped), narrowed by reason, name or address."""
    mailing = await queries.one(request.user, mailing_id)
    plan = await planning.plan_of(request.user, mailing)
    narrowed = {"state": in_state, "reason": reason, "q": q}
    page = await planning.rows(plan, **narrowed, cursor=cursor_of(cursor, ORDER.read), limit=bounded(limit))
    return listing(page, lambda row: row)


# ------------------------------------------------------------------------------------------------ writing
@post("/mailings", opt=SEE, guards=[writes], tags=TAGS, summary="Write a mailing")
async def create_mailing(request: Request, data: JSONBody[MailingIn]) -> MailingOut:
    """A draft: nothing leaves before its launch."""
    mailing_id = await actions.create(request.user, _draft(data), picked=data.picked or ())
    return _out(await queries.one(request.user, mailing_id))


@put("/mailings/{mailing_id:int}", opt=SEE, guards=[writes], tags=TAGS, summary="Change a draft")
async def change_mailing(request: Request, mailing_id: FromPath[int], data: JSONBody[MailingChange]) -> Response[Any]:
    """409 with the mailing as it is now when your version is old, or it is no draft any more."""
    before = await queries.one(request.user, mailing_id)
    part = msgspec.structs.asdict(_draft(data))
    if data.picked is None and data.view is None and not data.criteria:
        part["audience"] = before.audience
        part |= {"view_id": before.view_id, "criteria": before.criteria}
    try:
        return Response(_out(await actions.change(request.user, mailing_id, data.version, part)))
    except Stale as stale:
        return await _slower(request, mailing_id, stale)


@delete("/mailings/{mailing_id:int}", opt=SEE, guards=[writes], tags=TAGS, summary="Delete a draft")
async def delete_mailing(request: Request, mailing_id: FromPath[int], version: FromQuery[int]) -> None:
    """One that has started stays."""
    await actions.delete_draft(request.user, mailing_id, version)


@post("/mailings/{mailing_id:int}/launch", opt=SEE, guards=[writes], tags=TAGS, status_code=200, summary="Send it")
async def launch(request: Request, mailing_id: FromPath[int], data: JSONBody[LaunchIn]) -> Response[Any]:
    """At once, or at its time; or it waits for a second person. 409 with the new plan when that has changed."""
    return await _press(launching.launch, request, mailing_id, data)


@post("/mailings/{mailing_id:int}/approve", opt=needs("mailing.approve"), tags=TAGS, status_code=200, summary="Approve")
async def approve(request: Request, mailing_id: FromPath[int], data: JSONBody[LaunchIn]) -> Response[Any]:
    """As the second person."""
    return await _press(launching.approve, request, mailing_id, data)


async def _press(press: Press, request: Request, mailing_id: int, data: LaunchIn) -> Response[Any]:
    """The mailing as it is then. 409 with the plan, or the mailing, as they are now when either is another one."""
    try:
        return Response(_out(await press(request.user, mailing_id, data.version, data.expected, data.seal)))
    except Changed as changed:
        return slower(Stale(), changed.summary)
    except Stale as stale:
        return await _slower(request, mailing_id, stale)


@post(
    "/mailings/{mailing_id:int}/{verb:str}",
    opt=SEE,
    guards=[writes],
    tags=TAGS,
    status_code=200,
    summary="Pause, resume, cancel or undo it, or try its failures again",
)
async def act(request: Request, mailing_id: FromPath[int], verb: FromPath[Verb]) -> Response[Any]:
    """Exact at the moment of the answer. 409 with the mailing as it is now when its state does not allow it."""
    verbs = {
        "pause": running.pause,
        "resume": running.resume,
        "cancel": running.cancel,
        "undo": running.undo,
        "retry": running.retry_failed,
    }
    try:
        await verbs[verb](request.user, mailing_id)
    except Stale as stale:
        return await _slower(request, mailing_id, stale)
    return Response(_out(await queries.one(request.user, mailing_id)))


# ------------------------------------------------------------------------------------------------ shapes
async def _slower(request: Request, mailing_id: int, stale: Stale) -> Response[Any]:
    return slower(stale, _out(await queries.one(request.user, mailing_id)))


def _draft(data: MailingIn) -> Draft:
    if data.time_zone not in names():
        raise Refused(_("There is no such time zone."), field="time_zone")
    audience = "picked" if data.picked is not None else "view" if data.view is not None else "criteria"
    return Draft(
        name=data.name,
        module=data.module,
        campaign_id=data.campaign,
        audience=audience,
        view_id=data.view,
        criteria=data.criteria,
        template_id=data.template,
        per=data.per,
        from_kind=data.from_kind,
        reply_kind=data.reply_kind,
        trial=data.trial,
        starts_at=wall_time(data.starts_at, "starts_at"),
        time_zone=data.time_zone,
    )


def _out(row: Mailing) -> MailingOut:
    return MailingOut(**_fields(row))


def _fields(row: Mailing) -> dict[str, Any]:
    renamed: dict[str, Any] = {"campaign": row.campaign_id, "view": row.view_id, "template": row.template_id}
    renamed |= {"starts_at": wall_text(row.starts_at)}
    return {name: renamed[name] if name in renamed else getattr(row, name) for name in MailingOut.__struct_fields__}


routes: list[Any] = [
    list_mailings,
    get_mailing,
    get_plan,
    list_plan,
    create_mailing,
    change_mailing,
    delete_mailing,
    launch,
    approve,
    act,
]

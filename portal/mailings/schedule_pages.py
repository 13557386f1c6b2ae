"""Scheduled mailings: their list, their form, the page of each with its next runs, its audience and its history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath

from portal.actor import Actor
from portal.i18n import _
from portal.mailings import (
    offers,
    schedule_actions,
    schedule_queries,
    schedule_rules,
    schedule_running,
    schedule_words,
)
from portal.mailings import words as mailing_words
from portal.mailings.rules import SENDERS
from portal.mailings.schedule_checks import may_edit
from portal.mailings.schedule_queries import Changed, Drift, Ran, Schedule
from portal.outcomes import Missing, Refused, Stale
from portal.web.fields import Integer
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/mailings/schedules"
ONE = HERE + "/{schedule_id:int}"
SEE = needs("mailing.see")


class VersionForm(Form):
    """A question that was answered about a version."""

    version = Integer()


# ------------------------------------------------------------------------------------------------ the list
@get(HERE, opt=SEE)
async def schedules(request: Request) -> Response[Any]:
    """All that the reader may see, the next to run first (Z29)."""
    return page(
        request,
        "mailings/schedules.html",
        found=await schedule_queries.visible(request.user),
        modules=offers.modules(request.user),
        words=schedule_words,
        mailing_words=mailing_words,
    )


# ------------------------------------------------------------------------------------------------ one schedule
@get(ONE, opt=SEE)
async def one_page(request: Request, schedule_id: FromPath[int]) -> Response[Any]:
    """What it does, when it runs next, how its audience has changed, what became of it (Z29, B13)."""
    return await _one_page(request, await schedule_queries.one(request.user, schedule_id))


async def _one_page(
    request: Request, schedule: Schedule, *, refused: str = "", status_code: int = 200
) -> Response[Any]:
    owner = await schedule_queries.owner_of(schedule)
    drift, joined, gone, why_not = await _audience(schedule, owner, request.user)
    return page(
        request,
        "mailings/schedule.html",
        status_code=status_code,
        schedule=schedule,
        refused=refused,
        coming=schedule_rules.coming(schedule.timing, datetime.now(UTC)),
        runs=await schedule_queries.runs(schedule.id),
        drift=drift,
        joined=joined,
        gone=gone,
        why_not=why_not,
        percent=await schedule_queries.drift_percent(),
        may_edit=may_edit(request.user, schedule.module),
        sources={kind: offers.label(kind) for kind in SENDERS},
        shown_most=schedule_queries.NAMES_SHOWN,
        words=schedule_words,
        mailing_words=mailing_words,
    )


async def _audience(
    schedule: Schedule, owner: Actor | None, reader: Actor
) -> tuple[Drift | None, list[Changed], list[Changed], str]:
    """How it has changed, who joined and who left, or why that cannot be said."""
    if owner is None:
        return None, [], [], schedule_words.PROBLEMS["owner_gone"]()
    try:
        found = await schedule_queries.audience(schedule, owner)
        if found is None:
            return None, [], [], schedule_words.PROBLEMS["view_gone"]()
        drift = await schedule_queries.drift(schedule, found)
        joined, gone = (
            await schedule_queries.changed(schedule, found, reader) if drift.joined or drift.gone else ([], [])
        )
        return drift, joined, gone, ""
    except Refused as refused:
        return None, [], [], refused.sentences


@post(ONE + "/audience", opt=SEE, status_code=303)
async def confirm_audience(request: Request, schedule_id: FromPath[int]) -> Response[Any]:
    """Today's audience is right: it is compared with this one from now on."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    try:
        await schedule_actions.confirm_audience(request.user, schedule_id)
    except Refused as refused:
        return await _one_page(request, schedule, refused=refused.sentences, status_code=422)
    return see(request, f"{HERE}/{schedule_id}", _("From now on it is compared with today’s audience."))


@get(ONE + "/delete", opt=SEE)
async def delete_page(request: Request, schedule_id: FromPath[int]) -> Response[Any]:
    """Ask before it goes."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    return page(request, "mailings/schedule_delete.html", schedule=schedule, changed=False)


@post(ONE + "/delete", opt=SEE, status_code=303)
async def delete(request: Request, schedule_id: FromPath[int]) -> Response[Any]:
    """Delete it; its mailings stay."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    form = await VersionForm.read(request)
    try:
        await schedule_actions.delete(request.user, schedule_id, form.version)
    except Stale:
        return page(request, "mailings/schedule_delete.html", status_code=409, schedule=schedule, changed=True)
    return see(request, HERE, _("“{name}” deleted.").format(name=schedule.name))


# ------------------------------------------------------------------------------------------------ decisions
@get(ONE + "/runs/{run_id:int}/{decision:str}", opt=SEE)
async def ask(
    request: Request, schedule_id: FromPath[int], run_id: FromPath[int], decision: FromPath[str]
) -> Response[Any]:
    """Ask before a run that waits is sent, or skipped."""
    schedule, run = await _run(request, schedule_id, run_id, decision)
    return await _question(request, schedule, run, decision)


@post(ONE + "/runs/{run_id:int}/{decision:str}", opt=SEE, status_code=303)
async def decide(
    request: Request, schedule_id: FromPath[int], run_id: FromPath[int], decision: FromPath[str]
) -> Response[Any]:
    """Do it: on to the mailing that it has become, or back to the schedule."""
    schedule, run = await _run(request, schedule_id, run_id, decision)
    try:
        mailing_id = await schedule_running.decide(
            request.user, schedule_id, run.due_at, "send" if decision == "send" else "skip"
        )
    except Stale:
        raise Missing from None
    except Refused as refused:
        return await _question(request, schedule, run, decision, refused=refused.sentences)
    if mailing_id is None:
        return see(request, f"{HERE}/{schedule_id}", _("Skipped. Nothing of it is sent."))
    return see(request, f"/mailings/{mailing_id}", _("The mailing has been started."))


async def _run(request: Request, schedule_id: int, due: int, verb: str) -> tuple[Schedule, Ran]:
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    if verb not in ("send", "skip"):
        raise Missing
    return schedule, await schedule_queries.run_of(schedule, due)


async def _question(request: Request, schedule: Schedule, run: Ran, verb: str, *, refused: str = "") -> Response[Any]:
    owner = await schedule_queries.owner_of(schedule)
    drift, _joined, _gone, why_not = await _audience(schedule, owner, request.user)
    return page(
        request,
        "mailings/schedule_decide.html",
        status_code=422 if refused else 200,
        schedule=schedule,
        run=run,
        verb=verb,
        refused=refused,
        drift=drift,
        why_not=why_not,
        words=schedule_words,
    )


def check_may(actor: Actor, module: str) -> None:
    """Raises Missing for a module that is none, PermissionDeniedException where others write to its people."""
    if module not in mailing_words.MODULES:
        raise Missing
    if not may_edit(actor, module):
        raise PermissionDeniedException("mass e-mail to them is for others")


routes: list[Any] = [schedules, one_page, confirm_audience, delete_page, delete, ask, decide]

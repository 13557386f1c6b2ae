"""A mailing that was launched: how far it is, what became of it, and what can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from portal import db, sheets
from portal.i18n import _
from portal.mailings import (
    actions,
    launching,
    problems,
    progress,
    queries,
    recipients,
    rules,
    running,
    running_words,
    steps,
    words,
)
from portal.mailings.forms import DecisionForm
from portal.mailings.progress import Progress
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused, Stale
from portal.sheets import TYPES
from portal.timeline_words import days_of
from portal.web.fields import Choice
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ONE = "/mailings/{mailing_id:int}"
SEE = needs("mailing.see")
FEW = 20_000  # so many messages are looked through by server with each page
SHOWN = 10  # failed and unconfirmed ones on the page itself
SENT = """
select o.ref_id as id, coalesce(sum(t.n) filter (where t.state = 'accepted'), 0)::int as sent,
    coalesce(sum(t.n) filter (where t.state <> 'skipped'), 0)::int as going
from origin o join tally t on t.origin_id = o.id
where o.kind = 'mailing' and o.ref_id = any ($1::int[]) group by 1"""
ASKED = ("cancel", "undo", "delete", "retry")  # these say their consequences on a page first
DOERS = ("pause", "resume", *ASKED)


class ReopenForm(Form):
    """What to go on with: now, with another time, or with other recipients."""

    to = Choice("now", "when", "who")


class FollowForm(Form):
    """Whom to write to again."""

    whom = Choice("not_reached", "not_answered")


class Sent(msgspec.Struct, frozen=True):
    """How many e-mails of a mailing have been sent, of those that were meant to go."""

    id: int
    sent: int
    going: int


async def sent_of(mailings: Sequence[Mailing]) -> dict[int, Sent]:
    """How far each is that has started, by the kept totals."""
    started = [each.id for each in mailings if each.started_at is not None]
    return {row.id: row for row in await db.fetch_as(Sent, SENT, started)} if started else {}


# ------------------------------------------------------------------------------------------------ the page
async def show(request: Request, mailing: Mailing, status_code: int = 200, too_late: str = "") -> Response[Any]:
    """How far it is. While something may still change, the page asks for itself again."""
    now = datetime.now(UTC)
    known = await progress.of(mailing) if mailing.started_at else None
    over = mailing.state in ("finished", "cancelled")
    small = known is not None and known.planned <= FEW
    failed = await _some(request, mailing, "failed") if known and known.by_state["failed"] else []
    uncertain = await _some(request, mailing, "uncertain") if known and known.by_state["uncertain"] else []
    may = may_act(request, mailing)
    return page(
        request,
        "mailings/one.html",
        status_code=status_code,
        background=bool(request.htmx.partial),
        mailing=mailing,
        known=known,
        over=over,
        live=mailing.state in ("starting", "waiting", "running") or _soon(mailing, now),
        now=now,
        results=await progress.results(mailing) if known and (small or over) else None,
        failed=failed,
        uncertain=uncertain,
        may=may,
        undo_until=_undo_until(mailing, now) if may else None,
        retry=await running.can_retry(mailing) if known and may and known.by_state["failed"] else 0,
        history=days_of(await queries.history_of(mailing)) if not request.htmx.partial else [],
        problem=problems.words(mailing.problem),
        too_late=too_late,
        words=words,
        said=running_words,
        terms=terms(known) if known else [],
    )


def may_act(request: Request, mailing: Mailing) -> bool:
    """Whether the reader may write to these people."""
    return request.user.may(words.MODULE_RIGHTS[mailing.module])


def terms(known: Progress) -> list[tuple[str, int]]:
    """The parts of the sum, in their order; empty ones are left out but for what was sent."""
    waiting = known.by_state["queued"] + known.by_state["held"]
    parts = [("accepted", known.by_state["accepted"]), ("queued", waiting)]
    parts += [(state, known.by_state[state]) for state in ("failed", "uncertain", "cancelled")]
    return [(state, n) for state, n in parts if n or state == "accepted"]


async def _some(request: Request, mailing: Mailing, state: str) -> list[Any]:
    return (await recipients.messages(request.user, mailing, {"state": state}, limit=SHOWN)).items


def _soon(mailing: Mailing, now: datetime) -> bool:
    """Whether a scheduled start is near enough to watch."""
    return mailing.state == "scheduled" and mailing.due_at is not None and mailing.due_at - now < timedelta(minutes=5)


def _undo_until(mailing: Mailing, now: datetime) -> datetime | None:
    """Until when a launch can be taken back: any time before the start, and a moment after it."""
    if mailing.started_at is None or mailing.state not in rules.LIVE or not mailing.at_once:
        return None
    until = mailing.started_at + timedelta(seconds=mailing.hold)
    return until if until > now else None


# ------------------------------------------------------------------------------------------------ what can be done
@get(ONE + "/{verb:str}", opt=SEE)
async def ask(request: Request, mailing_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Ask before something is done that cannot be undone, with the numbers and what follows."""
    if verb not in ASKED:
        raise Missing
    mailing = await steps.draft(request, mailing_id)
    known = await progress.of(mailing) if mailing.started_at else None
    retry = await running.can_retry(mailing) if verb == "retry" else 0
    return page(
        request,
        "mailings/ask.html",
        mailing=mailing,
        verb=verb,
        asked=running_words.question(verb, mailing, known, retry),
    )


@post(ONE + "/{verb:str}", opt=SEE, status_code=303)
async def act(request: Request, mailing_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Do it. When the mailing has moved on meanwhile, nothing is done, and its page says what it is now."""
    if verb not in DOERS:
        raise Missing
    mailing = await steps.draft(request, mailing_id)
    try:
        return await _do(request, mailing, verb)
    except Refused as refused:
        fresh = await queries.one(request.user, mailing_id)
        return await show(request, fresh, status_code=422, too_late=refused.sentences)
    except Stale as stale:
        return await show(request, stale.theirs, status_code=409, too_late=running_words.too_late())


async def _do(request: Request, mailing: Mailing, verb: str) -> Response[Any]:
    by, here = request.user, f"/mailings/{mailing.id}"
    match verb:
        case "pause":
            await running.pause(by, mailing.id)
        case "resume":
            await running.resume(by, mailing.id)
        case "cancel":
            await running.cancel(by, mailing.id)
        case "undo":
            draft_id = await running.undo(by, mailing.id)
            return see(request, f"/mailings/{draft_id}/review", _("Taken back. It is a draft again."))
        case "delete":
            form = await DecisionForm.read(request)
            await actions.delete_draft(by, mailing.id, form.version)
            return see(request, "/mailings", _("Mailing deleted."))
        case "retry":
            n = await running.retry_failed(by, mailing.id)
            return see(request, here, running_words.tried_again(n))
    return see(request, here, running_words.done(verb))


@post(ONE + "/reopen", opt=SEE, status_code=303)
async def reopen(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Decide about one that needs it: it is a draft again, at the step where the answer is given."""
    mailing = await steps.draft(request, mailing_id)
    form = await ReopenForm.read(request)
    if not form.valid or mailing.started_at is not None:
        return await show(request, mailing, status_code=409, too_late=running_words.too_late())
    await launching.withdraw(request.user, mailing_id)
    if form.to != "now":
        return see(request, f"/mailings/{mailing_id}/{form.to}")
    fresh = await queries.one(request.user, mailing_id)
    await actions.change(request.user, mailing_id, fresh.version, {"starts_at": None})
    return see(request, f"/mailings/{mailing_id}/review")


# ------------------------------------------------------------------------------------------------ another one
@post(ONE + "/duplicate", opt=SEE, status_code=303)
async def duplicate(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """A new draft with the same recipients and letter."""
    mailing = await steps.draft(request, mailing_id)
    made = await actions.duplicate(request.user, mailing.id)
    return see(request, f"/mailings/{made}/who", _("Copied. This is a draft."))


@post(ONE + "/follow-up", opt=SEE, status_code=303)
async def follow_up(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """A new draft to those who did not get it, or did not answer."""
    mailing = await steps.draft(request, mailing_id)
    form = await FollowForm.read(request)
    if not form.valid:
        return await show(request, mailing, status_code=422, too_late=" ".join(form.errors.values()))
    try:
        made = await actions.follow_up(
            request.user, mailing.id, "not_reached" if form.whom == "not_reached" else "not_answered"
        )
    except Refused as refused:
        return await show(request, mailing, status_code=422, too_late=refused.sentences)
    return see(request, f"/mailings/{made}/who", _("A new draft. Choose its letter, look at who gets it."))


# ------------------------------------------------------------------------------------------------ as a file
@get(ONE + "/export", opt=needs("export.run"))
async def export(request: Request, mailing_id: FromPath[int]) -> Response[bytes]:
    """Everybody with what became of them, as CSV or XLSX."""
    mailing = await queries.one(request.user, mailing_id)
    form = request.query_params.get("file", "csv")
    if form not in TYPES:
        raise Missing
    rows = [_cells(mailing, row) for row in await recipients.everybody(request.user, mailing)]
    content = await asyncio.to_thread(sheets.whole, form, "mailing", running_words.export_header(), rows)
    headers = {
        "Content-Disposition": f'attachment; filename="mailing-{mailing_id}.{form}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=TYPES[form], headers=headers)


def _cells(mailing: Mailing, row: Any) -> list[Any]:
    state = words.recipient(row.state, mailing.started_at is None)["word"]
    return [row.name, row.address, row.locale, state, words.left_out(row.reason or ""), row.reply, row.settled_at]


routes: list[Any] = [export, reopen, duplicate, follow_up, ask, act]

"""The steps *When* and *Review*, the button that says the number (Z22), and the second person's answer (B16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal import zones
from portal.actor import Actor
from portal.formats import date_time, number, zone_words
from portal.i18n import _
from portal.mailings import actions, launching, queries, rules, samples, steps, words
from portal.mailings import review as reviews
from portal.mailings.forms import LaunchForm, NoteForm, WhenForm
from portal.mailings.launching import Changed
from portal.mailings.queries import Mailing
from portal.mailings.review import Review
from portal.mailings.schedule_rules import run_at
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ONE = "/mailings/{mailing_id:int}"
SEE, APPROVE = needs("mailing.see"), needs("mailing.approve")
Pressed = Callable[[Actor, int, int, int, str], Awaitable[Mailing]]  # who, mailing, version, number, seal


# ------------------------------------------------------------------------------------------------ when
@get(ONE + "/when", opt=SEE)
async def when(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Now, or at a time on the clocks of a place."""
    mailing = await steps.draft(request, mailing_id)
    if elsewhere := steps.not_open(request, mailing):
        return elsewhere
    return _when(request, mailing, WhenForm(_values(mailing)))


@post(ONE + "/when", opt=SEE, status_code=303)
async def save_when(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 compares when a colleague was faster."""
    mailing = await steps.draft(request, mailing_id)
    form = await WhenForm.read(request)
    form.check()
    if form.valid:
        try:
            part = {"starts_at": form.start, "time_zone": form.time_zone}
            saved = await actions.change(request.user, mailing_id, form.version, part)
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            own = f"/mailings/{mailing_id}/when"
            labels = {"how": _("When does it start?"), "starts_at": _("Date and time"), "time_zone": _("Time zone")}
            theirs = WhenForm(_values(stale.theirs))
            return conflict(request, stale, form, theirs, labels=labels, action=own, back=own)
        else:
            return steps.after_save(request, saved, "when", form.go == "on")
    return _when(request, mailing, form, status_code=422)


def _values(mailing: Mailing) -> dict[str, Any]:
    how = "now" if mailing.starts_at is None else "later"
    return {
        "version": mailing.version,
        "how": how,
        "starts_at": mailing.starts_at,
        "time_zone": mailing.time_zone,
    }


def _when(request: Request, mailing: Mailing, form: WhenForm, *, status_code: int = 200) -> Response[Any]:
    form.choices["how"] = [("now", _("At once, when the button is pressed")), ("later", _("At this time:"))]
    return page(
        request,
        "mailings/when.html",
        status_code=status_code,
        form=form,
        said=_said(mailing) if form.valid else None,
        lateness=int(rules.LATENESS.total_seconds() // 3600),
        cities=zones.cities(),
        **steps.facts(mailing),
    )


def _said(mailing: Mailing) -> tuple[str, str] | None:
    """(tone, sentence): what the clocks show when it starts, and what they do with an hour that is changed."""
    if mailing.starts_at is None:
        return None
    run = run_at(mailing.starts_at, mailing.time_zone)
    said = {"time": date_time(run.wall), "zone": zone_words(mailing.time_zone)}
    if run.shift == "skipped":
        return "warn", _("The clocks are put forward over this time. It starts at {time} ({zone}).").format(**said)
    if run.shift == "twice":
        return "warn", _("The clocks show this time twice. It starts at the first: {time} ({zone}).").format(**said)
    return "mute", _("It starts at {time} ({zone}).").format(**said)


# ------------------------------------------------------------------------------------------------ review
@get(ONE + "/review", opt=SEE)
async def review(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The last look: of the author, or of a second person."""
    mailing = await steps.draft(request, mailing_id)
    if mailing.state not in ("draft", "approval"):
        return see(request, f"/mailings/{mailing_id}")
    return await _review(request, mailing, thorough=request.query_params.get("thorough") == "1")


@post(ONE + "/launch", opt=SEE, status_code=303)
async def launch(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Send it, or ask for approval. Nothing goes when the number is another than was shown: 409, asked again."""
    mailing = await steps.draft(request, mailing_id)
    form = await LaunchForm.read(request)
    if form.valid and form.expected > rules.TYPED_OVER and form.typed != form.expected:
        form.errors["typed"] = _("Type the number of e-mails: {n}").format(n=number(form.expected))
    return await _press(request, mailing, form, launching.launch)


@post(ONE + "/approve", opt=APPROVE, status_code=303)
async def approve(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The second person agrees."""
    mailing = await steps.draft(request, mailing_id)
    return await _press(request, mailing, await LaunchForm.read(request), launching.approve)


async def _press(request: Request, mailing: Mailing, form: LaunchForm, verb: Pressed) -> Response[Any]:
    """Do what the button says, to just what was shown; otherwise the review again, with what has changed."""
    if not form.valid:
        return await _review(request, mailing, form, status_code=422)
    try:
        moved = await verb(request.user, mailing.id, form.version, form.expected, form.seal)
    except Changed as again:
        return await _review(
            request, mailing, status_code=409, changed=words.changed(again.summary.going, form.expected)
        )
    except Refused as refused:
        form.refuse(refused)
        return await _review(request, mailing, form, status_code=422)
    except Stale:
        return await _meanwhile(request, mailing.id)
    return see(request, f"/mailings/{mailing.id}", words.launched(moved, form.expected))


@post(ONE + "/send-back", opt=APPROVE, status_code=303)
async def send_back(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The second person does not agree, and says why."""
    mailing = await steps.draft(request, mailing_id)
    note = await NoteForm.read(request)
    if note.valid:
        try:
            await launching.send_back(request.user, mailing_id, note.note)
        except Refused as refused:
            note.refuse(refused)
        else:
            return see(request, "/mailings", _("Sent back. Whoever asked sees your note."))
    return await _review(request, mailing, note=note, status_code=422)


async def _meanwhile(request: Request, mailing_id: int) -> Response[Any]:
    """Somebody was faster: what it is now, and nothing was sent twice."""
    mailing = await queries.one(request.user, mailing_id)
    if mailing.state not in ("draft", "approval"):
        return see(request, f"/mailings/{mailing_id}", _("It had been launched already. Nothing was sent twice."))
    sentence = _("{name} has changed this mailing since you opened the page. Check it and confirm again.")
    return await _review(request, mailing, status_code=409, changed=sentence.format(name=mailing.changed_name or "–"))


async def _review(
    request: Request,
    mailing: Mailing,
    form: LaunchForm | None = None,
    *,
    note: NoteForm | None = None,
    status_code: int = 200,
    changed: str = "",
    thorough: bool = False,
) -> Response[Any]:
    made = await reviews.of(request.user, mailing, thorough=thorough)
    shown = LaunchForm(
        {"version": mailing.version, "expected": made.going, "seal": made.summary.seal if made.summary else ""}
    )
    if form is not None:
        shown.errors, shown.raw = form.errors, shown.raw | {"typed": form.raw.get("typed", [])}
    return page(
        request,
        "mailings/review.html",
        status_code=status_code,
        form=shown,
        note=note or NoteForm(),
        made=made,
        changed=changed,
        typed_over=rules.TYPED_OVER,
        approval=_approval(made),
        button=words.ask_approval(made.going) if made.asks else words.send(made.going),
        consequence=words.consequence(mailing, made.asks),
        may_approve=request.user.may("mailing.approve") and request.user.account_id != mailing.asked_by,
        seen=await _letter(made),
        sent_back=await _sent_back(mailing),
        **steps.facts(mailing),
    )


async def _letter(made: Review) -> Any:
    """The letter beside the words: the longest, which is worth a look first."""
    if made.plan is None or made.plan.version is None or not made.going:
        return None
    return next(iter(await samples.samples(made.plan, most=1)), None)


async def _sent_back(mailing: Mailing) -> str:
    """What a colleague wrote who sent it back last."""
    if mailing.state != "draft":
        return ""
    for event in await queries.history_of(mailing):
        if event.what in ("mailing.sent_back", "mailing.asked"):
            note = str(event.details.get("note", ""))
            # NOTE: above a mailing that was not approved. {name}: who; {note}: what that colleague wrote
            return _("Sent back by {name}: {note}").format(name=event.actor_name, note=note) if note else ""
    return ""


def _approval(made: Review) -> str:
    """That a second person is wanted."""
    if not made.asks:
        return ""
    # NOTE: {n}: a number of e-mails
    sentence = _("Mailings to more than {n} people are approved by a second person. Nothing leaves before that.")
    return sentence.format(n=number(made.over or 0))


routes: list[Any] = [when, save_when, review, launch, approve, send_back]

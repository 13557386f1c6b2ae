"""The steps *What* and *Preview*: the template and the addresses; the letter as any of its recipients gets it."""

from __future__ import annotations

from typing import Any, TypeVar

from litestar import Response, get, post
from litestar.params import FromPath

from portal.emails.editing import test_sent
from portal.i18n import _, pgettext
from portal.lists import Slice
from portal.mailings import actions, offers, planning, samples, steps
from portal.mailings.forms import LetterFields, WhatForm
from portal.mailings.planning import ORDER, Plan, PlanRow
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused, Stale
from portal.web.conflicts import conflict
from portal.web.fields import Integer
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.lists import Cursor
from portal.web.pages import letter as framed
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

ONE = "/mailings/{mailing_id:int}"
SEE = needs("mailing.see")
PARTS = ("html", "text")
HITS = 8
F = TypeVar("F", bound=LetterFields)


class RecordForm(Form):
    """As whom a test is written; 0: as the first recipient."""

    record = Integer(required=False)


# ------------------------------------------------------------------------------------------------ what
@get(ONE + "/what", opt=SEE)
async def what(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The letter; with `template` that one is chosen: a new one just made (Z18), or one being looked at."""
    mailing = await steps.draft(request, mailing_id)
    if elsewhere := steps.not_open(request, mailing):
        return elsewhere
    return await _what(request, mailing, fresh(WhatForm, request, _values(mailing)))


@post(ONE + "/what", opt=SEE, status_code=303)
async def save_what(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 compares when a colleague was faster."""
    mailing = await steps.draft(request, mailing_id)
    sent = await request.form()
    letter = await offers.letter(request.user, steps.number_of(str(sent.get("template_id", ""))))
    form = await WhatForm.read(request, choices=letter.choices)
    if form.valid:
        try:
            saved = await actions.change(request.user, mailing_id, form.version, part(form))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            return _conflict(request, stale, form)
        else:
            return steps.after_save(request, saved, "what", form.go == "on")
    return await _what(request, mailing, form, status_code=422)


def fresh(kind: type[F], request: Request, values: dict[str, Any]) -> F:
    """The letter's form with what the address says already chosen."""
    asked = request.query_params
    given = steps.number_of(asked.get("template", "") or asked.get("template_id", ""))
    chosen = {name: asked[name] for name in ("from_kind", "reply_kind", "per") if asked.get(name)}
    first = {"from_kind": "organisation", "reply_kind": "organisation", "per": "person"}
    return kind(first | values | chosen | ({"template_id": given} if given else {}))


def part(form: LetterFields) -> dict[str, Any]:
    """What the letter's form says of a draft."""
    said = {"from_kind": form.from_kind, "reply_kind": form.reply_kind, "per": form.per}
    return said | {"template_id": form.template_id or None}


def _values(mailing: Mailing) -> dict[str, Any]:
    names = ("version", "from_kind", "reply_kind", "per")
    return {name: getattr(mailing, name) for name in names} | {"template_id": mailing.template_id or 0}


async def _what(request: Request, mailing: Mailing, form: WhatForm, *, status_code: int = 200) -> Response[Any]:
    letter = await offers.letter(request.user, form.template_id)
    form.choices |= letter.choices
    facts = steps.facts(mailing)
    return page(request, "mailings/what.html", status_code=status_code, form=form, letter=letter, **facts)


def _conflict(request: Request, stale: Stale, form: WhatForm) -> Response[Any]:
    theirs = WhatForm(_values(stale.theirs), choices=form.choices)
    own = f"/mailings/{stale.theirs.id}/what"
    labels = {
        "template_id": _("Template"),
        "from_kind": pgettext("letter", "From"),
        "reply_kind": _("Reply to"),
        "per": _("How many e-mails"),
    }
    return conflict(request, stale, form, theirs, labels=labels, action=own, back=own)


# ------------------------------------------------------------------------------------------------ preview
@get(ONE + "/preview", opt=SEE)
async def preview(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """The letter as one of its recipients gets it, with those worth looking at beside it."""
    mailing = await steps.draft(request, mailing_id)
    if elsewhere := steps.not_open(request, mailing):
        return elsewhere
    asked = request.query_params
    shown: dict[str, Any] = {"problem": "", "seen": None, "newer": None, "older": None, "samples": [], "hits": []}
    q = asked.get("q", "").replace("\0", "").strip()[:100]
    try:
        plan = await planning.plan_of(request.user, mailing)
        if plan.version is None:
            shown["problem"] = _("Choose a template first.")
        else:
            shown |= await _seen(plan, steps.number_of(asked.get("record", "")), ORDER.read(asked.get("at")))
            shown["samples"] = await samples.samples(plan)
            shown["hits"] = (await planning.rows(plan, state="queued", q=q, limit=HITS)).items if q else []
    except Refused as refused:
        shown["problem"] = refused.sentences
    part = asked.get("part", "")
    part = part if part in PARTS else PARTS[0]
    return page(request, "mailings/preview.html", q=q, part=part, **shown, **steps.facts(mailing))


async def _seen(plan: Plan, record_id: int | None, cursor: Cursor | None) -> dict[str, Any]:
    """The letter of a record, or of the one at a place of the list, and where its neighbours are."""
    if record_id is not None:
        cursor = Cursor((record_id - 1,))
    found: Slice[PlanRow] = await planning.rows(plan, state="queued", cursor=cursor, limit=1)
    if not found.items:
        found = await planning.rows(plan, state="queued", limit=1)
    if not found.items:
        return {}
    seen = await samples.of_record(plan, found.items[0].record_id)
    return {"seen": seen, "newer": found.newer, "older": found.older}


@get(ONE + "/letter", opt=SEE)
async def letter(request: Request, mailing_id: FromPath[int]) -> Response[str]:
    """The html part as one record gets it, for the sandboxed frame."""
    mailing = await steps.draft(request, mailing_id)
    record_id = steps.number_of(request.query_params.get("record", ""))
    try:
        seen = await samples.of_record(await planning.plan_of(request.user, mailing), record_id or 0)
    except Refused:
        raise Missing from None
    return framed(seen.html)


@post(ONE + "/test", opt=SEE, status_code=303)
async def test(request: Request, mailing_id: FromPath[int]) -> Response[Any]:
    """Send whoever asks the very letter that one recipient would get."""
    mailing = await steps.draft(request, mailing_id)
    form = await RecordForm.read(request)
    message_id = await samples.send_test(request.user, mailing, form.record)
    back = url(f"/mailings/{mailing_id}/preview", record=form.record or None)
    return see(request, back, test_sent(request.user.email, message_id))


routes: list[Any] = [what, save_what, preview, letter, test]

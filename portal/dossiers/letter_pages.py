"""Letters of a dossier that have not left: the change undone with them (B03), one of them edited for its recipient."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.dossiers import consequences, one_letter, queries, undoing
from portal.dossiers.filters import read_filters
from portal.dossiers.list_pages import own_page
from portal.dossiers.one_letter import OneLetter
from portal.dossiers.queries import Dossier
from portal.emails.checks import LONGEST_LINE, Text, text_errors, tidy
from portal.emails.forms import Body, Line
from portal.emails.scan import MAX_SOURCE
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web import fields
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import letter, page, see
from portal.web.rights import needs

MOVE, ACT = needs("dossier.status"), needs("message.act")
UNDO = "/dossiers/{dossier_id:int}/undo"
LETTER = "/dossiers/{dossier_id:int}/letters/{message_id:int}"
NOTHING_NEW = 204  # the frame keeps the letter it shows


class UndoForm(Form):
    """The change that is to be taken back: the id of its status_change."""

    change = fields.Integer()


class LetterForm(Form):
    """A letter for one recipient. `version` is the id of the template's version that was seen."""

    subject = Line(longest=LONGEST_LINE, lines=True, missing=lambda: _("Enter a subject."))
    preheader = Line(longest=LONGEST_LINE, lines=True, required=False)
    body = Body(longest=MAX_SOURCE, lines=True, missing=lambda: _("Write the letter."))
    note = fields.Text(longest=one_letter.LONGEST_NOTE, required=False)
    version = fields.Integer()

    @property
    def text(self) -> Text:
        """What it says."""
        return Text(self.subject, self.preheader, self.body)

    def check_text(self) -> None:
        """What is wrong with the text, as with templates."""
        self.errors = {name: text for name, text in self.errors.items() if name in ("subject", "preheader", "body")}
        if self.text:
            self.refuse(Refused(errors=text_errors(self.text, tidy(self.text))))


# ------------------------------------------------------------------------------------------------ undo
@get(UNDO, opt=MOVE)
async def undo_page(request: Request, dossier_id: FromPath[int], change: FromQuery[int] = 0) -> Response[Any]:
    """Ask before the newest change is taken back; an older one leads to the dossier as it is now."""
    dossier = await queries.one(request.user, dossier_id)
    try:
        last, undone = await undoing.would_undo(dossier, change)
    except Stale:
        return see(request, own_page(request, dossier_id), consequences.nothing_to_undo())
    return page(
        request,
        "dossiers/undo.html",
        dossier=dossier,
        change=last,
        undone=undone,
        consequence=consequences.would_cancel(undone),
        query=read_filters(request.query_params).query(),
    )


@post(UNDO, opt=MOVE)
async def undo(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Take it back. A second click finds nothing to undo, and says so."""
    form = await UndoForm.read(request)
    there = own_page(request, dossier_id)
    try:
        undone = await undoing.undo(dossier_id, form.change if form.valid else 0, request.user)
    except Stale:
        return see(request, there, consequences.nothing_to_undo())
    return see(request, there, consequences.undone_words(undone))


# ------------------------------------------------------------------------------------------------ one letter
@get(LETTER, opt=ACT)
async def letter_page(request: Request, dossier_id: FromPath[int], message_id: FromPath[int]) -> Response[Any]:
    """The letter beside what it is made of."""
    dossier, one = await _found(request, dossier_id, message_id)
    return await _page(request, dossier, one, _filled(one))


@post(LETTER, opt=ACT)
async def save_letter(request: Request, dossier_id: FromPath[int], message_id: FromPath[int]) -> Response[Any]:
    """Save it for this recipient; it waits on as before. 409 beside theirs when somebody else has edited it."""
    dossier, one = await _found(request, dossier_id, message_id)
    form = await LetterForm.read(request)
    if not form.valid:
        return await _page(request, dossier, one, form, status_code=422)
    try:
        await one_letter.edit(dossier_id, message_id, form.version, form.text, form.note, request.user)
    except Refused as refused:
        form.refuse(refused)
        return await _page(request, dossier, one, form, status_code=422)
    except Stale as stale:
        return _slower(request, dossier, message_id, stale, form)
    return see(request, own_page(request, dossier_id), _("Letter saved. It waits as before."))


@post(LETTER + "/check", opt=ACT, status_code=200)
async def check_letter(request: Request, dossier_id: FromPath[int], message_id: FromPath[int]) -> Response[Any]:
    """What is wrong with the text, while it is written."""
    dossier, one = await _found(request, dossier_id, message_id)
    form = await LetterForm.read(request)
    form.check_text()
    return await _page(request, dossier, one, form)


@get(LETTER + "/preview", opt=ACT)
async def saved_letter(request: Request, dossier_id: FromPath[int], message_id: FromPath[int]) -> Response[str]:
    """The letter as it waits, for the sandboxed frame."""
    dossier, one = await _found(request, dossier_id, message_id)
    return await _letter(dossier, one, one.text)


@post(LETTER + "/preview", opt=ACT, status_code=200)
async def unsaved_letter(request: Request, dossier_id: FromPath[int], message_id: FromPath[int]) -> Response[str]:
    """The letter as it is being written, for the same frame."""
    dossier, one = await _found(request, dossier_id, message_id)
    return await _letter(dossier, one, (await LetterForm.read(request)).text)


# ------------------------------------------------------------------------------------------------ their parts
async def _found(request: Request, dossier_id: int, message_id: int) -> tuple[Dossier, OneLetter]:
    """Raises Missing for what is no letter of this dossier, or has left."""
    dossier = await queries.one(request.user, dossier_id)
    return dossier, await one_letter.find(dossier, message_id)


async def _letter(dossier: Dossier, one: OneLetter, text: Text) -> Response[str]:
    shown = (await one_letter.show(dossier, one, text)).letter
    return letter(shown.html) if shown else Response("", status_code=NOTHING_NEW)


def _filled(one: OneLetter) -> LetterForm:
    texts = {"subject": one.subject, "preheader": one.preheader, "body": one.body}
    return LetterForm({**texts, "note": one.note, "version": one.version_id})


def _slower(request: Request, dossier: Dossier, message_id: int, stale: Stale, mine: LetterForm) -> Response[Any]:
    there = f"/dossiers/{dossier.id}"
    if not isinstance(stale.theirs, OneLetter):
        return see(request, there, one_letter.too_late())
    labels = {"subject": _("Subject"), "preheader": _("Preview text"), "body": _("Letter")}
    action = f"{there}/letters/{message_id}"
    return conflict(request, stale, mine, _filled(stale.theirs), labels=labels, action=action, back=action)


async def _page(
    request: Request, dossier: Dossier, one: OneLetter, form: LetterForm, status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "dossiers/letter.html",
        status_code=status_code,
        dossier=dossier,
        one=one,
        form=form,
        seen=await one_letter.show(dossier, one, form.text if form.text else one.text),
        address=f"/dossiers/{dossier.id}/letters/{one.id}",
        query=read_filters(request.query_params).query(),
    )


routes: list[Any] = [
    *(undo_page, undo, letter_page, save_letter, check_letter, saved_letter, unsaved_letter),
]

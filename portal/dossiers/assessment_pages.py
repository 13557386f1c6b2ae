"""The assessment of one dossier: scores and notes, evaluators, conflicts of interest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.assessment import actions, conflicts, criteria, notes, scoring
from portal.assessment.criteria import Criterion
from portal.assessment.notes import Note
from portal.assessment.rules import Given
from portal.assessment.words import why_not_word
from portal.campaigns.typed import read_number
from portal.dossiers import queries
from portal.dossiers.card import card
from portal.dossiers.list_pages import own_page
from portal.formats import number
from portal.i18n import _, current_locale
from portal.outcomes import Refused, Stale
from portal.web import fields
from portal.web.conflicts import conflict
from portal.web.field import Field, Invalid, Options
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

SEE, ASSIGN = needs("assessment.see"), needs("assign.edit")
ONE = "/dossiers/{dossier_id:int}"
NOTE = ONE + "/notes/{note_id:int}"


class Points(Field[Decimal | None]):
    """Points as people of a language type them; None: no score."""

    def __init__(self) -> None:
        super().__init__(None, required=False)

    def parse(self, text: str, options: Options) -> Decimal:
        value = read_number(text, current_locale.get())
        if value is None:
            raise Invalid(_("Enter a number such as 3 or 3.5."))
        return Decimal(str(value))

    def show(self, name: str, value: Decimal | None) -> dict[str, list[Any]]:
        return {name: ["" if value is None else number(float(value))]}


class ScoresForm(Form):
    """One evaluator's scores: points_<criterion> and comment_<criterion> for each of the campaign's criteria."""

    version = fields.Integer(required=False)


class NoteForm(Form):
    """A note."""

    prefix = "note-"
    body = fields.Text(longest=notes.LONGEST, lines=True, missing=lambda: _("Write the note."))
    version = fields.Integer(required=False)


class EvaluatorForm(Form):
    """An account to assign the dossier to."""

    account = fields.Integer()


class ConflictForm(Form):
    """Why one must not judge it."""

    reason = fields.Text(longest=conflicts.LONGEST_REASON, required=False)


# ------------------------------------------------------------------------------------------------ scores
@get(ONE + "/assessment", opt=SEE)
async def assessment_page(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """The actor's scores, those of the others once they may be seen, and the notes."""
    dossier = await queries.one(request.user, dossier_id)
    context = await card(request, dossier)
    mine = context["mine"]
    values: dict[str, Any] = {"version": scoring.seen(mine)}
    for key, one in mine.items():
        values |= {f"points_{key}": one.points, f"comment_{key}": one.comment}
    form = ScoresForm(values, extra=_asked(context["criteria"]))
    return await _page(request, dossier.id, context, form)


@post(ONE + "/assessment", opt=SEE)
async def give_scores(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Save them; emptied points are taken back."""
    dossier = await queries.one(request.user, dossier_id)
    asked = await criteria.of_campaign(dossier.campaign_id)
    form = await ScoresForm.read(request, extra=_asked(asked))
    if form.valid:
        given = {one.id: Given(form[f"points_{one.id}"], form[f"comment_{one.id}"]) for one in asked}
        try:
            await scoring.save(request.user, dossier_id, given, form.version)
            return see(request, _place(request, dossier_id), _("Scores saved."))
        except Refused as refused:
            form.refuse(refused)
    return await _page(request, dossier_id, await card(request, dossier), form, status_code=422)


def _asked(asked: list[Criterion]) -> dict[str, Field[Any]]:
    comment = {f"comment_{one.id}": fields.Text(longest=scoring.LONGEST_COMMENT, required=False) for one in asked}
    return {**{f"points_{one.id}": Points() for one in asked}, **comment}


async def _page(
    request: Request,
    dossier_id: int,
    context: dict[str, Any],
    form: ScoresForm,
    note: NoteForm | None = None,
    status_code: int = 200,
) -> Response[Any]:
    return page(
        request,
        "dossiers/assessment.html",
        status_code=status_code,
        form=form,
        card_first=False,
        note=note or NoteForm({}),
        notes=await notes.of_dossier(dossier_id),
        barred_myself=any(one.id == request.user.account_id for one in context["barred"]),
        **context,
    )


# ------------------------------------------------------------------------------------------------ notes
@post(ONE + "/notes", opt=SEE)
async def add_note(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Write a note."""
    dossier = await queries.one(request.user, dossier_id)
    form = await NoteForm.read(request)
    if form.valid:
        await notes.add(request.user, dossier_id, form.body)
        return see(request, f"{_place(request, dossier_id)}#notes", _("Note saved."))
    context = await card(request, dossier)
    scores = ScoresForm({"version": scoring.seen(context["mine"])}, extra=_asked(context["criteria"]))
    return await _page(request, dossier_id, context, scores, form, status_code=422)


@get(NOTE, opt=SEE)
async def note_page(request: Request, dossier_id: FromPath[int], note_id: FromPath[int]) -> Response[Any]:
    """One's own note, to be written anew."""
    dossier = await queries.one(request.user, dossier_id)
    note = await notes.own(request.user, dossier_id, note_id)
    return page(request, "dossiers/note.html", dossier=dossier, note=note, form=_filled(note))


@post(NOTE, opt=SEE)
async def change_note(request: Request, dossier_id: FromPath[int], note_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 beside the other one when it was changed in another window."""
    dossier = await queries.one(request.user, dossier_id)
    note = await notes.own(request.user, dossier_id, note_id)
    form = await NoteForm.read(request)
    if not form.valid:
        return page(request, "dossiers/note.html", status_code=422, dossier=dossier, note=note, form=form)
    own = f"/dossiers/{dossier_id}/notes/{note_id}"
    try:
        await notes.change(request.user, dossier_id, note_id, form.version, form.body)
    except Stale as stale:
        return conflict(request, stale, form, _filled(stale.theirs), labels={"body": _("Note")}, action=own, back=own)
    return see(request, f"{_place(request, dossier_id)}#notes", _("Note saved."))


@get(NOTE + "/delete", opt=SEE)
async def delete_note_page(request: Request, dossier_id: FromPath[int], note_id: FromPath[int]) -> Response[Any]:
    """Ask before one's own note goes."""
    dossier = await queries.one(request.user, dossier_id)
    note = await notes.own(request.user, dossier_id, note_id)
    return page(request, "dossiers/delete_note.html", dossier=dossier, note=note)


@post(NOTE + "/delete", opt=SEE)
async def delete_note(request: Request, dossier_id: FromPath[int], note_id: FromPath[int]) -> Response[Any]:
    """Delete it."""
    await notes.remove(request.user, dossier_id, note_id)
    return see(request, f"{_place(request, dossier_id)}#notes", _("Note deleted."))


def _filled(note: Note) -> NoteForm:
    return NoteForm({"body": note.body, "version": note.version})


# ------------------------------------------------------------------------------------------------ evaluators
@post(ONE + "/evaluators", opt=ASSIGN)
async def assign(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Give the dossier to one more evaluator."""
    form = await EvaluatorForm.read(request)
    await queries.one(request.user, dossier_id)
    outcome = await actions.assign(request.user, [dossier_id], form.account if form.valid else 0)
    toast = _("Evaluator assigned.") if outcome.done else why_not_word(outcome.refused[dossier_id])
    return see(request, own_page(request, dossier_id), toast)


@post(ONE + "/evaluators/{account_id:int}/remove", opt=ASSIGN)
async def unassign(request: Request, dossier_id: FromPath[int], account_id: FromPath[int]) -> Response[Any]:
    """Take it back; notes and scores stay."""
    await queries.one(request.user, dossier_id)
    await actions.unassign(request.user, [dossier_id], account_id)
    return see(request, own_page(request, dossier_id), _("Evaluator removed. Notes and scores stay."))


@get(ONE + "/conflict", opt=SEE)
async def conflict_page(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Ask before the actor gives the dossier back."""
    dossier = await queries.one(request.user, dossier_id)
    return page(request, "dossiers/conflict_of_interest.html", dossier=dossier, form=ConflictForm({}))


@post(ONE + "/conflict", opt=SEE)
async def declare_conflict(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Declare it. Who then sees the dossier no more goes to the list."""
    dossier = await queries.one(request.user, dossier_id)
    form = await ConflictForm.read(request)
    if not form.valid:
        return page(request, "dossiers/conflict_of_interest.html", status_code=422, dossier=dossier, form=form)
    await conflicts.declare(request.user, dossier_id, form.reason)
    return see(request, f"/campaigns/{dossier.campaign_id}/dossiers", _("Declared. The dossier is not yours to judge."))


@post(ONE + "/conflicts/{account_id:int}/lift", opt=ASSIGN)
async def lift_conflict(request: Request, dossier_id: FromPath[int], account_id: FromPath[int]) -> Response[Any]:
    """Somebody may judge it after all."""
    await conflicts.lift(request.user, dossier_id, account_id)
    return see(request, own_page(request, dossier_id), _("Lifted. Assign the dossier again if you wish."))


def _place(request: Request, dossier_id: int) -> str:
    return own_page(request, dossier_id, "/assessment")


routes: list[Any] = [
    *(assessment_page, give_scores, add_note, note_page, change_note, delete_note_page, delete_note),
    *(assign, unassign, conflict_page, declare_conflict, lift_conflict),
]

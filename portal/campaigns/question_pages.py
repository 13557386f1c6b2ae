"""Pages of a campaign's form: its questions in their order, one question, its deletion."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import forms, queries, questions, words
from portal.campaigns.forms import QuestionForm
from portal.campaigns.queries import Campaign, Question
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("campaign.edit")
FORM = "/campaigns/{campaign_id:int}/form"
QUESTION = f"{FORM}/{{question_id:int}}"


@get(FORM, opt=EDIT)
async def form_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The questions in their order."""
    campaign = await queries.one(request.user, campaign_id)
    found = await queries.questions(campaign_id)
    return page(request, "campaigns/form.html", campaign=campaign, questions=found, kind_word=words.kind_word)


@get(f"{FORM}/new", opt=EDIT)
async def new_question_page(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The form for one more question."""
    campaign = await queries.one(request.user, campaign_id)
    return _question(request, campaign, None, QuestionForm({"kind": "short"}, choices=forms.question_choices()))


@post(f"{FORM}/new", opt=EDIT, status_code=303)
async def add_question(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """Add a question at the end of the form."""
    campaign = await queries.one(request.user, campaign_id)
    form = await QuestionForm.read(request, choices=forms.question_choices())
    if form.valid:
        try:
            await questions.add(request.user, campaign_id, form.draft())
            return see(request, f"/campaigns/{campaign_id}/form", _("Question added."))
        except Refused as refused:
            form.refuse(refused)
    return _question(request, campaign, None, form, status_code=422)


@get(QUESTION, opt=EDIT)
async def question_page(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One question."""
    campaign = await queries.one(request.user, campaign_id)
    question = await queries.question(campaign_id, question_id)
    return _question(request, campaign, question, forms.of_question(question))


@post(QUESTION, opt=EDIT, status_code=303)
async def change_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Save a question; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    question = await queries.question(campaign_id, question_id)
    form = await QuestionForm.read(request, choices=forms.question_choices())
    where = f"/campaigns/{campaign_id}/form"
    if form.valid:
        try:
            await questions.change(request.user, campaign_id, question_id, form.version, form.draft())
            return see(request, where, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs, own = forms.of_question(stale.theirs), f"{where}/{question_id}"
            return conflict(request, stale, form, theirs, labels=words.question_labels(), action=own, back=own)
    return _question(request, campaign, question, form, status_code=422)


@post(f"{QUESTION}/up", opt=EDIT, status_code=303)
async def move_up(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One place up."""
    await questions.move(request.user, campaign_id, question_id, -1)
    return see(request, f"/campaigns/{campaign_id}/form")


@post(f"{QUESTION}/down", opt=EDIT, status_code=303)
async def move_down(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One place down."""
    await questions.move(request.user, campaign_id, question_id, 1)
    return see(request, f"/campaigns/{campaign_id}/form")


@get(f"{QUESTION}/delete", opt=EDIT)
async def delete_question_page(
    request: Request, campaign_id: FromPath[int], question_id: FromPath[int]
) -> Response[Any]:
    """Ask before a question goes, with the number of answers it has."""
    campaign = await queries.one(request.user, campaign_id)
    question = await queries.question(campaign_id, question_id)
    answers = await queries.answers_to(campaign_id, question.key)
    return page(request, "campaigns/delete_question.html", campaign=campaign, question=question, answers=answers)


@post(f"{QUESTION}/delete", opt=EDIT, status_code=303)
async def delete_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Take a question off the form."""
    await queries.one(request.user, campaign_id)
    question = await queries.question(campaign_id, question_id)
    await questions.remove(request.user, campaign_id, question_id)
    toast = _("Question “{question}” deleted.").format(question=question.name)
    return see(request, f"/campaigns/{campaign_id}/form", toast)


def _question(
    request: Request, campaign: Campaign, question: Question | None, form: QuestionForm, *, status_code: int = 200
) -> Response[Any]:
    form.default_language = campaign.default_locale
    return page(
        request,
        "campaigns/question.html",
        status_code=status_code,
        campaign=campaign,
        question=question,
        form=form,
        labels=words.question_labels(),
    )


routes = [
    form_page, new_question_page, add_question, question_page, change_question, move_up, move_down,
    delete_question_page, delete_question,
]  # fmt: skip

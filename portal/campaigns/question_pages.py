"""Pages of a campaign's form: its questions phase by phase, one question, its retirement and its deletion."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.campaigns import (
    form_checks,
    form_queries,
    kinds,
    phases,
    queries,
    question_forms,
    question_words,
    questions,
)
from portal.campaigns.form_queries import Question
from portal.campaigns.queries import Campaign
from portal.campaigns.question_forms import QuestionForm
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
async def form_page(request: Request, campaign_id: FromPath[int], phase: FromQuery[int | None] = None) -> Response[Any]:
    """The questions of one phase's form in their order, and what is still to be translated."""
    return await _form(request, await queries.one(request.user, campaign_id), phase)


@get(f"{FORM}/new", opt=EDIT)
async def new_question_page(
    request: Request, campaign_id: FromPath[int], phase: FromQuery[int | None] = None
) -> Response[Any]:
    """The form for one more question."""
    campaign = await queries.one(request.user, campaign_id)
    if phase is not None:
        await phases.one(campaign_id, phase)
    there = await form_queries.questions(campaign_id, phase)
    return _question(request, campaign, None, question_forms.new_question(there, phase), there)


@post(f"{FORM}/new", opt=EDIT, status_code=303)
async def add_question(
    request: Request, campaign_id: FromPath[int], phase: FromQuery[int | None] = None
) -> Response[Any]:
    """Add a question to a phase's form."""
    campaign = await queries.one(request.user, campaign_id)
    there = await form_queries.questions(campaign_id, phase)
    form = await QuestionForm.read(request, choices=question_forms.choices(there))
    form.values["phase"] = phase or 0
    if form.valid:
        try:
            await questions.add(request.user, campaign_id, form.draft())
            return see(request, address(campaign_id, phase), _("Question added."))
        except Refused as refused:
            form.refuse(refused)
    return _question(request, campaign, None, form, there, status_code=422)


@get(QUESTION, opt=EDIT)
async def question_page(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One question."""
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    there = await form_queries.questions(campaign_id, question.phase_id)
    return _question(request, campaign, question, question_forms.of_question(question, there), there)


@post(QUESTION, opt=EDIT, status_code=303)
async def change_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Save a question; 409 compares when somebody was faster."""
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    there = await form_queries.questions(campaign_id, question.phase_id)
    form = await QuestionForm.read(request, choices=question_forms.choices(there, question))
    if form.valid:
        try:
            await questions.change(request.user, campaign_id, question_id, form.version, form.draft())
            return see(request, address(campaign_id, question.phase_id), _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs, own = (
                question_forms.of_question(stale.theirs, there),
                f"/campaigns/{campaign_id}/form/{question_id}",
            )
            return conflict(request, stale, form, theirs, labels=question_words.labels(), action=own, back=own)
    return _question(request, campaign, question, form, there, status_code=422)


# ------------------------------------------------------------------------------------------------ order
@post(f"{QUESTION}/up", opt=EDIT, status_code=303)
async def move_up(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One place up."""
    return await _move(request, campaign_id, question_id, -1)


@post(f"{QUESTION}/down", opt=EDIT, status_code=303)
async def move_down(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """One place down."""
    return await _move(request, campaign_id, question_id, 1)


async def _move(request: Request, campaign_id: int, question_id: int, step: Literal[-1, 1]) -> Response[Any]:
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    try:
        await questions.move(request.user, campaign_id, question_id, step)
    except Refused as refused:
        return await _form(request, campaign, question.phase_id, refused.message, status_code=422)
    return see(request, address(campaign_id, question.phase_id))


# ------------------------------------------------------------------------------------------------ off the form
@get(f"{QUESTION}/delete", opt=EDIT)
async def delete_question_page(
    request: Request, campaign_id: FromPath[int], question_id: FromPath[int]
) -> Response[Any]:
    """Ask before a question goes: deleted while nobody has answered, afterwards only taken off the form."""
    campaign = await queries.one(request.user, campaign_id)
    return await _delete(request, campaign, await form_queries.question(campaign_id, question_id))


@post(f"{QUESTION}/delete", opt=EDIT, status_code=303)
async def delete_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Delete a question that nobody has answered."""
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    try:
        await questions.remove(request.user, campaign_id, question_id)
    except Refused as refused:
        return await _delete(request, campaign, question, refused.message)
    toast = _("Question “{question}” deleted.").format(question=question.name)
    return see(request, address(campaign_id, question.phase_id), toast)


@post(f"{QUESTION}/retire", opt=EDIT, status_code=303)
async def retire_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Take a question off the form; its answers stay readable."""
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    try:
        await questions.retire(request.user, campaign_id, question_id)
    except Refused as refused:
        return await _delete(request, campaign, question, refused.message)
    toast = _("Question “{question}” taken off the form.").format(question=question.name)
    return see(request, address(campaign_id, question.phase_id), toast)


@post(f"{QUESTION}/restore", opt=EDIT, status_code=303)
async def restore_question(request: Request, campaign_id: FromPath[int], question_id: FromPath[int]) -> Response[Any]:
    """Put a question back on the form."""
    campaign = await queries.one(request.user, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    try:
        await questions.retire(request.user, campaign_id, question_id, retired=False)
    except Refused as refused:
        return await _form(request, campaign, question.phase_id, refused.message, status_code=422)
    toast = _("Question “{question}” is on the form again.").format(question=question.name)
    return see(request, address(campaign_id, question.phase_id), toast)


# ------------------------------------------------------------------------------------------------ their parts
async def _form(
    request: Request, campaign: Campaign, phase_id: int | None, problem: str = "", *, status_code: int = 200
) -> Response[Any]:
    later = await phases.of_campaign(campaign.id)
    if phase_id is not None:
        await phases.one(campaign.id, phase_id)
    every = [each for each in await form_queries.all_questions(campaign.id) if each.phase_id == phase_id]
    there = [each for each in every if each.retired_at is None]
    lacking = {each.id: kinds.missing_locales(each.asked, campaign.locales) for each in there}
    return page(
        request,
        "campaigns/form.html",
        status_code=status_code,
        campaign=campaign,
        phases=later,
        phase_id=phase_id,
        questions=there,
        retired=[each for each in every if each.retired_at],
        lacking=lacking,
        missing={locale: sum(locale in each for each in lacking.values()) for locale in campaign.locales},
        answered=await form_queries.answered(campaign.id, [each.key for each in every]),
        problem=problem,
        kind_word=question_words.kind_word,
        answers_word=question_words.answers_word,
        names={each.key: each.name for each in there},
    )


def _question(
    request: Request,
    campaign: Campaign,
    question: Question | None,
    form: QuestionForm,
    there: list[Question],
    *,
    status_code: int = 200,
) -> Response[Any]:
    form.default_language = campaign.default_locale
    form.earlier = [each for each in there if each.kind in kinds.DECIDING and (not question or each.id != question.id)]
    return page(
        request,
        "campaigns/question.html",
        status_code=status_code,
        campaign=campaign,
        question=question,
        form=form,
        labels=question_words.labels(),
        kind_hint=question_words.kind_hint,
        phase_id=question.phase_id if question else form.phase or None,
    )


async def _delete(request: Request, campaign: Campaign, question: Question, problem: str = "") -> Response[Any]:
    answers = await form_queries.answers_to(campaign.id, question.key)
    there = await form_queries.questions(campaign.id, question.phase_id)
    broken = form_checks.broken_condition([each for each in there if each.id != question.id])
    return page(
        request,
        "campaigns/delete_question.html",
        status_code=422 if problem else 200,
        campaign=campaign,
        question=question,
        answers=answers,
        problem=problem or (form_checks.depends(broken) if broken else ""),
        back=address(campaign.id, question.phase_id),
    )


def address(campaign_id: int, phase_id: int | None) -> str:
    """The page of a phase's form."""
    return f"/campaigns/{campaign_id}/form" + (f"?phase={phase_id}" if phase_id else "")


routes = [
    form_page, new_question_page, add_question, question_page, change_question, move_up, move_down,
    delete_question_page, delete_question, retire_question, restore_question,
]  # fmt: skip

"""The form as candidates see it, for those who build it: the whole of it, and the question that is being written."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.campaigns import form_queries, phases, queries, question_forms
from portal.campaigns.kinds import Choice, Question, Settings
from portal.campaigns.queries import Campaign
from portal.campaigns.question_forms import QuestionForm
from portal.dossiers.application_form import ApplicationForm
from portal.i18n import current_locale, text_in, use
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import needs

EDIT = needs("campaign.edit")
PREVIEW = "/campaigns/{campaign_id:int}/form/preview"


@get(PREVIEW, opt=EDIT)
async def form_preview(
    request: Request,
    campaign_id: FromPath[int],
    locale: FromQuery[str] = "",
    phase: FromQuery[int | None] = None,
    question: FromQuery[int | None] = None,
) -> Response[Any]:
    """The public page of a form in one of the campaign's languages; nothing can be sent from it."""
    campaign = await queries.one(request.user, campaign_id)
    of = await phases.one(campaign_id, phase) if phase is not None else None
    if request.htmx.partial:
        return await _one_question(request, campaign, question)
    wanted = locale if locale in campaign.locales else _language(campaign)
    with use(wanted, campaign.time_zone):
        questions = await form_queries.form(campaign_id, phase)
        return page(
            request,
            "apply/preview.html",
            call=campaign,
            heading=of.name if of else campaign.name,
            about=text_in(of.description if of else campaign.description, None, campaign.default_locale),
            form=_empty(questions, campaign),
            phase_id=phase,
            initial=of is None,
            shown_in=wanted,
            offered=[],
        )


async def _one_question(request: Request, campaign: Campaign, question_id: int | None) -> Response[Any]:
    """One question as it is saved, for the page that changes it."""
    if question_id is None:
        return _shown(request, campaign, None)
    return _shown(request, campaign, (await form_queries.question(campaign.id, question_id)).asked)


@post(PREVIEW, opt=EDIT, status_code=200)
async def question_preview(request: Request, campaign_id: FromPath[int]) -> Response[Any]:
    """The question that is being written, as it stands in the page's boxes. Nothing is saved."""
    campaign = await queries.one(request.user, campaign_id)
    phase = (await request.form()).get("phase", "")
    there = await form_queries.questions(campaign_id, int(phase) if phase.isdecimal() and phase != "0" else None)
    form = await QuestionForm.read(request, choices=question_forms.choices(there))
    return _shown(request, campaign, _as_typed(form, campaign))


def _as_typed(form: QuestionForm, campaign: Campaign) -> Question | None:
    """What the form's boxes make of a question, however unfinished; None without any words."""
    draft = form.draft()
    if not draft.label or "kind" in form.errors:
        return None
    lines = draft.choices.get(campaign.default_locale) or next(iter(draft.choices.values()), [])
    choices = [
        Choice(str(place), {locale: texts[place] for locale, texts in draft.choices.items() if place < len(texts)})
        for place in range(len(lines))
    ]
    bad = {"least", "most", "earliest", "latest"} & form.errors.keys()
    row = {
        "key": "preview",
        "kind": draft.kind,
        "label": draft.label,
        "help": draft.help,
        "required": draft.required,
        "choices": choices,
        "max_length": draft.max_length,
        "settings": Settings() if bad else draft.settings,
    }
    return msgspec.convert(row, Question, from_attributes=True)


def _shown(request: Request, campaign: Campaign, question: Question | None) -> Response[Any]:
    put = [msgspec.structs.replace(question, shown_if=None)] if question else []
    form = _empty(put, campaign)
    return page(request, "apply/question_preview.html", background=True, call=campaign, form=form, offered=[])


def _empty(questions: list[Question], campaign: Campaign) -> ApplicationForm:
    values = {"locale": current_locale.get(), "once": ""}
    return ApplicationForm.over(questions, campaign.locales, values, {})


def _language(campaign: Campaign) -> str:
    mine = current_locale.get()
    return mine if mine in campaign.locales else campaign.default_locale


routes = [form_preview, question_preview]

"""What people do to the form of a campaign: its questions, their choices and conditions, their order."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import form_checks, form_queries, parts, phases, queries, rules
from portal.campaigns.form_checks import QuestionDraft
from portal.campaigns.form_queries import Question
from portal.campaigns.kinds import WITH_CHOICES, WITH_LENGTH
from portal.formats import number
from portal.i18n import ngettext, text_in
from portal.outcomes import Refused, Stale

INSERT = """
insert into question (campaign_id, phase_id, key, kind, label, help, required, choices, max_length, settings, shown_if,
    position)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce(max(position), 0) + 1
from question where campaign_id = $1 returning id"""

UPDATE = """
update question set kind = $3, label = $4, help = $5, required = $6, choices = $7, max_length = $8, settings = $9,
    shown_if = $10, version = version + 1
where id = $1 and version = $2"""

# The order as it is wanted, dealt afresh: positions never tie.
ORDER = """
update question q set position = wanted.place from unnest($1::int[]) with ordinality wanted(id, place)
where q.id = wanted.id and q.position <> wanted.place"""

RETIRE = """
update question set retired_at = case when $2 then now() end, version = version + 1
where id = $1 and (retired_at is null) = $2"""


async def add(by: Actor, campaign_id: int, draft: QuestionDraft) -> int:
    """A new question, at the end of its phase's form or where `after` says. Returns its id. Raises Missing, Refused."""
    campaign = await queries.one(by, campaign_id)
    if draft.phase_id is not None:
        await phases.one(campaign_id, draft.phase_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        there = await form_queries.all_questions(campaign_id)
        form = _form(there, draft.phase_id)
        parts.refuse(form_checks.of_question(draft, campaign.default_locale, _above(form, draft.after)))
        taken = {each.key for each in there}
        key = rules.suggested_key(draft.key or text_in(draft.label, campaign.default_locale), taken)
        row = _question_row(draft, campaign.default_locale, [], answered=False)
        question_id = int(await db.fetchval(INSERT, campaign_id, draft.phase_id, key, *row))
        if draft.after is not None:
            await _place(campaign_id, question_id, draft.after)
        await parts.record(campaign_id, "campaign.question_added", by, label=draft.label)
    return question_id


async def change(by: Actor, campaign_id: int, question_id: int, version: int, draft: QuestionDraft) -> None:
    """Change a question. Its key and phase stay, and its kind once there are answers.

    A choice that is taken away after it was chosen stays readable. Raises Missing, Refused, Stale.
    """
    campaign = await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        before = await form_queries.question(campaign_id, question_id)
        draft = msgspec.structs.replace(
            draft,
            label=parts.merged(before.label, draft.label, campaign.locales),
            help=parts.merged(before.help, draft.help, campaign.locales),
        )
        form = [each for each in await form_queries.questions(campaign_id, before.phase_id) if each.id != question_id]
        after = draft.after if draft.after is not None else await _now_after(before)
        parts.refuse(form_checks.of_question(draft, campaign.default_locale, _above(form, after)))
        answers = await form_queries.answers_to(campaign_id, before.key)
        _refuse_new_kind(draft, before, answers)
        row = _question_row(draft, campaign.default_locale, before.choices, answered=bool(answers))
        if not await db.execute(UPDATE, question_id, version, *row):
            raise Stale(await form_queries.question(campaign_id, question_id))
        if draft.after is not None:
            await _place(campaign_id, question_id, draft.after)
        await _refuse_broken(campaign_id, before.phase_id, before.key)
        await parts.record(campaign_id, "campaign.question_changed", by, label=draft.label)


async def move(by: Actor, campaign_id: int, question_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place; at the end of the form nothing happens.

    Raises Missing, Refused (a question stands below the one it depends on).
    """
    await queries.one(by, campaign_id)
    question = await form_queries.question(campaign_id, question_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        ids = [each.id for each in await form_queries.questions(campaign_id, question.phase_id)]
        place = ids.index(question_id) if question_id in ids else -1
        if place < 0 or not 0 <= place + step < len(ids):
            return
        ids[place], ids[place + step] = ids[place + step], ids[place]
        await _order(campaign_id, ids)
        await _refuse_broken(campaign_id, question.phase_id)
        await parts.record(campaign_id, "campaign.question_moved", by, label=question.label)


async def remove(by: Actor, campaign_id: int, question_id: int) -> None:
    """Delete a question that nobody has answered. Raises Missing, Refused (answered; another depends on it)."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        question = await form_queries.question(campaign_id, question_id)
        if answers := await form_queries.answers_to(campaign_id, question.key):
            raise Refused(has_answers(answers))
        await db.execute("delete from question where id = $1", question_id)
        await _refuse_broken(campaign_id, question.phase_id)
        await parts.record(campaign_id, "campaign.question_removed", by, label=question.label)


async def retire(by: Actor, campaign_id: int, question_id: int, *, retired: bool = True) -> None:
    """Take a question off the form, or put it back; answers given are still shown. Twice changes nothing.

    Raises Missing, Refused (another depends on it; put back, the one that it depends on is gone).
    """
    await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        question = await form_queries.question(campaign_id, question_id)
        if await db.execute(RETIRE, question_id, retired):
            await _refuse_broken(campaign_id, question.phase_id)
            what = "campaign.question_retired" if retired else "campaign.question_restored"
            await parts.record(campaign_id, what, by, label=question.label)


def has_answers(answers: int) -> str:
    """Why a question is not deleted."""
    message = ngettext(
        "{n} dossier has an answer to it. Take it off the form instead: the answer stays readable.",
        "{n} dossiers have an answer to it. Take it off the form instead: the answers stay readable.",
        answers,
    )
    return message.format(n=number(answers))


# ------------------------------------------------------------------------------------------------ order, conditions
def _form(questions: list[Question], phase_id: int | None) -> list[Question]:
    return [each for each in questions if each.phase_id == phase_id and each.retired_at is None]


def _above(form: list[Question], after: int | None) -> list[Question]:
    """The questions above a place; all of them where none is named or it is not there."""
    places = [place for place, each in enumerate(form) if each.id == after]
    return [] if after == 0 else form[: places[0] + 1] if places else form


async def _now_after(question: Question) -> int:
    """The id of the question above, 0 for the first one."""
    ids = [0, *(each.id for each in await form_queries.questions(question.campaign_id, question.phase_id))]
    return ids[ids.index(question.id) - 1] if question.id in ids else ids[-1]


async def _place(campaign_id: int, question_id: int, after: int) -> None:
    """Below another question of its form; 0: at the top."""
    question = await form_queries.question(campaign_id, question_id)
    form = await form_queries.questions(campaign_id, question.phase_id)
    ids = [each.id for each in form if each.id != question_id]
    if after and after not in ids:
        return
    ids.insert(ids.index(after) + 1 if after else 0, question_id)
    await _order(campaign_id, ids)


async def _order(campaign_id: int, ids: list[int]) -> None:
    """These in this order; the questions of other phases, and retired ones, behind them as they were."""
    others = [each.id for each in await form_queries.all_questions(campaign_id) if each.id not in ids]
    await db.execute(ORDER, [*ids, *others])


async def _refuse_broken(campaign_id: int, phase_id: int | None, key: str = "") -> None:
    """That every condition still looks upward, at an answer that can be given. `key`: the question that was changed."""
    broken = form_checks.broken_condition(await form_queries.questions(campaign_id, phase_id))
    if broken is not None:
        message = form_checks.depends(broken)
        field = "lines" if key and broken.key != key else None
        raise Refused(message, field=field) if field else Refused(message)


# ------------------------------------------------------------------------------------------------ rows
def _question_row(
    draft: QuestionDraft, default_locale: str, before: list[rules.Choice], *, answered: bool
) -> tuple[Any, ...]:
    choices = _choices(draft, default_locale, before, answered=answered) if draft.kind in WITH_CHOICES else []
    max_length = draft.max_length if draft.kind in WITH_LENGTH else None
    required = draft.required and draft.kind != "section"
    shown_if = msgspec.to_builtins(draft.shown_if) if draft.shown_if else {}
    texts = (draft.kind, draft.label, draft.help, required, choices, max_length)
    return (*texts, msgspec.to_builtins(draft.settings), shown_if)


def _choices(
    draft: QuestionDraft, default_locale: str, before: list[rules.Choice], *, answered: bool
) -> list[rules.Choice]:
    """The choices that are wanted; those taken away stay at the end, not offered, once answers may name them."""
    now = rules.merged_choices(before, draft.choices, default_locale)
    keys = {each["key"] for each in now}
    return now + [{**each, "retired": True} for each in before if answered and each["key"] not in keys]


def _refuse_new_kind(draft: QuestionDraft, before: Question, answers: int) -> None:
    if draft.kind == before.kind:
        return
    if answers:
        message = ngettext(
            "{n} dossier has an answer of the present kind. Add a new question instead.",
            "{n} dossiers have answers of the present kind. Add a new question instead.",
            answers,
        )
        raise Refused(message.format(n=number(answers)), field="kind")

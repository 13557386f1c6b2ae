"""What people do to the form of a campaign: its questions and their choices."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import checks, parts, queries, rules
from portal.campaigns.checks import QuestionDraft
from portal.formats import number
from portal.i18n import ngettext, text_in
from portal.outcomes import Refused, Stale

INSERT = """
insert into question (campaign_id, key, kind, label, help, required, choices, max_length, position)
select $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(position), 0) + 1
from question where campaign_id = $1 returning id"""

UPDATE = """
update question set kind = $3, label = $4, help = $5, required = $6, choices = $7, max_length = $8,
    version = version + 1
where id = $1 and version = $2"""


async def add(by: Actor, campaign_id: int, draft: QuestionDraft) -> int:
    """A new question at the end of the form. Returns its id. Raises Missing, Refused."""
    campaign = await queries.one(by, campaign_id)
    parts.refuse(checks.of_question(draft, campaign.default_locale))
    async with db.transaction():
        await parts.lock(campaign_id)
        taken = {each.key for each in await queries.questions(campaign_id)}
        key = rules.suggested_key(draft.key or text_in(draft.label, campaign.default_locale), taken)
        row = (key, *_question_row(draft, campaign.default_locale, []))
        question_id = int(await db.fetchval(INSERT, campaign_id, *row))
        await parts.record(campaign_id, "campaign.question_added", by, label=draft.label)
    return question_id


async def change(by: Actor, campaign_id: int, question_id: int, version: int, draft: QuestionDraft) -> None:
    """Change a question. Its key stays, and its kind once there are answers. Raises Missing, Refused, Stale."""
    campaign = await queries.one(by, campaign_id)
    before = await queries.question(campaign_id, question_id)
    draft = msgspec.structs.replace(
        draft,
        label=parts.merged(before.label, draft.label, campaign.locales),
        help=parts.merged(before.help, draft.help, campaign.locales),
    )
    parts.refuse(checks.of_question(draft, campaign.default_locale))
    async with db.transaction():
        if draft.kind != before.kind:
            await _refuse_new_kind(campaign_id, before.key)
        row = _question_row(draft, campaign.default_locale, before.choices)
        if not await db.execute(UPDATE, question_id, version, *row):
            raise Stale(await queries.question(campaign_id, question_id))
        await parts.record(campaign_id, "campaign.question_changed", by, label=draft.label)


async def move(by: Actor, campaign_id: int, question_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place; at the end of the list nothing happens. Raises Missing."""
    question = await queries.question((await queries.one(by, campaign_id)).id, question_id)
    await parts.move(by, "question", campaign_id, question_id, step, label=question.label)


async def remove(by: Actor, campaign_id: int, question_id: int) -> None:
    """Take a question off the form. Answers given stay with their dossiers. Raises Missing."""
    await queries.one(by, campaign_id)
    question = await queries.question(campaign_id, question_id)
    async with db.transaction():
        if await db.execute("delete from question where id = $1", question_id):
            await parts.record(campaign_id, "campaign.question_removed", by, label=question.label)


def _question_row(draft: QuestionDraft, default_locale: str, before: list[rules.Choice]) -> tuple[Any, ...]:
    choices = rules.merged_choices(before, draft.choices, default_locale) if draft.kind == "choice" else []
    max_length = draft.max_length if draft.kind in rules.KINDS_WITH_LENGTH else None
    return (draft.kind, draft.label, draft.help, draft.required, choices, max_length)


async def _refuse_new_kind(campaign_id: int, key: str) -> None:
    if answers := await queries.answers_to(campaign_id, key):
        message = ngettext(
            "{n} dossier has an answer of the present kind. Add a new question instead.",
            "{n} dossiers have answers of the present kind. Add a new question instead.",
            answers,
        )
        raise Refused(message.format(n=number(answers)), field="kind")

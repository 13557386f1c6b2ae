"""What has to hold before a dossier is written or submitted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal.actor import Actor
from portal.campaigns.reading import check_answers
from portal.campaigns.rules import state as call_state
from portal.dossiers import form_words, queries, words
from portal.dossiers.queries import Dossier
from portal.outcomes import Refused


async def check_complete(dossier: Dossier, phase_id: int | None = None) -> dict[str, Any]:
    """That every required answer and document of a form is there. Raises Refused (by field).

    Returns the dossier's answers without those to questions that its conditions do not put.
    """
    questions = await queries.questions(dossier.campaign_id, phase_id)
    present = {file.question_key for file in await queries.files(dossier.id)}
    checked = check_answers(questions, dossier.answers, locale=dossier.locale, complete=True, files=present)
    errors = form_words.problem_words(checked.problems, questions)
    if errors:
        raise Refused(errors=errors)
    left_out = {question.key for question in questions} - checked.answers.keys()
    return {key: answer for key, answer in dossier.answers.items() if key not in left_out}


async def other_answers(dossier: Dossier, phase_id: int | None = None) -> dict[str, Any]:
    """Answers to other questions than those of a form: of other phases, and of those that are not asked any more."""
    asked = {question.key for question in await queries.questions(dossier.campaign_id, phase_id)}
    return {key: answer for key, answer in dossier.answers.items() if key not in asked}


def check_open(dossier: Dossier, by: Actor, *, submitting: bool = False) -> None:
    """The clock binds candidates, and whoever submits for them; colleagues, imports and scripts may prepare drafts."""
    if by.kind != "candidate" and not submitting:
        return
    state = call_state(dossier, datetime.now(UTC))
    if state in ("closed", "not_yet_open") or (state == "not_published" and by.kind == "candidate"):
        raise Refused(words.not_open(dossier, state))

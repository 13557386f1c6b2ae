"""What every page of one dossier shows around its content: neighbours in the list, the card, letters that wait."""

from __future__ import annotations

from typing import Any

from portal.assessment import conflicts, criteria, scoring
from portal.assessment import queries as assessment
from portal.assessment.rules import result, shown_to
from portal.dossiers import consequences, pending, queries, search, words
from portal.dossiers.filters import read_filters
from portal.dossiers.list_pages import back_to_list
from portal.dossiers.queries import Dossier
from portal.dossiers.status_groups import by_phase
from portal.i18n import text_in
from portal.web.htmx import Request


async def card(request: Request, dossier: Dossier) -> dict[str, Any]:
    """The context of `dossiers/_page.html`, for a dossier that has been found through the actor."""
    actor, filters = request.user, read_filters(request.query_params)
    person = await queries.person(dossier.person_id)
    moves = await consequences.of_each_status(dossier) if actor.may("dossier.status") else []
    return {
        "dossier": dossier,
        "campaign_title": text_in(dossier.campaign_title, None, dossier.default_locale),
        "person": person,
        "wish": words.wish_word(person.reasons),
        "neighbours": await search.neighbours(actor, filters, dossier.id),
        "query": filters.query(),
        "back": back_to_list(filters),
        "moves": by_phase(moves, lambda move: move.status),
        "pending": await pending.of_dossier(dossier),
        **(await _assessment(request, dossier) if actor.may("assessment.see") else {"assessed": False}),
    }


async def _assessment(request: Request, dossier: Dossier) -> dict[str, Any]:
    """Who evaluates it, who must not, what the scores that the actor may see come to."""
    actor = request.user
    evaluators = await assessment.evaluators(dossier.id)
    barred = await conflicts.of_dossier(dossier.id)
    out = {one.id for one in evaluators} | {one.id for one in barred}
    members = await assessment.candidates(dossier.campaign_id) if actor.may("assign.edit") else []
    asked = await criteria.of_campaign(dossier.campaign_id)
    scores = await scoring.of_dossier(dossier.id)
    return {
        "assessed": True,
        "evaluators": evaluators,
        "barred": barred,
        "assignable": [one for one in members if one.id not in out],
        "criteria": asked,
        "mine": scoring.own(scores, actor.account_id),
        "result": shown_to(result(asked, scores), actor.account_id, everything=actor.may("assign.edit")),
    }

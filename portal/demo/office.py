"""The foundation's office in the middle of its work: a programme, criteria, scores, notes, a reminder."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

from portal import db
from portal.actor import Actor
from portal.assessment import actions as assignments
from portal.assessment import criteria, notes, scoring
from portal.assessment.rules import Given
from portal.campaigns import form_queries, programmes, questions
from portal.campaigns import queries as campaigns
from portal.campaigns.form_checks import QuestionDraft
from portal.campaigns.kinds import Condition
from portal.triggers import actions as triggers
from portal.triggers.drafts import Draft as Trigger
from portal.views import actions as views
from portal.views.actions import Draft as View

PROGRAMME = {"es": "Vida en común", "fr": "Vivre ensemble", "pl": "Razem na co dzień", "en": "Living together"}
PROGRAMME_ABOUT = {
    "es": "Las ayudas de la fundación para quienes cambian su entorno.",
    "fr": "Les bourses de la fondation pour celles et ceux qui changent leur quartier.",
    "pl": "Granty fundacji dla tych, którzy zmieniają swoje otoczenie.",
    "en": "The foundation’s grants for those who change the place they live in.",
}
SCHOOL = {
    "es": "¿Con qué centro educativo?",
    "fr": "Avec quel établissement scolaire\u00a0?",
    "pl": "Z\u00a0jaką szkołą?",
    "en": "With which school?",
}
CRITERIA = (
    ("2", {"es": "Impacto", "fr": "Utilité", "pl": "Znaczenie", "en": "Impact"}),
    ("1", {"es": "Viabilidad", "fr": "Faisabilité", "pl": "Wykonalność", "en": "Feasibility"}),
    ("1", {"es": "Presupuesto", "fr": "Budget", "pl": "Budżet", "en": "Budget"}),
)
NOTES = (
    "Bardzo konkretny plan, partnerzy potwierdzeni.",
    "Budżet na sprzęt wydaje się wysoki. Dopytać o\u00a0oferty.",
    "Podobny projekt wsparliśmy dwa lata temu, z\u00a0dobrym skutkiem.",
)
SCORED = 18  # of the dossiers under review that the evaluator has

UNDER_REVIEW = """
select d.id from dossier d join status s on s.id = d.status_id
where d.campaign_id = $1 and s.key = 'under_review' order by d.number limit $2"""


async def programme(by: Actor) -> int:
    """The programme above both campaigns."""
    return await programmes.add(by, PROGRAMME, PROGRAMME_ABOUT)


async def condition(campaign_id: int, by: Actor) -> None:
    """A question that is put only to whoever works with schools."""
    field = next(each for each in await form_queries.questions(campaign_id) if each.key == "field")
    education = field.choices[0]["key"]
    draft = QuestionDraft(
        kind="short", key="school", label=SCHOOL, shown_if=Condition("field", [education]), after=field.id
    )
    await questions.add(by, campaign_id, draft)


async def reminder(campaign_id: int, template_id: int, by: Actor) -> None:
    """A week before the closing date, to everybody who has not submitted (B07)."""
    statuses = {each.key: each.id for each in await campaigns.statuses(campaign_id)}
    wish = Trigger(
        name="", family="deadline", template_id=template_id, from_status_id=statuses["draft"], days_before=7,
        at_time=time(9, 0),
    )  # fmt: skip
    await triggers.create(campaign_id, wish, by)


async def assess(campaign_id: int, manager: Actor, evaluator: Actor) -> None:
    """Criteria; the evaluator's share of the dossiers, most of them scored, some with a note."""
    for weight, label in CRITERIA:
        await criteria.add(manager, campaign_id, criteria.Draft(label=label, weight=Decimal(weight)))
    asked = await criteria.of_campaign(campaign_id)
    dossiers = [row["id"] for row in await db.fetch(UNDER_REVIEW, campaign_id, SCORED + 6)]
    await assignments.assign(manager, dossiers, evaluator.account_id or 0)
    for place, dossier_id in enumerate(dossiers[:SCORED]):
        given = {one.id: Given(points=Decimal(2 + (place * 3 + n * 5) % 4)) for n, one in enumerate(asked)}
        await scoring.save(evaluator, dossier_id, given, 0)
    for dossier_id, body in zip(dossiers, NOTES, strict=False):
        await notes.add(evaluator, dossier_id, body)


async def view(campaign_id: int, by: Actor) -> None:
    """What waits for a decision, for the whole team."""
    draft = View(
        name="À décider",
        shared=True,
        filters={"status": ["under_review"]},
        columns=["name", "status", "score", "evaluators", "changed"],
    )
    await views.create(by, "dossiers", campaign_id, draft)

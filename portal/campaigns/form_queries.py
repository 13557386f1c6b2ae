"""The form of a campaign as pages and rules read it: its questions in their order, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.campaigns import kinds
from portal.i18n import text_in
from portal.outcomes import Missing

COLUMNS = """id, campaign_id, key, kind, label, help, required, choices, max_length, position, version, phase_id,
settings, shown_if, retired_at"""

# Phase by phase, the initial one first; within a phase in the form's order.
OF_CAMPAIGN = f"""
select {COLUMNS} from question q where campaign_id = $1
order by (select p.position from phase p where p.id = q.phase_id) nulls first, q.phase_id nulls first, position, id"""

ONE = f"select {COLUMNS} from question where campaign_id = $1 and id = $2"

# How many dossiers have an answer or a document under each of some keys; counted to MOST_COUNTED and one.
MOST_COUNTED = 1_000
ANSWERED = """
select key, (select count(*) from (
    select from dossier d where d.campaign_id = $1 and d.answers ? key limit $3) x)::int
  + (select count(*) from (
    select distinct f.dossier_id from dossier_file f join dossier d on d.id = f.dossier_id
    where d.campaign_id = $1 and f.question_key = key limit $3) x)::int as n
from unnest($2::text[]) key"""

ANSWERS_TO = """
select count(*) from dossier d where d.campaign_id = $1 and (d.answers ? $2
    or exists (select from dossier_file f where f.dossier_id = d.id and f.question_key = $2))"""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the form, as it is stored: `choices` [{"key", "label": {locale: text}, "retired"?}]."""

    id: int
    campaign_id: int
    key: str
    kind: str
    label: dict[str, str]
    help: dict[str, str]
    required: bool
    choices: list[dict[str, Any]]
    max_length: int | None
    position: int
    version: int
    phase_id: int | None
    settings: dict[str, Any]
    shown_if: dict[str, Any]
    retired_at: datetime | None

    @property
    def name(self) -> str:
        """The question in the reader's language."""
        return text_in(self.label)

    @property
    def offered(self) -> list[dict[str, Any]]:
        """The choices that candidates see."""
        return [choice for choice in self.choices if not choice.get("retired")]

    @property
    def asked(self) -> kinds.Question:
        """The question as the form's rules take it."""
        return kinds.question_of(msgspec.structs.asdict(self))


async def all_questions(campaign_id: int) -> list[Question]:
    """Every question of a campaign that was ever kept: of all phases, and those that are retired."""
    return await db.fetch_as(Question, OF_CAMPAIGN, campaign_id)


async def questions(campaign_id: int, phase_id: int | None = None) -> list[Question]:
    """The questions of one phase's form (None: the initial phase), in their order, without retired ones."""
    found = await all_questions(campaign_id)
    return [each for each in found if each.phase_id == phase_id and each.retired_at is None]


async def form(campaign_id: int, phase_id: int | None = None) -> list[kinds.Question]:
    """The same as candidates are asked them."""
    return [each.asked for each in await questions(campaign_id, phase_id)]


async def question(campaign_id: int, question_id: int) -> Question:
    """One question of a campaign. Raises Missing."""
    found = await db.one_as(Question, ONE, campaign_id, question_id)
    if found is None:
        raise Missing
    return found


async def answered(campaign_id: int, keys: Sequence[str]) -> dict[str, int]:
    """key -> how many dossiers have an answer or a document under it; above MOST_COUNTED: many."""
    rows = await db.fetch(ANSWERED, campaign_id, list(keys), MOST_COUNTED + 1)
    return {row["key"]: row["n"] for row in rows}


async def answers_to(campaign_id: int, key: str) -> int:
    """How many dossiers have an answer (or a document) under a question's key."""
    return int(await db.fetchval(ANSWERS_TO, campaign_id, key))

"""The phases after the initial one, as pages and actions read them (E17).

The initial phase is the campaign itself: its dates, and the questions and statuses that name no phase.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from portal import db
from portal.campaigns import rules, words
from portal.i18n import text_in
from portal.outcomes import Missing

# Zone, publication and language are the campaign's: with them a phase opens and closes as a campaign does.
PHASES = """
select p.id, p.campaign_id, p.title, p.description, p.opens_at, p.closes_at, p.entry_status_id, p.submitted_status_id,
    p.position, p.version, c.time_zone, c.published, c.default_locale
from phase p join campaign c on c.id = p.campaign_id where p.campaign_id = $1 order by p.position, p.id"""


# What each phase asks and who has answered. Waiting: at the entry status now, not withdrawn.
USES = """
select p.id, (
        select count(*) from question q
        where q.phase_id = p.id and q.retired_at is null and q.kind <> 'section') as questions,
    (select count(*) from trigger t where t.phase_id = p.id) as triggers,
    (select count(*) from phase_submission s where s.phase_id = p.id and s.submitted_at is null) as started,
    (select count(*) from phase_submission s where s.phase_id = p.id and s.submitted_at is not null) as submitted,
    (select count(*) from dossier d where d.status_id = p.entry_status_id and d.withdrawn_at is null) as waiting
from phase p where p.campaign_id = $1 or p.id = $2"""


class PhaseUse(msgspec.Struct, frozen=True):
    """What hangs on a phase: its questions, automatic e-mails of its own, and dossiers."""

    id: int
    questions: int
    triggers: int
    started: int
    submitted: int
    waiting: int


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A phase after the initial one. `opens_at` and `closes_at` are wall time in the campaign's `time_zone`.

    A dossier at `entry_status_id` fills in its form; handed in, it gets to `submitted_status_id`.
    """

    id: int
    campaign_id: int
    title: dict[str, str]
    description: dict[str, str]
    opens_at: datetime | None
    closes_at: datetime | None
    entry_status_id: int | None
    submitted_status_id: int | None
    position: int
    version: int
    time_zone: str
    published: bool
    default_locale: str

    @property
    def name(self) -> str:
        """The title in the reader's language, else in the campaign's own."""
        return text_in(self.title, None, self.default_locale)

    @property
    def state(self) -> rules.State:
        """Where it stands now."""
        return rules.state(self, datetime.now(UTC))

    @property
    def state_words(self) -> str:
        """Where it stands now, with the date, in words."""
        return words.state_words(self, datetime.now(UTC))

    @property
    def state_tone(self) -> str:
        """The tone of the state."""
        return words.STATE_TONES[self.state]


async def of_campaign(campaign_id: int) -> list[Phase]:
    """The phases after the initial one, in their order. Whoever asks has found the campaign already."""
    return await db.fetch_as(Phase, PHASES, campaign_id)


async def one(campaign_id: int, phase_id: int) -> Phase:
    """One phase of a campaign. Raises Missing."""
    found = next((each for each in await of_campaign(campaign_id) if each.id == phase_id), None)
    if found is None:
        raise Missing
    return found


async def uses(campaign_id: int) -> dict[int, PhaseUse]:
    """phase id -> what hangs on it, for all phases of a campaign."""
    return {each.id: each for each in await db.fetch_as(PhaseUse, USES, campaign_id, None)}


async def first_questions(campaign_id: int) -> int:
    """How many questions the initial phase asks."""
    sql = """select count(*) from question
        where campaign_id = $1 and phase_id is null and retired_at is null and kind <> 'section'"""
    return int(await db.fetchval(sql, campaign_id))


async def use_of(phase_id: int) -> PhaseUse:
    """What hangs on one phase. Raises Missing."""
    found = await db.one_as(PhaseUse, USES, None, phase_id)
    if found is None:
        raise Missing
    return found

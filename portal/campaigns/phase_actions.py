"""What people do to the phases of a campaign (E17). The initial one is the campaign; only its name is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import checks, parts, phases, queries, rules
from portal.campaigns.checks import PhaseDraft
from portal.campaigns.phases import Phase, PhaseUse
from portal.formats import number
from portal.i18n import _, ngettext
from portal.outcomes import Refused, Stale
from portal.triggers import reminding

INSERT = """
insert into phase (campaign_id, title, description, opens_at, closes_at, entry_status_id, submitted_status_id, position)
select $1, $2, $3, $4, $5, $6, $7, coalesce(max(position), 0) + 1 from phase where campaign_id = $1 returning id"""

UPDATE = """
update phase set title = $3, description = $4, opens_at = $5, closes_at = $6, entry_status_id = $7,
    submitted_status_id = $8, version = version + 1
where id = $1 and version = $2"""


async def add(by: Actor, campaign_id: int, draft: PhaseDraft) -> int:
    """A new phase at the end. Returns its id. Raises Missing, Refused."""
    campaign = await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        await _check(campaign, draft, await phases.of_campaign(campaign_id))
        phase_id = int(await db.fetchval(INSERT, campaign_id, *_row(draft)))
        await parts.record(campaign_id, "campaign.phase_added", by, label=draft.title)
    return phase_id


async def change(by: Actor, campaign_id: int, phase_id: int, version: int, draft: PhaseDraft) -> None:
    """Change a phase. Raises Missing, Refused, Stale with the phase as it is now."""
    campaign = await queries.one(by, campaign_id)
    before = await phases.one(campaign_id, phase_id)
    draft = msgspec.structs.replace(
        draft,
        title=parts.merged(before.title, draft.title, campaign.locales),
        description=parts.merged(before.description, draft.description, campaign.locales),
    )
    async with db.transaction():
        await parts.lock(campaign_id)
        await _check(campaign, draft, [each for each in await phases.of_campaign(campaign_id) if each.id != phase_id])
        if not await db.execute(UPDATE, phase_id, version, *_row(draft)):
            raise Stale(await phases.one(campaign_id, phase_id))
        if changes := parts.changes(before, draft):
            await parts.record(campaign_id, "campaign.phase_changed", by, label=draft.title, changes=changes)
        await reminding.replan(campaign_id)


async def rename_first(by: Actor, campaign_id: int, version: int, title: dict[str, str]) -> None:
    """What the initial phase is called; {}: "Application". Raises Missing, Stale with the campaign as it is now."""
    campaign = await queries.one(by, campaign_id)
    title = parts.merged(campaign.first_phase, title, campaign.locales)
    async with db.transaction():
        sql = "update campaign set first_phase = $3, version = version + 1 where id = $1 and version = $2"
        if not await db.execute(sql, campaign_id, version, title):
            raise Stale(await queries.one(by, campaign_id))
        await parts.record(
            campaign_id, "campaign.first_phase_renamed", by, changes={"title": [campaign.first_phase, title]}
        )


async def move(by: Actor, campaign_id: int, phase_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place; at the end of the list nothing happens. Raises Missing."""
    phase = await phases.one((await queries.one(by, campaign_id)).id, phase_id)
    await parts.move(by, "phase", campaign_id, phase_id, step, label=phase.title)


async def remove(by: Actor, campaign_id: int, phase_id: int) -> None:
    """Delete a phase that nobody has filled in, with its questions and automatic e-mails. Raises Missing, Refused."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        phase = await phases.one(campaign_id, phase_id)
        if message := why_it_stays(await phases.use_of(phase_id)):
            raise Refused(message)
        await db.execute("delete from phase where id = $1", phase_id)
        await parts.record(campaign_id, "campaign.phase_removed", by, label=phase.title)


def why_it_stays(use: PhaseUse) -> str:
    """The sentence for a phase that cannot be deleted, with the number of dossiers; "" when it can."""
    if not (dossiers := use.started + use.submitted):
        return ""
    message = ngettext(
        "{n} dossier has answers from this phase. Change its closing date instead.",
        "{n} dossiers have answers from this phase. Change its closing date instead.",
        dossiers,
    )
    return message.format(n=number(dossiers))


async def _check(campaign: queries.Campaign, draft: PhaseDraft, others: Sequence[Phase]) -> None:
    """Refuse what is wrong with a draft; two phases may not ask the same dossiers at the same time."""
    usable = {each.id for each in await queries.statuses(campaign.id) if each.key != "draft"}
    parts.refuse(checks.of_phase(draft, campaign.default_locale, usable))
    rival = next((each for each in others if rules.rivals(draft, each)), None)
    if rival:
        # NOTE: beside a form field. {phase}: title of another phase
        message = _("The phase “{phase}” asks the same dossiers at that time. Choose other dates or another status.")
        raise Refused(message.format(phase=rival.name), field="entry_status_id")


def _row(draft: PhaseDraft) -> tuple[Any, ...]:
    texts = (draft.title, draft.description, draft.opens_at, draft.closes_at)
    return (*texts, draft.entry_status_id, draft.submitted_status_id)

"""What people do to a campaign's statuses (E16): draft and submitted are protected, the others free."""

from __future__ import annotations

from typing import Literal

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import checks, parts, phases, queries, rules
from portal.campaigns.checks import StatusDraft
from portal.campaigns.queries import Status, StatusUse
from portal.formats import number
from portal.i18n import _, ngettext, text_in
from portal.outcomes import Refused, Stale

INSERT = """
insert into status (campaign_id, key, label, public_label, tone, is_decision, protected, phase_id, position)
select $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(position), 0) + 1 from status where campaign_id = $1 returning id"""


UPDATE = """
update status set label = $3, public_label = $4, tone = $5, is_decision = $6, phase_id = $7, version = version + 1
where id = $1 and version = $2"""


async def add(by: Actor, campaign_id: int, draft: StatusDraft) -> int:
    """A new status at the end. Returns its id. Raises Missing, Refused.

    A `key` that is there already names that status, which is then changed: a script may run twice.
    """
    campaign = await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        there = {each.key: each for each in await queries.statuses(campaign_id)}
        if draft.key in there:
            await change(by, campaign_id, there[draft.key].id, there[draft.key].version, draft)
            return there[draft.key].id
        key = rules.suggested_key(draft.key or text_in(draft.label, campaign.default_locale), there.keys(), "status")
        parts.refuse(checks.of_status(draft, campaign.default_locale, key))
        phase_id = await _phase(campaign_id, draft, None)
        row = (key, draft.label, draft.public_label or draft.label, draft.tone, draft.is_decision, False, phase_id)
        status_id = int(await db.fetchval(INSERT, campaign_id, *row))
        await parts.record(campaign_id, "campaign.status_added", by, label=draft.label)
    return status_id


async def change(by: Actor, campaign_id: int, status_id: int, version: int, draft: StatusDraft) -> None:
    """Rename, recolour, say whether it is a decision. Raises Missing, Refused, Stale."""
    campaign = await queries.one(by, campaign_id)
    before = await queries.status(campaign_id, status_id)
    label = parts.merged(before.label, draft.label, campaign.locales)
    public_label = parts.merged(before.public_label, draft.public_label, campaign.locales)
    draft = msgspec.structs.replace(draft, label=label, public_label={**label, **public_label})
    parts.refuse(checks.of_status(draft, campaign.default_locale, before.key))
    async with db.transaction():
        phase_id = await _phase(campaign_id, draft, before.phase_id)
        row = (label, draft.public_label, draft.tone, draft.is_decision, phase_id)
        if not await db.execute(UPDATE, status_id, version, *row):
            raise Stale(await queries.status(campaign_id, status_id))
        await parts.record(campaign_id, "campaign.status_changed", by, label=label)


async def _phase(campaign_id: int, draft: StatusDraft, before: int | None) -> int | None:
    """The phase that was chosen, or the one the status has. Raises Missing for a phase of another campaign."""
    if draft.phase_id is msgspec.UNSET:
        return before
    return draft.phase_id and (await phases.one(campaign_id, draft.phase_id)).id


async def move(by: Actor, campaign_id: int, status_id: int, step: Literal[-1, 1]) -> None:
    """Up (-1) or down (1) by one place; at the end of the list nothing happens. Raises Missing."""
    status = await queries.status((await queries.one(by, campaign_id)).id, status_id)
    await parts.move(by, "status", campaign_id, status_id, step, label=status.label)


async def remove(by: Actor, campaign_id: int, status_id: int) -> None:
    """Delete a status that no dossier has or had, with the automatic e-mails that name it. Raises Missing, Refused."""
    await queries.one(by, campaign_id)
    async with db.transaction():
        await parts.lock(campaign_id)
        status = await queries.status(campaign_id, status_id)
        use = await queries.status_use(status_id)
        if message := why_it_stays(status, use):
            raise Refused(message)
        await db.execute("delete from status where id = $1", status_id)
        await parts.record(campaign_id, "campaign.status_removed", by, label=status.label, triggers=use.triggers)


def why_it_stays(status: Status, use: StatusUse) -> str:
    """The sentence for a status that cannot be deleted, with the number of dossiers; "" when it can."""
    if status.protected:
        return _("Draft and Submitted belong to every campaign. They can be renamed, not deleted.")
    if use.phases:
        message = ngettext(
            "{n} phase starts or ends with this status. Choose another one there first.",
            "{n} phases start or end with this status. Choose another one there first.",
            use.phases,
        )
        return message.format(n=number(use.phases))
    if use.dossiers:
        message = ngettext(
            "{n} dossier has this status. Change its status first.",
            "{n} dossiers have this status. Change their status first.",
            use.dossiers,
        )
        return message.format(n=number(use.dossiers))
    if use.history:
        message = ngettext(
            "This status stands in the history of {n} dossier. Rename it instead.",
            "This status stands in the history of {n} dossiers. Rename it instead.",
            use.history,
        )
        return message.format(n=number(use.history))
    return ""

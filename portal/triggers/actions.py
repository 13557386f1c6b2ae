"""What happens to triggers, and what they do: made, changed, paused, deleted; fired. One transaction each."""

from __future__ import annotations

from typing import Any

from portal import db, timeline
from portal.accounts.rules import ROLES
from portal.actor import SYSTEM, Actor
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import queries, words
from portal.triggers.compose import Composer
from portal.triggers.drafts import Draft, Known, problems
from portal.triggers.facts import Change
from portal.triggers.rules import Decision, Recipient

# The last place of its family. The name of the template stands in for a name that was left empty.
INSERT = """
insert into trigger (campaign_id, name, family, template_id, from_status_id, to_status_id, recipients, cc,
                     delay_minutes, active, created_by, position)
select $1, coalesce(nullif($2, ''), m.name), $3, m.id, $5, $6, $7, $8, $9, $10, $11,
       coalesce((select max(t.position) + 1 from trigger t where t.campaign_id = $1 and t.family = $3), 0)
from template m where m.id = $4 returning id"""

# Only from the version that was seen: no row means that somebody was faster. The family never changes.
UPDATE = """
update trigger t set name = coalesce(nullif($3, ''), m.name), template_id = m.id, from_status_id = $5,
       to_status_id = $6, recipients = $7, cc = $8, delay_minutes = $9, active = $10, version = t.version + 1
from template m where m.id = $4 and t.id = $1 and t.version = $2"""

SWITCH = "update trigger set active = $3, version = version + 1 where id = $1 and version = $2"
DELETE = "delete from trigger where id = $1 and version = $2"


# ------------------------------------------------------------------------------------------------ firing
async def fire(change: Change) -> list[int]:
    """Plan the e-mails that a change calls for, in the caller's transaction. Returns the new messages' ids.

    Every trigger considered is written down with its outcome on the dossier's history (B02).
    """
    decided = await queries.decisions(change)
    composer = Composer(change)
    posted = {one.trigger.id: await _post(one, change, composer) for one in decided if one.matched}
    if decided:
        await _write_down(change, decided, posted)
    return [message_id for ids in posted.values() for message_id in ids]


async def _post(decision: Decision, change: Change, composer: Composer) -> list[int]:
    """One trigger's messages. Without any sender nothing can be posted: the page of the campaign says so."""
    sender = await composer.sender(decision.trigger)
    if sender is None:
        return []
    recorded = [one for one in decision.recipients if one.recorded]
    intents = [await _intent(decision, one, change, composer) for one in recorded]
    return await ledger.post("trigger", decision.trigger.id, sender.id, decision.lane, intents)


async def _intent(decision: Decision, one: Recipient, change: Change, composer: Composer) -> Intent:
    return Intent(
        address=one.address,
        locale=one.locale or one.wished,
        optional=decision.trigger.optional,
        occurrence=change.event_id,
        person_id=one.person_id,
        dossier_id=change.dossier_id,
        letter=await composer.letter(decision, one),
        state=one.state,
        reason=one.reason,
        delay_minutes=one.delay_minutes,
    )


async def _write_down(change: Change, decided: list[Decision], posted: dict[int, list[int]]) -> None:
    rows = [
        {
            "trigger": one.trigger.id,
            "name": one.trigger.name,
            "why_not": one.why_not,
            "messages": posted.get(one.trigger.id, []),
        }
        for one in decided
    ]
    await timeline.record(
        "dossier",
        change.dossier_id,
        "triggers.considered",
        SYSTEM,
        campaign_id=change.campaign_id,
        dossier_id=change.dossier_id,
        change_id=change.event_id,
        decisions=rows,
    )


# ------------------------------------------------------------------------------------------------ making them
async def create(campaign_id: int, draft: Draft, by: Actor) -> int:
    """A new trigger at the end of its family (E09, E10). Raises Missing, Refused (by field)."""
    async with db.transaction():
        await queries.check_scope(by, campaign_id)
        await _check(campaign_id, draft)
        row = (campaign_id, draft.name.strip(), draft.family, *_columns(draft), by.account_id)
        trigger_id = int(await db.fetchval(INSERT, *row))
        await _record(trigger_id, campaign_id, "trigger.created", by, await queries.trigger(by, trigger_id))
        return trigger_id


async def change(trigger_id: int, version: int, draft: Draft, by: Actor) -> None:
    """Change a trigger, at any time (E01); messages planned before stay as they are. Raises Missing, Refused, Stale."""
    async with db.transaction():
        before = await queries.trigger(by, trigger_id)
        if draft.family != before.family:
            raise Missing
        await _check(before.campaign_id, draft, before)
        if not await db.execute(UPDATE, trigger_id, version, draft.name.strip(), *_columns(draft)):
            raise await _stale(before)
        if draft.active != before.active:
            await ledger.set_gate("trigger", trigger_id, "open" if draft.active else "paused")
        await _record(
            trigger_id, before.campaign_id, "trigger.changed", by, await queries.trigger(by, trigger_id), before
        )


async def switch(trigger_id: int, version: int, active: bool, by: Actor) -> None:
    """Pause a trigger with everything of it that has not left, or let it go on. Raises Missing, Stale."""
    async with db.transaction():
        before = await queries.trigger(by, trigger_id)
        if not await db.execute(SWITCH, trigger_id, version, active):
            raise await _stale(before)
        await ledger.set_gate("trigger", trigger_id, "open" if active else "paused")
        await _record(trigger_id, before.campaign_id, "trigger.activated" if active else "trigger.paused", by, before)


async def delete(trigger_id: int, version: int, by: Actor) -> None:
    """Delete a trigger. What has not left is cancelled, what was sent stays in the register. Raises Missing, Stale."""
    async with db.transaction():
        before = await queries.trigger(by, trigger_id)
        if not await db.execute(DELETE, trigger_id, version):
            raise await _stale(before)
        await ledger.set_gate("trigger", trigger_id, "cancelled")
        await _record(trigger_id, before.campaign_id, "trigger.deleted", by, before)


async def faults(campaign_id: int, draft: Draft, before: queries.Trigger | None = None) -> dict[str, str]:
    """Everything that has to be mended, by field. What a trigger names already may stay, even if it is gone."""
    statuses = await queries.status_ids(campaign_id)
    known = Known(
        templates={each.id for each in await queries.templates_offered(before.template_id if before else None)},
        statuses=set(statuses.values()),
        accounts=await queries.account_ids(),
        roles=ROLES.keys(),
        kept=before.recipients if before else (),
        submitted=statuses.get("submitted"),
    )
    return {field: words.problem_word(code, detail) for field, code, detail in reversed(problems(draft, known))}


async def _check(campaign_id: int, draft: Draft, before: queries.Trigger | None = None) -> None:
    if errors := await faults(campaign_id, draft, before):
        raise Refused(errors=errors)


def _columns(draft: Draft) -> tuple[Any, ...]:
    return (
        draft.template_id,
        draft.from_status_id,
        draft.to_status_id,
        list(dict.fromkeys(draft.recipients)),
        list(dict.fromkeys(draft.cc)),
        draft.delay_minutes,
        draft.active,
    )


async def _record(
    trigger_id: int, campaign_id: int, what: str, by: Actor, now: queries.Trigger, before: queries.Trigger | None = None
) -> None:
    """One row of history with what the trigger was and is."""
    details: dict[str, Any] = {"title": now.name, "trigger": now.plain()}
    if before:
        details["before"] = before.plain()
    await timeline.record("trigger", trigger_id, what, by, campaign_id=campaign_id, **details)


async def _stale(before: queries.Trigger) -> Stale | Missing:
    """What to tell whoever was slower: the trigger as it is now, who changed it and when; or that it is gone."""
    last = await queries.last_change(before.campaign_id, before.id)
    theirs = await queries.by_id(before.id)
    if theirs is None:
        return Missing()
    return Stale(theirs, by=last.name if last else "", at=last.at if last else None)

"""What happens to triggers, and what they do: made, changed, paused, deleted; fired. One transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from portal import db, timeline
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.campaigns import parts
from portal.ledger import actions as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import posting, queries, reminding, words
from portal.triggers.compose import Composer
from portal.triggers.drafts import Draft, Known, problems
from portal.triggers.facts import Change, Rule

# The last place of its family. The name of the template stands in for a name that was left empty.
INSERT = """
insert into trigger (campaign_id, name, family, template_id, from_status_id, to_status_id, recipients, cc,
                     delay_minutes, active, phase_id, conditions, stop, days_before, at_time, created_by, position)
select $1, coalesce(nullif($2, ''), m.name), $3, m.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
       coalesce((select max(t.position) + 1 from trigger t where t.campaign_id = $1 and t.family = $3), 0)
from template m where m.id = $4 returning id"""

# Only from the version that was seen: no row means that somebody was faster. The family never changes.
UPDATE = """
update trigger t set name = coalesce(nullif($3, ''), m.name), template_id = m.id, from_status_id = $5,
       to_status_id = $6, recipients = $7, cc = $8, delay_minutes = $9, active = $10, phase_id = $11,
       conditions = $12, stop = $13, days_before = $14, at_time = $15, version = t.version + 1
from template m where m.id = $4 and t.id = $1 and t.version = $2"""

SWITCH = "update trigger set active = $3, version = version + 1 where id = $1 and version = $2"
PLACES = "update trigger t set position = x.place from unnest($1::int[]) with ordinality x(id, place) where t.id = x.id"
DELETE = "delete from trigger where id = $1 and version = $2"


# ------------------------------------------------------------------------------------------------ firing
async def fire(change: Change) -> list[int]:
    """Plan the e-mails that a change calls for, in the caller's transaction. Returns the new messages' ids.

    Every trigger considered is written down with its outcome (B02). What still waits to remind of a deadline is
    cancelled: the dossier has moved on.
    """
    decided = await queries.decisions(change)
    composer = Composer(change)
    await _withdraw_reminders(change.dossier_id, [one.trigger for one in decided])
    posted = {one.trigger.id: await posting.post(one, change, composer) for one in decided if one.matched}
    await posting.write_down(change, decided, posted)
    return [message_id for ids in posted.values() for message_id in ids]


async def _withdraw_reminders(dossier_id: int, rules: Sequence[Rule]) -> None:
    reminders = [rule.id for rule in rules if rule.family == "deadline"]
    if reminders:
        await ledger.cancel_from("trigger", reminders, dossier_id, "moved_on")


# ------------------------------------------------------------------------------------------------ making them
async def create(campaign_id: int, draft: Draft, by: Actor) -> int:
    """A new trigger at the end of its family (E09, E10). Raises Missing, Refused (by field)."""
    async with db.transaction():
        await queries.check_scope(by, campaign_id)
        await _check(campaign_id, draft)
        row = (campaign_id, draft.name.strip(), draft.family, *_columns(draft), by.account_id)
        trigger_id = int(await db.fetchval(INSERT, *row))
        await reminding.replan(campaign_id)
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
        await reminding.replan(before.campaign_id)
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
        await reminding.replan(before.campaign_id)
        await _record(trigger_id, before.campaign_id, "trigger.activated" if active else "trigger.paused", by, before)


async def move(trigger_id: int, up: bool, by: Actor) -> None:
    """Ask a trigger before its neighbour for the same event, or after it. Nothing at either end. Raises Missing."""
    async with db.transaction():
        before = await queries.trigger(by, trigger_id)
        await parts.lock(before.campaign_id)
        ids = await queries.rivals(before)
        place = ids.index(trigger_id)
        other = place - 1 if up else place + 1
        if 0 <= other < len(ids):
            ids[place], ids[other] = ids[other], ids[place]
            await db.execute(PLACES, ids)
            await _record(trigger_id, before.campaign_id, "trigger.moved", by, before)


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
        roles=(await accounts.role_labels()).keys(),
        kept=before.recipients if before else (),
        submitted=statuses.get("submitted"),
        phases=await queries.phase_ids(campaign_id),
        questions=await queries.question_keys(campaign_id),
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
        draft.phase_id,
        msgspec.to_builtins(draft.conditions),
        draft.stop,
        draft.days_before,
        draft.at_time,
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

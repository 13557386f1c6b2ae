"""What people do to follow-ups: make, change, activate, pause, delete. One transaction each."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.autoresponders import queries, rules, words
from portal.autoresponders.queries import Autoresponder
from portal.autoresponders.rules import Draft, Known
from portal.ledger import actions as ledger
from portal.outcomes import Missing, Refused, Stale
from portal.triggers import queries as triggers

KIND = "autoresponder"

# The name of the template stands in for a name that was left empty.
INSERT = """
insert into autoresponder (campaign_id, name, cause, status_id, question, days, hours, template_id, active, active_from,
    created_by)
select $1, coalesce(nullif($2, ''), m.name), $3, $4, $5, $6, $7, m.id, $9, case when $9 then now() end, $10
from template m where m.id = $8 returning id"""

# Another cause, or one that was off, begins now: what happened before is not answered.
UPDATE = """
update autoresponder a set name = coalesce(nullif($3, ''), m.name), status_id = $4, question = $5, days = $6,
    hours = $7, template_id = m.id, active = $9, version = a.version + 1,
    active_from = case when not $9 then null when $10 then now() else a.active_from end,
    looked_at = case when $10 then null else a.looked_at end
from template m where m.id = $8 and a.id = $1 and a.version = $2"""
SWITCH = """
update autoresponder set active = $3, active_from = case when $3 then now() end, looked_at = null,
    version = version + 1
where id = $1 and version = $2 and active <> $3"""


async def create(campaign_id: int, draft: Draft, by: Actor) -> int:
    """A new follow-up. Raises Missing, Refused (by field). -> its id."""
    async with db.transaction():
        await triggers.check_scope(by, campaign_id)
        await _check(campaign_id, draft)
        row = (campaign_id, draft.name.strip(), draft.cause, *_columns(draft), by.account_id)
        made = await queries.one(by, int(await db.fetchval(INSERT, *row)))
        await _record(made, "created", by)
        return made.id


async def change(autoresponder_id: int, version: int, draft: Draft, by: Actor) -> None:
    """Change it; what it has planned stays as it is. The cause never changes. Raises Missing, Refused, Stale."""
    async with db.transaction():
        before = await queries.one(by, autoresponder_id)
        if draft.cause != before.cause:
            raise Missing
        await _check(before.campaign_id, draft, before)
        begins = draft.active and (not before.active or _when(draft) != _when(before.draft))
        row = (before.id, version, draft.name.strip(), *_columns(draft), begins)
        if not await db.execute(UPDATE, *row):
            raise await _stale(before)
        if draft.active != before.active:
            await ledger.set_gate(KIND, before.id, "open" if draft.active else "paused")
        await _record(await queries.one(by, before.id), "changed", by, before)


async def switch(autoresponder_id: int, version: int, active: bool, by: Actor) -> None:
    """Pause it with what of it has not left, or let it go on from now. Raises Missing, Stale."""
    async with db.transaction():
        before = await queries.one(by, autoresponder_id)
        if not await db.execute(SWITCH, before.id, version, active):
            raise await _stale(before)
        await ledger.set_gate(KIND, before.id, "open" if active else "paused")
        await _record(before, "activated" if active else "paused", by)


async def delete(autoresponder_id: int, version: int, by: Actor) -> None:
    """Delete it. What has not left is cancelled, what was sent stays in the register. Raises Missing, Stale."""
    async with db.transaction():
        before = await queries.one(by, autoresponder_id)
        if not await db.execute("delete from autoresponder where id = $1 and version = $2", before.id, version):
            raise await _stale(before)
        await ledger.set_gate(KIND, before.id, "cancelled")
        await _record(before, "deleted", by)


async def faults(campaign_id: int, draft: Draft, before: Autoresponder | None = None) -> dict[str, str]:
    """Everything that has to be mended, by field."""
    known = Known(
        templates={each.id for each in await triggers.templates_offered(before.template_id if before else None)},
        statuses=set((await triggers.status_ids(campaign_id)).values()),
        questions=(await queries.dated(campaign_id)).keys(),
    )
    return {field: words.problem_word(code) for field, code in rules.problems(draft, known)}


async def _check(campaign_id: int, draft: Draft, before: Autoresponder | None = None) -> None:
    if errors := await faults(campaign_id, draft, before):
        raise Refused(errors=errors)


def _columns(draft: Draft) -> tuple[Any, ...]:
    question = draft.question if draft.cause == "date" else ""
    status = None if draft.cause == "submitted" else draft.status_id
    return status, question, draft.days, draft.hours, draft.template_id, draft.active


def _when(draft: Draft) -> tuple[Any, ...]:
    """What it waits for."""
    return draft.status_id, draft.question, draft.days, draft.hours


async def _record(now: Autoresponder, verb: str, by: Actor, before: Autoresponder | None = None) -> None:
    """One line of the campaign's history, with what it was and is."""
    details: dict[str, Any] = {"title": now.name, "follow_up": msgspec.structs.asdict(now.draft)}
    if before:
        details["before"] = msgspec.structs.asdict(before.draft)
    await timeline.record(KIND, now.id, f"follow_up.{verb}", by, campaign_id=now.campaign_id, **details)


async def _stale(before: Autoresponder) -> Stale | Missing:
    """What to tell whoever was slower: the follow-up as it is now, who changed it and when; or that it is gone."""
    last = await queries.last_change(before.campaign_id, before.id)
    theirs = await queries.by_id(before.id)
    if theirs is None:
        return Missing()
    return Stale(theirs, by=last.name if last else "", at=last.at if last else None)

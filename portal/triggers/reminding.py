"""Reminders come to pass (B07): planned ahead, posted in portions, kept for a person when they are late.

A reminder is a row as soon as its hour is known and lies ahead. So a clock that was away finds what it has missed, and
a trigger made after its hour has none. Each portion is one transaction with how far it has come: whoever is killed
loses and repeats nothing, and the dossiers of a portion cannot move on unseen while it is posted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from portal import db, timeline
from portal.actor import SYSTEM, Actor
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent
from portal.outcomes import Missing, Stale
from portal.triggers import posting, queries, reminders, timing
from portal.triggers.compose import Composer
from portal.triggers.facts import Change, Rule
from portal.triggers.reminders import Late
from portal.triggers.rules import Decision

PORTION = 200  # dossiers of one transaction
MINUTE = 60  # seconds

OPEN = "select id, trigger_id, due_at, decided_at, reached from reminder where state in ('due', 'late')"

# A date that was moved away and back finds its reminder again, unless it has been sent or somebody has skipped it.
PLAN = """
insert into reminder (trigger_id, due_at) select * from unnest($1::int[], $2::timestamptz[])
on conflict (trigger_id, due_at) do update set state = 'due', at = now()
where reminder.state = 'dropped' and reminder.reached = 0 and reminder.decided_at is null"""
DROP = "update reminder set state = 'dropped', at = now() where id = any ($1::bigint[]) and state in ('due', 'late')"

# The one who holds the row goes on with it; another finds nothing.
HELD = """
select r.id, r.trigger_id, r.due_at, r.decided_at, r.reached, r.messages, t.campaign_id, t.from_status_id, t.phase_id,
       t.name
from reminder r join trigger t on t.id = r.trigger_id where r.id = $1 and r.state = 'due'
for update of r skip locked"""

# Locked against changes until the portion is posted: whoever submits meanwhile waits, and then withdraws the reminder.
DOSSIERS = """
select id, status_id from dossier
where status_id = $1 and withdrawn_at is null and id > $2 order by id limit $3 for share"""

REACHED = """
update reminder set reached = $2, messages = messages + $3, state = case when $4 then 'done' else state end, at = now()
where id = $1"""

DECIDE = """
update reminder set state = $2, decided_by = $3, decided_at = now(), at = now() where id = $1 and state = 'late'"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder that has to be looked after."""

    id: int
    trigger_id: int
    due_at: datetime
    decided_at: datetime | None
    reached: int
    messages: int = 0
    campaign_id: int = 0
    from_status_id: int | None = None
    phase_id: int | None = None
    name: str = ""


# ------------------------------------------------------------------------------------------------ by the clock
async def remind(now: datetime | None = None) -> int:
    """Plan what lies ahead and post what is due. Returns how many e-mails were posted."""
    now = now or datetime.now(UTC)
    await replan(now=now)
    ripe = [row for row in await db.fetch_as(Row, f"{OPEN} and state = 'due' order by due_at, id") if row.due_at <= now]
    posted, failures = 0, []
    for row in ripe:
        try:
            posted += await carry_out(row.id, now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("reminders that could not be posted", failures)
    return posted


async def replan(campaign_id: int | None = None, now: datetime | None = None) -> None:
    """Bring the plan in line with dates and triggers as they are now, in the caller's transaction if there is one.

    A reminder whose hour has changed is dropped, the new hour is planned if it lies ahead. What has begun, and what a
    person has decided to send, is kept.
    """
    now = now or datetime.now(UTC)
    async with db.transaction():
        wished = {each.id: each.wished for each in await reminders.deadlines(campaign_id)}
        rows = [row for row in await db.fetch_as(Row, OPEN) if row.trigger_id in wished]
        stale = [row.id for row in rows if row.due_at != wished[row.trigger_id] and not (row.reached or row.decided_at)]
        ahead = {trigger_id: due_at for trigger_id, due_at in wished.items() if due_at and due_at > now}
        if stale:
            await db.execute(DROP, stale)
        if ahead:
            await db.execute(PLAN, list(ahead), list(ahead.values()))


async def carry_out(reminder_id: int, now: datetime) -> int:
    """Post a reminder whose hour has come, portion by portion; or keep it for a person. Returns how many e-mails."""
    posted = 0
    while (portion := await _portion(reminder_id, now)) is not None:
        posted += portion
    return posted


async def _portion(reminder_id: int, now: datetime) -> int | None:
    """One portion in one transaction: how many e-mails; None when there is nothing (more) to do."""
    async with db.transaction():
        row = await db.one_as(Row, HELD, reminder_id)
        if row is None:
            return None
        if timing.verdict(row.due_at, now, decided=bool(row.decided_at)) == "late":
            await db.execute("update reminder set state = 'late', at = now() where id = $1", row.id)
            await _record(row, "reminder.late", SYSTEM)
            return None
        return await _post(row)


async def _post(row: Row) -> int | None:
    rule = next((each for each in await queries.rules_of(row.campaign_id) if each.id == row.trigger_id), None)
    changes = [_near(row, each["id"], each["status_id"]) for each in await _dossiers(row)]
    composer = Composer(changes[0] if changes else _near(row, 0, row.from_status_id or 0))
    sender = await composer.sender(rule) if rule else None
    if rule is None or sender is None:  # nobody to write from: it waits, and grows late
        return None
    decided = await queries.decisions_of_many(changes, [rule])
    message_ids = await _letters(rule, sender.id, changes, decided, composer)
    last = len(changes) < PORTION
    reached = changes[-1].dossier_id if changes else row.reached
    await db.execute(REACHED, row.id, reached, len(message_ids), last)
    if last:
        await _record(row, "reminder.sent", SYSTEM, n=row.messages + len(message_ids))
    return len(message_ids)


async def _dossiers(row: Row) -> list[Any]:
    return await db.fetch(DOSSIERS, row.from_status_id, row.reached, PORTION)


def _near(row: Row, dossier_id: int, status_id: int) -> Change:
    """A deadline is near: nobody did anything, and the dossier stays where it is."""
    return Change(
        dossier_id=dossier_id,
        campaign_id=row.campaign_id,
        event_id=int(row.due_at.timestamp()) // MINUTE,
        kind="deadline",
        from_status=status_id,
        to_status=status_id,
        manual=False,
        actor_kind="rule",
        phase=row.phase_id,
    )


async def _letters(
    rule: Rule, sender_id: int, changes: list[Change], decided: dict[int, list[Decision]], composer: Composer
) -> list[int]:
    """All letters of a portion as one plan, and their lines in the log."""
    intents: list[Intent] = []
    matching = [(each, decided[each.dossier_id][0]) for each in changes if each.dossier_id in decided]
    for change, decision in matching:
        intents += await posting.intents(decision, change, composer.about(change))
    message_ids = await ledger.post("trigger", rule.id, sender_id, matching[0][1].lane, intents) if intents else []
    theirs = await posting.by_dossier(message_ids)
    rows = [posting.row_of(change.dossier_id, one, theirs.get(change.dossier_id, ())) for change, one in matching]
    if rows:
        await posting.write_rows(changes[0], rows)
    return message_ids


# ------------------------------------------------------------------------------------------------ by a person
async def decide(reminder_id: int, verb: Literal["send", "skip"], by: Actor) -> None:
    """Send a late reminder after all, or never. Raises Missing, Stale (somebody else has decided)."""
    found = await reminders.late(by, reminder_id)
    if not found or (verb == "send" and found[0].closed):
        raise Missing
    async with db.transaction():
        if not await db.execute(DECIDE, reminder_id, "due" if verb == "send" else "dropped", by.account_id):
            raise Stale
        await _record(found[0], "reminder.released" if verb == "send" else "reminder.skipped", by)


async def _record(row: Row | Late, what: str, by: Actor, **details: Any) -> None:
    about: dict[str, Any] = {"title": row.name, "due_at": row.due_at.isoformat(), **details}
    await timeline.record("trigger", row.trigger_id, what, by, campaign_id=row.campaign_id, **about)

"""A plan carried out: messages to the ledger, every trigger considered to the log, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal import db
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent
from portal.triggers.compose import Composer
from portal.triggers.facts import Change
from portal.triggers.rules import Decision, Recipient

DOSSIERS = 10_000_000_000  # more than there will ever be: an occurrence of its own for each deadline and dossier

# The whole plan of an event at once, in the order in which the triggers were asked (B02).
WRITE_DOWN = """
insert into decision (campaign_id, dossier_id, event, event_id, trigger_id, trigger_name, why_not, details, message_ids)
select $1, x.dossier_id, $2, $3, x.trigger_id, x.trigger_name, x.why_not, x.details, x.message_ids
from jsonb_to_recordset($4::jsonb) as x(place int, dossier_id bigint, trigger_id int, trigger_name text,
    why_not text, details jsonb, message_ids bigint[])
order by x.place"""

# Which of some messages are about which dossier.
BY_DOSSIER = "select dossier_id, array_agg(id order by id) as ids from message where id = any ($1) group by dossier_id"


async def post(decision: Decision, change: Change, composer: Composer) -> list[int]:
    """One trigger's messages. Without any sender nothing can be posted: the page of the campaign says so."""
    sender = await composer.sender(decision.trigger)
    if sender is None:
        return []
    planned = await intents(decision, change, composer)
    return await ledger.post("trigger", decision.trigger.id, sender.id, decision.lane, planned)


async def intents(decision: Decision, change: Change, composer: Composer) -> list[Intent]:
    """What a matching trigger intends, letters and all."""
    return [await _intent(decision, one, change, composer) for one in decision.recipients if one.recorded]


async def _intent(decision: Decision, one: Recipient, change: Change, composer: Composer) -> Intent:
    return Intent(
        address=one.address,
        locale=one.locale or one.wished,
        optional=decision.trigger.optional,
        occurrence=occurrence(change),
        person_id=one.person_id,
        dossier_id=change.dossier_id,
        letter=await composer.letter(decision, one),
        state=one.state,
        reason=one.reason,
        delay_minutes=one.delay_minutes,
    )


def occurrence(change: Change) -> int:
    """The event within the trigger. A deadline is one event for many dossiers, each with a letter of its own."""
    return change.event_id if change.kind != "deadline" else change.event_id * DOSSIERS + change.dossier_id


async def write_down(change: Change, decided: Sequence[Decision], posted: Mapping[int, Sequence[int]]) -> None:
    """The outcome of every trigger considered. `posted`: trigger -> its messages."""
    await write_rows(change, [row_of(change.dossier_id, one, posted.get(one.trigger.id, ())) for one in decided])


async def write_rows(change: Change, rows: Sequence[dict[str, Any]]) -> None:
    """Lines of the log, in this order, about the event that the change tells."""
    if rows:
        placed = [{**row, "place": place} for place, row in enumerate(rows)]
        await db.execute(WRITE_DOWN, change.campaign_id, change.kind, change.event_id, placed)


def row_of(dossier_id: int, one: Decision, message_ids: Sequence[int]) -> dict[str, Any]:
    """A line of the log as one flat JSON object."""
    return {
        "dossier_id": dossier_id,
        "trigger_id": one.trigger.id,
        "trigger_name": one.trigger.name,
        "why_not": one.why_not or "",
        "details": one.details,
        "message_ids": list(message_ids),
    }


async def by_dossier(message_ids: Sequence[int]) -> dict[int, list[int]]:
    """Dossier -> those of the messages that are about it."""
    return {row["dossier_id"]: row["ids"] for row in await db.fetch(BY_DOSSIER, list(message_ids))}

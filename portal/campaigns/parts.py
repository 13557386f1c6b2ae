"""What the lists of a campaign have in common: texts by language, an order, a lock, a row of history."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.outcomes import Refused

# Changes places with the neighbour above (-1) or below (1). Positions are dealt afresh, so that they never tie.
MOVE = """
with places as (
    select id, row_number() over (order by position, id) as place from {table} where campaign_id = $1
), mine as (select place from places where id = $2)
update {table} t set position = case p.place when mine.place then mine.place + $3
    when mine.place + $3 then mine.place else p.place end
from places p, mine where t.id = p.id and mine.place + $3 between 1 and (select count(*) from places)"""


def refuse(errors: dict[str, str]) -> None:
    """Raise Refused when there is anything to mend."""
    if errors:
        raise Refused(errors=errors)


def merged(before: dict[str, str], now: dict[str, str], shown: list[str]) -> dict[str, str]:
    """The texts of the languages that were shown, as they are now, and those of the others as they were."""
    kept = {locale: text for locale, text in before.items() if locale not in shown}
    return {**kept, **{locale: text for locale, text in now.items() if text}}


def changes(before: Any, draft: msgspec.Struct) -> dict[str, Any]:
    """field -> [before, after] of what a draft changes in a row, as plain JSON values for the history.

    The same languages in another order are no change.
    """
    pairs = {name: (getattr(before, name), getattr(draft, name)) for name in draft.__struct_fields__}
    return {name: msgspec.to_builtins(pair) for name, pair in pairs.items() if _differ(*pair)}


def _differ(before: Any, after: Any) -> bool:
    return sorted(before) != sorted(after) if isinstance(before, list) else before != after


async def move(by: Actor, table: str, campaign_id: int, row_id: int, step: int, **details: Any) -> None:
    """Change places with a neighbour in `table`, which is status, question or phase."""
    async with db.transaction():
        await lock(campaign_id)
        if await db.execute(MOVE.format(table=table), campaign_id, row_id, step):
            await record(campaign_id, f"campaign.{table}_moved", by, **details)


async def lock(campaign_id: int) -> None:
    """One at a time changes the lists of a campaign."""
    await db.execute("select from campaign where id = $1 for no key update", campaign_id)


async def record(campaign_id: int, what: str, by: Actor, **details: Any) -> None:
    """An event in the campaign's own history."""
    await timeline.record("campaign", campaign_id, what, by, campaign_id=campaign_id, **details)

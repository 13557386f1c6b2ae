"""The statuses of a campaign in menus: group by group where it has phases after the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from portal import db
from portal.campaigns.words import first_phase
from portal.i18n import text_in

# The first phase and the later ones in their order; nothing when there is only the first.
PHASES = """
select id, title from (
    select null::int as id, c.first_phase as title, 0 as position from campaign c
    where c.id = $1 and exists (select from phase p where p.campaign_id = c.id)
    union all
    select p.id, p.title, p.position from phase p where p.campaign_id = $1) one
order by id is not null, position, id"""


class Phased(Protocol):
    """Something that belongs to a phase; None: the first."""

    @property
    def phase_id(self) -> int | None: ...


Item = TypeVar("Item", bound=Phased)


class _Phase(msgspec.Struct, frozen=True):
    id: int | None
    title: dict[str, str]


async def by_phase(campaign_id: int, items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """(name of the phase, what belongs to it), empty ones left out; one group named "" where there are no phases."""
    if not items:
        return []
    phases = await db.fetch_as(_Phase, PHASES, campaign_id)
    if not phases:
        return [("", list(items))]
    groups = [(each, [item for item in items if item.phase_id == each.id]) for each in phases]
    return [
        (first_phase(each.title) if each.id is None else text_in(each.title), mine) for each, mine in groups if mine
    ]

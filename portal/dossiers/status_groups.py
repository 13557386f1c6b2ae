"""The statuses of a campaign in menus: group by group where it has phases after the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from portal.campaigns.words import first_phase
from portal.dossiers.queries import Status
from portal.i18n import text_in

Item = TypeVar("Item")


def by_phase(items: Sequence[Item], status_of: Callable[[Item], Status]) -> list[tuple[str, list[Item]]]:
    """(name of the phase, what belongs to it), the first phase first; "" where a campaign has no other phases."""
    groups: dict[tuple[int, int], tuple[str, list[Item]]] = {}
    for item in items:
        status = status_of(item)
        place = (status.phase_position, status.phase_id or 0)
        groups.setdefault(place, (_name(status), []))[1].append(item)
    return [groups[place] for place in sorted(groups)]


def _name(status: Status) -> str:
    if status.phase is None:
        return ""
    return text_in(status.phase) if status.phase_id else first_phase(status.phase)

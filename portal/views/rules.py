"""What a view may be called and what it may keep. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MODULES = ("dossiers", "candidates", "contacts", "companies")
NAME_LIMIT = 80
LARGEST = 8_000  # characters of the filters together
NOT_KEPT = frozenset({"cursor", "view", "place", "id", "all", "campaign", "column"})


def kept(query: Mapping[str, Any]) -> dict[str, Any]:
    """What a view keeps of a list's query: its filters and order; neither the page one was on nor the ticks."""
    return {name: value for name, value in query.items() if name not in NOT_KEPT and value not in (None, "", [])}

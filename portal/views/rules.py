"""What a view may be called and what it may keep. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MODULES = ("dossiers", "candidates", "contacts", "companies")
NAME_LIMIT = 80
LARGEST = 8_000  # characters of the filters together
NOT_KEPT = frozenset({"cursor", "view", "place", "id", "all", "campaign", "column"})


def kept(query: Mapping[str, Any]) -> dict[str, Any]:
    """What a view keeps of a list's query: its filters and order; neither the page one was on nor the ticks."""
    return {name: value for name, value in query.items() if name not in NOT_KEPT and value not in (None, "", [])}


def same(filters: Mapping[str, Any], columns: Sequence[str], query: Mapping[str, Any], shown: Sequence[str]) -> bool:
    """Whether a list shows what its view keeps."""
    return _plain(filters) == _plain(kept(query)) and list(columns) == list(shown)


def _plain(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in filters.items()}

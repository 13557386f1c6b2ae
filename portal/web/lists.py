"""The web's side of lists: which page is asked for, and which filters are active."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.lists import Cursor, Keyset, Slice
from portal.web.htmx import Request
from portal.web.templating import url

__all__ = ["Chip", "Cursor", "Keyset", "Slice", "asked", "chips"]

PAGE = 50


class Chip(msgspec.Struct, frozen=True):
    """An active filter in words, and the address of the list without it."""

    text: str
    without: str


def asked(request: Request, keyset: Keyset) -> Cursor | None:
    """The cursor in `?cursor=`; None on the first page."""
    return keyset.read(request.query_params.get("cursor"))


def chips(path: str, active: Sequence[tuple[str, str]], query: dict[str, str]) -> list[Chip]:
    """One chip per active filter: `active` is (query parameter, its words); `query` is the list's whole query."""
    return [
        Chip(words, url(path, **{key: value for key, value in query.items() if key not in (name, "cursor")}))
        for name, words in active
    ]

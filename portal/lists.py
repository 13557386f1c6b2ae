"""Lists that page by key, never by offset: an opaque cursor in the query string, newer and older.

    LATEST = Keyset(("d.changed_at", datetime), ("d.id", int))
    cursor = LATEST.read(text)                       # None: the first page
    sql = f"... where {LATEST.condition(cursor, first=3)} order by {LATEST.order(cursor)} limit {limit + 1}"
    rows = await fetch_as(Row, sql, *own_two_parameters, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.changed_at, row.id))

Pure. The key's columns must be unique together and never null.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
LONGEST = 500
CASTS = {int: "bigint", str: "text", datetime: "timestamptz", float: "float8"}
BIGINT = 2**63
SPECIAL = re.compile(r"([\\%_])")


def literal(text: str) -> str:
    """A text for LIKE: its own %, _ and backslashes mean themselves."""
    return SPECIAL.sub(r"\\\1", text)


class Cursor(msgspec.Struct, frozen=True):
    """Where a page starts: after `key` going down the list, or, with `back`, before it."""

    key: tuple[Any, ...]
    back: bool = False

    def encode(self) -> str:
        """The cursor as it stands in a URL."""
        return base64.urlsafe_b64encode(msgspec.json.encode((self.back, *self.key))).decode().rstrip("=")


class Slice(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list, in the list's order, with the cursors of its neighbours (None: there is none)."""

    items: list[T]
    newer: str | None = None
    older: str | None = None

    def __bool__(self) -> bool:
        return bool(self.items)


class Keyset:
    """The order of a list: (SQL expression, type) pairs, all descending unless `ascending`."""

    def __init__(self, *columns: tuple[str, type], ascending: bool = False) -> None:
        self.columns = [name for name, _type in columns]
        self.types = tuple(type_ for _name, type_ in columns)
        self.ascending = ascending

    def read(self, text: str | None) -> Cursor | None:
        """The cursor of a URL; None for the first page, and for anything that was not made here."""
        if not text or len(text) > LONGEST:
            return None
        try:
            plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            back, *key = msgspec.json.decode(plain, type=tuple.__class_getitem__((bool, *self.types)))
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None
        if any(isinstance(each, int) and abs(each) >= BIGINT for each in key):
            return None
        return Cursor(tuple(key), back)

    def condition(self, cursor: Cursor | None, first: int) -> str:
        """The SQL condition of the page; its parameters are numbered from `first`."""
        if cursor is None:
            return "true"
        parameters = ", ".join(f"${number}::{CASTS[type_]}" for number, type_ in enumerate(self.types, first))
        return f"({', '.join(self.columns)}) {'<' if self._down(cursor) else '>'} ({parameters})"

    def parameters(self, cursor: Cursor | None) -> tuple[Any, ...]:
        """The values of the condition's parameters."""
        return cursor.key if cursor else ()

    def order(self, cursor: Cursor | None) -> str:
        """The SQL order: reversed while going back, so that the limit cuts at the far end."""
        way = "desc" if self._down(cursor) else "asc"
        return ", ".join(f"{column} {way}" for column in self.columns)

    def slice(
        self, rows: Sequence[T], cursor: Cursor | None, limit: int, key: Callable[[T], tuple[Any, ...]]
    ) -> Slice[T]:
        """The page made of up to `limit + 1` rows; the one too many only says that there are more."""
        back = cursor is not None and cursor.back
        more, items = len(rows) > limit, list(rows[:limit])
        if back:
            items.reverse()
        if not items:
            return Slice([])
        newer = Cursor(key(items[0]), back=True).encode() if (more if back else cursor) else None
        older = Cursor(key(items[-1])).encode() if (True if back else more) else None
        return Slice(items, newer, older)

    def _down(self, cursor: Cursor | None) -> bool:
        return self.ascending == (cursor is not None and cursor.back)

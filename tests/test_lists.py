"""Paging by key: every row once, forth and back, whatever the cursor of a stranger says."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import db
from portal.lists import Cursor, Keyset, Slice

LATEST = Keyset(("at", datetime), ("id", int))
FIRST = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


async def page(text: str | None, limit: int, keyset: Keyset = LATEST) -> Slice[int]:
    """A page of ten rows, of which always two share a moment."""
    cursor = keyset.read(text)
    sql = f"""select id, at from (select n as id, $1::timestamptz - (n / 2) * interval '1 hour' as at
        from generate_series(1, 10) n) rows where {keyset.condition(cursor, 2)}
        order by {keyset.order(cursor)} limit {limit + 1}"""
    rows = await db.fetch(sql, FIRST, *keyset.parameters(cursor))
    found = keyset.slice(rows, cursor, limit, key=lambda row: (row["at"], row["id"]))
    return Slice([row["id"] for row in found.items], found.newer, found.older)


async def walk(text: str | None, limit: int, way: str, keyset: Keyset = LATEST) -> list[list[int]]:
    pages = []
    while True:
        found = await page(text, limit, keyset)
        pages.append(found.items)
        text = getattr(found, way)
        if text is None:
            return pages


@pytest.mark.parametrize("limit", [1, 3, 5, 10, 11])
async def test_going_down_shows_every_row_once_and_going_back_the_same_pages(db: None, limit: int) -> None:
    down = await walk(None, limit, "older")
    order = sorted(range(1, 11), key=lambda n: (-(n // 2), n), reverse=True)
    assert [row for rows in down for row in rows] == order
    start = Cursor(key=(FIRST - timedelta(days=9), 0), back=True).encode()
    up = await walk(start, limit, "newer")
    assert [row for rows in reversed(up) for row in rows] == order


async def test_an_ascending_list_works_the_same(db: None) -> None:
    keyset = Keyset(("at", datetime), ("id", int), ascending=True)
    rows = [row for rows in await walk(None, 4, "older", keyset) for row in rows]
    assert rows == sorted(range(1, 11), key=lambda n: (-(n // 2), n))


async def test_the_first_page_has_nothing_newer_and_the_last_nothing_older(db: None) -> None:
    first = await page(None, 4)
    second = await page(first.older, 4)
    back = await page(second.newer, 4)
    assert (first.newer, back.items, back.newer) == (None, first.items, None)
    assert (await page(None, 10)).older is None


def test_an_empty_page_has_no_neighbours() -> None:
    assert LATEST.slice([], None, 5, key=lambda row: ()) == Slice([])


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_a_made_up_cursor_is_the_first_page(text: str) -> None:
    assert LATEST.read(text) is None


@pytest.mark.parametrize("key", [("x", 1), (1, 1), ("2026-11-22T09:00:00Z", "1"), ("2026-11-22T09:00:00Z", 2**70)])
def test_a_cursor_of_other_types_is_the_first_page(key: tuple[object, ...]) -> None:
    assert LATEST.read(Cursor(key).encode()) is None

"""Reads of pictures. Their addresses are public and hold a key that nobody can guess."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.lists import Cursor, Keyset, Slice

PAGE = 24
LATEST = Keyset(("p.id", int))
PICTURE = """
select p.id, p.key, p.name, p.media_type, p.width, p.height, octet_length(p.content) as size, p.created_at,
       coalesce(a.name, '') as created_by
from picture p left join account a on a.id = p.created_by"""


class Picture(msgspec.Struct, frozen=True):
    """A picture without its content. Pixels, octets; `created_at` is aware."""

    id: int
    key: str
    name: str
    media_type: str
    width: int
    height: int
    size: int
    created_at: datetime
    created_by: str

    @property
    def path(self) -> str:
        """Its address on this host."""
        return f"/pictures/{self.key}"


async def latest(search: str = "", cursor: Cursor | None = None) -> Slice[Picture]:
    """The pictures whose name has these words, newest first."""
    condition, order = LATEST.condition(cursor, first=2), LATEST.order(cursor)
    sql = (
        f"""{PICTURE} where strpos(folded(p.name), folded($1)) > 0 and {condition} order by {order} limit {PAGE + 1}"""
    )
    rows = await db.fetch_as(Picture, sql, search.strip(), *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, PAGE, key=lambda row: (row.id,))


async def one(picture_id: int | None) -> Picture | None:
    """A picture by its id."""
    return await db.one_as(Picture, f"{PICTURE} where p.id = $1", picture_id)


async def content(key: str) -> tuple[str, bytes] | None:
    """Media type and octets of a picture; None where there is no such key."""
    row = await db.fetchrow("select media_type, content from picture where key = $1", key)
    return (row["media_type"], row["content"]) if row else None

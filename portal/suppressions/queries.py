"""Blocked addresses as their list shows them, latest first (B08)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal

import msgspec

from portal import db
from portal.lists import Cursor, Keyset, Slice, literal

PAGE = 50
PIECE = 2_000  # rows of a file that are read at a time
LATEST = Keyset(("s.at", datetime), ("s.address::text", str), ("s.scope", str))

# Candidate and contact are one person by address.
LISTED = """
select s.address::text as address, s.scope, s.reason, s.source, s.note, s.at, s.expires_at, p.id as person_id,
       trim(coalesce(p.first_name || ' ' || p.last_name, '')) as name
from suppression s left join person p on p.email = s.address"""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is narrowed to. `q`: a part of the address."""

    q: str = ""
    reason: str = ""
    scope: str = ""


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """An address and why it is not written to. `person_id` None: nobody we know has it. Instants are aware."""

    address: str
    scope: Literal["all", "optional"]
    reason: str
    source: str
    note: str
    at: datetime
    expires_at: datetime | None
    person_id: int | None
    name: str


async def search(filters: Filters, cursor: Cursor | None = None, limit: int = PAGE) -> Slice[Blocked]:
    """One page of what matches."""
    conditions, parameters = _conditions(filters)
    first = len(parameters) + 2
    sql = f"""{LISTED} where {" and ".join([*conditions, LATEST.condition(cursor, first=first)])}
        order by {LATEST.order(cursor)} limit ${first - 1}"""
    rows = await db.fetch_as(Blocked, sql, *parameters, limit + 1, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.at, row.address, row.scope))


async def everything(filters: Filters) -> AsyncIterator[list[Blocked]]:
    """All that matches, a piece at a time."""
    cursor: Cursor | None = None
    while True:
        found = await search(filters, cursor, PIECE)
        yield found.items
        cursor = LATEST.read(found.older)
        if cursor is None:
            return


async def one(address: str, scope: str) -> Blocked | None:
    """Why an address is not written to within a scope, if it is not."""
    return await db.one_as(Blocked, f"{LISTED} where s.address = $1 and s.scope = $2", address, scope)


async def any_at_all() -> bool:
    """Whether any address is blocked."""
    return bool(await db.fetchval("select exists (select from suppression)"))


def _conditions(filters: Filters) -> tuple[list[str], list[object]]:
    conditions, parameters = [], []
    for sql, value in (
        ("s.address::text ilike ${n}", f"%{literal(filters.q)}%" if filters.q else ""),
        ("s.reason = ${n}", filters.reason),
        ("s.scope = ${n}", filters.scope),
    ):
        if value:
            parameters.append(value)
            conditions.append(sql.replace("{n}", str(len(parameters))))
    return conditions, list[object](parameters)

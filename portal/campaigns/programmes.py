"""Programmes: what several calls belong to, year after year (E17). Everybody who sees campaigns knows their titles."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.campaigns import checks, parts
from portal.i18n import text_in
from portal.outcomes import Missing, Stale

COLUMNS = "p.id, p.title, p.description, p.version"


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme; texts by language."""

    id: int
    title: dict[str, str]
    description: dict[str, str]
    version: int

    @property
    def name(self) -> str:
        """The title in the reader's language."""
        return text_in(self.title)

    @property
    def choice(self) -> tuple[int, str]:
        """Value and label in a menu."""
        return self.id, self.name


# ------------------------------------------------------------------------------------------------ reading
async def every() -> list[Programme]:
    """All programmes, by their title in the reader's language."""
    found = await db.fetch_as(Programme, f"select {COLUMNS} from programme p")
    return sorted(found, key=lambda each: (each.name.casefold(), each.id))


async def one(programme_id: int) -> Programme:
    """One programme. Raises Missing."""
    found = await db.one_as(Programme, f"select {COLUMNS} from programme p where p.id = $1", programme_id)
    if found is None:
        raise Missing
    return found


async def campaigns_of(programme_id: int) -> int:
    """How many campaigns belong to it, those in the archive too."""
    return int(await db.fetchval("select count(*) from campaign where programme_id = $1", programme_id))


# ------------------------------------------------------------------------------------------------ verbs
async def add(by: Actor, title: dict[str, str], description: dict[str, str]) -> int:
    """A new programme. Returns its id. Raises Refused."""
    parts.refuse(checks.of_programme(title))
    async with db.transaction():
        sql = "insert into programme (title, description) values ($1, $2) returning id"
        programme_id = int(await db.fetchval(sql, title, description))
        await _record(programme_id, "programme.created", by, title=title)
    return programme_id


async def change(
    by: Actor, programme_id: int, version: int, title: dict[str, str], description: dict[str, str]
) -> None:
    """Change its texts. Raises Missing, Refused, Stale with the programme as it is now."""
    before = await one(programme_id)
    parts.refuse(checks.of_programme(title))
    async with db.transaction():
        sql = "update programme set title = $3, description = $4, version = version + 1 where id = $1 and version = $2"
        if not await db.execute(sql, programme_id, version, title, description):
            raise Stale(await one(programme_id))
        await _record(programme_id, "programme.changed", by, title=title, before=before.title)


async def remove(by: Actor, programme_id: int) -> None:
    """Delete a programme. Its campaigns stay, without a programme. Raises Missing."""
    programme = await one(programme_id)
    async with db.transaction():
        if await db.execute("delete from programme where id = $1", programme_id):
            await _record(programme_id, "programme.deleted", by, title=programme.title)


async def _record(programme_id: int, what: str, by: Actor, **details: Any) -> None:
    await timeline.record("programme", programme_id, what, by, **details)

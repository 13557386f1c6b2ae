"""Lists taken out from the command line: what the account may see, as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import click

from portal import db, sheets, timeline
from portal.actor import Actor
from portal.commands.importing import Tell, actor_named
from portal.dossiers import exporting
from portal.dossiers.exporting import Wanted
from portal.dossiers.filters import Filters
from portal.dossiers.selection import Selection
from portal.imports.rules import Kind

PORTION = 5_000
PEOPLE = """
select id, kind, email::text as email, first_name, last_name, locale, created_at from person
where id > $1 order by id limit $2"""
COLUMNS = ("kind", "email", "first_name", "last_name", "locale", "created_at")


async def take_out(kind: Kind, campaign: str, account: str, file: Path, tell: Tell) -> int:
    """Write the file, CSV or XLSX by its name. Returns how many rows. Raises ClickException."""
    by = await actor_named(account)
    form = file.suffix.lower().removeprefix(".")
    if form not in exporting.FORMATS:
        raise click.ClickException("Name the file .csv or .xlsx.")
    if kind == "people":
        count = await _write(file, form, COLUMNS, _people(by), tell)
        await timeline.record("export", 0, "export.people", by, n=count)
        return count
    wanted = Wanted(await _all_of(campaign), "all", form)
    shown = await exporting.shown_columns(wanted)
    count = await _write(file, form, exporting.header(shown), exporting.rows(by, wanted, shown), tell)
    await exporting.record(by, wanted, count)
    return count


async def _all_of(slug: str) -> Selection:
    campaign_id = await db.fetchval("select id from campaign where slug = $1", slug) if slug else None
    if slug and campaign_id is None:
        raise click.ClickException(f"No campaign {slug}.")
    return Selection(Filters(campaign=campaign_id), all_matching=True)


async def _people(by: Actor) -> AsyncIterator[list[list[Any]]]:
    """Everybody, in portions. People are no campaign's: it takes somebody who may see them all."""
    if not (by.everywhere or by.may("person.edit")):
        raise click.ClickException("The account may not see everybody.")
    last = 0
    while rows := await db.fetch(PEOPLE, last, PORTION):
        last = rows[-1]["id"]
        yield [[row[name] for name in COLUMNS] for row in rows]


async def _write(
    file: Path, form: str, header: Sequence[str], portions: AsyncIterator[list[list[Any]]], tell: Tell
) -> int:
    count = 0
    with file.open("wb") as stream:
        book = sheets.begin(form, stream, "1", header)
        async for portion in portions:
            book.write(portion)
            count += len(portion)
            tell(count, 0)
        book.close()
    return count

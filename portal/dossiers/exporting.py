"""Dossiers as a file: at once when they are few, as long work with a download when they are many."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from portal import sheets, timeline
from portal.actor import Actor
from portal.campaigns import form_queries
from portal.dossiers import columns, search, selection
from portal.dossiers.columns import Column
from portal.dossiers.selection import Selection, from_text
from portal.i18n import _
from portal.jobs.queries import Job
from portal.jobs.running import Report
from portal.lists import Cursor, Keyset
from portal.settings import settings

JOB = "export"
FORMATS = ("csv", "xlsx")
AT_ONCE = 5_000  # dossiers
PORTION = 1_000
KEPT_DAYS = 7
# By id, not in the list's order: what changes while the file is written is neither left out nor written twice.
BY_ID = Keyset(("d.id", int), ascending=True)


class Wanted(msgspec.Struct, frozen=True):
    """What to write: which dossiers, which columns ("shown" or "all"), as which kind of file."""

    selection: Selection
    columns: str
    file: str


async def shown_columns(wanted: Wanted) -> list[Column]:
    """The columns of the file; answers only where the dossiers are of one campaign."""
    filters = wanted.selection.filters
    questions = await form_queries.all_questions(filters.campaign) if filters.campaign else []
    every = columns.offered([each.asked for each in questions], filters.campaign is not None)
    return every if wanted.columns == "all" else columns.chosen(every, filters.column)


def header(shown: Sequence[Column]) -> list[str]:
    """The first row."""
    return [columns.number_label(), *(column.label for column in shown)]


async def rows(by: Actor, wanted: Wanted, shown: Sequence[Column]) -> AsyncIterator[list[list[Any]]]:
    """The other rows, in portions; those that the actor may see, each once."""
    filters, where = wanted.selection.filters, await selection.where(by, wanted.selection)
    cursor: Cursor | None = None
    while True:
        page = await search.find(by, filters, cursor, PORTION, columns.more(shown), order=BY_ID, where=where)
        if page.items:
            yield [[row.number, *(columns.plain(column, row) for column in shown)] for row in page.items]
        if (cursor := BY_ID.read(page.older)) is None:
            return


async def at_once(by: Actor, wanted: Wanted) -> bytes:
    """The whole file."""
    shown = await shown_columns(wanted)
    portions = [portion async for portion in rows(by, wanted, shown)]
    found = [row for portion in portions for row in portion]
    await record(by, wanted, len(found))
    return await asyncio.to_thread(sheets.whole, wanted.file, _("Dossiers"), header(shown), found)


async def record(by: Actor, wanted: Wanted, n: int) -> None:
    """Say in the history who took what out of the house."""
    campaign = wanted.selection.filters.campaign
    details: dict[str, Any] = {"n": n, "format": wanted.file, "columns": wanted.columns}
    await timeline.record("export", campaign or 0, "export.dossiers", by, campaign_id=campaign, **details)


# ------------------------------------------------------------------------------------------------ as long work
async def work(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Write the file of a job (portal.jobs.running.Whole). Begun again, it begins a new file; the old one is swept."""
    wanted = Wanted(from_text(job.what["picked"]), job.what["columns"], job.what["file"])
    shown = await shown_columns(wanted)
    path = path_of(f"{secrets.token_hex(16)}.{wanted.file}")
    path.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with path.open("wb") as file:
        book = sheets.begin(wanted.file, file, _("Dossiers"), header(shown))
        async for portion in rows(by, wanted, shown):
            await asyncio.to_thread(book.write, portion)
            done += len(portion)
            await report(done, max(done, job.total))
        await asyncio.to_thread(book.close)
    await report(done, done)
    await record(by, wanted, done)
    return {"file": path.name, "rows": done, "size": path.stat().st_size}


def path_of(name: str) -> Path:
    """Where the file of a job lies."""
    return settings().data_dir / "exports" / Path(name).name


def sweep() -> int:
    """Delete files that are older than a week. How many."""
    folder, before = settings().data_dir / "exports", time.time() - KEPT_DAYS * 86_400
    old = [path for path in folder.glob("*") if path.stat().st_mtime < before] if folder.is_dir() else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)

"""What people do with a list from elsewhere: upload it, say how it is read, check it, bring it in, put it away."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.imports import queries, reading, rules, store, words
from portal.imports.queries import Choices, Import, Person
from portal.imports.reading import Reading, Sheet, Unreadable
from portal.imports.rules import CHECK_JOB, RUN_JOB
from portal.jobs import actions as jobs
from portal.outcomes import Missing, Refused, Stale

FORGOTTEN_AFTER = "30 days"  # after that, files of imports that were never brought in are removed

INSERT = """
insert into import_file (kind, campaign_id, account_id, name, stored_as, size, sha256, reading, header, rows, mapping,
    options)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id"""
CHOOSE = """
update import_file set reading = $3, header = $4, rows = $5, mapping = $6, options = $7, state = 'uploaded',
    counts = '{}', version = version + 1
where id = $1 and version = $2 and state in ('uploaded', 'checked')"""
MOVE = """
update import_file set state = $3, job_id = coalesce($4, job_id), version = version + 1,
    ended_at = case when $3 = 'cancelled' then now() end
where id = $1 and version = $2 and state = any ($5)"""
OLD = f"""
update import_file set state = 'cancelled', ended_at = now(), version = version + 1
where state in ('uploaded', 'checked', 'failed') and created_at < now() - interval '{FORGOTTEN_AFTER}'
returning stored_as"""


async def upload(
    by: Actor, kind: rules.Kind, campaign_id: int | None, name: str, data: bytes, *, person: Person = "candidate"
) -> int:
    """Keep a file and guess how it is read. Returns the import's id. Raises Refused (field file), Missing.

    `person`: what new people of a list of people are.
    """
    campaign_id = campaign_id if kind == "dossiers" else None
    if kind == "dossiers":
        await check_campaign(by, campaign_id)
    how, sheet = await _guessed(data)
    mapping = rules.suggested(sheet.header, kind, await labels(campaign_id))
    stored_as = await store.keep(data)
    row = (kind, campaign_id, by.account_id, name[:200], stored_as, len(data), hashlib.sha256(data).digest())
    how_row = (msgspec.to_builtins(how), sheet.header, len(sheet.rows), mapping, {"person": person})
    return int(await db.fetchval(INSERT, *row, *how_row))


async def _guessed(data: bytes) -> tuple[Reading, Sheet]:
    try:
        how = await asyncio.to_thread(reading.guess, data)
        return how, await asyncio.to_thread(reading.read, data, how)
    except Unreadable as unreadable:
        raise Refused(words.unreadable(unreadable), field="file") from None


async def check_campaign(by: Actor, campaign_id: int | None) -> None:
    """Whether the actor manages the campaign. Raises Missing."""
    if campaign_id not in {each for each, _title in await queries.campaigns_to_choose(by)}:
        raise Missing


async def labels(campaign_id: int | None) -> dict[str, dict[str, str]]:
    """question key -> label by locale."""
    return {each.key: each.label for each in await queries.questions(campaign_id)}


# ------------------------------------------------------------------------------------------------ choosing
async def choose(
    by: Actor, import_id: int, version: int, how: Reading, mapping: dict[str, int], options: Choices
) -> Import:
    """Say how the file is read, and which column is which field. Another way of reading guesses the columns anew.

    Raises Missing, Refused (also when the file cannot be read so), Stale.
    """
    before = await queries.one(by, import_id)
    header, rows = before.header, before.rows
    if how != before.reading:
        sheet = await read(before.stored_as, how)
        header, rows = sheet.header, len(sheet.rows)
        mapping = rules.suggested(header, before.kind, await labels(before.campaign_id))
    elif "email" not in mapping:
        raise Refused(words.email_column_missing(), field="email")
    elif len(set(mapping.values())) < len(mapping):
        raise Refused(errors=_twice(mapping))
    row = (msgspec.to_builtins(how), header, rows, mapping, msgspec.to_builtins(options))
    async with db.transaction():
        if not await db.execute(CHOOSE, import_id, version, *row):
            raise Stale(await queries.one(by, import_id))
        await db.execute("delete from import_problem where import_id = $1", import_id)
    return await queries.one(by, import_id)


def _twice(mapping: dict[str, int]) -> dict[str, str]:
    first: dict[int, str] = {}
    again = [field for field, column in mapping.items() if first.setdefault(column, field) != field]
    return dict.fromkeys(again, words.column_twice())


async def read(stored_as: str, how: Reading, most: int = reading.MAX_ROWS) -> Sheet:
    """The table of a stored file. Raises Refused in words, also when the file is gone."""
    data = await store.load(stored_as)
    if data is None:
        raise Refused(words.file_gone())
    try:
        return await asyncio.to_thread(reading.read, data, how, most)
    except Unreadable as unreadable:
        raise Refused(words.unreadable(unreadable)) from None


# ------------------------------------------------------------------------------------------------ on its way
async def start_check(by: Actor, import_id: int, version: int) -> int:
    """Let a worker check every row. Returns the job's id. Raises Missing, Stale."""
    return await _start(by, import_id, version, CHECK_JOB, "checking", ["uploaded", "checked"])


async def start_run(by: Actor, import_id: int, version: int, shown: int) -> int:
    """Let a worker bring it in, whole or not at all. `shown`: the number on the button.

    Raises Missing, Refused, Stale.
    """
    found = await queries.one(by, import_id)
    if found.ready != shown:
        raise Stale(found)
    if not shown:
        raise Refused(words.nothing_to_do())
    return await _start(by, import_id, version, RUN_JOB, "importing", ["checked"])


async def _start(by: Actor, import_id: int, version: int, kind: str, state: str, before: list[str]) -> int:
    found = await queries.one(by, import_id)
    async with db.transaction():
        what: dict[str, Any] = {"import": import_id, "kind": found.kind, "name": found.name}
        job_id = await jobs.start(kind, by, what=what, total=found.rows, campaign_id=found.campaign_id)
        if not await db.execute(MOVE, import_id, version, state, job_id, before):
            raise Stale(await queries.one(by, import_id))
    return job_id


async def put_away(by: Actor, import_id: int, version: int) -> None:
    """Forget a list that has not been brought in; its file is removed. Raises Missing, Stale."""
    found = await queries.one(by, import_id)
    async with db.transaction():
        before = ["uploaded", "checking", "checked", "failed", *(["importing"] if found.state == "failed" else [])]
        if not await db.execute(MOVE, import_id, version, "cancelled", None, before):
            raise Stale(await queries.one(by, import_id))
        await db.execute("delete from import_problem where import_id = $1", import_id)
    store.forget(found.stored_as)


async def forget_old() -> None:
    """Files of lists that nobody has brought in for a month."""
    for row in await db.fetch(OLD):
        store.forget(row["stored_as"])


async def record(found: Import, by: Actor) -> None:
    """One line of history for the whole list."""
    lead = {"campaign_id": found.campaign_id} if found.campaign_id else {}
    counts = {"created": found.counts.created, "changed": found.counts.changed}
    await timeline.record("import", found.id, f"import.{found.kind}", by, **lead, file=found.name, **counts)

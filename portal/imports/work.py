"""A worker's side of imports: every row is checked; all of them are written in one transaction.

Both may be called again after a crash and then begin anew: a check replaces what the one before found, and what is
brought in is marked as done in the very transaction that brings it in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns.kinds import Question
from portal.campaigns.reading import check_answers
from portal.campaigns.typed import read_date
from portal.countries import all_names
from portal.imports import actions, queries, rules, store, words, writing
from portal.imports.queries import Counts, Import
from portal.imports.rules import Option, Problem, Row, Target
from portal.jobs.queries import Job
from portal.jobs.running import Report
from portal.organisation import queries as organisation
from portal.outcomes import Refused

SEVERAL = re.compile(r"[;|\n]")  # parts the answers of a cell where several may be chosen
MOST_PROBLEMS = 5_000  # are kept; the count goes on
EACH = 2_000  # rows between two looks at whether the job goes on

CHECKED = """
update import_file set state = 'checked', counts = $2, version = version + 1 where id = $1 and state = 'checking'"""
FAILED = "update import_file set state = $2, version = version + 1 where id = $1 and state = any ($3)"
# Nobody else may bring the same list in: the row is locked until the end of the transaction.
TAKE = "select id from import_file where id = $1 and state = 'importing' for update"
DONE = """
update import_file set state = 'done', counts = $2, ended_at = now(), version = version + 1 where id = $1"""


# ------------------------------------------------------------------------------------------------ checking
async def check(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Look at every row; keep what is wrong, and how many would be new."""
    found = await queries.one(by, job.what["import"])
    if found.state != "checking":
        return {}
    try:
        rows, problems = await looked_at(found, report)
    except Refused:
        await db.execute(FAILED, found.id, "uploaded", ["checking"])
        raise
    await report(found.rows, found.rows)
    counts = await _counted(found, rows, len({each.line for each in problems}))
    async with db.transaction():
        await db.execute("delete from import_problem where import_id = $1", found.id)
        kept = [(found.id, each.line, each.field, each.problem, each.value) for each in problems[:MOST_PROBLEMS]]
        columns = ("import_id", "line", "field", "problem", "value")
        await db.copy_records("import_problem", columns, kept)
        await db.execute(CHECKED, found.id, msgspec.to_builtins(counts))
    return {"wrong": counts.wrong}


async def looked_at(found: Import, report: Report) -> tuple[list[Row], list[Problem]]:
    """All rows of the file: those that can be brought in, and what is wrong with the others. Raises Refused."""
    sheet = await actions.read(found.stored_as, found.reading)
    target = await target_of(found)
    good: list[Row] = []
    bad: list[Problem] = []
    for n, outcome in enumerate(rules.check(sheet.rows, found.mapping, target), 1):
        if isinstance(outcome, Row):
            good.append(outcome)
        else:
            bad += outcome
        if n % EACH == 0:
            await report(n, len(sheet.rows))
            await asyncio.sleep(0)
    return good, bad


async def target_of(found: Import) -> Target:
    """What the rows of an import become, with the campaign's statuses and questions."""
    questions = await queries.questions(found.campaign_id)
    locale = found.options.locale or (await organisation.current()).locale
    return Target(
        kind=found.kind,
        locale=locale,
        statuses=await queries.statuses(found.campaign_id),
        questions={each.key: each.label for each in questions},
        read_day=read_date,
        answers=_reader(questions),
    )


def _reader(questions: Sequence[Question]) -> Any:
    """Reads the answers of a row by the rules of the form; what the form requires may be missing in a list."""
    by_key = {each.key: each for each in questions}
    choices = {each.key: _names(each) for each in questions}

    def read(typed: Mapping[str, str], locale: str) -> tuple[dict[str, Any], dict[str, str]]:
        if not typed:
            return {}, {}
        known = {key: _as_typed(value, by_key[key], choices[key]) for key, value in typed.items()}
        asked = [each for each in questions if each.key in known]
        checked = check_answers(asked, known, locale=locale, complete=False)
        return dict(checked.answers), {each.key: each.code for each in checked.problems}

    return read


def _names(question: Question) -> dict[str, str]:
    """What a cell may call the answers that can be chosen: folded name -> key."""
    if question.kind == "country":
        return rules.names_of([Option(code, names) for code, names in all_names().items()])
    return rules.names_of([Option(one.key, one.label) for one in question.offered])


def _as_typed(value: str, question: Question, names: Mapping[str, str]) -> object:
    """A cell as the form would send it: keys instead of labels, several of them as a list, yes as a tick."""
    if question.kind == "choices":
        return [names.get(rules.folded(each), each) for each in SEVERAL.split(value) if each.strip()]
    if question.kind == "consent":
        return "1" if rules.folded(value) in rules.YES else ""
    return names.get(rules.folded(value), value) if names else value


async def _counted(found: Import, rows: list[Row], wrong: int) -> Counts:
    there = await queries.there([row.email for row in rows], found.campaign_id)
    applied = sum(each.applied for each in there)
    if found.kind == "people":
        return Counts(new=len(rows) - len(there), known=len(there), wrong=wrong)
    return Counts(new=len(rows) - len(there), known=len(there) - applied, applied=applied, wrong=wrong)


# ------------------------------------------------------------------------------------------------ bringing it in
async def run(job: Job, by: Actor, report: Report) -> dict[str, Any]:
    """Write all rows that can be brought in: one transaction, nothing half-imported. E11: it fires nothing."""
    found = await queries.one(by, job.what["import"])
    if found.state == "done":
        return msgspec.to_builtins(found.counts)  # type: ignore[no-any-return]
    try:
        rows, _problems = await looked_at(found, report)
        counts = await _write(found, rows, by, report)
    except Refused:
        await db.execute(FAILED, found.id, "failed", ["importing"])
        raise
    store.forget(found.stored_as)
    return msgspec.to_builtins(counts)  # type: ignore[no-any-return]


async def _write(found: Import, rows: list[Row], by: Actor, report: Report) -> Counts:
    async with db.transaction():
        if await db.fetchval(TAKE, found.id) is None:
            raise Refused(words.taken_back())
        zone = await db.fetchval("select time_zone from campaign where id = $1", found.campaign_id)
        made = await writing.write(found, rows, ZoneInfo(zone or "UTC"), by)
        counts = msgspec.structs.replace(found.counts, created=made.created, changed=made.changed)
        await db.execute(DONE, found.id, msgspec.to_builtins(counts))
        await actions.record(msgspec.structs.replace(found, counts=counts), by)
        await report(found.rows, found.rows)  # raises when the job was cancelled meanwhile: nothing is committed
    return counts

"""A list brought in from the command line: the same verbs as the pages, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from portal import db
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.imports import actions, queries, work
from portal.imports.queries import Import
from portal.imports.rules import CHECK_JOB, RUN_JOB, Kind
from portal.jobs import queries as jobs
from portal.jobs import running
from portal.outcomes import Missing, Refused

LEASE = 60.0  # seconds
Tell = Callable[[int, int], None]

ADMINISTRATOR = "select id from account where active and 'administrator' = any (roles) order by id limit 1"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was asked for. `columns`: field -> heading; "" lets them be guessed."""

    kind: Kind
    file: str
    data: bytes
    campaign: str = ""
    account: str = ""
    contacts: bool = False
    columns: dict[str, str] = {}
    update: bool = False
    status: str = "submitted"
    locale: str = ""


async def actor_named(email: str) -> Actor:
    """Whom the history will name: an account, or the first administrator. Raises Refused."""
    account = await accounts.by_email(email) if email else await accounts.by_id(await db.fetchval(ADMINISTRATOR) or 0)
    if account is None or not account.active:
        raise Refused(f"No active account {email}." if email else "There is no administrator. Make one first.")
    return accounts.actor_of(account)


async def check(wish: Wish, tell: Tell) -> Import:
    """Upload, choose the columns, check every row. Raises Refused."""
    by = await actor_named(wish.account)
    campaign_id = await db.fetchval("select id from campaign where slug = $1", wish.campaign)
    person: queries.Person = "contact" if wish.contacts else "candidate"
    try:
        import_id = await actions.upload(by, wish.kind, campaign_id, wish.file, wish.data, person=person)
    except Missing:
        raise Refused(f"No campaign {wish.campaign}, or the account does not manage it.") from None
    found = await queries.one(by, import_id)
    options = queries.Choices(
        known="update" if wish.update else "leave", person=person, locale=wish.locale, status=wish.status
    )
    mapping = found.mapping | {field: _column(found, heading) for field, heading in wish.columns.items()}
    kept = await actions.choose(by, import_id, found.version, found.reading, mapping, options)
    await _work(await actions.start_check(by, import_id, kept.version), CHECK_JOB, work.check, tell)
    return await queries.one(by, import_id)


def _column(found: Import, heading: str) -> int:
    if heading not in found.header:
        raise Refused(f"The file has no column {heading}. It has: {', '.join(found.header)}.")
    return found.header.index(heading)


async def bring_in(wish: Wish, checked: Import, tell: Tell) -> Import:
    """Write the rows, all or none. Raises Refused."""
    by = await actor_named(wish.account)
    job_id = await actions.start_run(by, checked.id, checked.version, checked.ready)
    await _work(job_id, RUN_JOB, work.run, tell)
    return await queries.one(by, checked.id)


async def _work(job_id: int, kind: str, handler: running.Whole, tell: Tell) -> None:
    """Do the job here, unless a worker was faster: then wait for it."""

    async def told(job: Any, by: Actor, report: running.Report) -> dict[str, Any]:
        async def both(done: int, total: int) -> None:
            tell(done, total)
            await report(done, total)

        return await handler(job, by, both)

    await running.work({}, {kind: told}, LEASE)
    while (job := await jobs.by_id(job_id)) and job.open:  # noqa: ASYNC110 - another process works on it
        await asyncio.sleep(0.2)
    if job and job.state != "done":
        raise Refused(job.problem or "The import was stopped.")

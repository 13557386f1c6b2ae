"""Jobs are started, paused, resumed and cancelled by people; a worker finds them by their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal import db
from portal.actor import Actor
from portal.jobs import queries, rules, words
from portal.outcomes import Refused

CHANNEL = "jobs"
INSERT = """
insert into job (kind, campaign_id, account_id, what, total) values ($1, $2, $3, $4, $5) returning id"""
ITEMS = "insert into job_item (job_id, item_id) select $1, item from unnest($2::bigint[]) item on conflict do nothing"
# Waits for the portion that is under way, so that nothing more happens once this has been answered.
SET = """
update job set state = $2, version = version + 1, lease_until = null,
    ended_at = case when $2 = 'cancelled' then now() end
where id = $1 and state = any ($3)"""


async def start(
    kind: str,
    by: Actor,
    *,
    what: dict[str, Any],
    items: Sequence[int] | None = None,
    total: int | None = None,
    campaign_id: int | None = None,
) -> int:
    """A new job in the caller's transaction; workers hear of it at its commit. Returns its id.

    `items`: ids that are done one by one (twice the same is once); None: done as a whole, `total` says how much.
    """
    async with db.transaction():
        count = len(set(items)) if items is not None else total or 0
        job_id = int(await db.fetchval(INSERT, kind, campaign_id, by.account_id, what, count))
        if items is not None:
            await db.execute(ITEMS, job_id, list(items))
        await db.notify(CHANNEL, str(job_id))
    return job_id


async def change(job_id: int, verb: rules.Verb, by: Actor) -> None:
    """Pause, resume or cancel. What is done stays done. Raises Missing, Refused (it cannot, or has ended)."""
    async with db.transaction():
        job = await queries.one(by, job_id)
        possible = rules.allowed(verb, job.state, job.in_items)
        if not possible or not await db.execute(SET, job_id, rules.TO[verb], list(rules.FROM[verb])):
            raise Refused(words.too_late())
        await db.notify(CHANNEL, str(job_id))

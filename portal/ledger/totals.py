"""What was intended is all there, once (P12): the sums that the database keeps, and the count of every row.

`tally` holds what each statement changed, `totals_check` what the minute's check found (portal.ledger.checks).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.ledger.rules import STATES

EXACT = 100_000  # up to so many messages all rows are counted whenever somebody asks: a tenth of a second

# A tally that is folded together is small whatever it sums up.
KEPT = "select state::text as state, sum(n)::bigint as n from tally group by 1"
LAST = "select * from totals_check order by at desc limit 1"

# One statement is one snapshot. `covered`: queued messages that an open batch of their try holds, each as often as
# batches hold it. It must equal the queued ones. Fewer: mail is lost. More: some would be sent twice.
RECOUNT = """
select now() as at, (select count(*) from message) as intended,
    (select coalesce(jsonb_object_agg(state, n), '{}') from (
        select state::text, count(*) as n from message group by state) x) as by_state,
    (select coalesce(jsonb_object_agg(state, n), '{}') from (
        select state::text, sum(n) as n from tally group by state) x) as kept,
    (select count(*) from batch b join message m on m.origin_id = b.origin_id and m.attempts = b.attempt
        and m.state = 'queued' and m.id between b.lo and b.hi where b.done_at is null and b.ids is null)
    + (select count(*) from batch b cross join unnest(b.ids) i(id) join message m on m.id = i.id
        and m.attempts = b.attempt and m.state = 'queued' where b.done_at is null) as covered,
    (select count(*) from (
        select message_id from attempt where state = 'accepted' group by message_id having count(*) > 1) x)
    + (select coalesce(sum(n - 1), 0)::bigint from (
        select count(*) as n from message group by origin_id, occurrence, address having count(*) > 1) x)
    as duplicates"""


class Totals(msgspec.Struct, frozen=True):
    """The proof (B06). `balanced`: every intended message is in one state, and every queued one in one open batch.

    `checked_at`: when the rows were counted; None: not yet.
    """

    intended: int
    by_state: dict[str, int]
    duplicates: int
    balanced: bool
    checked_at: datetime | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What a minute's check found: `counted` messages in `parts` parts; the rest as each part was last looked at.

    `wrong`: origins and states whose tally differs from their rows. `lost`: queued messages that no open batch holds.
    `doubled`: times too many that open batches hold one. `oldest`: when the part that waits longest was looked at.
    """

    at: datetime
    intended: int
    queued: int
    parts: int
    counted: int
    wrong: int
    lost: int
    doubled: int
    duplicates: int
    oldest: datetime
    balanced: bool


async def totals() -> Totals:
    """The kept sums with the last check's verdict; all rows counted now, while there are few."""
    kept = await sums()
    return await recount() if sum(kept.values()) <= EXACT else judged(kept, await last_check())


async def kept() -> Totals:
    """The kept sums with the last check's verdict: next to no work, for pages that ask often."""
    return judged(await sums(), await last_check())


def judged(by_state: dict[str, int], check: Check | None) -> Totals:
    """Sums and what the check said. Before the first check nothing speaks against them."""
    balanced = min(by_state.values()) >= 0 and (check is None or check.balanced)
    duplicates = check.duplicates if check else 0
    return Totals(sum(by_state.values()), by_state, duplicates, balanced, check.at if check else None)


async def sums() -> dict[str, int]:
    """Messages by state, by the tally."""
    found = {row["state"]: int(row["n"]) for row in await db.fetch(KEPT)}
    return {state: found.get(state, 0) for state in STATES}


async def last_check() -> Check | None:
    """The latest check, or None before the first."""
    return await db.one_as(Check, LAST)


async def recount() -> Totals:
    """All rows counted in one snapshot, whatever their number: half a second a million."""
    async with db.transaction():
        await db.execute("set local jit = off")
        row = await db.fetchrow(RECOUNT)
    assert row
    by_state, tally = ({state: int(row[name].get(state, 0)) for state in STATES} for name in ("by_state", "kept"))
    complete = row["intended"] == sum(by_state.values()) and by_state == tally
    balanced = complete and row["covered"] == by_state["queued"]
    return Totals(row["intended"], by_state, row["duplicates"], balanced, row["at"])

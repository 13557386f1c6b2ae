"""Limits a day (Z08, Z09): pools that batches draw on, several at once, exactly (P9).

    sender:3       all that leaves from an address                 sender.daily_cap
    organisation   mailings, autoresponders, sequences             organisation.mass_cap
    account:7      of these, what one colleague has started        organisation.account_cap

What triggers and the system write draws on its sender alone: no mailing uses up what an acknowledgement needs, unless
they share an address that has a limit. A claim reserves, the end of the batch gives back what was not used. Rows are
always locked in the order of (pool, day), so that nobody waits in a circle.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from portal import db
from portal.ledger.waking import notify_all

ORGANISATION = "organisation"

# Origins whose e-mails count as mass mail, as a condition on `origin o`.
MASS = "o.kind <> 'trigger' and (o.lane = 3 or o.kind in ('autoresponder', 'sequence'))"

# In the order of Caps; null: none. Read where a batch is claimed (`origin_id` is the batch's).
CAPS = f"""(select array[o.sender_id, s.daily_cap, case when {MASS} then u.mass_cap end, o.account_id,
        case when {MASS} then u.account_cap end]
    from origin o join sender s on s.id = o.sender_id left join organisation u on true where o.id = origin_id)"""

# The rows of the day, made where they are missing and locked until the claim commits, one after the other: two workers
# never reserve the same remainder.
LOCK = """
insert into quota (pool, day) select pool, limit_day() from unnest($1::text[]) pool order by pool
on conflict (pool, day) do update set used = quota.used returning pool, day, used"""
RESERVE = "update quota set used = used + $3 where pool = any ($1::text[]) and day = $2"
RESERVED = "update batch set reserved = $2, reserved_on = $3, pools = $4 where id = $1"

# What does not fit is due when the next day begins: the rest of a batch as a list ...
REST = """
insert into batch (origin_id, lane, attempt, size, ids, due_at, waits_for)
select origin_id, lane, attempt, cardinality($2::bigint[]), $2, limit_reset(), 'limit' from batch where id = $1"""
CUT = "update batch set lo = null, hi = null, size = cardinality($2::bigint[]), ids = $2 where id = $1"
# ... or, when nothing is left of a pool, the batch with all others of its origin, as they are.
PUT_OFF = """
update batch set run_id = null, due_at = (select limit_reset()), waits_for = 'limit' where id in (
    select id from batch where origin_id = $2 and done_at is null and (id = $1 or run_id is null and due_at <= now())
    order by id for update skip locked)"""

# Limits have changed: what waits for tomorrow is looked at again, and put off again where it still does not fit.
LOOK_AGAIN = """
update batch set due_at = now() where id in (
    select id from batch where waits_for = 'limit' and run_id is null and done_at is null and due_at > now()
    order by id for update skip locked)"""


def give_back(source: str) -> str:
    """Common table expressions, the last one `locked`: what the rows of `source` leave of their pools.

    `source` has the columns pools, reserved_on and unused. GIVE_BACK is the statement that follows.
    """
    return f"""owed as (
    select p.pool, u.reserved_on as day, sum(u.unused) as unused
    from {source} u cross join unnest(u.pools) p(pool) where u.unused > 0 group by 1, 2),
locked as materialized (
    select q.pool, q.day, w.unused from owed w join quota q on q.pool = w.pool and q.day = w.day
    order by q.pool, q.day for update of q)"""


GIVE_BACK = """update quota q set used = q.used - l.unused from locked l where q.pool = l.pool and q.day = l.day"""


class Caps(msgspec.Struct, frozen=True, array_like=True):
    """What limits a batch. None: no limit, or nobody's account."""

    sender_id: int
    daily_cap: int | None
    mass_cap: int | None
    account_id: int | None
    account_cap: int | None

    def pools(self) -> dict[str, int]:
        """The limit of each pool that the batch draws on."""
        account = None if self.account_id is None else self.account_cap
        each = {
            f"sender:{self.sender_id}": self.daily_cap,
            ORGANISATION: self.mass_cap,
            f"account:{self.account_id}": account,
        }
        return {pool: cap for pool, cap in each.items() if cap is not None}


async def reserve(
    session: Any, batch_id: int, origin_id: int, pools: dict[str, int], wanted: list[int]
) -> tuple[date | None, int]:
    """Take the day's share for these messages: what the fullest pool has left. -> (day, how many of them may go)

    The rest becomes a batch of tomorrow; when nothing may go, (None, 0), the whole origin waits for tomorrow, and the
    batch is nobody's.
    """
    rows = await session.fetch(LOCK, list(pools))
    day = rows[0]["day"]
    take = max(0, min(len(wanted), *(pools[row["pool"]] - row["used"] for row in rows)))
    if take == 0:
        await session.execute(PUT_OFF, batch_id, origin_id)
        return None, 0
    await session.execute(RESERVE, list(pools), day, take)
    await session.execute(RESERVED, batch_id, take, day, list(pools))
    if take < len(wanted):
        await session.execute(REST, batch_id, wanted[take:])
        await session.execute(CUT, batch_id, wanted[:take])
    return day, take


async def look_again() -> None:
    """Let go what waits for tomorrow, as far as the limits allow it now. In the transaction that changed them."""
    if await db.execute(LOOK_AGAIN):
        await notify_all()

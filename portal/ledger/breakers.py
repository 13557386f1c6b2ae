"""Circuit breakers: an origin whose e-mails are refused as unwanted stops, before servers refuse the whole house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal import timeline
from portal.actor import SYSTEM
from portal.ledger.rules import LOOK_BACK, Ended, Trip, trip

NOTICES = ("origin_paused", "sender_paused")  # letters about a pause: stopping them would help nobody
NEIGHBOURS = 1_000

REFUSED = "select origin_id, max(id) as last from message where id = any ($1::bigint[]) group by 1"

# The messages of an origin that ended last, since its gate moved last. No index knows when a message ended, and none
# should; messages leave in the order of their ids, so they are found among the neighbours of the one just refused.
LATEST = """
select split_part(lower(m.address), '@', 2) as domain,
    m.state = 'failed' and m.reason is not distinct from 'policy' as refused
from (select id, address, state, reason, settled_at from message
      where origin_id = $1 and id <= $2 order by id desc limit $3) m
where m.state in ('accepted', 'failed', 'uncertain')
and m.settled_at > coalesce((select gated_at from origin where id = $1), '-infinity')
order by m.settled_at desc, m.id desc limit $4"""

PAUSE = """
update origin o set gate = 'paused', gate_reason = 'policy', gated_at = now()
where id = $1 and gate = 'open' and kind <> all ($2::text[])
returning coalesce(o.campaign_id, (select t.campaign_id from trigger t where o.kind = 'trigger' and t.id = o.ref_id))
    as campaign_id"""


async def look(db: Any, message_ids: Sequence[int]) -> None:
    """Called in the settling transaction, only when messages were refused for policy: pause what must stop.

    `db`: the transaction's session. Whoever owns the origin is told a moment later (portal.sending.notices).
    """
    for row in await db.fetch(REFUSED, list(message_ids)):
        reach = row["last"] + NEIGHBOURS // 4
        latest = await db.fetch(LATEST, row["origin_id"], reach, NEIGHBOURS, LOOK_BACK)
        if found := trip([Ended(each["domain"], each["refused"]) for each in latest]):
            await pause(db, row["origin_id"], found)


async def pause(db: Any, origin_id: int, why: Trip) -> None:
    """Close the gate and say so in the history. Nothing when it is closed already."""
    closed = await db.fetch(PAUSE, origin_id, list(NOTICES))
    if not closed:
        return
    details = {"reason": "policy", "refused": why.refused, "ended": why.ended, "domain": why.domain}
    about = ("origin", origin_id, closed[0]["campaign_id"], None, None, "origin.paused")
    await db.fetchval(timeline.INSERT, *about, SYSTEM.kind, None, "", details)

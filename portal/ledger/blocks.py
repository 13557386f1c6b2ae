"""Many addresses at once: blocked from a list, or written to again because their time is over. Set-based.

Reading of them is the feature's own; one address at a time is in `portal.ledger.actions`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from portal import db
from portal.actor import Actor
from portal.ledger.actions import Scope

RECENT = timedelta(minutes=15)  # a plan that was made meanwhile has been committed by then

# Blocks that exist stay as they are. History for those whom we know; the list as a whole is recorded by the caller.
BLOCK_ALL = """
with made as (
    insert into suppression (address, scope, reason, source, note)
    select address, $2, 'by_hand', 'import', $3 from unnest($1::citext[]) address
    on conflict do nothing returning address),
told as (
    insert into timeline_event (subject, subject_id, person_id, what, actor_kind, account_id, actor_name, details)
    select 'person', p.id, p.id, 'address.blocked', $4, $5, $6,
        jsonb_build_object('address', m.address, 'scope', $2::text, 'reason', 'by_hand', 'source', 'import')
    from made m join person p on p.email = m.address)
select count(*) from made"""

EXPIRE = """
with gone as (
    delete from suppression where expires_at <= now() returning address, scope, reason)
insert into timeline_event (subject, subject_id, person_id, what, actor_kind, details)
select 'person', coalesce(p.id, 0), p.id, 'address.expired', 'rule',
    jsonb_build_object('address', g.address, 'scope', g.scope, 'reason', g.reason)
from gone g left join person p on p.email = g.address"""

# Mail of kinds that an address has opted out of, as far as it has not left. A dot that is on the wire beats it.
CANCEL_TOPICS = """
update message m set state = 'cancelled', reason = 'opted_out', settled_at = now()
from topic_opt_out o, letter l, template_version v, template t
where {which} and lower(m.address) = lower(o.address::text) and m.optional and m.state in ('queued', 'held')
and l.id = m.id and v.id = l.version_id and t.id = v.template_id and t.topic_id = o.topic_id"""
CANCEL_HERS = CANCEL_TOPICS.format(which="o.address = $1 and o.topic_id = any ($2::int[])")
CANCEL_RECENT = CANCEL_TOPICS.format(which="o.at > now() - $1::interval")


async def block_all(addresses: Collection[str], scope: Scope, note: str, by: Actor) -> int:
    """Block every address of a list by hand. Returns how many were not blocked before."""
    who = (by.kind, by.account_id, by.name)
    return int(await db.fetchval(BLOCK_ALL, list(addresses), scope, note, *who))


async def expire() -> int:
    """Take away blocks whose time is over (a break that has ended). Returns how many."""
    return await db.execute(EXPIRE)


async def cancel_topics(address: str, topic_ids: Collection[int]) -> int:
    """Stop what waits for an address in kinds of mail that it has just opted out of. Returns how many."""
    return await db.execute(CANCEL_HERS, address, list(topic_ids))


async def cancel_recent_topics() -> int:
    """The same for whoever opted out while a mailing was being planned, which could not see it. Returns how many."""
    return await db.execute(CANCEL_RECENT, RECENT)

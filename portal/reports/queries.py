"""What became of the e-mails that somebody may see: from the kept totals and small indexes, at any number of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.ledger.finding import SERVES
from portal.reports.rules import OTHERS, Cell, Figures, Period

# Origins of the actor's campaigns ($1 everywhere, $2 account) and of none, or of one campaign ($3).
ORIGINS = f"""
origins as materialized (
    select x.id, coalesce(x.campaign_id, {OTHERS}) as campaign_id, x.mailing_id from (
        select o.id, {SERVES} as campaign_id, case when o.kind = 'mailing' then o.ref_id::int else 0 end as mailing_id
        from origin o) x
    where ($1::bool or x.campaign_id is null or exists (
        select from campaign_member m where m.campaign_id = x.campaign_id and m.account_id = $2))
    and ($3::int is null or x.campaign_id = $3))"""

# What states gained or lost in each step; the sum over all states is what was planned.
MOVED = f"""
with {ORIGINS}
select date_trunc($6, t.minute, 'UTC') as step, o.campaign_id, o.mailing_id, sum(t.n)::int as intended,
    coalesce(sum(t.n) filter (where t.state = 'accepted'), 0)::int as sent,
    coalesce(sum(t.n) filter (where t.state = 'failed'), 0)::int as failed,
    coalesce(sum(t.n) filter (where t.state = 'uncertain'), 0)::int as uncertain,
    coalesce(sum(t.n) filter (where t.state = 'skipped'), 0)::int as skipped,
    coalesce(sum(t.n) filter (where t.state = 'cancelled'), 0)::int as cancelled
from tally t join origins o on o.id = t.origin_id where t.minute >= $4 and t.minute < $5
group by 1, 2, 3 order by 1, 2, 3"""

# Each address that was blocked or opted out counts once: for the last e-mail that it got before, of an optional kind
# where somebody wished no more.
AFTER = f"""
with {ORIGINS},
ends as (
    select address::text as address, reason = 'suppressed_bounce' as bounced, at from suppression
    where reason in ('suppressed_bounce', 'complaint', 'opted_out', 'taking_a_break') and at >= $4 and at < $5
    union all
    select address::text, false, at from topic_opt_out where at >= $4 and at < $5)
select date_trunc($6, e.at, 'UTC') as step, o.campaign_id, o.mailing_id, 0 as intended, 0 as sent, 0 as failed,
    0 as uncertain, 0 as skipped, 0 as cancelled, count(*) filter (where e.bounced)::int as bounced,
    count(*) filter (where not e.bounced)::int as opted_out
from ends e cross join lateral (
    select m.origin_id from message m where lower(m.address) = lower(e.address) and m.created_at <= e.at
    and m.state in ('accepted', 'failed', 'uncertain') and (e.bounced or m.optional) order by m.id desc limit 1) m
join origins o on o.id = m.origin_id
group by 1, 2, 3 order by 1, 2, 3"""

# Why e-mails of mailings did not go or did not arrive: along an index of these alone.
REASONS = """
select o.ref_id::int as mailing_id, m.attention::text as state, coalesce(m.ended_for, '') as reason, count(*)::int as n
from origin o join message m on m.origin_id = o.id and m.attention in ('skipped', 'failed')
where o.kind = 'mailing' and o.ref_id = any ($1::int[]) group by 1, 2, 3 order by 1, 2, 4 desc, 3"""

CAMPAIGNS = """
select c.id, c.title from campaign c
where $1::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $2)
order by c.id desc"""
MAILINGS = "select id, name, started_at, campaign_id from mailing where id = any ($1::int[])"


class MailingRow(msgspec.Struct, frozen=True):
    """A mailing, as a report names it."""

    id: int
    name: str
    started_at: datetime | None
    campaign_id: int | None


class Reason(msgspec.Struct, frozen=True):
    """How many e-mails of a mailing ended for one reason; `state` skipped or failed."""

    mailing_id: int
    state: str
    reason: str
    n: int


async def cells(actor: Actor, period: Period, campaign_id: int | None) -> list[Cell]:
    """All figures of a period, by its steps, campaigns and mailings."""
    asked = (*actor.scope, campaign_id, period.start, period.end, period.unit)
    return [_cell(row) for sql in (MOVED, AFTER) for row in await db.fetch(sql, *asked)]


def _cell(row: Any) -> Cell:
    step, campaign_id, mailing_id, *figures = row.values()
    return Cell(step, campaign_id, mailing_id, Figures(*figures))


async def campaigns(actor: Actor) -> list[tuple[int, dict[str, str]]]:
    """(id, title) of the campaigns that the actor sees, the latest first."""
    return [(row["id"], row["title"]) for row in await db.fetch(CAMPAIGNS, *actor.scope)]


async def mailings(ids: Sequence[int]) -> dict[int, MailingRow]:
    """Mailings by id."""
    return {row.id: row for row in await db.fetch_as(MailingRow, MAILINGS, list(ids))}


async def reasons(ids: Sequence[int]) -> dict[int, list[Reason]]:
    """Why e-mails of these mailings did not go or did not arrive, the most frequent reason first."""
    found: dict[int, list[Reason]] = {}
    for row in await db.fetch_as(Reason, REASONS, list(ids)):
        found.setdefault(row.mailing_id, []).append(row)
    return found

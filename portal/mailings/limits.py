"""What is left of the day's limits, what waits for them, and what the next days hold (Z08, Z09, B10). Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from portal import db
from portal.actor import Actor
from portal.ledger.decisions import NAME, NAMED
from portal.ledger.quotas import MASS, ORGANISATION
from portal.mailings.forecasting import Forecast, Load, forecast, spread

DAYS = 7  # that are looked ahead
PACE = 3_000  # e-mails a minute while nobody has seen how fast they leave

# The fastest minute of the last hour, which the tally keeps minute by minute.
HOUSE = """
select now() as now, limit_zone() as zone, limit_day() as day, limit_reset() as resets_at, o.mass_cap, o.account_cap,
    (select max(n) from (select sum(n) as n from tally
        where minute > now() - interval '1 hour' and state = 'accepted' group by minute) x)::int as fastest
from (select 1) one left join organisation o on true"""

# What each pool has given out today and how much waits that will draw on it. Without a limit nothing is given out:
# then what has left today counts, by the tally.
POOLS = f"""
with waits as materialized (
    select o.sender_id, o.account_id, {MASS} as mass, sum(b.size) as n
    from batch b join origin o on o.id = b.origin_id and o.gate <> 'cancelled'
    where b.done_at is null group by 1, 2, 3),
used as (select pool, used from quota where day = limit_day())
select 'organisation' as kind, '{ORGANISATION}' as pool, '' as name, u.mass_cap as cap,
    case when u.mass_cap is null then (
        select coalesce(sum(t.n), 0) from tally t join origin o on o.id = t.origin_id and {MASS}
        where t.minute >= limit_day()::timestamp at time zone limit_zone()
        and t.state in ('accepted', 'failed', 'uncertain'))
    else coalesce((select used from used where pool = '{ORGANISATION}'), 0) end::int as used,
    coalesce((select sum(n) from waits where mass), 0)::int as waiting
from organisation u
union all
select 'account', 'account:' || a.id, a.name, u.account_cap, coalesce(x.used, 0), coalesce(w.n, 0)::int
from organisation u join account a on u.account_cap is not null left join used x on x.pool = 'account:' || a.id
left join (select account_id, sum(n) as n from waits where mass group by 1) w on w.account_id = a.id
where x.used > 0 or w.n > 0 or a.id = $1
union all
select 'sender', 'sender:' || s.id, s.address::text, s.daily_cap, coalesce(x.used, 0), coalesce(w.n, 0)::int
from sender s left join used x on x.pool = 'sender:' || s.id
left join (select sender_id, sum(n) as n from waits group by 1) w on w.sender_id = s.id
where s.daily_cap is not null
order by 1 desc, 3"""

ROOM = """
select s.daily_cap, s.per_minute, coalesce((select jsonb_object_agg(pool, used) from quota where day = limit_day()
    and pool in ('organisation', 'account:' || $2::int, 'sender:' || $1::int)), '{}') as used
from (select 1) one left join sender s on s.id = $1"""

# What an origin is called, as far as the actor ($1 everywhere, $2 account) may see its campaign.
CALLED = f"""{NAME} as name, coalesce(o.campaign_id, g.campaign_id, f.campaign_id, t.campaign_id) as campaign_id"""
SEEN = """x.campaign_id is null or $1::bool or exists (
    select from campaign_member c where c.campaign_id = x.campaign_id and c.account_id = $2)"""

WAITING = f"""
select kind, ref_id, case when {SEEN} then coalesce(name, '') end as name, waiting, until from (
    select o.kind, o.ref_id, {CALLED}, sum(b.size)::int as waiting, min(b.due_at) as until
    from batch b join origin o on o.id = b.origin_id and o.gate = 'open' {NAMED}
    where b.waits_for = 'limit' and b.run_id is null and b.done_at is null and b.due_at > now()
    group by o.id, t.id, g.id, f.id) x
order by until, waiting desc, kind, ref_id limit 100"""

# Mass mail that is under way, what is scheduled within the days ahead, and the next run of each schedule: its size is
# that of its audience when that was last found right, or of its last mailing.
COMING = f"""
with x as (
    select o.kind, o.ref_id, {CALLED}, sum(b.size)::int as n, greatest(min(b.due_at), now()) as at, o.sender_id,
        o.account_id
    from batch b join origin o on o.id = b.origin_id and o.gate = 'open' and {MASS} {NAMED}
    where b.done_at is null group by o.id, t.id, g.id, f.id
    union all
    select 'mailing', m.id, m.name, m.campaign_id, m.expected, m.due_at, case m.from_kind when 'account' then (
            select s.id from sender s join account a on a.email = s.address where a.id = m.launched_by)
        else u.sender_id end, m.launched_by
    from mailing m left join organisation u on true
    where m.state in ('scheduled', 'waiting', 'starting') and m.due_at < now() + make_interval(days => $3)
    union all
    select 'schedule', s.id, s.name, s.campaign_id, coalesce(
            nullif((select count(*) from schedule_seen e where e.schedule_id = s.id), 0)::int,
            (select l.total from mailing l where l.schedule_id = s.id and l.total is not null
             order by l.id desc limit 1)),
        s.next_at, u.sender_id, s.owner_id
    from schedule s left join organisation u on true
    where s.active and s.next_at < now() + make_interval(days => $3))
select kind, ref_id, case when {SEEN} then coalesce(name, '') end as name, n, at, sender_id, account_id
from x order by at, kind, ref_id limit 500"""


class House(msgspec.Struct, frozen=True):
    """The limits of mass mail and their day. `fastest`: e-mails that left in the best minute of the last hour."""

    now: datetime
    zone: str
    day: date
    resets_at: datetime
    mass_cap: int | None
    account_cap: int | None
    fastest: int | None


class Pool(msgspec.Struct, frozen=True):
    """A limit: of the organisation, a colleague or a sender (`kind`). `cap` None: none, `used` is what has left."""

    kind: str
    pool: str
    name: str
    cap: int | None
    used: int
    waiting: int

    @property
    def left(self) -> int | None:
        """What may still leave today."""
        return None if self.cap is None else max(0, self.cap - self.used)


class Waiting(msgspec.Struct, frozen=True):
    """What waits for tomorrow. `name` None: of a campaign that the reader does not see."""

    kind: str
    ref_id: int
    name: str | None
    waiting: int
    until: datetime


class Coming(msgspec.Struct, frozen=True):
    """What is under way or planned. `n` None: nobody knows yet how many."""

    kind: str
    ref_id: int
    name: str | None
    n: int | None
    at: datetime
    sender_id: int | None
    account_id: int | None

    def load(self, number: int) -> Load:
        """The same for the forecast, under a number."""
        pools = (ORGANISATION, f"account:{self.account_id}", f"sender:{self.sender_id}")
        return Load(str(number), self.n or 0, self.at, pools)


async def house() -> House:
    """The limits and their day."""
    found = await db.one_as(House, HOUSE)
    assert found
    return found


async def pools(actor: Actor) -> list[Pool]:
    """The organisation's limit, senders' and colleagues' that are in use today, the actor's own among them."""
    found = await db.fetch_as(Pool, POOLS, actor.account_id)
    return sorted(found, key=lambda pool: pool.kind != ORGANISATION)


async def waiting(actor: Actor) -> list[Waiting]:
    """What a limit has put off, the next first."""
    return await db.fetch_as(Waiting, WAITING, *actor.scope)


async def coming(actor: Actor, today: House, limits: Sequence[Pool]) -> list[tuple[Coming, Forecast]]:
    """What is under way and planned for the next days, and when the limits let it go."""
    rows = await db.fetch_as(Coming, COMING, *actor.scope, DAYS)
    caps = {pool.pool: pool.cap for pool in limits if pool.cap is not None}
    used = {pool.pool: pool.used for pool in limits}
    if today.account_cap is not None:
        caps |= {f"account:{row.account_id}": today.account_cap for row in rows if row.account_id}
    loads = [row.load(number) for number, row in enumerate(rows)]
    found = spread(loads, used, caps, pace(today, None), today.now, today.zone)
    return [(rows[int(load.name)], result) for load, result in found]


def days(today: House, found: Sequence[tuple[Coming, Forecast]]) -> list[tuple[date, int]]:
    """How many leave on each of the next days."""
    dates = [today.day + timedelta(days=number) for number in range(DAYS)]
    sums = dict.fromkeys(dates, 0)
    for _row, result in found:
        for day, n in result.by_day:
            if day in sums:
                sums[day] += n
    return list(sums.items())


def pace(today: House, per_minute: int | None) -> float:
    """E-mails a minute, as far as anybody knows: what was seen, never more than the sender may."""
    seen = max(today.fastest or 0, PACE)
    return min(seen, per_minute) if per_minute else seen


async def forecast_of(
    n: int, sender_id: int | None, account_id: int | None, starts_at: datetime | None = None
) -> Forecast:
    """How long `n` e-mails of a mailing take that this account starts, from this sender (B10)."""
    today = await house()
    row = await db.fetchrow(ROOM, sender_id, account_id)
    assert row
    every = {
        ORGANISATION: today.mass_cap,
        f"account:{account_id}": None if account_id is None else today.account_cap,
        f"sender:{sender_id}": row["daily_cap"],
    }
    caps = {pool: cap for pool, cap in every.items() if cap is not None}
    rate = pace(today, row["per_minute"])
    return forecast(n, row["used"], caps, rate, today.now, today.zone, starts_at=starts_at)

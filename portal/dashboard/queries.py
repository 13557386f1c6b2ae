"""What the dashboard shows: what waits for a person, today's e-mails, submissions. Found through the actor."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from portal import db
from portal.actor import Actor
from portal.dashboard.rules import Hour, Told
from portal.emails.rules import missing_locales
from portal.scope import sees_dossier

DAYS_OF_FAILURES = 30
LONGEST_IN_LEDGER = timedelta(days=4)  # from plan to outcome: an hour to undo, three days of tries
SPARK_DAYS = 14

SEEN = sees_dossier("d")

# Messages that wait for a person, by state and reason. `attention` is the index for exactly these; the failed ones of
# the last weeks only: older ones have been seen.
ATTENTION = f"""
select m.state::text as state, coalesce(m.reason, '') as reason, count(*)::int as count, max(m.settled_at) as latest
from message m left join dossier d on d.id = m.dossier_id
where m.attention in ('failed', 'held') and (m.dossier_id is null or {SEEN})
  and (m.state <> 'failed' or m.settled_at > now() - make_interval(days => $3))
group by 1, 2 order by 3 desc, 2"""

# Active triggers that write to candidates of open or decided campaigns, with the languages that they lack and how many
# dossiers are in each of these.
LANGUAGES = """
select t.template_id, m.name, c.locales, x.written, (
    select jsonb_object_agg(l, (select count(*) from dossier e where e.campaign_id = c.id and e.locale = l))
    from unnest(c.locales) l where l <> all (x.written)) as readers
from trigger t
join template m on m.id = t.template_id
join campaign c on c.id = t.campaign_id
cross join lateral (
    select array(select v.locale from template_variant v where v.version_id = m.version_id) as written) x
where t.active and 'candidate' = any (t.recipients) and not c.locales <@ x.written
  and ($1::bool or exists (select from campaign_member b where b.campaign_id = c.id and b.account_id = $2))"""

# Today's e-mails by hour of the reader's clock, whose whole hours are whole quarters in every time zone.
# What is of one campaign as a whole, and a campaign that the actor sees all of, is read from the kept totals and the
# open batches: the same cost for a million letters as for ten. What is left of an origin and not due later is due now.
WHOLE = """
with whole as materialized (
    select o.id, coalesce(t.campaign_id, o.campaign_id) as campaign_id
    from origin o left join trigger t on o.kind = 'trigger' and t.id = o.ref_id
    join campaign c on c.id = coalesce(t.campaign_id, o.campaign_id)
    where o.kind in ('trigger', 'mailing', 'autoresponder') and ($1::bool or exists (
        select from campaign_member b where b.campaign_id = c.id and b.account_id = $2
        and (b.role = 'manager' or not c.assigned_only))))"""
TODAY = f"""{WHOLE},
left_over as (
    select origin_id, sum(n) as n from tally where state = 'queued' and origin_id in (select id from whole)
    group by 1 having sum(n) > 0),
later as (
    select b.origin_id, date_bin('15 minutes', b.due_at, timestamptz '2000-01-01 00:00+00') as at, sum(b.size) as n
    from batch b join left_over using (origin_id) where b.done_at is null and b.due_at > now() group by 1, 2),
counted as (
    select origin_id, minute as at, n as sent, 0::numeric as due from tally
    where state = 'accepted' and minute >= $4 and minute < $5 and origin_id in (select id from whole)
    union all
    select origin_id, at, 0, n from later where at < $5
    union all
    select l.origin_id, now(), 0, greatest(0, l.n - coalesce((
        select sum(x.n) from later x where x.origin_id = l.origin_id), 0)) from left_over l)
select extract(hour from c.at at time zone $3)::int as hour, w.campaign_id, sum(c.sent)::int as sent,
    sum(c.due)::int as due
from counted c join whole w on w.id = c.origin_id group by 1, 2 having sum(c.sent) + sum(c.due) > 0 order by 1"""

# All other e-mails one by one: they are few. Everything that leaves today was planned in the last days: of which
# origins, and from which number on, the kept totals know.
LATELY = f"""{WHOLE}
select array_agg(distinct origin_id) as origins, min(part)::bigint << 16 as first from tally
where minute >= $3::timestamptz - $4::interval and origin_id not in (select id from whole)"""
OTHERS = f"""
with quarter as (
    select date_bin('15 minutes', case when m.state = 'accepted' then m.settled_at else greatest(m.due_at, $4) end,
               timestamptz '2000-01-01 00:00+00') as at,
           (select d.campaign_id from dossier d where d.id = m.dossier_id and {SEEN}) as campaign_id,
           m.dossier_id is null as of_none, count(*) filter (where m.state = 'accepted') as sent,
           count(*) filter (where m.state <> 'accepted') as due
    from message m
    where m.origin_id = any ($6::int[]) and m.id >= $7 and (
        m.state = 'accepted' and m.settled_at >= $4 and m.settled_at < $5 or m.state = 'queued' and m.due_at < $5)
    group by 1, 2, 3)
select extract(hour from at at time zone $3)::int as hour, campaign_id, sum(sent)::int as sent, sum(due)::int as due
from quarter where of_none or campaign_id is not null
group by 1, 2 order by 1"""

# Submissions a day. What was submitted since then has changed since then, and changed_at has the index.
SUBMITTED = """
select d.campaign_id, (d.submitted_at at time zone $2)::date as day, count(*)::int as count
from dossier d
where d.campaign_id = any ($1::int[]) and d.changed_at >= $3 and d.submitted_at >= $3
group by 1, 2"""


class Attention(msgspec.Struct, frozen=True):
    """How many messages wait for a person in a state, for a reason."""

    state: str
    reason: str
    count: int
    latest: datetime | None


class Unwritten(msgspec.Struct, frozen=True):
    """A template that lacks a language of a campaign that uses it; `readers`: dossiers in that language."""

    template_id: int
    name: str
    locale: str
    readers: int


# ------------------------------------------------------------------------------------------------ needs you
async def attention(actor: Actor) -> list[Attention]:
    """Messages that failed or are held, those the actor may see."""
    return await db.fetch_as(Attention, ATTENTION, *actor.scope, DAYS_OF_FAILURES)


async def unwritten(actor: Actor) -> list[Unwritten]:
    """Languages that templates of the actor's campaigns lack, each once, most readers first."""
    found: dict[tuple[int, str], Unwritten] = {}
    for row in await db.fetch(LANGUAGES, *actor.scope):
        for locale in missing_locales(row["written"], row["locales"]):
            key = (row["template_id"], locale)
            before = found[key].readers if key in found else 0
            found[key] = Unwritten(*key[:1], row["name"], locale, before + (row["readers"] or {}).get(locale, 0))
    return sorted(found.values(), key=lambda each: (-each.readers, each.name, each.locale))


# ------------------------------------------------------------------------------------------------ today
async def today(actor: Actor, zone: str, start: datetime, end: datetime) -> tuple[list[Hour], list[Told]]:
    """Sent and due e-mails of one day: by hour of the clock in `zone`, and by campaign (None: of no dossier)."""
    hours: dict[int, Hour] = {}
    campaigns: dict[int | None, Told] = {}
    rows = await db.fetch(TODAY, *actor.scope, zone, start, end)
    lately = await db.fetchrow(LATELY, *actor.scope, start, LONGEST_IN_LEDGER)
    if lately and lately["origins"]:
        rows += await db.fetch(OTHERS, *actor.scope, zone, start, end, lately["origins"], lately["first"])
    for row in rows:
        hour, told = row["hour"], campaigns.get(row["campaign_id"], Told(row["campaign_id"], 0, 0))
        before = hours.get(hour, Hour(hour, 0, 0))
        hours[hour] = Hour(hour, before.sent + row["sent"], before.due + row["due"])
        campaigns[row["campaign_id"]] = Told(told.campaign_id, told.sent + row["sent"], told.due + row["due"])
    return [hours[hour] for hour in sorted(hours)], list(campaigns.values())


# ------------------------------------------------------------------------------------------------ campaigns
async def submitted(campaign_ids: list[int], zone: str, first_day: date, since: datetime) -> dict[int, list[int]]:
    """campaign -> submissions a day over the last two weeks, oldest first."""
    days: dict[int, list[int]] = {each: [0] * SPARK_DAYS for each in campaign_ids}
    for row in await db.fetch(SUBMITTED, campaign_ids, zone, since):
        place = (row["day"] - first_day).days
        if 0 <= place < SPARK_DAYS:
            days[row["campaign_id"]][place] = row["count"]
    return days

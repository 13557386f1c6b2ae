"""What the dashboard shows: what waits for a person, today's e-mails, submissions. Found through the actor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from portal import db
from portal.actor import Actor
from portal.dashboard.rules import Hour, Told
from portal.emails.rules import missing_locales
from portal.scope import sees_dossier

DAYS_OF_FAILURES = 30
AT_ONCE = 200  # candidates told by one click: about a second of work
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

# Decided dossiers whose candidate has heard nothing since the decision, and to whom nothing is on its way (B05).
# `silent`: whoever decided chose not to write.
UNTOLD = f"""
select d.id, d.number, d.campaign_id, trim(d.first_name || ' ' || d.last_name) as name, c.title, s.label, s.tone,
       coalesce(x.at, d.changed_at) as decided_at, x.id as change_id, d.status_id, x.from_id,
       coalesce(x.mode = 'silent', false) as silent, coalesce(x.reason, '') as reason, y.state::text as state,
       coalesce(y.reason, '') as state_reason
from dossier d
join status s on s.id = d.status_id and s.is_decision
join campaign c on c.id = d.campaign_id
left join lateral (
    select h.id, h.at, h.mode, h.from_id, h.reason from status_change h
    where h.dossier_id = d.id and h.to_id = d.status_id order by h.id desc limit 1) x on true
left join lateral (
    select m.state, m.reason from message m where m.dossier_id = d.id and m.person_id = d.person_id
    and m.created_at >= coalesce(x.at, d.changed_at) order by m.id desc limit 1) y on true
where {SEEN} and not exists (
    select from message m where m.dossier_id = d.id and m.person_id = d.person_id
    and m.state in ('accepted', 'queued', 'held', 'uncertain') and m.created_at >= coalesce(x.at, d.changed_at))
order by decided_at, d.id limit $3"""

# Active triggers that write to candidates of open or decided campaigns, with the languages that they lack.
LANGUAGES = """
select t.template_id, m.name, c.locales, array(
        select x.locale from template_variant x where x.version_id = m.version_id) as written,
    (select jsonb_object_agg(r.locale, r.readers) from (
        select e.locale, count(*) as readers from dossier e where e.campaign_id = c.id group by e.locale) r) as readers
from trigger t
join template m on m.id = t.template_id
join campaign c on c.id = t.campaign_id
where t.active and 'candidate' = any (t.recipients)
  and exists (select from unnest(c.locales) l where l not in (
      select x.locale from template_variant x where x.version_id = m.version_id))
  and ($1::bool or exists (select from campaign_member b where b.campaign_id = c.id and b.account_id = $2))"""

# Today's e-mails by hour of the reader's clock. The index on created_at narrows to the last days, in which everything
# that leaves today was planned.
TODAY = f"""
select extract(hour from (case when m.state = 'accepted' then m.settled_at else greatest(m.due_at, $4) end)
           at time zone $3)::int as hour, d.campaign_id, count(*) filter (where m.state = 'accepted')::int as sent,
       count(*) filter (where m.state <> 'accepted')::int as due
from message m left join dossier d on d.id = m.dossier_id
where m.created_at >= $4::timestamptz - $6::interval and (m.dossier_id is null or {SEEN}) and (
    m.state = 'accepted' and m.settled_at >= $4 and m.settled_at < $5 or m.state = 'queued' and m.due_at < $5)
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


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """A decided dossier whose candidate was never told. `silent`: on purpose, for `reason`.

    `state`: of the e-mail that did not reach her (failed, skipped, cancelled); None: there was none.
    """

    id: int
    number: str
    campaign_id: int
    name: str
    title: dict[str, str]
    label: dict[str, str]
    tone: str
    decided_at: datetime
    change_id: int | None
    status_id: int
    from_id: int | None
    silent: bool
    reason: str
    state: str | None
    state_reason: str

    @property
    def tellable(self) -> bool:
        """Whether the trigger of its decision may still write: nothing has been tried yet."""
        return self.state is None and self.change_id is not None


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


async def untold(actor: Actor, limit: int) -> list[Untold]:
    """Decided dossiers whose candidate was never told, the oldest decision first; at most `limit`."""
    return await db.fetch_as(Untold, UNTOLD, *actor.scope, limit)


def told_at_once(rows: Sequence[Untold], status_id: int, dossier_id: int = 0) -> list[Untold]:
    """The candidates whom one click tells: all of a status but those left out on purpose, or one of them."""
    found = [row for row in rows if row.status_id == status_id and row.tellable]
    if dossier_id:
        return [row for row in found if row.id == dossier_id]
    return [row for row in found if not row.silent][:AT_ONCE]


async def telling(status_ids: list[int]) -> dict[int, list[str]]:
    """Status -> the names of the active automatic e-mails that tell its candidates, in the order of their page."""
    found: dict[int, list[str]] = {}
    sql = """select to_status_id as status_id, name from trigger
        where active and to_status_id = any ($1::int[]) and 'candidate' = any (recipients)
        order by family, position, id"""
    for row in await db.fetch(sql, status_ids):
        found.setdefault(row["status_id"], []).append(row["name"])
    return found


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
    for row in await db.fetch(TODAY, *actor.scope, zone, start, end, LONGEST_IN_LEDGER):
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

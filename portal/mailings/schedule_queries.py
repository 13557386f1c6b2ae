"""Schedules and their runs, found through the actor; whose audience has changed since it was prepared (B13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from portal import db
from portal.accounts import queries as accounts
from portal.actor import SYSTEM, Actor
from portal.audiences import sources
from portal.audiences.sources import Chosen, Source
from portal.i18n import text_in
from portal.mailings.schedule_rules import Timing
from portal.outcomes import Missing

NAMES_SHOWN = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPEN_STATES = ("late", "drifted", "broken")  # these wait for a person

# A run that waited for its slot has started when its mailing has; one whose mailing waits for a person says so there.
STATE = """
case when r.state = 'waiting' and m.state not in ('waiting', 'approval', 'starting') then 'started' else r.state end"""

SCHEDULE = f"""
select s.id, s.name, s.module, s.campaign_id, s.view_id, s.template_id, s.per, s.from_kind, s.reply_kind, s.active,
       s.starts_at, case when s.days_before is null then s.time_zone else coalesce(c.time_zone, s.time_zone) end
       as time_zone, s.rule, s.days_before, s.next_at, s.seen_at, s.owner_id, s.version,
       c.title as campaign_title, coalesce(c.default_locale, 'en') as default_locale, c.closes_at,
       v.name as view_name, coalesce(v.frozen_at is not null, false) as frozen, t.name as template_name,
       coalesce(t.archived_at is not null or t.version_id is null, true) as template_gone,
       coalesce(a.name, '') as owner, coalesce(a.active, false) as owner_active,
       l.due_at as last_due, l.state as last_state,
       (select count(*) from schedule_run r where r.schedule_id = s.id and r.state = any ($3::text[]))::int as open
from schedule s
left join campaign c on c.id = s.campaign_id
left join custom_view v on v.id = s.view_id
left join template t on t.id = s.template_id
left join account a on a.id = s.owner_id
left join lateral (
    select r.due_at, {STATE} as state from schedule_run r left join mailing m on m.id = r.mailing_id
    where r.schedule_id = s.id order by r.due_at desc limit 1) l on true"""
VISIBLE = """($1::bool or s.campaign_id is null or exists (
    select from campaign_member b where b.campaign_id = s.campaign_id and b.account_id = $2))"""
ORDER = "order by (s.active and s.next_at is not null) desc, s.next_at, folded(s.name), s.id limit 500"

RUNS = f"""
select r.due_at, {STATE} as state, r.problem, r.mailing_id, m.state as mailing_state, m.total,
       m.problem as mailing_problem, r.joined, r.gone, r.decided_at, coalesce(a.name, '') as decided_by
from schedule_run r left join mailing m on m.id = r.mailing_id left join account a on a.id = r.decided_by
where r.schedule_id = $1 order by r.due_at desc limit 100"""

DRIFT = """
with audience as materialized (select x.record_id from ({source}) x),
     seen as (select record_id from schedule_seen where schedule_id = ${n})
select (select count(*) from seen)::int as before,
       (select count(*) from audience)::int as today,
       (select count(*) from audience where record_id not in (select record_id from seen))::int as joined,
       (select count(*) from seen where record_id not in (select record_id from audience))::int as gone"""

# Names of those who have joined or left, as far as the reader may see them.
CHANGED = """
with audience as materialized (select x.record_id from ({source}) x), changed as (
    select record_id, true as joined from audience where record_id not in (
        select record_id from schedule_seen where schedule_id = ${n})
    union all
    select record_id, false from schedule_seen where schedule_id = ${n} and record_id not in (
        select record_id from audience))
select c.record_id, c.joined, coalesce(d.first_name, p.first_name) as first_name,
       coalesce(d.last_name, p.last_name) as last_name, coalesce(p.email::text, '') as email,
       coalesce(d.number, '') as number
from changed c
left join dossier d on d.id = c.record_id and {dossiers}
join person p on p.id = coalesce(d.person_id, case when {dossiers} then null else c.record_id end)
order by c.joined desc, folded(coalesce(d.last_name, p.last_name)), c.record_id limit 4 * {most}"""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule with the names of what it uses. `starts_at`, `closes_at`: wall time in `time_zone`; the rest aware.

    `view_name`, `template_name` None: deleted. `open`: runs that wait for a decision. `last_*`: the latest run.
    """

    id: int
    name: str
    module: str
    campaign_id: int | None
    view_id: int | None
    template_id: int | None
    per: str
    from_kind: str
    reply_kind: str
    active: bool
    starts_at: datetime
    time_zone: str
    rule: str
    days_before: int | None
    next_at: datetime | None
    seen_at: datetime | None
    owner_id: int | None
    version: int
    campaign_title: dict[str, str] | None
    default_locale: str
    closes_at: datetime | None
    view_name: str | None
    frozen: bool
    template_name: str | None
    template_gone: bool
    owner: str
    owner_active: bool
    last_due: datetime | None
    last_state: str | None
    open: int

    @property
    def campaign(self) -> str:
        """The campaign's title in the reader's language; "" for none."""
        return text_in(self.campaign_title, None, self.default_locale) if self.campaign_title else ""

    @property
    def timing(self) -> Timing:
        """When it runs. The campaign's closing is part of it only where it goes by that."""
        return Timing(
            starts_at=self.starts_at,
            time_zone=self.time_zone,
            rule=self.rule,
            days_before=self.days_before,
            closes_at=self.closes_at if self.days_before is not None else None,
        )

    @property
    def chosen(self) -> Chosen:
        """Whom it writes to. Only where there is a view: without one this would be everybody."""
        campaign_id = self.campaign_id if self.module == "dossiers" else None
        return Chosen(module=self.module, campaign_id=campaign_id, view_id=self.view_id)


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which a schedule was due, and what became of it."""

    due_at: datetime
    state: str
    problem: str
    mailing_id: int | None
    mailing_state: str | None
    mailing_problem: str | None
    total: int | None
    joined: int
    gone: int
    decided_at: datetime | None
    decided_by: str

    @property
    def open(self) -> bool:
        """Whether it waits for a person."""
        return self.state in OPEN_STATES

    @property
    def handle(self) -> int:
        """The due time as it stands in addresses: microseconds since 1970."""
        return handle_of(self.due_at)


class Drift(msgspec.Struct, frozen=True):
    """An audience then (`before`) and now (`today`): how many have joined it and have left it since."""

    before: int
    today: int
    joined: int
    gone: int


class Changed(msgspec.Struct, frozen=True):
    """Somebody who has joined or left an audience; `number` of her dossier, "" for people."""

    record_id: int
    joined: bool
    first_name: str
    last_name: str
    email: str
    number: str


def handle_of(due_at: datetime) -> int:
    """An instant as a whole number, exactly."""
    return (due_at - EPOCH) // timedelta(microseconds=1)


# ------------------------------------------------------------------------------------------------ schedules
async def visible(actor: Actor, module: str = "") -> list[Schedule]:
    """The schedules that the actor may see: the next to run first, then those that rest."""
    sql = f"{SCHEDULE} where {VISIBLE} and ($4 = '' or s.module = $4) {ORDER}"
    return await db.fetch_as(Schedule, sql, *actor.scope, list(OPEN_STATES), module)


async def one(actor: Actor, schedule_id: int) -> Schedule:
    """One of them. Raises Missing."""
    found = await db.one_as(
        Schedule, f"{SCHEDULE} where {VISIBLE} and s.id = $4", *actor.scope, list(OPEN_STATES), schedule_id
    )
    if found is None:
        raise Missing
    return found


async def waiting(actor: Actor) -> list[Schedule]:
    """Those with runs that wait for a decision, as far as the actor sees them."""
    sql = f"""{SCHEDULE} where {VISIBLE} and s.id in (
        select r.schedule_id from schedule_run r where r.state = any ($3::text[])) {ORDER}"""
    return await db.fetch_as(Schedule, sql, *actor.scope, list(OPEN_STATES))


async def before_closings() -> list[Schedule]:
    """The active ones whose time goes by a campaign's closing, for the clock."""
    sql = f"""{SCHEDULE} where {VISIBLE} and s.active and s.days_before is not null and s.campaign_id is not null
        order by s.id"""
    return await db.fetch_as(Schedule, sql, *SYSTEM.scope, list(OPEN_STATES))


async def runs(schedule_id: int) -> list[Ran]:
    """The latest runs of a schedule that was found through the actor, newest first."""
    return await db.fetch_as(Ran, RUNS, schedule_id)


async def run_of(schedule: Schedule, handle: int) -> Ran:
    """A run that waits for a decision, of a schedule that was found through the actor. Raises Missing."""
    found = [ran for ran in await runs(schedule.id) if ran.open and ran.handle == handle]
    if not found:
        raise Missing
    return found[0]


# ------------------------------------------------------------------------------------------------ whose audience
async def owner_of(schedule: Schedule) -> Actor | None:
    """Who answers for it, with today's rights: its audience is what she may see. None when she cannot sign in."""
    account = await accounts.by_id(schedule.owner_id) if schedule.owner_id else None
    return accounts.actor_of(account) if account and account.active else None


async def audience(schedule: Schedule, owner: Actor) -> Source | None:
    """Whom it writes to today; None when its view is gone. Raises Refused, in words, when that cannot be said."""
    return await sources.source(owner, schedule.chosen) if schedule.view_id else None


async def drift(schedule: Schedule, found: Source) -> Drift:
    """How the audience `found` differs from the one that was last found right."""
    row = await db.fetchrow(_with(DRIFT, found), *found.parameters, schedule.id)
    return Drift(**row) if row else Drift(0, 0, 0, 0)


async def changed(schedule: Schedule, found: Source, reader: Actor) -> tuple[list[Changed], list[Changed]]:
    """Some of those who have joined, and of those who have left, as far as the reader may see them."""
    dossiers = "true" if schedule.module == "dossiers" else "false"
    sql = _with(CHANGED, found, dossiers=dossiers, most=NAMES_SHOWN)
    rows = await db.fetch_as(Changed, sql, *found.parameters, schedule.id)
    if not rows:
        return [], []
    allowed = await _seen_by(reader, schedule.module, tuple(row.record_id for row in rows))
    rows = [row for row in rows if row.record_id in allowed]
    joined, gone = [row for row in rows if row.joined], [row for row in rows if not row.joined]
    return joined[:NAMES_SHOWN], gone[:NAMES_SHOWN]


async def _seen_by(reader: Actor, module: str, ids: tuple[int, ...]) -> set[int]:
    """Which of these records the reader may see; people who have become contacts meanwhile among them."""
    modules = ("dossiers",) if module == "dossiers" else ("candidates", "contacts")
    found = [await sources.source(reader, Chosen(module=each, ids=ids)) for each in modules]
    return {row["record_id"] for each in found for row in await db.fetch(each.sql, *each.parameters)}


def _with(sql: str, found: Source, **more: Any) -> str:
    return sql.format(source=found.sql, n=len(found.parameters) + 1, **more)


# ------------------------------------------------------------------------------------------------ limits of the house
async def drift_percent() -> int:
    """From which change of an audience on a schedule asks again."""
    return int(await db.fetchval("select drift_percent from organisation") or 0)

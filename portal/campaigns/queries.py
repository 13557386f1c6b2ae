"""Campaigns as pages and actions need them: found through the actor, or by their public address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import rules, words
from portal.i18n import text_in
from portal.outcomes import Missing

COLUMNS = """c.id, c.slug, c.title, c.description, c.locales, c.default_locale, c.time_zone, c.opens_at, c.closes_at,
c.published, c.number_prefix, c.created_at, c.version, c.programme_id, c.archived_at, c.first_phase, c.resubmission,
c.withdrawal, c.assigned_only"""

# The number that a dossier gets from its campaign `c`: prefix, year on the campaign's clocks, at least four digits.
NUMBER = """c.number_prefix || '-' || extract(year from now() at time zone c.time_zone) || '-' ||
lpad(c.last_number::text, greatest(4, length(c.last_number::text)), '0')"""

VISIBLE = """
($1::bool or exists (select from campaign_member m where m.campaign_id = c.id and m.account_id = $2))"""

# How many dossiers at the status `s` of the campaign `c` somebody sees. Counting goes status by status, which the index
# (status_id, ...) answers without touching the dossiers; who sees only assigned ones has few of them.
SEEN = """
case when $1::bool or not c.assigned_only or exists (
    select from campaign_member m where m.campaign_id = c.id and m.account_id = $2 and m.role = 'manager')
then (select count(*) from dossier d where d.status_id = s.id)
else (select count(*) from assignment g join dossier d on d.id = g.dossier_id
    where g.account_id = $2 and d.status_id = s.id) end"""

# All campaigns of an actor with their statuses and how many dossiers are at each: one query for the whole list.
LISTED = f"""
select {COLUMNS}, (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'key', s.key, 'label', s.label, 'tone', s.tone,
        'dossiers', {SEEN}) order by s.position, s.id), '[]')
    from status s where s.campaign_id = c.id) as counts
from campaign c
where {VISIBLE} and (c.archived_at is not null) = $4 and ($5::int is null or c.programme_id = $5)
and ($3 = '' or position(folded($3) in c.slug) > 0 or exists (
    select from jsonb_each_text(c.title) t where position(folded($3) in folded(t.value)) > 0))
order by c.closes_at desc nulls first, c.id desc"""

STATUS = """s.id, s.campaign_id, s.key, s.label, s.public_label, s.tone, s.position, s.is_decision, s.protected,
s.version, s.phase_id"""
STATUSES = f"""
select {STATUS} from status s where s.campaign_id = any ($1::int[]) order by s.campaign_id, s.position, s.id"""
COUNTED = f"""
select {STATUS}, {SEEN} as dossiers
from status s join campaign c on c.id = s.campaign_id where s.campaign_id = $3 order by s.position, s.id"""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign. `opens_at` and `closes_at` are wall time in `time_zone`; `created_at` is aware."""

    id: int
    slug: str
    title: dict[str, str]
    description: dict[str, str]
    locales: list[str]
    default_locale: str
    time_zone: str
    opens_at: datetime | None
    closes_at: datetime | None
    published: bool
    number_prefix: str
    created_at: datetime
    version: int
    programme_id: int | None
    archived_at: datetime | None
    first_phase: dict[str, str]
    resubmission: bool
    withdrawal: bool
    assigned_only: bool

    @property
    def name(self) -> str:
        """The title in the reader's language, else in the campaign's own."""
        return text_in(self.title, None, self.default_locale)

    @property
    def state(self) -> rules.State:
        """Where it stands now."""
        return "archived" if self.archived_at else rules.state(self, datetime.now(UTC))

    @property
    def state_words(self) -> str:
        """Where it stands now, with the date, in words."""
        return words.state_word("archived") if self.archived_at else words.state_words(self, datetime.now(UTC))

    @property
    def state_tone(self) -> str:
        """The tone of the state."""
        return words.STATE_TONES[self.state]


class Counts(msgspec.Struct, frozen=True):
    """How many campaigns somebody may see, and how many of them lie in the archive."""

    current: int
    archived: int


class StatusCount(msgspec.Struct, frozen=True):
    """How many dossiers are at a status."""

    id: int
    key: str
    label: dict[str, str]
    tone: str
    dossiers: int


class CampaignRow(Campaign, frozen=True, kw_only=True):
    """A campaign of the list, with its statuses in their order."""

    counts: list[StatusCount]

    @property
    def dossiers(self) -> int:
        """The number of all its dossiers."""
        return sum(each.dossiers for each in self.counts)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A status of a campaign."""

    id: int
    campaign_id: int
    key: str
    label: dict[str, str]
    public_label: dict[str, str]
    tone: str
    position: int
    is_decision: bool
    protected: bool
    version: int
    phase_id: int | None

    @property
    def name(self) -> str:
        """The internal label in the reader's language."""
        return text_in(self.label)


class CountedStatus(Status, frozen=True, kw_only=True):
    """A status with the number of dossiers at it now, of those that somebody sees."""

    dossiers: int


class StatusUse(msgspec.Struct, frozen=True):
    """What hangs on a status: dossiers at it, dossiers that once were, automatic e-mails and phases that name it."""

    dossiers: int
    history: int
    triggers: int
    phases: int = 0


class LastChange(msgspec.Struct, frozen=True):
    """Who was faster, and when."""

    by: str
    at: datetime


# ------------------------------------------------------------------------------------------------ campaigns
async def list_for(
    actor: Actor, search: str = "", *, archived: bool = False, programme_id: int | None = None
) -> list[CampaignRow]:
    """The campaigns the actor may see, by closing date, the latest first; `search` looks into titles and addresses.

    Those in the archive are apart; `programme_id` leaves those of one programme.
    """
    rows = await db.fetch(LISTED, *actor.scope, search.strip(), archived, programme_id)
    return msgspec.convert([dict(row) for row in rows], list[CampaignRow])


async def count(actor: Actor) -> Counts:
    """How many campaigns the actor may see at all."""
    sql = f"""select count(*) filter (where c.archived_at is null) as current,
        count(*) filter (where c.archived_at is not null) as archived from campaign c where {VISIBLE}"""
    found = await db.one_as(Counts, sql, *actor.scope)
    assert found
    return found


async def one(actor: Actor, campaign_id: int) -> Campaign:
    """The campaign, if the actor may see it. Raises Missing."""
    sql = f"select {COLUMNS} from campaign c where {VISIBLE} and c.id = $3"
    found = await db.one_as(Campaign, sql, *actor.scope, campaign_id)
    if found is None:
        raise Missing
    return found


async def by_slug(slug: str) -> Campaign:
    """The campaign at a public address, published or not. Raises Missing."""
    found = await db.one_as(Campaign, f"select {COLUMNS} from campaign c where c.slug = $1", slug)
    if found is None:
        raise Missing
    return found


async def dossiers(campaign_id: int) -> int:
    """How many dossiers a campaign has, drafts included."""
    return int(await db.fetchval("select count(*) from dossier where campaign_id = $1", campaign_id))


async def next_number(campaign_id: int) -> str:
    """What the next dossier's number will look like, e.g. RL-2026-0161; nothing is taken."""
    sql = f"""select {NUMBER} from (
        select number_prefix, time_zone, last_number + 1 as last_number from campaign where id = $1) c"""
    return str(await db.fetchval(sql, campaign_id))


async def slugs() -> set[str]:
    """All addresses that are taken."""
    return {row["slug"] for row in await db.fetch("select slug from campaign")}


async def prefixes() -> set[str]:
    """All number prefixes that are taken."""
    return {row["number_prefix"] for row in await db.fetch("select number_prefix from campaign")}


async def last_change(campaign_id: int) -> LastChange | None:
    """Who saved the settings last."""
    sql = """select actor_name as by, at from timeline_event where campaign_id = $1 and subject = 'campaign'
        and what in ('campaign.changed', 'campaign.published', 'campaign.unpublished', 'campaign.archived',
        'campaign.brought_back', 'campaign.first_phase_renamed') order by id desc limit 1"""
    return await db.one_as(LastChange, sql, campaign_id)


# ------------------------------------------------------------------------------------------------ its parts
async def statuses(campaign_id: int) -> list[Status]:
    """The statuses in their order. Whoever asks has found the campaign already."""
    return await statuses_of([campaign_id])


async def counted(actor: Actor, campaign_id: int) -> list[CountedStatus]:
    """The statuses in their order, with how many dossiers the actor sees at each."""
    return await db.fetch_as(CountedStatus, COUNTED, *actor.scope, campaign_id)


async def statuses_of(campaign_ids: Sequence[int]) -> list[Status]:
    """The statuses of several campaigns, each in their order: one query for a whole list."""
    return await db.fetch_as(Status, STATUSES, list(campaign_ids))


async def status(campaign_id: int, status_id: int) -> Status:
    """One status of a campaign. Raises Missing."""
    found = next((each for each in await statuses(campaign_id) if each.id == status_id), None)
    if found is None:
        raise Missing
    return found


async def status_use(status_id: int) -> StatusUse:
    """What hangs on a status, to say before it goes and to refuse its going."""
    sql = """select (select count(*) from dossier where status_id = $1) as dossiers,
        (select count(distinct dossier_id) from status_change where from_id = $1 or to_id = $1) as history,
        (select count(*) from trigger where from_status_id = $1 or to_status_id = $1)
            + (select count(*) from autoresponder where status_id = $1) as triggers,
        (select count(*) from phase where entry_status_id = $1 or submitted_status_id = $1) as phases"""
    found = await db.one_as(StatusUse, sql, status_id)
    if found is None:
        raise Missing
    return found

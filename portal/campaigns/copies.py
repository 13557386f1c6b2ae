"""A campaign made from another one (E17): statuses, phases, form, automatic e-mails, criteria; no dossiers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import parts, phases, queries, rules
from portal.campaigns.queries import Campaign
from portal.emails import actions as letters
from portal.emails import queries as templates
from portal.i18n import _, text_in

NAMES_LOCK = 727_275  # two copies at the same moment choose their addresses one after the other

COPY_CAMPAIGN = """
insert into campaign (slug, title, description, locales, default_locale, time_zone, opens_at, closes_at, published,
    number_prefix, programme_id, first_phase, resubmission, withdrawal, assigned_only, created_by)
select $2, $3, description, locales, default_locale, time_zone, $4, $5, false,
    $6, programme_id, first_phase, resubmission, withdrawal, assigned_only, $7
from campaign where id = $1 returning id"""

# Phases and statuses name each other: phases come first, without their statuses, in the order of the old ones.
COPY_PHASE = """
insert into phase (campaign_id, title, description, opens_at, closes_at, position)
select $2, title, description, $3, $4, position from phase where id = $1 returning id"""

COPY_STATUSES = """
insert into status (campaign_id, key, label, public_label, tone, position, is_decision, protected, phase_id)
select $2, s.key, s.label, s.public_label, s.tone, s.position, s.is_decision, s.protected, m.copy
from status s left join unnest($3::int[], $4::int[]) m (old, copy) on m.old = s.phase_id
where s.campaign_id = $1"""

# A phase of the copy starts and ends with the copy's statuses of the same keys.
JOIN_PHASES = """
update phase p set entry_status_id = entry_copy.id, submitted_status_id = after_copy.id
from unnest($2::int[], $3::int[]) m (old, copy) join phase o on o.id = m.old
left join status entry_old on entry_old.id = o.entry_status_id
left join status entry_copy on entry_copy.campaign_id = $1 and entry_copy.key = entry_old.key
left join status after_old on after_old.id = o.submitted_status_id
left join status after_copy on after_copy.campaign_id = $1 and after_copy.key = after_old.key
where p.id = m.copy"""

# What was taken off the form stays behind, and with it the conditions on it.
COPY_QUESTIONS = """
insert into question (campaign_id, key, kind, label, help, required, choices, max_length, position, phase_id, settings,
    shown_if)
select $2, q.key, q.kind, q.label, q.help, q.required, q.choices, q.max_length, q.position, m.copy, q.settings,
    case when exists (select from question k where k.campaign_id = $1 and k.retired_at is null
        and k.key = q.shown_if ->> 'question') then q.shown_if else '{}' end
from question q left join unnest($3::int[], $4::int[]) m (old, copy) on m.old = q.phase_id
where q.campaign_id = $1 and q.retired_at is null"""

COPY_CRITERIA = """
insert into criterion (campaign_id, label, help, most, weight, position)
select $2, label, help, most, weight, position from criterion where campaign_id = $1"""

# Automatic e-mails name statuses by id: the copy names the status of the same key in the copy.
COPY_TRIGGERS = """
insert into trigger (campaign_id, name, family, template_id, from_status_id, to_status_id, recipients, cc,
    delay_minutes, active, position, phase_id, conditions, stop, days_before, at_time, created_by)
select $2, t.name, t.family, coalesce(l.copy, t.template_id), from_copy.id, to_copy.id, t.recipients, t.cc,
    t.delay_minutes, t.active, t.position, m.copy, t.conditions, t.stop, t.days_before, t.at_time, $3
from trigger t
left join status from_old on from_old.id = t.from_status_id
left join status from_copy on from_copy.campaign_id = $2 and from_copy.key = from_old.key
left join status to_old on to_old.id = t.to_status_id
left join status to_copy on to_copy.campaign_id = $2 and to_copy.key = to_old.key
left join unnest($4::int[], $5::int[]) m (old, copy) on m.old = t.phase_id
left join unnest($6::int[], $7::int[]) l (old, copy) on l.old = t.template_id
where t.campaign_id = $1 order by t.position, t.id"""

COPY_TEAM = """
insert into campaign_member (campaign_id, account_id, role)
select $2, m.account_id, m.role from campaign_member m join account a on a.id = m.account_id and a.active
where m.campaign_id = $1 on conflict do nothing"""

USED_TEMPLATES = "select distinct template_id from trigger where campaign_id = $1 order by template_id"

CARGO = """
select (select count(*) from status where campaign_id = $1) as statuses,
    (select count(*) from phase where campaign_id = $1) as phases,
    (select count(*) from question where campaign_id = $1 and retired_at is null and kind <> 'section') as questions,
    (select count(*) from trigger where campaign_id = $1) as triggers,
    (select count(distinct template_id) from trigger where campaign_id = $1) as templates,
    (select count(*) from criterion where campaign_id = $1) as criteria"""

Map = tuple[list[int], list[int]]  # old ids, ids of their copies


class CopyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the copy is to be. `title` {}: the same. `templates`: with templates of its own; `team`: with the same team.

    `first_day`: the day to which the earliest date moves, and the others as many days with it; None: no dates.
    """

    title: dict[str, str] = {}
    first_day: date | None = None
    templates: bool = False
    team: bool = False


class Cargo(msgspec.Struct, frozen=True):
    """How much a copy takes along."""

    statuses: int
    phases: int
    questions: int
    triggers: int
    templates: int
    criteria: int


async def cargo(campaign_id: int) -> Cargo:
    """What a copy would take along. Whoever asks has found the campaign already."""
    found = await db.one_as(Cargo, CARGO, campaign_id)
    assert found
    return found


async def dates(campaign: Campaign) -> list[datetime]:
    """All dates of a campaign and its phases, the earliest first (wall time)."""
    pairs = [(campaign.opens_at, campaign.closes_at)]
    pairs += [(each.opens_at, each.closes_at) for each in await phases.of_campaign(campaign.id)]
    return sorted(wall for pair in pairs for wall in pair if wall)


async def duplicate(by: Actor, campaign_id: int, draft: CopyDraft | None = None) -> int:
    """A copy, unpublished and without dossiers. Returns its id.

    `by` is its only manager unless the team is copied: whoever evaluates the one need not evaluate the other.
    Raises Missing, Refused.
    """
    campaign = await queries.one(by, campaign_id)
    draft = draft or CopyDraft()
    title = parts.merged(campaign.title, draft.title, campaign.locales if draft.title else [])
    if not title.get(campaign.default_locale):
        parts.refuse({"title": _("Enter the title.")})
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", NAMES_LOCK)
        return await _copy(by, campaign, msgspec.structs.replace(draft, title=title))


async def _copy(by: Actor, campaign: Campaign, draft: CopyDraft) -> int:
    days = rules.days_to(await dates(campaign), draft.first_day)
    copy_id = await _copy_campaign(by, campaign, draft, days)
    moved = await _copy_phases(campaign.id, copy_id, days)
    await db.execute(COPY_STATUSES, campaign.id, copy_id, *moved)
    await db.execute(JOIN_PHASES, copy_id, *moved)
    await db.execute(COPY_QUESTIONS, campaign.id, copy_id, *moved)
    await db.execute(COPY_CRITERIA, campaign.id, copy_id)
    own = await _copy_templates(by, campaign.id, copy_id) if draft.templates else ([], [])
    await db.execute(COPY_TRIGGERS, campaign.id, copy_id, by.account_id, *moved, *own)
    if draft.team:
        await db.execute(COPY_TEAM, campaign.id, copy_id)
    if by.account_id is not None:
        sql = "insert into campaign_member values ($1, $2, 'manager') on conflict do nothing"
        await db.execute(sql, copy_id, by.account_id)
    await parts.record(copy_id, "campaign.duplicated", by, title=campaign.title, of=campaign.id)
    return copy_id


async def _copy_campaign(by: Actor, campaign: Campaign, draft: CopyDraft, days: int | None) -> int:
    title = text_in(draft.title, campaign.default_locale)
    wish = campaign.slug if draft.title == campaign.title else title
    slug = rules.suggested_slug(wish, await queries.slugs())
    prefix = rules.suggested_prefix(title, await queries.prefixes())
    shifted: list[Any] = [rules.shifted(each, days) for each in (campaign.opens_at, campaign.closes_at)]
    row = (slug, draft.title, *shifted, prefix, by.account_id)
    return int(await db.fetchval(COPY_CAMPAIGN, campaign.id, *row))


async def _copy_phases(campaign_id: int, copy_id: int, days: int | None) -> Map:
    moved: Map = ([], [])
    for each in await phases.of_campaign(campaign_id):
        shifted = [rules.shifted(wall, days) for wall in (each.opens_at, each.closes_at)]
        moved[0].append(each.id)
        moved[1].append(int(await db.fetchval(COPY_PHASE, each.id, copy_id, *shifted)))
    return moved


async def _copy_templates(by: Actor, campaign_id: int, copy_id: int) -> Map:
    """Templates of the copy's own, named after its numbers: changing them leaves the old campaign's letters alone."""
    prefix = await db.fetchval("select number_prefix from campaign where id = $1", copy_id)
    own: Map = ([], [])
    for row in await db.fetch(USED_TEMPLATES, campaign_id):
        version = await templates.current(row["template_id"])
        # NOTE: name of a copied template. {name}: of the original; {prefix}: of the new campaign's dossiers, e.g. RL2
        name = _("{name} ({prefix})").format(name=version.name, prefix=prefix)
        draft = msgspec.structs.replace(letters.draft_of(version), name=name)
        own[0].append(row["template_id"])
        own[1].append(await letters.create(draft, by))
    return own

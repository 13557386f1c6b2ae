"""A campaign with many dossiers: people, answers, evaluators, scores, moves, e-mails. Filled by the database itself."""

from __future__ import annotations

from dataclasses import dataclass

from portal import db
from portal.triggers import telling

CAMPAIGN = """
insert into campaign (slug, title, description, locales, default_locale, time_zone, opens_at, closes_at, published,
    number_prefix, assigned_only)
values ('many', '{"en": "Many"}', '{}', '{en,es,fr,pl}', 'en', 'Europe/Warsaw', '2026-01-01', '2099-12-31', true, 'MA',
    $1) returning id"""
STATUSES = """
insert into status (campaign_id, key, label, public_label, tone, position, is_decision, protected)
select $1, key, jsonb_build_object('en', key), jsonb_build_object('en', key), 'mute', place,
    key in ('accepted', 'rejected'), key in ('draft', 'submitted')
from unnest('{draft,submitted,under_review,accepted,rejected}'::text[]) with ordinality s(key, place)"""
QUESTIONS = """
insert into question (campaign_id, key, kind, label, required, choices, position) values
    ($1, 'area', 'choice', '{"en": "Area"}', true,
     '[{"key": "art", "label": {"en": "Art"}}, {"key": "law", "label": {"en": "Law"}}]', 1),
    ($1, 'story', 'long', '{"en": "Story"}', false, '[]', 2),
    ($1, 'budget', 'number', '{"en": "Budget"}', false, '[]', 3)"""
ACCOUNTS = """
insert into account (email, name, roles, locale, time_zone)
select 'evaluator' || n || '@team.example', 'Evaluator ' || n, '{evaluator}', 'en', 'UTC'
from generate_series(1, 20) n returning id"""
PEOPLE = """
insert into person (email, first_name, last_name, locale)
select 'person' || n || '@people.example', (array['Ana','Íñigo','Łucja','Inès','Zoë'])[n % 5 + 1],
    (array['Nowak','Etxeberria','Wiśniewska','Lefèvre','O’Connor','García','Żak'])[n % 7 + 1] || ' ' || n,
    (array['en','es','fr','pl'])[n % 4 + 1]
from generate_series(1, $1::int) n"""
DOSSIERS = """
insert into dossier (campaign_id, person_id, number, status_id, locale, first_name, last_name, answers, created_at,
    submitted_at, changed_at)
select $1, p.id, 'MA-2026-' || lpad(p.id::text, 6, '0'), s.id, p.locale, p.first_name, p.last_name,
    jsonb_build_object('area', (array['art','law'])[p.id % 2 + 1], 'budget', p.id % 9000,
        'story', repeat('Once. ', 60)),
    now() - make_interval(mins => (p.id * 7 % 500000)::int),
    case when s.key <> 'draft' then now() - make_interval(mins => (p.id * 5 % 400000)::int) end,
    now() - make_interval(mins => (p.id * 3 % 300000)::int)
from person p
join status s on s.campaign_id = $1
    and s.position = (array[1, 2, 2, 2, 2, 3, 3, 4, 5, 5])[p.id % 10 + 1]"""
MOVES = """
insert into status_change (dossier_id, from_id, to_id, actor_kind, manual, at)
select d.id, null, d.status_id, 'candidate', false, coalesce(d.submitted_at, d.created_at) from dossier d"""
HISTORY = """
insert into timeline_event (subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, actor_name, at)
select 'dossier', d.id, d.campaign_id, d.id, d.person_id, 'dossier.submitted', 'candidate', d.first_name, d.changed_at
from dossier d"""
ASSIGNED = """
insert into assignment (dossier_id, account_id)
select d.id, a.id from dossier d
join account a on a.id = any (array(select id from account where email like 'evaluator%' order by id))
where (d.id + a.id) % 10 = 0"""
CRITERIA = """
insert into criterion (campaign_id, label, most, weight, position)
select $1, jsonb_build_object('en', 'Criterion ' || n), 10, n, n from generate_series(1, 3) n"""
SCORES = """
insert into score (dossier_id, criterion_id, account_id, points)
select x.dossier_id, k.id, x.account_id, (x.dossier_id + k.id) % 11 from assignment x, criterion k
where x.dossier_id % 2 = 0"""
MEMBERS = """
insert into campaign_member (campaign_id, account_id, role)
select $1, id, case when email like 'evaluator%' then 'evaluator' else 'manager' end from account"""
ORIGIN = """
insert into origin (kind, ref_id, sender_id, lane, campaign_id) values ('trigger', $1, $2, 1, $3) returning id"""
MESSAGES = """
insert into message (origin_id, person_id, dossier_id, occurrence, state, address, settled_at, code)
select $1, d.person_id, d.id, c.id, (case when d.id % 97 = 1 then 'failed' else 'accepted' end)::message_state,
    'person' || d.person_id || '@people.example', now(), 250
from dossier d join status s on s.id = d.status_id join status_change c on c.dossier_id = d.id
where case when s.is_decision then d.id % 97 <> 0 else d.id % 5 <> 0 end"""
TEMPLATE = """
with made as (insert into template (name, category) values ('Decision', 'transactional') returning id),
written as (
    insert into template_version (template_id, number, fallback_locale) select id, 1, 'en' from made
    returning id, template_id),
texts as (
    insert into template_variant (version_id, locale, subject, body)
    select w.id, l, 'About {{ dossier_number }}', '<p>Dear {{ first_name }}, it is {{ status }}.</p>'
    from written w, unnest('{en,es,fr}'::text[]) l)
select id, template_id from written"""
TRIGGER = """
insert into trigger (campaign_id, name, family, template_id, to_status_id, recipients, active)
select $1, 'Told', 'manager', $2, s.id, $3, true from status s where s.campaign_id = $1 and s.key = 'accepted'
returning id"""
TABLES = (
    "person",
    "dossier",
    "status_change",
    "timeline_event",
    "assignment",
    "score",
    "message",
    "campaign_member",
    "to_tell",
)


@dataclass(frozen=True)
class Archive:
    """What was filled. `dossier_id` is one in the middle."""

    campaign_id: int
    dossier_id: int
    account_id: int
    dossiers: int


async def fill(count: int, sender_id: int, account_id: int) -> Archive:
    """So many dossiers in one campaign, whose manager is the account; everything analysed."""
    campaign = int(await db.fetchval(CAMPAIGN, False))
    for sql, *more in ((STATUSES, campaign), (QUESTIONS, campaign), (ACCOUNTS,), (PEOPLE, count), (DOSSIERS, campaign)):
        await db.execute(sql, *more)
    for sql, *more in ((MOVES,), (HISTORY,), (ASSIGNED,), (CRITERIA, campaign), (SCORES,), (MEMBERS, campaign)):
        await db.execute(sql, *more)
    row = await db.fetchrow(TEMPLATE)
    assert row
    await db.execute("update template set version_id = $1 where id = $2", row["id"], row["template_id"])
    trigger = int(await db.fetchval(TRIGGER, campaign, row["template_id"], ["candidate"]))
    origin = int(await db.fetchval(ORIGIN, trigger, sender_id, campaign))
    await db.execute(MESSAGES, origin)
    while await telling.sweep():
        pass  # as the clock does each minute: who has been told is not looked at again
    for table in TABLES:
        await db.execute(f"vacuum analyze {table}")
    middle = int(await db.fetchval("select id from dossier order by id offset $1 limit 1", count // 2))
    return Archive(campaign, middle, account_id, count)

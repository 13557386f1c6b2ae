"""Rows become people and dossiers, a set at a time, inside the caller's transaction."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from portal import db
from portal.actor import Actor
from portal.campaigns import actions as campaigns
from portal.imports.queries import Import
from portal.imports.rules import Row

STAGE = """
create temporary table incoming (
    line int primary key, email citext not null, first_name text not null, last_name text not null,
    locale text not null, status text not null, submitted_at timestamptz, answers jsonb not null,
    person_id bigint, known bool
) on commit drop"""
STAGED = ("line", "email", "first_name", "last_name", "locale", "status", "submitted_at", "answers")

# Who is known is looked up first; the others are made, in the order of the file.
LOOK_UP = "update incoming i set person_id = p.id, known = true from person p where p.email = i.email"
MAKE_PEOPLE = """
with made as (
    insert into person (kind, email, first_name, last_name, locale)
    select $1, email, first_name, last_name, locale from incoming where person_id is null order by line
    on conflict (email) do nothing returning id, email),
linked as (update incoming i set person_id = m.id from made m where m.email = i.email returning i.person_id, i.line)
insert into timeline_event (subject, subject_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'person', person_id, person_id, 'person.created', 'import', $2, $3,
       jsonb_build_object('import', $4::bigint, 'line', line) from linked order by line"""
# Only what the file says, and only where it differs; an address is never changed.
UPDATE_PEOPLE = """
with changed as (
    update person p set first_name = coalesce(nullif(i.first_name, ''), p.first_name),
        last_name = coalesce(nullif(i.last_name, ''), p.last_name),
        locale = case when $4 then i.locale else p.locale end, changed_at = now(), version = p.version + 1
    from incoming i where i.known and p.id = i.person_id and
        (coalesce(nullif(i.first_name, ''), p.first_name), coalesce(nullif(i.last_name, ''), p.last_name),
         case when $4 then i.locale else p.locale end) is distinct from (p.first_name, p.last_name, p.locale)
    returning p.id, i.line)
insert into timeline_event (subject, subject_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'person', id, id, 'person.changed', 'import', $1, $2, jsonb_build_object('import', $3::bigint, 'line', line)
from changed order by line"""

# Who has applied already is left alone.
LEAVE_APPLIED = """
delete from incoming i using dossier d where d.person_id = i.person_id and d.campaign_id = $1"""
MAKE_DOSSIERS = """
with placed as (
    select i.*, s.id as status_id, s.key as status_key, n.number
    from (select *, row_number() over (order by line) as place from incoming) i
    join unnest($3::text[]) with ordinality n (number, place) on n.place = i.place
    join status s on s.campaign_id = $1 and s.key = coalesce(nullif(i.status, ''), $2)),
made as (
    insert into dossier
        (campaign_id, person_id, number, status_id, locale, first_name, last_name, answers, submitted_at)
    select $1, person_id, number, status_id, locale, first_name, last_name, answers,
           case when status_key <> 'draft' then coalesce(submitted_at, now()) end
    from placed order by place returning id, number, person_id, status_id),
moved as (
    insert into status_change (dossier_id, from_id, to_id, actor_kind, account_id, manual)
    select m.id, null, m.status_id, 'import', $4, false from made m order by m.id returning id)
insert into timeline_event
    (subject, subject_id, campaign_id, dossier_id, person_id, what, actor_kind, account_id, actor_name, details)
select 'dossier', m.id, $1, m.id, m.person_id, 'dossier.imported', 'import', $4, $5,
       jsonb_build_object('number', m.number, 'import', $6::bigint) from made m order by m.id"""


class Written(msgspec.Struct, frozen=True):
    """How many records were made (dossiers, or people) and how many people's records changed."""

    created: int
    changed: int


async def write(found: Import, rows: list[Row], zone: ZoneInfo, by: Actor) -> Written:
    """Bring rows in: people first, then their dossiers. `zone` is the campaign's, in which moments are local."""
    await db.execute(STAGE)
    await db.copy_records("incoming", STAGED, [_staged(row, zone) for row in rows])
    await db.execute("analyze incoming")
    await db.execute(LOOK_UP)
    who = (by.account_id, by.name)
    people = await db.execute(MAKE_PEOPLE, found.options.person, *who, found.id)
    changed = 0
    if found.options.known == "update":
        changed = await db.execute(UPDATE_PEOPLE, *who, found.id, "locale" in found.mapping)
    if found.kind == "people":
        return Written(people, changed)
    return Written(await _dossiers(found, by), changed)


def _staged(row: Row, zone: ZoneInfo) -> tuple[object, ...]:
    at = row.submitted_at and row.submitted_at.replace(tzinfo=zone)
    return (row.line, row.email, row.first_name, row.last_name, row.locale, row.status, at, row.answers)


async def _dossiers(found: Import, by: Actor) -> int:
    await db.execute(LEAVE_APPLIED, found.campaign_id)
    count = int(await db.fetchval("select count(*) from incoming"))
    numbers = await campaigns.next_numbers(found.campaign_id or 0, count)
    row = (found.campaign_id, found.options.status, numbers, by.account_id, by.name, found.id)
    return await db.execute(MAKE_DOSSIERS, *row)

"""Recipients as rows, for what is done to millions of them at once: `material.py`'s letter to people in a table.

Nobody's address follows from the one before: indexes on addresses are filled in no order, as with real people.
"""

from __future__ import annotations

from bench import material
from portal import db
from portal.ledger.planning import Audience

WORDING = """
create table if not exists wording (locale text primary key, subject text, campaign_title text, closing_date text,
    statuses text[], reply_before text, project text)"""
PEOPLE = """
create table if not exists recipient (id bigint primary key, address text, locale text, first_name text,
    last_name text, number text, status int, asked int)"""
FILL = """
insert into recipient
select n, substr(md5(n::text), 1, 9) || n || '@example.org', ($3::text[])[n % 4 + 1],
    ($4::text[])[n % cardinality($4::text[]) + 1], ($5::text[])[n / 7 % cardinality($5::text[]) + 1],
    'DOS-2026-' || lpad(n::text, 8, '0'), n / 4 % 4 + 1, 10000 + n % 190000
from generate_series($1::bigint, $2::bigint) n"""

FROM = "recipient r join wording w using (locale)"
VALUES = """jsonb_build_object('first_name', r.first_name, 'last_name', r.last_name,
    'full_name', r.first_name || ' ' || r.last_name, 'email', r.address, 'dossier_number', r.number,
    'dossier_link', 'https://portal.example.org/d/' || r.number || '/' || md5(r.number),
    'campaign_title', w.campaign_title, 'closing_date', w.closing_date, 'status', w.statuses[r.status],
    'reply_before', w.reply_before, 'organisation_name', 'Fundacja Passerelle', 'sender_name', 'Hélène Roux',
    'answer_project_title', w.project || r.id, 'answer_amount', r.asked / 2 || ' €',
    'answer_amount_requested', r.asked || ' €')"""
COLUMNS = {
    "address": "r.address",
    "person_id": "r.id",
    "dossier_id": "r.id",
    "occurrence": "1",
    "locale": "r.locale",
    "from_address": f"'{material.SENDER}'",
    "from_name": "'Fundacja Passerelle'",
    "to_name": "r.first_name || ' ' || r.last_name",
    "subject": "w.subject || r.number || ': ' || w.statuses[r.status]",
    "values": VALUES,
}


async def fill(first: int, last: int) -> None:
    """Recipients with these numbers (both included), and what depends on their language."""
    await db.execute(WORDING)
    await db.execute(PEOPLE)
    for locale in material.LOCALES:
        await db.execute(
            "insert into wording values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
            *(locale, material.SUBJECTS[locale].partition("{")[0], material.CAMPAIGNS[locale]),
            *(material.CLOSED[locale], list(material.STATUSES[locale])),
            *(material.REPLY_BEFORE[locale].format(day=12), material.PROJECTS[locale].partition("{")[0]),
        )
    names = list(material.FIRST_NAMES), list(material.LAST_NAMES)
    await db.execute(FILL, first, last, list(material.LOCALES), *names)
    await db.execute("vacuum analyze recipient")


def audience(version_id: int, first: int, last: int) -> Audience:
    """These recipients, for `planning.post_all`."""
    return Audience({**COLUMNS, "version_id": "$3"}, f"{FROM} where r.id between $1 and $2", (first, last, version_id))

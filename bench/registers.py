"""Registers that are in use: databases of one server with so many messages of other days in them, letters and all.

Filled directly, in the shape that months of sending leave: origins of 5,000 messages, nearly all of them sent at the
first try, some at the second, some refused, skipped or not confirmed; their batches done, their totals kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from bench import mailing, recipients
from bench.house import House, furnish
from bench.mailing import Kind
from portal import db

OF_AN_ORIGIN = 5_000
CHUNK = 500_000  # messages of one statement
PEOPLE = 1_000_000  # at most: in a large register everybody has had several letters

ORIGINS = """
insert into origin (kind, ref_id, sender_id, lane)
select 'trigger', n, $2, 1 from generate_series((select coalesce(max(id), 0) + 1 from origin), $1::int) n"""
MESSAGES = """
insert into message (id, origin_id, person_id, dossier_id, occurrence, address, created_at, due_at, settled_at, state,
    attempts, code, reason, reply) overriding system value
select n, (n - 1) / $4 + 1, r.id, r.id, 1, r.address, t.at, t.at, t.at + interval '2 seconds', s.state,
    (n % 1000 in (8, 9))::int, case s.state when 'accepted' then 250 when 'failed' then 550 end,
    case s.state when 'failed' then 'address_unknown' when 'skipped' then 'opted_out'
        when 'uncertain' then 'worker_lost' end,
    case s.state when 'accepted' then '250 2.0.0 Ok: queued as ' || substr(md5(n::text), 1, 11)
        when 'failed' then '550 5.1.1 No such user here' end
from generate_series($1::bigint, $2::bigint) n join recipient r on r.id = n % $3 + 1
cross join lateral (select now() - interval '1 year' * (1 - n / $5::float8) as at) t
cross join lateral (select (case when n % 1000 < 5 then 'failed' when n % 1000 = 5 then 'uncertain'
    when n % 1000 = 6 then 'skipped' else 'accepted' end)::message_state as state) s"""
LETTERS = f"""
insert into letter (id, version_id, locale, from_address, from_name, to_name, subject, values)
select n, $4, {
    ", ".join(
        recipients.COLUMNS[name] for name in ("locale", "from_address", "from_name", "to_name", "subject", "values")
    )
}
from generate_series($1::bigint, $2::bigint) n join recipient r on r.id = n % $3 + 1
join wording w using (locale) where n % 1000 <> 6"""
ATTEMPTS = """
insert into attempt (message_id, try, at, state, code, reply)
select m.id, m.attempts, m.settled_at, m.state::text, coalesce(m.code, -1), coalesce(m.reply, m.reason) from message m
where m.id between $1 and $2 and m.state in ('failed', 'uncertain') or m.id between $1 and $2 and m.attempts > 0
union all
select m.id, 0, m.created_at, 'retry', 451, '451 4.7.1 Greylisted, try again later' from message m
where m.id between $1 and $2 and m.attempts > 0"""
BATCHES = """
insert into batch (origin_id, lane, size, lo, hi, due_at, done_at)
select (n - 1) / $3 + 1, 1, 250, n, n + 249, now(), now() from generate_series($1::bigint, $2::bigint, 250) n"""
NEXT = "select setval('message_id_seq', $1)"

# No autovacuum in mid-measurement: a small table is vacuumed each minute, a large one once in millions of messages.
QUIET = ("message", "letter", "batch", "attempt", "tally")

# Indexes that are filled in no order: built at the end, in a tenth of the time.
LATER = """
select indexname as name, indexdef as sql from pg_indexes where schemaname = 'public' and tablename = 'message'
and indexname in ('message_person', 'message_dossier', 'message_address')"""


@contextlib.asynccontextmanager
async def opened(house: House) -> AsyncIterator[House]:
    """This process's pool in that house's database; the former one's again afterwards."""
    before = str(db.engine.config["dsn"])
    await change(house.database)
    try:
        yield house
    finally:
        await change(before)


async def change(url: str) -> None:
    """Close the pool, open one of another database."""
    await db.close_pool()
    db.configure(url)
    await db.open_pool()


async def register(house: House, count: int) -> tuple[House, Kind]:
    """A new database of the house's server with `count` messages, and the letter to send from it."""
    name = f"register_{count}"
    await db.execute(f"create database {name}")
    made = dataclasses.replace(house, database=urlsplit(house.database)._replace(path=f"/{name}").geturl())
    async with opened(made):
        await furnish(made)
        kind = await mailing.plain(made)
        await fill(kind, count)
    return made, kind


async def fill(kind: Kind, count: int) -> None:
    """Everything, then what autovacuum would do in the following days."""
    people = max(2 * OF_AN_ORIGIN, min(PEOPLE, count // 4))
    await recipients.fill(1, people)
    await db.execute(ORIGINS, count // OF_AN_ORIGIN + 1, kind.sender_id)
    later = await db.fetch(LATER)
    for row in later:
        await db.execute(f"drop index {row['name']}")
    for first in range(1, count + 1, CHUNK):
        await fill_part(kind, first, min(count, first + CHUNK - 1), people, count)
    await db.fetchval(NEXT, count)
    for row in later:
        await db.execute_script(f"set maintenance_work_mem = '256MB'; {row['sql']}; reset maintenance_work_mem")
    await db.execute("vacuum (analyze, freeze)")
    for table in QUIET:
        await db.execute(f"alter table {table} set (autovacuum_enabled = off)")
    await db.execute("checkpoint")


async def fill_part(kind: Kind, first: int, last: int, people: int, count: int) -> None:
    """Messages with these ids, and all that belongs to them."""
    await db.execute(MESSAGES, first, last, people, OF_AN_ORIGIN, count)
    await db.execute(LETTERS, first, last, people, kind.version_id)
    await db.execute(ATTEMPTS, first, last)
    await db.execute(BATCHES, first, last, OF_AN_ORIGIN)

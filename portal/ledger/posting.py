"""From intents to rows: messages, their letters and the batches they are claimed by, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal import db
from portal.ledger.rules import Intent, Lane, Letter

PLANNERS = 17_280  # advisory locks (this, origin): shared by small plans, held alone by planning.post_all
BATCH_SIZE = 250  # messages of a batch: what is in doubt when worker and database die together

ORIGIN = "select id, sender_id, lane from origin where kind = $1 and ref_id = $2"
NEW_ORIGIN = """
insert into origin (kind, ref_id, sender_id, lane) values ($1, $2, $3, $4)
on conflict (kind, ref_id) do nothing"""
CHANGE_ORIGIN = "update origin set sender_id = $2, lane = $3 where id = $1"

# The whole plan at once. What exists already (same origin, occurrence and address) is left alone with its letter:
# sixteen planners at once make each intended message once. A batch is a range only when its ids are consecutive;
# ids of planners that run at the same time interleave, and a message must never be in two batches.
POST = f"""
with turn as materialized (select pg_advisory_xact_lock_shared({PLANNERS}, $1)),
intent as (
    select i.* from turn, jsonb_to_recordset($2::jsonb) as i(
        address text, optional bool, occurrence bigint, person_id bigint, dossier_id bigint, state message_state,
        reason text, delay_minutes int, version_id int, system text, locale text, from_address text, from_name text,
        reply_to text, to_name text, shown_to text, cc text[], subject text, values jsonb,
        attachments bigint[])),
new as (
    insert into message (
        origin_id, person_id, dossier_id, occurrence, address, optional, state, reason, due_at, settled_at)
    select $1, person_id, dossier_id, occurrence, address, optional, state, reason,
        now() + make_interval(mins => delay_minutes), case when state = 'skipped' then now() end
    from intent on conflict do nothing
    returning id, occurrence, address, state, due_at),
letters as (
    insert into letter (
        id, version_id, system, locale, from_address, from_name, reply_to, to_name, shown_to, cc, subject,
        values, attachments)
    select n.id, i.version_id, i.system, i.locale, i.from_address, i.from_name, i.reply_to, i.to_name,
        i.shown_to, i.cc, i.subject, i.values, i.attachments
    from new n join intent i using (occurrence, address) where num_nonnulls(i.version_id, i.system) = 1),
parts as (
    select n.*, (row_number() over (partition by due_at order by id) - 1) / $3 as part
    from new n where state = 'queued'),
units as (
    select due_at, part, count(*) as size, min(id) as lo, max(id) as hi, array_agg(id order by id) as ids
    from parts group by due_at, part),
batches as (
    insert into batch (origin_id, lane, size, lo, hi, ids, due_at, waits_for)
    select $1, $4, size, case when hi - lo + 1 = size then lo end, case when hi - lo + 1 = size then hi end,
        case when hi - lo + 1 <> size then ids end, due_at, case when due_at > now() then 'undo' end
    from units)
select id from new order by id"""


async def origin_of(kind: str, ref_id: int, sender_id: int, lane: Lane) -> int:
    """The origin's id. It is made when the first message needs it, and follows a change of sender."""
    row = await db.fetchrow(ORIGIN, kind, ref_id)
    if row is None:
        await db.execute(NEW_ORIGIN, kind, ref_id, sender_id, int(lane))
        row = await db.fetchrow(ORIGIN, kind, ref_id)
        assert row
    if (row["sender_id"], row["lane"]) != (sender_id, int(lane)):
        await db.execute(CHANGE_ORIGIN, row["id"], sender_id, int(lane))
    return int(row["id"])


async def insert(origin_id: int, lane: Lane, intents: Sequence[Intent]) -> list[int]:
    """The ids of the messages that are new."""
    rows = [row_of(intent) for intent in once(intents)]
    return [int(row["id"]) for row in await db.fetch(POST, origin_id, rows, BATCH_SIZE, int(lane))]


def once(intents: Sequence[Intent]) -> list[Intent]:
    """The first intent of each address and occurrence."""
    found: dict[tuple[int, str], Intent] = {}
    for intent in intents:
        found.setdefault((intent.occurrence, intent.address), intent)
    return list(found.values())


def row_of(intent: Intent) -> dict[str, Any]:
    """An intent and its letter as one flat JSON object."""
    letter = intent.letter
    return {
        **{name: getattr(letter, name) for name in Letter.__struct_fields__ if letter},
        **{name: getattr(intent, name) for name in Intent.__struct_fields__ if name != "letter"},
        "locale": letter.locale if letter else intent.locale,
    }

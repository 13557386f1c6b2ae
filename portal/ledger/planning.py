"""From an audience to a million messages in one statement: nothing but their number comes back to Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal import db
from portal.ledger import posting
from portal.ledger.rules import Lane
from portal.ledger.waking import CHANNEL

# What an audience may say of each message, with its type and what holds when it says nothing ("": it must say).
COLUMNS: Mapping[str, tuple[str, str]] = {
    # the message
    "address": ("text", ""),
    "occurrence": ("bigint", "0"),
    "optional": ("bool", "false"),
    "person_id": ("bigint", "null"),
    "dossier_id": ("bigint", "null"),
    "state": ("message_state", "'queued'"),
    "reason": ("text", "null"),
    # its letter, which there is when it has a version or a system's name
    "version_id": ("int", "null"),
    "system": ("text", "null"),
    "locale": ("text", ""),
    "from_address": ("text", ""),
    "from_name": ("text", "''"),
    "reply_to": ("text", "''"),
    "to_name": ("text", "''"),
    "shown_to": ("text", "''"),
    "cc": ("text[]", "'{}'"),
    "subject": ("text", ""),
    "values": ("jsonb", ""),
    "attachments": ("bigint[]", "'{}'"),
}


class Audience(msgspec.Struct, frozen=True):
    """Who is written to, as SQL of our own: `columns` are expressions by name of COLUMNS, `source` what follows FROM.

        Audience({"address": "p.email", "values": "jsonb_build_object('first_name', p.first_name)", ...},
                 "person p where p.kind = $1", ("contact",))

    Values of people come as `parameters` ($1 and so on), never within the SQL. One address gets one message for each
    occurrence; rows without an address ('', skipped) need an occurrence of their own, such as their person's id.
    """

    columns: Mapping[str, str]
    source: str
    parameters: Sequence[Any] = ()

    def sql(self) -> str:
        """The relation with all columns. Raises ValueError for a column that is missing or unknown."""
        wrong = self.columns.keys() - COLUMNS.keys() or {
            name for name, (_type, default) in COLUMNS.items() if not default and name not in self.columns
        }
        if wrong:
            raise ValueError(f"columns of an audience: {', '.join(sorted(wrong))}")
        each = [f"({self.columns.get(name, default)})::{type_} as {name}" for name, (type_, default) in COLUMNS.items()]
        return f"select {', '.join(each)} from {self.source}"


# Alone in this origin until the transaction ends: the next statement sees every message that exists in it, and no
# other planner's ids of this origin come between ours. That is what allows the three economies of PLAN.
ALONE = "select pg_advisory_xact_lock($1, $2)"

# The whole plan at once.
# - What exists already is left out before it gets a number, so messages and letters are written from the same rows
#   and need no join. The unique key stands behind it: a second row would end the transaction, not send twice.
# - In the order of the addresses: of an address that comes twice the person known longest is taken, and the indexes
#   on addresses are filled from left to right. At random each page of them would be read and logged by itself.
# - A batch is the range of what fell into one unit of the numbers; ids of other origins in between do no harm.
PLAN = """
with audience as not materialized ({audience}),
intended as materialized (
    select nextval('message_id_seq') as id, a.* from (
        select distinct on (address, occurrence) * from audience a
        where not exists (select from message m where m.origin_id = ${origin} and m.occurrence = a.occurrence
                          and m.address = a.address)
        order by address, occurrence, person_id) a),
new as (
    insert into message (
        id, origin_id, person_id, dossier_id, occurrence, address, optional, state, reason, due_at, settled_at)
    overriding system value
    select id, ${origin}, person_id, dossier_id, occurrence, address, optional, state, reason,
        coalesce(${due_at}, now()), case when state = 'skipped' then now() end
    from intended returning id, state),
letters as (
    insert into letter (
        id, version_id, system, locale, from_address, from_name, reply_to, to_name, shown_to, cc, subject,
        values, attachments)
    select id, version_id, system, locale, from_address, from_name, reply_to, to_name, shown_to, cc, subject,
        values, attachments
    from intended where num_nonnulls(version_id, system) = 1),
batches as (
    insert into batch (origin_id, lane, size, lo, hi, due_at, waits_for)
    select ${origin}, ${lane}, count(*), min(id), max(id), coalesce(${due_at}, now()), ${waits_for}
    from new where state = 'queued' group by id / ${size})
select count(*) from new"""
OURS = {"origin": "int", "lane": "smallint", "size": "bigint", "due_at": "timestamptz", "waits_for": "text"}


async def post_all(
    kind: str,
    ref_id: int,
    sender_id: int,
    lane: Lane,
    audience: Audience,
    *,
    due_at: datetime | None = None,
    waits_for: str | None = None,
) -> int:
    """Plan a message to everybody in the audience, in the caller's transaction. Returns how many did not exist yet.

    As `actions.post`, which is for small plans. `due_at` lies ahead when they have to wait, `waits_for` says what for.
    Other planners of the same origin wait until the transaction ends: commit soon.
    """
    async with db.transaction():
        origin_id = await posting.origin_of(kind, ref_id, sender_id, lane)
        await db.execute(ALONE, posting.PLANNERS, origin_id)
        ours = (origin_id, int(lane), posting.BATCH_SIZE, due_at, waits_for)
        count = int(await db.fetchval(statement(audience), *audience.parameters, *ours))
        if count:
            await db.notify(CHANNEL, str(int(lane)))
        return count


def statement(audience: Audience) -> str:
    """PLAN for this audience: its parameters come first, then OURS."""
    first = len(audience.parameters) + 1
    ours = {name: f"{number}::{type_}" for number, (name, type_) in enumerate(OURS.items(), first)}
    return PLAN.format(audience=audience.sql(), **ours)

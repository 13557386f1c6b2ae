"""Messages as people see them. Every row is found through the actor."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from portal import db
from portal.actor import Actor
from portal.addresses import domain_to_ascii
from portal.ledger.finding import ORDER, SEEN, Search
from portal.ledger.finding import UNCONFIRMED as UNCONFIRMED
from portal.ledger.finding import MessageFilters as MessageFilters
from portal.ledger.totals import Totals as Totals
from portal.ledger.totals import totals as totals
from portal.lists import Cursor, Slice
from portal.outcomes import Missing

PAGE = 50
LATEST = ORDER


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message in a list. `state` as shown; `reason` says why it is there, or what it waits for."""

    id: int
    state: str
    reason: str | None
    address: str
    from_address: str
    to_name: str
    subject: str
    locale: str
    optional: bool
    lane: int
    origin_kind: str
    origin_ref: int
    dossier_id: int | None
    dossier_number: str | None
    campaign_id: int | None
    person_id: int | None
    message_id: UUID
    tries: int
    planned_at: datetime
    due_at: datetime
    settled_at: datetime | None
    code: int | None
    reply: str | None

    @property
    def header_id(self) -> str:
        """The Message-ID as it stands in the letter, the same at every try; "" for one that never had a letter."""
        domain = domain_to_ascii(self.from_address.rpartition("@")[2])
        return f"<{self.message_id}@{domain}>" if domain else ""


class Attempt(msgspec.Struct, frozen=True):
    """One try that ended: accepted, retry, failed, uncertain or skipped. Codes up to 0 are our own (rules.py)."""

    number: int
    at: datetime
    state: str
    code: int
    reply: str


class MessagePage(MessageRow, frozen=True, kw_only=True):
    """A message with its letter's head and every try."""

    from_name: str
    reply_to: str
    shown_to: str
    cc: list[str]
    version_id: int | None
    system: str | None
    attempts: list[Attempt] = []


COLUMNS = """m.id, m.shown as state, case when m.state <> 'queued' then m.reason
        when m.shown in ('held', 'cancelled') then coalesce(m.waits_for, m.reason)
        when m.shown = 'queued' then coalesce(m.reason, m.waits_for) else m.reason end as reason,
    m.address, coalesce(l.from_address, '') as from_address, coalesce(l.to_name, '') as to_name,
    coalesce(l.subject, '') as subject, coalesce(l.locale, '') as locale, m.optional, m.lane,
    m.origin_kind, m.origin_ref, m.dossier_id, d.number as dossier_number, d.campaign_id, m.person_id, m.message_id,
    (select count(*) from attempt a where a.message_id = m.id)::int
        + (m.state = 'accepted' and m.attempts = 0 and not exists (
            select from attempt a where a.message_id = m.id and a.try = 0 and a.state = 'accepted'))::int as tries,
    m.created_at as planned_at,
    coalesce(m.batch_due_at, m.due_at) as due_at, m.settled_at, m.code, m.reply"""
LETTER = """coalesce(l.from_name, '') as from_name,
    coalesce(l.reply_to, '') as reply_to, coalesce(l.shown_to, '') as shown_to, coalesce(l.cc, '{}') as cc,
    l.version_id, l.system"""
FROM = """message_now m left join letter l on l.id = m.id left join dossier d on d.id = m.dossier_id"""

# A first try that was accepted has no row of its own: the message is its record.
ATTEMPTS = """
select try as number, at, state, code, reply from attempt where message_id = $1
union all
select 0, settled_at, 'accepted', coalesce(code, 250), coalesce(reply, '') from message m
where id = $1 and state = 'accepted' and attempts = 0
    and not exists (select from attempt a where a.message_id = m.id and a.try = 0 and a.state = 'accepted')
order by 1, 2"""


async def search(
    actor: Actor, filters: MessageFilters, cursor: Cursor | None = None, limit: int = PAGE
) -> Slice[MessageRow]:
    """One page of the messages that the actor may see, the latest first."""
    found = Search(visible(actor), filters, cursor, limit + 1)
    sql = f"""with found as materialized ({found.sql()})
        select {COLUMNS} from {FROM} where m.id in (select id from found) order by {LATEST.order(cursor)}"""
    rows = await db.fetch_as(MessageRow, sql, *found.parameters)
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.id,))


def visible(actor: Actor) -> tuple[bool, int, bool]:
    """The three parameters of SEEN."""
    return (*actor.scope, actor.may("message.see"))


async def one(actor: Actor, message_id: int) -> MessagePage:
    """One message with its tries. Raises Missing when there is none for this actor."""
    sql = f"select {COLUMNS}, {LETTER} from {FROM} where {SEEN} and m.id = $4"
    message = await db.one_as(MessagePage, sql, *visible(actor), message_id)
    if message is None:
        raise Missing
    return msgspec.structs.replace(message, attempts=await db.fetch_as(Attempt, ATTEMPTS, message_id))


async def waiting(kind: str, ref_id: int) -> int:
    """How many messages of an origin have been planned and have not left, by the tally."""
    sql = """select coalesce(sum(k.n), 0) from origin o join tally k on k.origin_id = o.id
        where o.kind = $1 and o.ref_id = $2 and k.state in ('queued', 'held')"""
    return int(await db.fetchval(sql, kind, ref_id))


async def of_dossier(dossier_id: int) -> list[MessageRow]:
    """All messages about a dossier, the latest first. Whoever asks has found the dossier through the actor."""
    sql = f"select {COLUMNS} from {FROM} where m.dossier_id = $1 order by m.id desc limit 500"
    return await db.fetch_as(MessageRow, sql, dossier_id)

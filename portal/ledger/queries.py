"""Messages as people see them. Every row is found through the actor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from portal import db
from portal.actor import Actor
from portal.addresses import domain_to_ascii
from portal.ledger.rules import WAIT_FOR_PROOF_MINUTES
from portal.ledger.totals import Totals as Totals
from portal.ledger.totals import totals as totals
from portal.lists import Cursor, Keyset, Slice
from portal.outcomes import Missing

PAGE = 50
LATEST = Keyset(("m.id", int))


class MessageFilters(msgspec.Struct, frozen=True):
    """What a list of messages is narrowed to. `state` as shown; `text`: part of an address, name or subject.

    `since` (included) and `until` (excluded): when it was planned. `needs_decision`: nobody could confirm it in time.
    """

    text: str = ""
    state: str = ""
    reason: str = ""
    campaign_id: int | None = None
    dossier_id: int | None = None
    person_id: int | None = None
    origin_kind: str = ""
    origin_ref: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    needs_decision: bool = False


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


# What nobody could confirm within a quarter of an hour (P4) and nobody has decided about.
UNCONFIRMED = f"""(m.attention = 'uncertain' and m.reason is distinct from 'left_as_is'
    and m.settled_at < now() - make_interval(mins => {WAIT_FOR_PROOF_MINUTES}))"""

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

# Administrators: all. Others: messages of dossiers of their campaigns; with `message.see`, those without a dossier too.
SEEN = """($1::bool or m.dossier_id is null and $3::bool or exists (
    select from campaign_member c where c.campaign_id = d.campaign_id and c.account_id = $2))"""

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
    where, parameters = conditions(actor, filters)
    page = LATEST.condition(cursor, first=len(parameters) + 1)
    sql = f"""select {COLUMNS} from {FROM} where {" and ".join([*where, page])}
        order by {LATEST.order(cursor)} limit {limit + 1}"""
    rows = await db.fetch_as(MessageRow, sql, *parameters, *LATEST.parameters(cursor))
    return LATEST.slice(rows, cursor, limit, key=lambda row: (row.id,))


def conditions(actor: Actor, filters: MessageFilters) -> tuple[list[str], list[Any]]:
    """The WHERE conditions of a search and their parameters, the first three being the actor's."""
    where, parameters = [SEEN], list(visible(actor))

    def add(condition: str, value: Any) -> None:
        if value not in ("", None):
            parameters.append(value)
            where.append(condition.replace("$n", f"${len(parameters)}"))

    if filters.needs_decision:
        where.append(UNCONFIRMED)
    add("m.shown = $n", filters.state)
    add("m.attention = $n::text::message_state", filters.state if filters.state in STORED else "")
    add("(m.reason = $n or m.waits_for = $n)", filters.reason)
    add("d.campaign_id = $n", filters.campaign_id)
    add("m.dossier_id = $n", filters.dossier_id)
    add("m.person_id = $n", filters.person_id)
    add("m.origin_kind = $n", filters.origin_kind)
    add("m.origin_ref = $n", filters.origin_ref)
    add("m.created_at >= $n", filters.since)
    add("m.created_at < $n", filters.until)
    add("folded(m.address || ' ' || l.to_name || ' ' || l.subject) like folded($n)", pattern(filters.text))
    return where, parameters


STORED = ("failed", "uncertain", "skipped")  # states that the index on `attention` finds by itself


def pattern(text: str) -> str:
    """A LIKE pattern for text anywhere; "" for none."""
    plain = text.strip()
    for special in "\\%_":
        plain = plain.replace(special, f"\\{special}")
    return f"%{plain}%" if plain else ""


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


async def of_dossier(dossier_id: int) -> list[MessageRow]:
    """All messages about a dossier, the latest first. Whoever asks has found the dossier through the actor."""
    sql = f"select {COLUMNS} from {FROM} where m.dossier_id = $1 order by m.id desc limit 500"
    return await db.fetch_as(MessageRow, sql, dossier_id)


async def of_person(person_id: int) -> list[MessageRow]:
    """All messages to a person, the latest first. Whoever asks may see the person."""
    sql = f"select {COLUMNS} from {FROM} where m.person_id = $1 order by m.id desc limit 500"
    return await db.fetch_as(MessageRow, sql, person_id)

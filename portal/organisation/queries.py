"""Reads about the organisation and the addresses it writes from."""

from __future__ import annotations

import msgspec

from portal import db
from portal.timeline import COLUMNS, Event

ORGANISATION = "name, postal_address, website, brand_colour, locale, time_zone, sender_id, resend_uncertain, version"
SENDER = "id, address::text, name, bounce_domain, verified, paused, daily_cap, per_minute"


class OrganisationRow(msgspec.Struct, frozen=True):
    """Who we are. `sender_id`: the address letters leave from unless their template says otherwise.

    `resend_uncertain`: what is sent again by itself, once, when nobody could confirm it: none, receipts or necessary.
    """

    name: str
    postal_address: str = ""
    website: str = ""
    brand_colour: str = "#1f5c4d"
    locale: str = "en"
    time_zone: str = "UTC"
    sender_id: int | None = None
    resend_uncertain: str = "receipts"
    version: int = 1


class SenderRow(msgspec.Struct, frozen=True):
    """An address letters leave from. `daily_cap`, `per_minute` None: no limit."""

    id: int
    address: str
    name: str
    bounce_domain: str
    verified: bool
    paused: bool
    daily_cap: int | None
    per_minute: int | None

    @property
    def usable(self) -> bool:
        """Whether templates may choose it: somebody has confirmed that we may write from it."""
        return self.verified


class SenderUse(SenderRow, frozen=True):
    """A sender with its figures: letters that left on today's limit, and about how many wait."""

    today: int
    waiting: int


# Each sender with how much of today's limit is used and the size of its unfinished batches (messages have no index on
# being queued, and there may be a million of them).
SENDERS_IN_USE = f"""
select {SENDER},
    coalesce((select used from quota q
        where q.pool = 'sender:' || s.id and q.day = (select limit_day())), 0) as today,
    coalesce((select sum(b.size) from origin o join batch b on b.origin_id = o.id
        where o.sender_id = s.id and o.gate <> 'cancelled' and b.done_at is null), 0)::int as waiting
from sender s
order by s.address"""


class DomainLimit(msgspec.Struct, frozen=True):
    """What a receiving domain is held to: e-mails a minute, connections at once. None: no limit."""

    domain: str
    per_minute: int | None
    connections: int | None


async def current() -> OrganisationRow:
    """The organisation. Before the first migration has described it: an empty one called Convoca."""
    row = await db.one_as(OrganisationRow, f"select {ORGANISATION} from organisation")
    return row or OrganisationRow("Convoca")


async def senders() -> list[SenderRow]:
    """All senders, by address."""
    return await db.fetch_as(SenderRow, f"select {SENDER} from sender order by address")


async def sender(sender_id: int) -> SenderRow | None:
    """One sender."""
    return await db.one_as(SenderRow, f"select {SENDER} from sender where id = $1", sender_id)


async def history(sender_id: int) -> list[Event]:
    """What was done to a sender, the latest first: who said that we may write from it, who paused it."""
    sql = f"select {COLUMNS} from timeline_event where subject = 'sender' and subject_id = $1 order by id desc limit 50"
    return await db.fetch_as(Event, sql, sender_id)


async def senders_in_use() -> list[SenderUse]:
    """All senders with today's count and what waits."""
    return await db.fetch_as(SenderUse, SENDERS_IN_USE)


async def domain_limits() -> list[DomainLimit]:
    """Receiving domains with limits, by name."""
    return await db.fetch_as(DomainLimit, "select domain, per_minute, connections from domain_limit order by domain")


async def domain_limit(domain: str) -> DomainLimit | None:
    """One of them."""
    sql = "select domain, per_minute, connections from domain_limit where domain = $1"
    return await db.one_as(DomainLimit, sql, domain)

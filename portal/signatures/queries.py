"""Reads about keys. Private ones are never among what is read here."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from portal import db, resolver
from portal.addresses import domain_to_ascii
from portal.signatures import rules
from portal.signatures.rules import Seen
from portal.timeline import COLUMNS, Event

KEY = "id, domain, selector, algorithm, public_key, state, created_at, active_at, retired_at"
ORDER = "domain, array_position(array['new', 'active', 'retired'], state), id desc"
HISTORY = 50
SENDER_DOMAINS = """
select split_part(s.address::text, '@', 2) as domain from sender s
order by s.id is distinct from (select sender_id from organisation), 1"""


class KeyRow(msgspec.Struct, frozen=True):
    """A key's public half, and how far it is: new, active or retired."""

    id: int
    domain: str
    selector: str
    algorithm: str
    public_key: str
    state: str
    created_at: datetime
    active_at: datetime | None
    retired_at: datetime | None

    @property
    def name(self) -> str:
        """Where its record is in DNS."""
        return rules.record_name(self.domain, self.selector)

    @property
    def value(self) -> str:
        """What its record says."""
        return rules.record_value(self.algorithm, self.public_key)

    @property
    def line(self) -> str:
        """Its record as a line of a zone file."""
        return f"{self.name}. IN TXT ( {rules.quoted(self.value)} )"

    @property
    def leaves_dns_at(self) -> datetime | None:
        """When a retired key's record may be deleted."""
        return self.retired_at + timedelta(days=rules.DNS_DAYS) if self.retired_at else None


async def keys(domain: str | None = None) -> list[KeyRow]:
    """All keys (of a domain), by domain; new ones first, retired ones last."""
    sql = f"select {KEY} from dkim_key where $1::text is null or domain = $1 order by {ORDER}"
    return await db.fetch_as(KeyRow, sql, domain)


async def key(key_id: int) -> KeyRow | None:
    """One key."""
    return await db.one_as(KeyRow, f"select {KEY} from dkim_key where id = $1", key_id)


async def sender_domains() -> list[str]:
    """The domains we write from, as DNS writes them; first the one that letters leave from by default."""
    rows = await db.fetch(SENDER_DOMAINS)
    return list(dict.fromkeys(found for row in rows if (found := domain_to_ascii(row["domain"]))))


async def history() -> list[Event]:
    """What was done with keys, the latest first."""
    sql = f"select {COLUMNS} from timeline_event where subject = 'dkim_key' order by id desc limit {HISTORY}"
    return await db.fetch_as(Event, sql)


async def seen(key: KeyRow) -> Seen:
    """What DNS says about a key now."""
    try:
        return rules.seen(await resolver.texts(key.name), key.algorithm, key.public_key)
    except resolver.Unanswered:
        return "unknown"


async def all_seen(keys: list[KeyRow]) -> dict[int, Seen]:
    """The same about many keys, by id."""
    found = await asyncio.gather(*map(seen, keys))
    return {key.id: each for key, each in zip(keys, found, strict=True)}

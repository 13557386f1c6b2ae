"""Who applies: the person behind an address, linked but never overwritten by whoever knows the address."""

from __future__ import annotations

import hashlib

from portal import db, timeline
from portal.actor import Actor
from portal.addresses import valid_email
from portal.campaigns.typed import clean
from portal.dossiers import words
from portal.dossiers.rules import NAME_LIMIT
from portal.outcomes import Refused


def names(first_name: str, last_name: str) -> tuple[str, str]:
    """Names as they are stored: one line, at most 100 characters each."""
    return clean(first_name)[:NAME_LIMIT], clean(last_name)[:NAME_LIMIT]


def form_key(once: str | None, campaign_id: int, email: str) -> str | None:
    """What one sending of a form is known by. Another address from the same page is another application."""
    digest = hashlib.sha256(f"{once}\n{campaign_id}\n{email.strip().lower()}".encode()).hexdigest()
    return digest if once else None


async def person_of(email: str, first_name: str, last_name: str, locale: str, by: Actor) -> int:
    """The person with this address, made if there is none. Somebody's own record is left as it is. Raises Refused."""
    email = email.strip()
    if not valid_email(email):
        raise Refused(words.address_wrong(), field="email")
    row = (email, *names(first_name, last_name), locale)
    sql = """insert into person (email, first_name, last_name, locale) values ($1, $2, $3, $4)
        on conflict (email) do nothing returning id"""
    if made := await db.fetchval(sql, *row):
        await timeline.record("person", made, "person.created", by, person_id=made)
        return int(made)
    return int(await db.fetchval("select id from person where email = $1", email))

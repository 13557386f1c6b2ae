"""E-mails of the house to whoever must decide: an origin or a sender was paused by a rule. Once for each pause."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal import db
from portal.emails import queries as emails
from portal.emails.letters import Brand, subject_of
from portal.emails.queries import SenderRow
from portal.emails.system import system_variant
from portal.formats import number
from portal.i18n import _, pgettext, text_in, use
from portal.ledger import actions as ledger
from portal.ledger.decisions import OF_CAMPAIGN, ORIGIN_NAME, WAITING
from portal.ledger.rules import Intent, Lane, Letter
from portal.settings import settings

PAGE = "/messages/decisions"
LONGEST_REPLY = 300

# Every pause by a rule of which nobody has been told: the event in the history is the occurrence of the letter, so
# that two workers who look at once write one letter, and a second pause is told anew.
UNTOLD_ORIGINS = f"""
select 'origin_paused' as kind, o.id as ref_id, e.id as occurrence, {ORIGIN_NAME}, e.details,
    coalesce(t.created_by, c.created_by) as owner_id, {WAITING.format(where="b.origin_id = o.id")} as waiting,
    (select m.reply from message m where m.attention = 'failed' and m.origin_id = o.id and m.reason = 'policy'
     order by m.id desc limit 1) as reply
from origin o {OF_CAMPAIGN}
cross join lateral (
    select id, details, actor_kind, what from timeline_event
    where subject = 'origin' and subject_id = o.id order by id desc limit 1) e
where o.gate = 'paused' and e.what = 'origin.paused' and e.actor_kind = 'rule'
and not exists (select from origin n join message m on m.origin_id = n.id
    where n.kind = 'origin_paused' and n.ref_id = o.id and m.occurrence = e.id)"""
UNTOLD_SENDERS = f"""
select 'sender_paused' as kind, s.id as ref_id, e.id as occurrence, s.address::text as address, e.details,
    {WAITING.format(where="b.origin_id in (select o.id from origin o where o.sender_id = s.id)")} as waiting,
    e.details ->> 'reason' as reply
from sender s
cross join lateral (
    select id, details, actor_kind, what from timeline_event
    where subject = 'sender' and subject_id = s.id and what in ('sender.paused', 'sender.resumed')
    order by id desc limit 1) e
where s.paused and e.what = 'sender.paused' and e.actor_kind = 'rule'
and not exists (select from origin n join message m on m.origin_id = n.id
    where n.kind = 'sender_paused' and n.ref_id = s.id and m.occurrence = e.id)"""

READERS = """
select email::text as email, name, locale from account
where active and case when $1::int is null then 'administrator' = any (roles) else id = $1 end order by id"""

# From an address that is not on hold itself, the organisation's if it can be.
USABLE = """
select id, address::text as address, name from sender where verified and not paused
order by id = (select sender_id from organisation) desc, id limit 1"""


class Paused(msgspec.Struct, frozen=True, kw_only=True):
    """A pause that nobody was told of. `details`: of the event in the history; `reply`: a server's words."""

    kind: str
    ref_id: int
    occurrence: int
    details: dict[str, object]
    waiting: int
    reply: str | None
    owner_id: int | None = None
    address: str = ""
    origin_kind: str = ""
    name: str | None = None
    campaign: dict[str, str] | None = None


class Reader(msgspec.Struct, frozen=True):
    """Whom to tell."""

    email: str
    name: str
    locale: str


async def tell() -> int:
    """Write to the owners of what rules have paused, else to the administrators. Returns how many letters."""
    paused = await db.fetch_as(Paused, UNTOLD_ORIGINS) + await db.fetch_as(Paused, UNTOLD_SENDERS)
    return sum([await tell_of(each) for each in paused])


async def tell_of(paused: Paused) -> int:
    """The letters about one pause, through the ledger like every other."""
    sender = await db.one_as(SenderRow, USABLE) or await emails.sender_of(None)
    readers = await readers_of(paused.owner_id)
    if sender is None or not readers:
        return 0
    brand = await emails.brand()
    intents = [intent_of(paused, reader, sender, brand) for reader in readers]
    return len(await ledger.post(paused.kind, paused.ref_id, sender.id, Lane.urgent, intents))


async def readers_of(owner_id: int | None) -> Sequence[Reader]:
    """The owner while the account is active, else every administrator."""
    owner = await db.fetch_as(Reader, READERS, owner_id) if owner_id else []
    return owner or await db.fetch_as(Reader, READERS, None)


def intent_of(paused: Paused, reader: Reader, sender: SenderRow, brand: Brand) -> Intent:
    """One letter, in its reader's language."""
    with use(reader.locale):
        values = {
            "origin_name": origin_name(paused),
            "sender_address": paused.address,
            "what_happened": what_happened(paused),
            "server_said": " ".join((paused.reply or "").split())[:LONGEST_REPLY],
            "waiting": number(paused.waiting),
            "decisions_link": settings().base_url + PAGE,
            "organisation_name": brand.name,
        }
    letter = Letter(
        system=paused.kind,
        locale=reader.locale,
        from_address=sender.address,
        from_name=sender.name or brand.name,
        to_name=reader.name,
        subject=subject_of(system_variant(paused.kind, reader.locale), values),
        values=values,
    )
    return Intent(
        address=reader.email, locale=reader.locale, optional=False, occurrence=paused.occurrence, letter=letter
    )


def what_happened(paused: Paused) -> str:
    """How many were refused, as the breaker counted them."""
    details = paused.details
    if domain := details.get("domain"):
        # NOTE: {domain}: the part of e-mail addresses after the @; {n}: a number, at least 3
        text = _("Refused one after the other at {domain}: {n}.")
        return text.format(domain=domain, n=number(int(str(details["refused"]))))
    if "refused" in details:
        counts = {name: number(int(str(details[name]))) for name in ("refused", "ended")}
        # NOTE: {refused}, {ended}: numbers, e.g. Refused: 7 of the last 100.
        return _("Refused: {refused} of the last {ended}.").format(**counts)
    return ""


def origin_name(paused: Paused) -> str:
    """What the origin is called: its own name, with its campaign's."""
    campaign = text_in(paused.campaign) if paused.campaign else ""
    if paused.origin_kind == "return_link":
        return campaign
    return " · ".join(part for part in (paused.name, campaign) if part) or pgettext("e-mails of no campaign", "Others")

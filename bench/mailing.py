"""Mailings through the real ledger: planned while their gate is shut, released at once, waited for, counted."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import conditions, keys, material
from bench.house import House, sender
from portal import db
from portal.emails.letters import Variant
from portal.ledger import actions
from portal.ledger.rules import Intent, Lane, Letter
from portal.ledger.totals import recount

CHUNK = 5_000  # intents posted in one statement
LOOK_EVERY = 0.1
STUCK = 60.0  # seconds without one batch that ends
NUMBERS = itertools.count(1)  # recipients: nobody gets two letters of one run of the bench
MAILINGS = itertools.count(1)

# All batches closed: every outcome is settled, not only heard.
LEFT = """
select count(*) from batch b join origin o on o.id = b.origin_id
where o.kind = $1 and o.ref_id = $2 and b.done_at is null"""
LAST = """
select extract(epoch from max(m.settled_at))::float8 from message m join origin o on o.id = m.origin_id
where o.kind = $1 and o.ref_id = $2"""
STATES = """
select m.state::text, count(*) from message m join origin o on o.id = m.origin_id
where o.kind = $1 and o.ref_id = $2 group by 1"""
KIND = "mailing"
SUBJECT_FIELDS = ("dossier_number", "status", "campaign_title")


@dataclass(frozen=True)
class Kind:
    """A kind of letter: its template's version, who it comes from, and the values of the n-th recipient."""

    version_id: int
    sender_id: int
    address: str
    values: Callable[[int], dict[str, str]]


async def plain(house: House, address: str = material.SENDER) -> Kind:
    """The letter with merge fields only."""
    return await kind(material.variants(), material.values, address, house)


async def conditional(house: House) -> Kind:
    """The letter with conditions."""
    return await kind(conditions.variants(), conditions.values, material.SENDER, house)


async def ed25519(house: House) -> Kind:
    """The plain letter, signed with ed25519."""
    return await signed(house, "ed25519")


async def rsa(house: House) -> Kind:
    """The plain letter, signed with RSA-2048."""
    return await signed(house, "rsa")


async def signed(house: House, algorithm: str) -> Kind:
    """The plain letter of a sender whose domain signs."""
    domain = f"{algorithm}.example.org"
    await keys.sign_for(domain, algorithm)
    return await plain(house, f"decisions@{domain}")


async def kind(
    variants: dict[str, Variant], values: Callable[[int], dict[str, str]], address: str, house: House
) -> Kind:
    """A template in all languages; a sender of its own when the address is another one."""
    template = await db.fetchval(
        "insert into template (name, category) values ($1, 'transactional') returning id", f"Decision {next(NUMBERS)}"
    )
    version = await db.fetchval(
        "insert into template_version (template_id, number, fallback_locale) values ($1, 1, 'en') returning id",
        template,
    )
    for each in variants.values():
        await db.execute(
            "insert into template_variant (version_id, locale, subject, preheader, body) values ($1, $2, $3, $4, $5)",
            *(version, each.locale, each.subject, each.preheader, each.body),
        )
    sender_id = house.sender_id if address == material.SENDER else await sender(address)
    return Kind(version, sender_id, address, values)


def intent(kind: Kind, n: int, address: str | None = None) -> Intent:
    """The n-th recipient's message, in one of four languages."""
    locale, values = material.LOCALES[n % 4], kind.values(n)
    letter = Letter(
        version_id=kind.version_id,
        locale=locale,
        from_address=kind.address,
        from_name=material.BRAND.name,
        to_name=values["full_name"],
        subject=subject(locale, values),
        values=values,
    )
    return Intent(address=address or material.address(n), locale=locale, optional=False, occurrence=1, letter=letter)


def subject(locale: str, values: dict[str, str]) -> str:
    """What planning freezes for lists of messages; both kinds say the same in it."""
    text = material.SUBJECTS[locale]
    for name in SUBJECT_FIELDS:
        text = text.replace(material.TAGS[name], values[name])
    return text


async def plan(kind: Kind, count: int) -> int:
    """A mailing of `count` recipients whose gate is shut. Its number."""
    number = next(MAILINGS)
    await db.execute(
        "insert into origin (kind, ref_id, sender_id, lane, gate) values ($1, $2, $3, $4, 'paused')",
        *(KIND, number, kind.sender_id, int(Lane.mass)),
    )
    recipients = iter([next(NUMBERS) for _ in range(count)])
    while chunk := list(itertools.islice(recipients, CHUNK)):
        async with db.transaction():
            await actions.post(KIND, number, kind.sender_id, Lane.mass, [intent(kind, n) for n in chunk])
    return number


async def send(number: int) -> float:
    """Open the gate and wait. Seconds from then until the last outcome is settled."""
    began = time.time()
    await actions.set_gate(KIND, number, "open")
    await until_settled(number)
    return float(await db.fetchval(LAST, KIND, number)) - began


async def until_settled(number: int) -> None:
    """Return when all of a mailing is settled. Raises RuntimeError when nothing happens any more."""
    left, since = -1, time.monotonic()
    while now_left := await db.fetchval(LEFT, KIND, number):
        if now_left != left:
            left, since = now_left, time.monotonic()
        if time.monotonic() - since > STUCK:
            raise RuntimeError(f"{left} batches of a mailing wait and nothing happens: does the worker send?")
        await asyncio.sleep(LOOK_EVERY)


async def proof(number: int, count: int) -> dict[str, Any]:
    """What the rows say: of this mailing, and of the whole ledger."""
    states = {row[0]: row[1] for row in await db.fetch(STATES, KIND, number)}
    totals = await recount()
    return {
        "accepted": states.get("accepted", 0),
        "duplicates": totals.duplicates,
        "balanced": totals.balanced,
        "holds": states == {"accepted": count} and totals.duplicates == 0 and totals.balanced,
    }

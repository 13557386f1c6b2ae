"""What is done with keys: make, activate, retire, rotate. Private keys are sealed where they are made."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime
from typing import NamedTuple

from asyncpg import UniqueViolationError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from portal import db, sealed, timeline
from portal.actor import Actor
from portal.addresses import domain_to_ascii
from portal.i18n import _
from portal.outcomes import Missing, Refused
from portal.sending import dkim
from portal.signatures import queries, rules, words
from portal.signatures.queries import KeyRow
from portal.signatures.rules import Seen

RSA_BITS = 2048  # RFC 8301 3.2: at least 1024, verifiers take 2048; one TXT record still holds it

INSERT = f"""
insert into dkim_key (domain, selector, algorithm, public_key, secret) values ($1, $2, $3, $4, $5)
returning {queries.KEY}"""


class Pair(NamedTuple):
    """A new key: its public half as DNS has it, its private half in PKCS 8 (DER)."""

    public: str
    private: bytes


class Rotation(NamedTuple):
    """The next key of an algorithm, whether it signs now, and what DNS says about it."""

    key: KeyRow
    activated: bool
    seen: Seen


async def make(domain: str, algorithm: str, by: Actor, selector: str = "") -> KeyRow:
    """Make a key for a domain; it signs nothing yet. Raises Refused."""
    ascii_domain = domain_to_ascii(domain.strip())
    if ascii_domain is None:
        raise Refused(_("Enter a domain such as example.org."), field="domain")
    selector = selector.strip().lower()
    if selector and not rules.SELECTOR.fullmatch(selector):
        raise Refused(_("Enter a selector of letters, digits and hyphens."), field="selector")
    pair = await asyncio.to_thread(new_pair, algorithm)
    try:
        async with db.transaction():
            name = selector or await _free_selector(ascii_domain)
            secret = sealed.seal(pair.private, dkim.PURPOSE)
            row = await db.one_as(KeyRow, INSERT, ascii_domain, name, algorithm, pair.public, secret)
            assert row
            await _record(row, "signature.created", by)
            return row
    except UniqueViolationError:
        raise Refused(_("The domain has a key with this selector already."), field="selector") from None


def new_pair(algorithm: str) -> Pair:
    """A key of its own. RSA takes a tenth of a second or more."""
    if algorithm == "ed25519":
        short = Ed25519PrivateKey.generate()
        public = short.public_key().public_bytes_raw()
        private = short.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    else:
        long = generate_private_key(65537, RSA_BITS)
        public = long.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        private = long.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Pair(base64.b64encode(public).decode(), private)


async def activate(key_id: int, by: Actor, *, unseen: bool = False) -> KeyRow:
    """Sign with a new key, and no more with the domain's former one of the same algorithm.

    Raises Missing; Refused unless DNS publishes it (`unseen`: whatever DNS says) or when it is no longer new.
    """
    found = await _key(key_id)
    if found.state == "new" and not unseen and (said := await queries.seen(found)) != "published":
        raise Refused(words.not_yet(found, said))
    async with db.transaction():
        sql = "update dkim_key set state = 'active', active_at = now() where id = $1 and state = 'new'"
        if not await db.execute(sql, key_id):
            raise Refused(_("This key is not new any more."))
        await _record(found, "signature.activated", by)
        sql = "select id from dkim_key where domain = $1 and algorithm = $2 and state = 'active' and id <> $3"
        for row in await db.fetch(sql, found.domain, found.algorithm, key_id):
            await retire(row["id"], by)
    dkim.forget()
    return await _key(key_id)


async def retire(key_id: int, by: Actor) -> KeyRow:
    """Sign no more with a key. Its record stays in DNS for the letters that are on their way. Raises Missing."""
    async with db.transaction():
        sql = "update dkim_key set state = 'retired', retired_at = now() where id = $1 and state <> 'retired'"
        retired = await db.execute(sql, key_id)
        found = await _key(key_id)
        if retired:
            await _record(found, "signature.retired", by)
    dkim.forget()
    return found


async def rotate(domain: str, by: Actor, *, at_once: bool = False) -> list[Rotation]:
    """For each algorithm of a domain: make the next key unless there is one; activate it if DNS has it, or `at_once`.

    Raises Refused when the domain has no key.
    """
    known = [key for key in await queries.keys(domain_to_ascii(domain) or domain) if key.state != "retired"]
    if not known:
        raise Refused(_("{domain} has no key yet.").format(domain=domain))
    return [
        await _rotate([key for key in known if key.algorithm == each], by, at_once)
        for each in sorted({key.algorithm for key in known})
    ]


async def _rotate(keys: list[KeyRow], by: Actor, at_once: bool) -> Rotation:
    """One algorithm's keys, those that are new first."""
    following = keys[0]
    if following.state != "new":
        following = await make(following.domain, following.algorithm, by)
    said = await queries.seen(following)
    if said == "published" or at_once:
        return Rotation(await activate(following.id, by, unseen=True), True, said)
    return Rotation(following, False, said)


async def _free_selector(domain: str) -> str:
    taken = {key.selector for key in await queries.keys(domain)}
    try:
        return rules.next_selector(datetime.now(UTC).date(), taken)
    except ValueError:
        raise Refused(_("Enter a selector of letters, digits and hyphens."), field="selector") from None


async def _key(key_id: int) -> KeyRow:
    found = await queries.key(key_id)
    if found is None:
        raise Missing
    return found


async def _record(key: KeyRow, what: str, by: Actor) -> None:
    await timeline.record(
        "dkim_key", key.id, what, by, domain=key.domain, selector=key.selector, algorithm=key.algorithm
    )

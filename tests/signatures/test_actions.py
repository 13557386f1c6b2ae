"""Keys are made, seen in DNS, activated, replaced and retired; the letters that leave are signed accordingly."""

from __future__ import annotations

import base64
from typing import Any

import dkim as verifier
import pytest

from portal import db as database
from portal import sealed
from portal.outcomes import Refused
from portal.sending import dkim
from portal.signatures import actions, queries, rules
from portal.signatures.queries import KeyRow
from tests import factories
from tests.nameserver import NameServer

HEAD = b"From: calls@example.org\r\nSubject: Hello\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
BODY = b"Good morning.\r\n"


async def adam() -> factories.Actor:
    return (await factories.account("Adam", "administrator")).actor


def publish(dns: NameServer, key: KeyRow) -> None:
    """What the administrator copies into the zone."""
    dns.records[key.name, "TXT"] = [rules.quoted(key.value)]


def record(key: KeyRow) -> bytes:
    return key.value.encode()


async def selectors(domain: str = "example.org") -> dict[str, str]:
    return {key.selector: key.state for key in await queries.keys(domain)}


@pytest.mark.parametrize("algorithm", rules.ALGORITHMS)
async def test_adam_makes_a_key_publishes_it_and_letters_are_signed(db: None, dns: NameServer, algorithm: str) -> None:
    by = await adam()
    key = await actions.make("Example.ORG", algorithm, by)
    assert (key.domain, key.state, await queries.seen(key)) == ("example.org", "new", "missing")
    assert await dkim.signatories() == {}

    publish(dns, key)
    assert await queries.seen(key) == "published"
    assert (await actions.activate(key.id, by)).state == "active"

    lines = (await dkim.signatories())["example.org"].sign(HEAD, BODY)
    letter = verifier.DKIM(lines + HEAD + b"\r\n" + BODY)
    assert letter.verify(dnsfunc=lambda name, timeout=5: record(key)) is True


async def test_a_key_that_dns_does_not_show_is_not_activated(db: None, dns: NameServer) -> None:
    by = await adam()
    key = await actions.make("example.org", "ed25519", by, "mail")

    with pytest.raises(Refused, match=r"DNS has no record at mail\._domainkey\.example\.org yet"):
        await actions.activate(key.id, by)
    dns.records[key.name, "TXT"] = ['"v=DKIM1; k=ed25519; p=AAAA"']
    with pytest.raises(Refused, match="is not this key"):
        await actions.activate(key.id, by)
    dns.fails.add(key.name)
    with pytest.raises(Refused, match="DNS does not answer"):
        await actions.activate(key.id, by)
    assert await selectors() == {"mail": "new"}


async def test_rotation_waits_for_dns_and_retires_the_former_key_of_the_same_algorithm(
    db: None, dns: NameServer
) -> None:
    by = await adam()
    rsa, short = (
        await actions.make("example.org", "rsa", by, "r1"),
        await actions.make("example.org", "ed25519", by, "e1"),
    )
    for key in (rsa, short):
        publish(dns, key)
    assert [each.activated for each in await actions.rotate("example.org", by)] == [True, True]
    assert await selectors() == {"r1": "active", "e1": "active"}

    waiting = await actions.rotate("example.org", by)
    assert [(each.key.algorithm, each.activated, each.seen) for each in waiting] == [
        ("ed25519", False, "missing"),
        ("rsa", False, "missing"),
    ]
    publish(dns, waiting[1].key)
    again = await actions.rotate("example.org", by)

    assert [(each.key.id, each.activated) for each in again] == [(waiting[0].key.id, False), (waiting[1].key.id, True)]
    states = await selectors()
    assert (states["r1"], states["e1"], states[waiting[1].key.selector]) == ("retired", "active", "active")
    assert [key.selector for key in (await dkim.signatories())["example.org"].keys] == [waiting[1].key.selector, "e1"]


async def test_rotation_at_once_does_not_ask_dns(db: None, dns: NameServer) -> None:
    by = await adam()
    await actions.make("example.org", "ed25519", by, "e1")

    assert [each.activated for each in await actions.rotate("example.org", by, at_once=True)] == [True]
    with pytest.raises(Refused, match=r"other\.example has no key yet"):
        await actions.rotate("other.example", by)


async def test_a_retired_key_signs_no_more_and_cannot_come_back(db: None, dns: NameServer) -> None:
    by = await adam()
    key = await actions.make("example.org", "ed25519", by)
    await actions.activate(key.id, by, unseen=True)

    retired = await actions.retire(key.id, by)

    assert retired.leaves_dns_at and retired.retired_at
    assert (retired.leaves_dns_at - retired.retired_at).days == 7
    assert await dkim.signatories() == {}
    with pytest.raises(Refused, match="not new any more"):
        await actions.activate(key.id, by, unseen=True)


async def test_selectors_and_domains_are_checked(db: None) -> None:
    by = await adam()
    await actions.make("example.org", "ed25519", by, "mail")

    for domain, selector, field in (
        ("example.org", "MAIL", "selector"),
        ("example.org", "a b", "selector"),
        ("nowhere", "", "domain"),
    ):
        with pytest.raises(Refused) as refused:
            await actions.make(domain, "ed25519", by, selector)
        assert list(refused.value.errors) == [field]
    assert (await actions.make("żółw.example", "ed25519", by)).domain == "xn--w-uga1v8h.example"


async def test_everything_is_on_the_timeline(db: None, dns: NameServer) -> None:
    by = await adam()
    first, second = [await actions.make("example.org", "ed25519", by, name) for name in ("e1", "e2")]
    await actions.activate(first.id, by, unseen=True)
    await actions.activate(second.id, by, unseen=True)

    said = [(event.what, event.details["selector"], event.actor_name) for event in reversed(await queries.history())]
    assert said == [
        ("signature.created", "e1", "Adam"),
        ("signature.created", "e2", "Adam"),
        ("signature.activated", "e1", "Adam"),
        ("signature.activated", "e2", "Adam"),
        ("signature.retired", "e1", "Adam"),
    ]


async def test_the_private_key_is_nowhere_in_the_rows(db: None, dns: NameServer) -> None:
    """Not as octets, not as text, not in the history."""
    by = await adam()
    await actions.make("example.org", "ed25519", by)
    stored = await database_rows()
    private = sealed.unseal(stored[0]["secret"], dkim.PURPOSE)

    events = [str(event.details) for event in await queries.history()]
    everything = b"".join([bytes(row["secret"]) + str(dict(row)).encode() for row in stored]) + "".join(events).encode()
    for form in (private, private[-32:], private.hex().encode(), base64.b64encode(private[-32:])):
        assert form not in everything


async def database_rows() -> list[Any]:
    return await database.fetch("select * from dkim_key")

"""`portal dkim`, `portal secrets` and what `portal doctor` asks of DNS: their own processes, a real name server."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from portal import db as database
from portal import resolver, sealed, settings
from portal.actor import SYSTEM
from portal.commands import mail_checks
from portal.commands.findings import Finding, ToDo
from portal.sending import dkim
from portal.settings import ROOT, SmtpUrl
from portal.signatures import actions, queries, rules
from portal.signatures.queries import KeyRow
from tests.nameserver import NameServer

NEXT = "the next secret key that is long enough"
RELAY = SmtpUrl("127.0.0.1", 25)
Portal = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


@pytest.fixture
def portal(fresh_database: str, valkey_url: str, dns: NameServer) -> Portal:
    """Run a command on a database of its own, with a name server of its own."""
    given = {"PORTAL_DATABASE_URL": fresh_database, "PORTAL_REDIS_URL": valkey_url, "PORTAL_DNS": dns.place}

    def call(*words: str, **more: str) -> Awaitable[subprocess.CompletedProcess[str]]:
        command = [sys.executable, "-m", "portal", *words]
        environment = {**os.environ, **given, **more}
        return asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return call


# ------------------------------------------------------------------------------------------------ portal dkim
async def test_a_key_is_made_published_and_activated(portal: Portal, dns: NameServer) -> None:
    assert (await portal("dkim", "show")).stdout == "There are no keys: make one with portal dkim new DOMAIN.\n"

    made = await portal("dkim", "new", "example.org", "--selector", "mail")
    (key,) = await queries.keys()
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == (
        f"The key mail of example.org is made. Publish its record in DNS:\n\n{key.line}\n\n"
        "It signs after: portal dkim rotate example.org\n"
    )
    waits = await portal("dkim", "rotate", "example.org")
    assert waits.returncode == 1
    assert waits.stdout.startswith("DNS has no record at mail._domainkey.example.org yet.")

    dns.records[key.name, "TXT"] = [rules.quoted(key.value)]
    assert (await portal("dkim", "show", "example.org")).stdout.startswith(
        "example.org mail rsa: new, DNS: published\n"
    )
    done = await portal("dkim", "rotate", "example.org")
    assert done.returncode == 0
    assert done.stdout.startswith("Letters from example.org are signed with mail (rsa) now.\n")


async def test_rotation_now_and_a_record_that_may_leave_dns(portal: Portal) -> None:
    await portal("dkim", "new", "example.org", "--selector", "mail", "--algorithm", "ed25519")
    await portal("dkim", "rotate", "example.org", "--now")

    assert (await portal("dkim", "rotate", "example.org", "--now")).returncode == 0
    shown = (await portal("dkim", "show", "example.org")).stdout
    assert "example.org mail ed25519: retired, DNS: missing\nits record may be deleted from 20" in shown
    assert [key.state for key in await queries.keys()] == ["active", "retired"]


async def test_a_refusal_is_one_sentence(portal: Portal) -> None:
    refused = await portal("dkim", "rotate", "example.org")

    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", "Error: example.org has no key yet.\n")


async def test_a_dump_and_everything_that_is_said_do_not_hold_the_private_key(
    portal: Portal, fresh_database: str
) -> None:
    said = [await portal("dkim", "new", "example.org", "--algorithm", each) for each in rules.ALGORITHMS]
    said += [await portal("dkim", *words) for words in (("show",), ("rotate", "example.org", "--now"))]
    said += [await portal("doctor")]
    secrets = [row["secret"] for row in await database.fetch("select secret from dkim_key")]
    private = [sealed.unseal(each, dkim.PURPOSE) for each in secrets]
    assert len(private) == 2

    dump = await everything(fresh_database) + "".join(each.stdout + each.stderr for each in said).encode()
    for key in private:
        for part in (key, key[-32:], key[-32:].hex().encode(), base64.b64encode(key)[-60:-20]):
            assert part not in dump


async def everything(url: str) -> bytes:
    """All rows of all tables, as text and as octets."""
    connection = await asyncpg.connect(url)
    tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    rows = [row for table in tables for row in await connection.fetch(f"select t::text from {table[0]} t")]
    await connection.close()
    assert any("example.org" in row[0] for row in rows)
    return "\n".join(row[0] for row in rows).encode()


# ------------------------------------------------------------------------------------------------ portal secrets
async def test_the_secret_key_is_changed(portal: Portal) -> None:
    await portal("dkim", "new", "example.org", "--algorithm", "ed25519")
    before = settings.settings().secret_key

    lost = await portal("secrets", "rotate", PORTAL_SECRET_KEY=NEXT)
    assert (lost.returncode, len(lost.stderr.splitlines())) == (1, 1)
    assert "name the key that it was encrypted with in PORTAL_SECRET_KEY_BEFORE" in lost.stderr
    named = {"PORTAL_SECRET_KEY": NEXT, "PORTAL_SECRET_KEY_BEFORE": before}
    assert "secrets:     to do: 1 were encrypted with a former key" in (await portal("doctor", **named)).stdout
    done = await portal("secrets", "rotate", **named)

    assert (done.returncode, done.stdout) == (
        0,
        "Encrypted anew: 1. PORTAL_SECRET_KEY_BEFORE is not needed any more.\n",
    )
    assert "secrets:     ok: 1 in the database" in (await portal("doctor", PORTAL_SECRET_KEY=NEXT)).stdout
    assert "secrets:     to do: some cannot be opened" in (await portal("doctor")).stdout


# ------------------------------------------------------------------------------------------------ portal doctor
async def calls_of(domain: str, bounces: str) -> None:
    """The one address we write from."""
    sql = "insert into sender (address, bounce_domain, verified) values ($1, $2, true)"
    await database.execute(sql, f"calls@{domain}", bounces)


async def active(domain: str, dns: NameServer) -> KeyRow:
    key = await actions.activate((await actions.make(domain, "ed25519", SYSTEM)).id, SYSTEM, unseen=True)
    dns.records[key.name, "TXT"] = [rules.quoted(key.value)]
    return key


async def said() -> dict[str, Finding]:
    return {each.subject: each for each in await mail_checks.findings(RELAY)}


async def test_the_doctor_finds_everything_in_order(db: None, dns: NameServer) -> None:
    await calls_of("news.example.org", "bounces.example.org")
    key = await active("example.org", dns)
    dns.records["bounces.example.org", "TXT"] = ['"v=spf1 include:relay.example -all"']
    dns.records["_dmarc.example.org", "TXT"] = ['"v=DMARC1; p=reject"']

    found = await said()

    assert [each.is_fine for each in found.values()] == [True] * 5
    assert found["dkim"].words == f"letters from news.example.org are signed by example.org ({key.selector})"
    assert found["dmarc"].words == (
        "news.example.org: p=reject at _dmarc.example.org; signature and bounce domain aligned"
    )


async def test_the_doctor_says_what_is_missing(db: None, dns: NameServer) -> None:
    await calls_of("example.org", "example.net")

    found = await said()

    assert [(each.subject, each.is_fine) for each in found.values()] == [
        ("dkim", False), ("spf", False), ("dmarc", False), ("tls", True), ("ptr", True),
    ]  # fmt: skip
    assert found["dkim"].words == "letters from example.org are not signed: portal dkim new example.org"
    assert found["spf"].words.startswith("example.net: publish a TXT record such as v=spf1")
    assert found["dmarc"].words.startswith("example.org: publish a TXT record at _dmarc.example.org such as v=DMARC1")


async def test_the_doctor_compares_the_record_with_the_key(db: None, dns: NameServer) -> None:
    await calls_of("example.org", "example.org")
    key = await active("example.org", dns)
    for record, words in (
        ('"v=DKIM1; k=ed25519; p=AAAA"', "is not our key"),
        ('"something else"', "is not in DNS"),
    ):
        dns.records[key.name, "TXT"] = [record]
        assert words in (await said())["dkim"].words
    dns.fails.add(key.name)
    assert (await said())["dkim"].words.startswith(f"DNS does not answer for {key.name}")


@pytest.mark.parametrize(
    ("policy", "bounces", "words"),
    [
        ("v=DMARC1; p=none", "example.net", "signature aligned"),
        ("v=DMARC1; p=none; adkim=s", "bounces.example.org", "bounce domain aligned"),
        ("v=DMARC1; p=none; adkim=s; aspf=s", "bounces.example.org", "neither the signature nor the bounce domain"),
    ],
)
async def test_one_of_signature_and_envelope_must_speak_for_from(
    db: None, dns: NameServer, policy: str, bounces: str, words: str
) -> None:
    await calls_of("news.example.org", bounces)
    await active("example.org", dns)
    dns.records["_dmarc.example.org", "TXT"] = [f'"{policy}"']

    assert words in (await said())["dmarc"].words


async def test_letters_leave_encrypted_or_not_at_all() -> None:
    assert "STARTTLS is required" in await mail_checks.tls(SmtpUrl("relay.example", 587, tls="starttls"))
    assert "this machine" in await mail_checks.tls(RELAY)
    with pytest.raises(ToDo, match="unencrypted"):
        await mail_checks.tls(SmtpUrl("192.0.2.1", 25))


async def test_the_mail_server_has_a_name_that_points_back(dns: NameServer) -> None:
    assert "on this network" in await mail_checks.pointer("127.0.0.1")
    with pytest.raises(ToDo, match="has no name in DNS"):
        await mail_checks.pointer("8.8.4.4")
    dns.records["4.4.8.8.in-addr.arpa", "PTR"] = ["relay.example.org."]
    with pytest.raises(ToDo, match=r"points to relay\.example\.org, which does not point back"):
        await mail_checks.pointer("8.8.4.4")
    dns.records["relay.example.org", "A"] = ["8.8.4.4"]
    assert await mail_checks.pointer("8.8.4.4") == "8.8.4.4 and the name point to each other"


async def test_long_records_and_missing_names_are_read_as_they_are(dns: NameServer) -> None:
    dns.records["long.example.org", "TXT"] = [rules.quoted("x" * 600)]
    dns.fails.add("broken.example.org")

    assert await resolver.texts("long.example.org") == ["x" * 600]
    assert await resolver.texts("none.example.org") == []
    assert await resolver.addresses("long.example.org") == []
    with pytest.raises(resolver.Unanswered):
        await resolver.texts("broken.example.org")

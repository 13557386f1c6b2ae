"""What the doctor looks at outside: what DNS says about the domains we write from, and the mail server's name.

The large mail services want SPF, DKIM and DMARC from whoever writes 5,000 letters a day; docs/mail.md says how.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Sequence

from portal import resolver, sealed
from portal.commands.findings import Finding, ToDo
from portal.organisation.queries import SenderRow, senders
from portal.sending.headers import wire_address
from portal.settings import SmtpUrl
from portal.signatures import queries, rules
from portal.signatures.queries import KeyRow

Said = Awaitable[str]
SPF = {
    "missing": "publish a TXT record such as v=spf1 include:<your mail service> -all",
    "several": "there is more than one v=spf1 record, so none counts: join them",
    "open": "it ends in +all, so that everybody may write as this domain: end it in -all or ~all",
}


async def secrets() -> str:
    """Whether everything that is sealed can be opened."""
    sealed_values = [each async for each in sealed.values()]
    try:
        for value, purpose in sealed_values:
            sealed.unseal(value, purpose)
    except sealed.Unreadable:
        raise ToDo(
            "some cannot be opened with PORTAL_SECRET_KEY: name the key before it in PORTAL_SECRET_KEY_BEFORE"
        ) from None
    former = [value for value, _purpose in sealed_values if not sealed.is_sealed_today(value)]
    if former:
        raise ToDo(f"{len(former)} were encrypted with a former key: run portal secrets rotate")
    return f"{len(sealed_values)} in the database, encrypted with today's key"


async def findings(relay: SmtpUrl) -> list[Finding]:
    """All of them, in the order of the domains of those senders that may send."""
    places = sorted({_domains(each) for each in await senders() if each.verified and not each.paused})
    keys = await queries.keys()
    checks: list[tuple[str, Said]] = []
    for from_domain, bounce_domain in places:
        checks.append(("dkim", signed(from_domain, keys)))
        checks.append(("spf", spf(bounce_domain)))
        checks.append(("dmarc", aligned(from_domain, bounce_domain, keys)))
    checks += [("tls", tls(relay)), ("ptr", pointer(relay.host))]
    return list(await asyncio.gather(*[_finding(subject, check) for subject, check in checks]))


def _domains(sender: SenderRow) -> tuple[str, str]:
    return wire_address(sender.address).rpartition("@")[2], sender.bounce_domain.lower()


async def _finding(subject: str, check: Said) -> Finding:
    try:
        return Finding(subject, await check)
    except ToDo as found:
        return Finding(subject, str(found), is_fine=False)
    except resolver.Unanswered as failed:
        return Finding(subject, f"{failed}: check the name servers, or set PORTAL_DNS", is_fine=False)


async def signed(domain: str, keys: Sequence[KeyRow]) -> str:
    """The active keys for a domain are published as they are. Raises ToDo."""
    signer = rules.signer(domain, {key.domain for key in keys if key.state == "active"})
    if signer is None:
        raise ToDo(f"letters from {domain} are not signed: portal dkim new {domain}")
    active = [key for key in keys if key.domain == signer and key.state == "active"]
    for key, seen in [(key, await queries.seen(key)) for key in active]:
        if seen == "unknown":
            raise resolver.Unanswered(f"DNS does not answer for {key.name}")
        if seen != "published":
            raise ToDo(f"{WRONG[seen].format(name=key.name)}: portal dkim show {signer}")
    return f"letters from {domain} are signed by {signer} ({', '.join(key.selector for key in active)})"


WRONG = {
    "missing": "{name} is not in DNS, so no signature can be verified",
    "different": "{name} in DNS is not our key, so every signature is wrong",
    "several": "{name} has more than one record in DNS, so none counts",
}


async def spf(domain: str) -> str:
    """The envelope's domain says who may write. Whether our mail server is among them only its owner knows."""
    problem = rules.spf_problem(await resolver.texts(domain))
    if problem:
        raise ToDo(f"{domain}: {SPF[problem]}")
    return f"{domain} says who may write as it"


async def aligned(from_domain: str, bounce_domain: str, keys: Sequence[KeyRow]) -> str:
    """A DMARC record, and a signature or an envelope that speaks for From (one is enough). Raises ToDo."""
    place, policy = await policy_of(from_domain)
    signer = rules.signer(from_domain, {key.domain for key in keys if key.state == "active"})
    house = min(place, signer or place, key=len)  # a subdomain may have a policy of its own
    by_key = signer and rules.aligned(signer, from_domain, house, strict=policy.get("adkim") == "s")
    by_envelope = rules.aligned(bounce_domain, from_domain, house, strict=policy.get("aspf") == "s")
    if not by_key and not by_envelope:
        raise ToDo(f"{from_domain}: neither the signature nor the bounce domain {bounce_domain} belongs to it")
    ways = " and ".join(word for word, holds in (("signature", by_key), ("bounce domain", by_envelope)) if holds)
    return f"{from_domain}: p={policy.get('p', 'none')} at _dmarc.{place}; {ways} aligned"


async def policy_of(domain: str) -> tuple[str, dict[str, str]]:
    """Where the nearest DMARC record is, and what it says. Raises ToDo."""
    for place in rules.upwards(domain):
        policy = rules.dmarc(await resolver.texts(f"_dmarc.{place}"))
        if policy is not None:
            return place, policy
    raise ToDo(f"{domain}: publish a TXT record at _dmarc.{domain} such as v=DMARC1; p=none; rua=mailto:you@{domain}")


async def tls(relay: SmtpUrl) -> str:
    """Letters are not readable on their way to the mail server, unless that is this machine."""
    words = {"starttls": "STARTTLS is required", "tls": "encrypted from the first octet"}
    if relay.tls in words:
        return f"{relay.host}: {words[relay.tls]}, its certificate is verified"
    if all(map(is_loopback, await _addresses(relay.host))):
        return f"{relay.host} is this machine: nothing to encrypt"
    raise ToDo(f"letters go to {relay.host} unencrypted: add ?tls=starttls to PORTAL_SMTP_URL")


async def pointer(host: str) -> str:
    """The mail server's address points back to a name that points to it (RFC 1912 2.1)."""
    outside = [address for address in await _addresses(host) if ipaddress.ip_address(address).is_global]
    if not outside:
        return f"{host} is on this network: the address it writes from is not known here"
    for address in outside:
        names = await resolver.hosts(address)
        if not names:
            raise ToDo(f"{address} ({host}) has no name in DNS: ask its provider for a PTR record")
        if not any([address in await resolver.addresses(name) for name in names]):
            raise ToDo(f"{address} points to {names[0]}, which does not point back: correct one of the two")
    return f"{', '.join(outside)} and the name point to each other"


def is_loopback(address: str) -> bool:
    """Whether it is this machine."""
    return ipaddress.ip_address(address).is_loopback


async def _addresses(host: str) -> list[str]:
    """As sending finds them: an address, /etc/hosts, DNS. Raises ToDo."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as failed:
        raise ToDo(f"{host} is not found ({failed.strerror}): correct PORTAL_SMTP_URL") from failed
    return sorted({str(each[4][0]).partition("%")[0] for each in found})

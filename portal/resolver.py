"""What DNS says. Asks the system's name servers, or the one of PORTAL_DNS."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT

from portal.settings import settings

SECONDS = 5.0  # for one question, all tries included


class Unanswered(Exception):
    """DNS did not say whether there is such a record: no answer in time, or a failure of its server."""


async def texts(name: str) -> list[str]:
    """TXT records, each with its strings joined (RFC 6376 3.6.2.2); none: an empty list. Raises Unanswered."""
    answer = await _ask(name, "TXT")
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer if isinstance(record, TXT)]


async def addresses(name: str) -> list[str]:
    """IPv4 and IPv6 addresses of a host. Raises Unanswered."""
    return [record.to_text() for kind in ("A", "AAAA") for record in await _ask(name, kind)]


async def hosts(address: str) -> list[str]:
    """The names an address points back to, without the final dot. Raises Unanswered."""
    answer = await _ask(dns.reversename.from_address(address).to_text(), "PTR")
    return [record.target.to_text(omit_final_dot=True).lower() for record in answer if isinstance(record, PTR)]


async def _ask(name: str, kind: str) -> list[dns.rdata.Rdata]:
    try:
        answer = await _resolver().resolve(name, kind, lifetime=SECONDS, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except (dns.exception.DNSException, OSError) as failed:
        raise Unanswered(f"DNS does not answer for {name} ({type(failed).__name__})") from failed
    return list(answer.rrset or ())


def _resolver() -> dns.asyncresolver.Resolver:
    server = settings().dns_server
    if server is None:
        return dns.asyncresolver.Resolver()
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [server[0]], server[1]
    return resolver

"""What the replies tell about receiving domains and about the server: whom to hold to a share, what not to believe."""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from portal.ledger.rules import enhanced_code
from portal.ledger.work import Work
from portal.sending.domains import GREYLIST, SLOW, Domain, Domains, domain_of
from portal.sending.gates import KEPT_SECONDS, Gate
from portal.sending.lanes import Lanes
from portal.sending.smtp import Offer

if TYPE_CHECKING:
    from portal.sending.connection import SmtpConnection

SILENT = 1.0  # seconds after which a letter that is still waited for counts as slow already
TOGETHER = 60.0  # seconds within which two domains that ask for less are taken for the server asking
NO_PARAMETERS = ("501", "504", "555")  # RFC 5321 4.1.1.11: a parameter of MAIL that it does not know after all
OUT_OF_ORDER = "503"  # commands in the right order arrived one by one, or not at all
OUT_OF_STEP = re.compile(r"synchroni[sz]ation error", re.IGNORECASE)
NO_EIGHT_BIT = re.compile(r"5\.6\.[13]$")  # RFC 3463: media not supported, conversion required and not possible


class Watch:
    """Listens to every reply that is not ordinary; ordinary ones only while some domain is not."""

    def __init__(self, lanes: Lanes, alive: Collection[SmtpConnection] = ()) -> None:
        self.lanes, self.alive = lanes, alive
        self.domains = Domains()
        self.asked_for_less: dict[str, float] = {}  # domain -> when one of its letters was answered 4.7.x
        self.doubted: set[str] = set()  # fields of Offer that the server does not keep
        self.resent: set[tuple[int, str]] = set()  # messages that went once more without one of them

    # --------------------------------------------------------------------------------------------- domains
    def heard(self, work: Work, now: float, took: float, state: str, reply: str) -> None:
        """A letter ended after `took` seconds: accepted, to be tried again (retry), or otherwise."""
        name = domain_of(work.parcel.address)
        if state != "retry" and took < SLOW and name not in self.domains.known:
            return self.domains.passing(now, took)
        domain = self.domains.heard(name, now, took)
        if state == "accepted":
            domain.passed(work.attempt > 0)
        elif state == "retry":
            domain.put_off(now, reply, work.attempt > 0, chance())
        self.hold(name, domain, now)

    def hold(self, name: str, domain: Domain, now: float) -> None:
        """Behind a gate while it is troubled. Left alone for long: what waits aside goes back to the ledger."""
        if not domain.is_troubled:
            return
        gate = self.lanes.gate(name)
        if gate.domain is None:
            gate.domain = domain
            self.follow(name)
        if domain.shut_until > now + KEPT_SECONDS:
            self.lanes.empty(gate)

    def overdue(self, now: float) -> int:
        """Once a second: who keeps a connection waiting is slow, before it has answered. Returns how many wait so."""
        waiting = 0
        for connection in self.alive:
            work = connection.on_wire or connection.work
            if work is None or connection.asked or now - work.since < SILENT:
                continue
            name = domain_of(work.parcel.address)
            domain = self.domains.heard(name, now, now - work.since, 0.0)
            work.since = now
            self.hold(name, domain, now)
            waiting += work.alone
        return waiting

    def follow(self, name: str) -> None:
        """Count the letters that were under way to a domain before it had to be held to anything."""
        for connection in self.alive:
            for work in (connection.on_wire, connection.work):
                if work is None or domain_of(work.parcel.address) != name:
                    continue
                work.alone = True
                if not work.gates:
                    work.gates = self.lanes.gates_of(work)
                    for gate in work.gates:
                        gate.under_way += 1

    def forget(self, now: float) -> None:
        """Once a second: take down the gates of domains that have recovered."""
        if self.domains.known:
            over: list[Gate] = [self.lanes.gates[name] for name in self.domains.forget(now) if name in self.lanes.gates]
            for gate in over:
                gate.domain = None
            self.lanes.open_up([gate.key for gate in over])

    # --------------------------------------------------------------------------------------------- the server
    def asks_for_less(self, work: Work, now: float, reply: str) -> bool:
        """Whether 4.7.x is about us. Of one domain it is that domain's own affair, of two at a time the server's."""
        if not enhanced_code(reply).startswith("4.7.") or GREYLIST.search(reply):
            return False
        self.asked_for_less[domain_of(work.parcel.address)] = now
        recent = {name: at for name, at in self.asked_for_less.items() if now - at < TOGETHER}
        self.asked_for_less = {} if len(recent) > 1 else recent
        return len(recent) > 1

    def believed(self, offer: Offer) -> Offer:
        """What a server offers, without what it has been found not to keep."""
        return msgspec.structs.replace(offer, **dict.fromkeys(self.doubted, False)) if self.doubted else offer

    def lied(self, work: Work, reply: str) -> str:
        """The extension to which this refusal is due; "" when it is about the letter.

        Others may be under way with it when it is found out: each letter goes at most once more for each of them.
        """
        suspects: tuple[str, ...] = ()
        if reply[:3] in NO_PARAMETERS:
            suspects = ("eight_bit", "utf8")
        elif NO_EIGHT_BIT.search(enhanced_code(reply)):
            suspects = ("eight_bit",)
        elif reply.startswith(OUT_OF_ORDER) or OUT_OF_STEP.search(reply):
            suspects = ("pipelining",)
        lie = next((name for name in suspects if (work.id, name) not in self.resent), "")
        if lie:
            self.resent.add((work.id, lie))
        return lie


def chance() -> float:
    """For jitter."""
    return random.random()  # noqa: S311 - no secret

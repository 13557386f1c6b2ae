"""What is known of receiving domains that answer slowly or put letters off. Pure: times are given.

Nothing is remembered of a domain that behaves. One that takes much longer than the others, or puts off several letters
in a row, is held to a share of the connections; one that goes on so is left alone for a while: a letter that would be
put off costs a try and helps nobody. Everything fades with a half-life, so whoever recovers is served as before.
"""

from __future__ import annotations

import re

from portal.addresses import domain_to_ascii
from portal.ledger.rules import enhanced_code

SLOW = 0.25  # seconds a letter, from the envelope to the last reply, below which nobody is slow
SLOW_SERVER = 0.5  # seconds a letter takes on average, from which on none waits behind another: a receipt might
TIMES = 4.0  # so many times slower than the others
LEAST = 3  # letters' worth of slowness before it counts
HALF_LIFE = 30.0  # seconds
HESITANT = 2  # letters put off in a row: a share of the connections from then on
IN_A_ROW = 5  # letters put off in a row: none for a while
FIRST_HOLD, LONGEST_HOLD = 5.0, 300.0  # seconds
REMEMBERED = 1800.0  # seconds after its last letter that a domain that put letters off is known
GREYLIST = re.compile(r"gr[ae]y[ -]?list", re.IGNORECASE)


class Pace:
    """Seconds spent and letters ended, both fading."""

    __slots__ = ("at", "letters", "seconds")

    def __init__(self, now: float) -> None:
        self.seconds, self.letters, self.at = 0.0, 0.0, now

    def fade(self, now: float) -> None:
        """To what counts at `now`."""
        if now > self.at:
            factor = 0.5 ** ((now - self.at) / HALF_LIFE)
            self.seconds, self.letters, self.at = self.seconds * factor, self.letters * factor, now

    def add(self, now: float, seconds: float, letters: float) -> None:
        """So many seconds more."""
        self.fade(now)
        self.seconds += seconds
        self.letters += letters

    @property
    def mean(self) -> float:
        """Seconds a letter."""
        return self.seconds / max(self.letters, 1.0)


class Domain(Pace):
    """One receiving domain and how it behaves."""

    __slots__ = ("greylists", "heard_at", "holds", "row", "shut_until", "slow")

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.slow = False
        self.row = 0  # letters put off since the last that passed
        self.holds = 0  # times it was left alone; halved with each letter that passes
        self.shut_until = 0.0
        self.greylists = False  # puts off what it does not know, and takes it later: to leave it alone only delays
        self.heard_at = now

    @property
    def is_troubled(self) -> bool:
        """Whether its letters are held to a share."""
        return self.slow or self.row >= HESITANT

    @property
    def is_tried(self) -> bool:
        """Whether it was left alone and one letter at a time finds out how it is."""
        return self.row >= IN_A_ROW

    def passed(self, tried_before: bool) -> None:
        """It took a letter."""
        self.greylists = self.greylists or (tried_before and self.row > 0)
        self.row, self.shut_until, self.holds = 0, 0.0, self.holds // 2

    def put_off(self, now: float, reply: str, tried_before: bool, chance: float) -> None:
        """It put a letter off. What is about one mailbox, or greylisting, says nothing about the rest."""
        self.greylists = self.greylists or GREYLIST.search(reply) is not None
        if (self.greylists and not tried_before) or not concerns_all(reply):
            return
        self.row += 1
        if self.row >= IN_A_ROW and now >= self.shut_until:
            self.holds += 1
            self.shut_until = now + hold(self.holds, chance)


class Domains:
    """The domains that gave reason to remember them."""

    def __init__(self) -> None:
        self.known: dict[str, Domain] = {}
        self.all = Pace(0.0)

    def heard(self, name: str, now: float, took: float, letters: float = 1.0) -> Domain:
        """A letter to this domain has ended after `took` seconds (`letters` 0: it is still waited for)."""
        domain = self.known.get(name)
        if domain is None:
            domain = self.known[name] = Domain(now)
        domain.heard_at = now
        domain.add(now, took, letters)
        self.all.add(now, took, letters)
        limit = max(SLOW, TIMES * self.others(domain))
        domain.slow = domain.seconds > (limit / 2 if domain.slow else limit) * max(domain.letters, LEAST)
        return domain

    def passing(self, now: float, took: float) -> None:
        """A letter to a domain that nobody need remember."""
        self.all.add(now, took, 1.0)

    def others(self, domain: Domain) -> float:
        """Seconds a letter takes that goes elsewhere; 0 when nothing is known."""
        letters = self.all.letters - domain.letters
        return max(0.0, self.all.seconds - domain.seconds) / letters if letters >= 1 else 0.0

    def forget(self, now: float) -> list[str]:
        """Drop what is of no use any more, once a second. Returns the names of domains that are troubled no more."""
        over = []
        for name, domain in list(self.known.items()):
            domain.fade(now)
            domain.slow = domain.slow and domain.seconds > SLOW / 2 * LEAST
            idle = now - domain.heard_at
            if domain.row and idle > REMEMBERED:
                domain.row = 0
            if not domain.is_troubled:
                over.append(name)
                if idle > REMEMBERED or not (domain.greylists or domain.holds or domain.mean > SLOW / 2):
                    del self.known[name]
        if not self.known:
            self.all = Pace(now)
        return over


def domain_of(address: str) -> str:
    """The receiving domain of an address, as DNS writes it."""
    name = address.rpartition("@")[2]
    return domain_to_ascii(name) or name.lower()


def concerns_all(reply: str) -> bool:
    """Whether a temporary refusal is about more than one mailbox: 4.3, 4.4, 4.7, or no enhanced code (RFC 3463)."""
    enhanced = enhanced_code(reply)
    return not enhanced or enhanced[:4] in ("4.3.", "4.4.", "4.7.")


def hold(times: int, chance: float) -> float:
    """Seconds that a domain is left alone, the `times`-th time (from 1); `chance` in 0..1 is the jitter."""
    return float(min(FIRST_HOLD * 2 ** min(times - 1, 10), LONGEST_HOLD) * (0.8 + 0.4 * chance))

"""Who applied with what, and what became of it: drawn from a fixed seed, so that all demonstrations are the same."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from portal.campaigns.rules import plain_words
from portal.demo.names import DOMAINS, FIRST, LAST, PLACES
from portal.demo.projects import MONEY, PROJECTS, WHY

SEED = 20261122
LOCALES = ("es", "fr", "pl", "en")
WEIGHTS = (34, 30, 22, 14)  # how many of a hundred candidates write in which language
FIELDS = (3, 0, 0, 2, 3, 2, 3, 1, 2, 1, 1, 0)  # of the twelve projects: education, environment, culture, neighbourhood
REFUSED = "bounce.example"  # the on-screen mailbox answers 550
SLOW = "slow.example"  # and here: not now
UNDER_WAY = 14  # dossiers of the open campaign that are being reviewed already
OPTED_OUT = 7  # which of these belongs to somebody who wants no optional e-mail

EVALUATOR, MANAGERS = "Ola Kowalczyk", ("Marta Pérez", "Camille Renaud")


class Move(msgspec.Struct, frozen=True):
    """A change of status by somebody of the team."""

    status: str
    at: datetime
    by: str
    mode: str = "send"
    reason: str = ""


class Tale(msgspec.Struct, frozen=True, kw_only=True):
    """One dossier from its first line to today. `submitted_at` None: a draft."""

    campaign: str
    locale: str
    first_name: str
    last_name: str
    email: str
    answers: dict[str, Any]  # `field` is the place of a choice
    created_at: datetime
    submitted_at: datetime | None
    moves: tuple[Move, ...] = ()


class Teller:
    """Draws people, projects and moments."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.dice = random.Random(SEED)  # noqa: S311 - nothing secret is drawn
        self.addresses: set[str] = set()

    def person(self, domain: str = "") -> tuple[str, str, str, str]:
        """(locale, first name, last name, address); each address once."""
        while True:
            locale = self.dice.choices(LOCALES, WEIGHTS)[0]
            first, last = self.dice.choice(FIRST[locale]), self.dice.choice(LAST[locale])
            address = f"{'.'.join(plain_words(first))}.{'.'.join(plain_words(last))}@{domain or DOMAINS[locale]}"
            if address not in self.addresses:
                self.addresses.add(address)
                return locale, first, last, address

    def answers(self, locale: str) -> dict[str, Any]:
        """A project: one of twelve, in one of sixteen places, with its reasons."""
        which = self.dice.randrange(len(PROJECTS[locale]))
        title, summary = PROJECTS[locale][which]
        sentences = (summary, self.dice.choice(WHY[locale]), self.dice.choice(MONEY[locale]))
        start = self.now.date() + timedelta(days=self.dice.randrange(60, 240))
        return {
            "project_title": title.format(place=self.dice.choice(PLACES[locale])),
            "summary": " ".join(sentences),
            "budget": self.dice.randrange(20, 121) * 100,
            "field": FIELDS[which],
            "starts_on": start.isoformat(),
        }

    def ago(self, most: float, least: float, hours: tuple[int, int]) -> datetime:
        """A moment between `most` and `least` days ago, within some hours of the day; never in the future."""
        day = self.now - timedelta(days=self.dice.uniform(least, most))
        at = day.replace(
            hour=self.dice.randrange(*hours), minute=self.dice.randrange(60), second=self.dice.randrange(60)
        )
        return min(at, self.now - timedelta(minutes=self.dice.randrange(90, 240)))

    def tale(self, campaign: str, created: tuple[float, float], submitted: datetime | None, **more: Any) -> Tale:
        """Somebody's dossier; begun `created` days before it was submitted, or before today."""
        locale, first, last, address = self.person(more.pop("domain", ""))
        begun = (submitted or self.now) - timedelta(
            days=self.dice.uniform(*created), minutes=self.dice.randrange(3, 50)
        )
        return Tale(
            campaign=campaign,
            locale=locale,
            first_name=first,
            last_name=last,
            email=address,
            answers=self.answers(locale),
            created_at=begun,
            submitted_at=submitted,
            **more,
        )


# ------------------------------------------------------------------------------------------------ the past
ENDINGS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (4, ()),
    (34, ("under_review",)),
    (10, ("under_review", "documents_missing")),
    (28, ("under_review", "accepted")),
    (38, ("under_review", "rejected")),
    (8, ("under_review", "reserve_list")),
    (4, ("withdrawn",)),
)
DECISIONS = ("accepted", "rejected", "reserve_list")


def past(teller: Teller) -> list[Tale]:
    """Everything up to yesterday, in both campaigns; shuffled, so that numbers say nothing."""
    tales = [*_grants(teller), *_labs(teller)]
    teller.dice.shuffle(tales)
    return sorted(tales, key=lambda tale: tale.created_at)


def _grants(teller: Teller) -> Iterator[Tale]:
    """The closed campaign: decided for the most part."""
    for _each in range(14):
        yield teller.tale("grants", (14, 50), None)
    number = 0
    for count, path in ENDINGS:
        for _each in range(count):
            number += 1
            submitted = teller.ago(13 + 40 * teller.dice.random() ** 2.5, 13, (7, 23))
            moves = tuple(_moves(teller, path, silent=number % 23 == 0))
            yield teller.tale("grants", (0, 6), submitted, moves=moves, domain=REFUSED if number % 29 == 0 else "")


def _labs(teller: Teller) -> Iterator[Tale]:
    """The open campaign: most still write; the sooner it closes, the more submit."""
    for _each in range(58):
        yield teller.tale("labs", (0.2, 18), None)
    for number in range(UNDER_WAY):
        path = ("under_review", "documents_missing") if number % 4 == 0 else ("under_review",)
        yield teller.tale("labs", (0, 3), teller.ago(18, 4, (7, 23)), moves=tuple(_moves(teller, path, latest=2.5)))
    for number in range(92 - UNDER_WAY):
        submitted = teller.ago(0.4 + 17 * teller.dice.random() ** 1.2, 0.4, (7, 23))
        yield teller.tale("labs", (0, 4), submitted, domain=REFUSED if number == 40 else "")


def _moves(teller: Teller, path: Sequence[str], *, silent: bool = False, latest: float = 9) -> Iterator[Move]:
    """The team's work: review first, the decision days later, in office hours."""
    if path:
        by = EVALUATOR if path[0] == "under_review" else MANAGERS[0]
        yield Move(path[0], teller.ago(latest, latest * 0.7, (8, 17)), by)
    for status in path[1:]:
        mode, reason = ("silent", "Told by telephone") if silent and status in DECISIONS else ("send", "")
        by = teller.dice.choice(MANAGERS)
        yield Move(status, teller.ago(latest * 0.6, 0.4, (8, 17)), by, mode, reason)


# ------------------------------------------------------------------------------------------------ today
def today(teller: Teller) -> list[Tale]:
    """Who submits while the demonstration starts: real e-mails that leave before one's eyes, or do not."""
    domains = ("", "", "", SLOW, "", "", REFUSED, "", SLOW, "")
    return [teller.tale("labs", (0, 2), teller.now, domain=domain) for domain in domains]


# What the managers decide today, campaign by campaign: (status, mode, reason) for so many dossiers under review.
DECIDED_TODAY = (
    ("accepted", "send", ""),
    ("accepted", "send", ""),
    ("rejected", "send", ""),
    ("accepted", "hold", ""),
    ("rejected", "hold", ""),
    ("rejected", "silent", "The jury tells this candidate in person"),
)

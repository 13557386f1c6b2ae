"""What a message is, what a server's reply means and when to try again. Pure: no database, clock or network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal

import msgspec

STATES = ("skipped", "held", "queued", "accepted", "failed", "uncertain", "cancelled")
SHOWN = ("skipped", "held", "queued", "sending", "accepted", "failed", "uncertain", "cancelled")
# Reasons of suppression, the weakest first: a stronger one takes the place of a weaker one of the same scope.
SUPPRESSED = ("taking_a_break", "by_hand", "suppressed_bounce", "opted_out", "complaint")

# Codes of our own beside SMTP's three digits, in `journal.codes` and `attempt.code`.
NO_DOT = 0  # the dot was never written; the reply says why
LOST = -1  # the dot was written and no reply came: the letter may have arrived
UNSENDABLE = -2  # this one letter cannot be written or addressed; the reply says why
PROVEN = -3  # no reply came, and it was found out afterwards that the letter arrived; the reply says how

FIRST_RETRY_MINUTES = 5
LONGEST_RETRY_MINUTES = 240
JITTER = 0.2
GIVE_UP_AFTER_HOURS = 72

# Policy refusals that stop an origin: so many of its last messages, or so many on end of one receiving domain.
LOOK_BACK = 100
MOST_REFUSED = 5  # 5 %, and never fewer
IN_A_ROW = 3

WAIT_FOR_PROOF_MINUTES = 15  # an unconfirmed message is settled by then, or a person is asked (P4)

HARD = frozenset(
    ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4")
)  # RFC 3463; any other 5.x.x is no proof about the address
ENHANCED = re.compile(r"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?!\d)")  # RFC 2034
NOT_THE_ADDRESS = re.compile(
    r"spam|polic|quota|relay|black ?list|block ?list|blocked|reputation|junk|abus|\bspf\b|\bdkim\b|\bdmarc\b"
    r"|mailbox (?:is )?full|over ?quota|rate limit",
    re.IGNORECASE,
)


class Lane(IntEnum):
    """Served in this order: a million letters of a mailing do not delay one receipt."""

    urgent = 0
    trigger = 1
    sequence = 2
    mass = 3


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says, frozen when it is planned. Exactly one of `version_id` and `system` is given."""

    version_id: int | None = None
    system: str | None = None
    locale: str
    from_address: str
    from_name: str = ""
    reply_to: str = ""
    to_name: str = ""
    subject: str
    values: dict[str, str]
    shown_to: str = ""
    cc: tuple[str, ...] = ()
    attachments: tuple[int, ...] = ()


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One message that should exist: to one address, for one event (`occurrence`) of its origin."""

    address: str
    locale: str
    optional: bool
    occurrence: int
    person_id: int | None = None
    dossier_id: int | None = None
    letter: Letter | None = None
    state: Literal["queued", "held", "skipped"] = "queued"
    reason: str | None = None
    delay_minutes: int = 0


class Verdict(msgspec.Struct, frozen=True):
    """How a try ended. `hard`: the address does not exist, nothing may be sent to it again."""

    state: Literal["accepted", "retry", "failed", "uncertain", "skipped"]
    reason: str | None = None
    hard: bool = False


def verdict(code: int, reply: str) -> Verdict:
    """What a final reply means (the table of failures in docs/architecture.md).

    `reply` is the server's text with its code, or, beside a code of our own, the reason itself.
    """
    if code == NO_DOT:
        return Verdict("skipped", reply)
    if code == UNSENDABLE:
        return Verdict("failed", reply)
    if code == LOST:
        return Verdict("uncertain", reply)
    if 200 <= code < 300:
        return Verdict("accepted")
    if 400 <= code < 500:
        return Verdict("retry", "later")
    return refusal(reply) if code >= 500 else Verdict("uncertain", "unclear_reply")


def refusal(reply: str) -> Verdict:
    """A 5xx. The enhanced code beats the basic one; a class mismatch counts as temporary."""
    enhanced = enhanced_code(reply)
    if enhanced and enhanced[0] != "5":
        return Verdict("retry", "later")
    words = NOT_THE_ADDRESS.search(reply) is not None
    if enhanced in HARD and not words:
        return Verdict("failed", "address_unknown", hard=True)
    if enhanced.startswith("5.7.") or (words and not enhanced.startswith("5.2.2")):
        return Verdict("failed", "policy")
    return Verdict("failed", "mailbox_full" if enhanced == "5.2.2" else "refused")


def enhanced_code(reply: str) -> str:
    """`5.1.1` of "550 5.1.1 No such user", or ""."""
    found = ENHANCED.match(reply)
    return found[1] if found else ""


def retry_minutes(tries: int) -> int:
    """Minutes to wait after the try number `tries` (from 0) was put off: 5, 10, 20, 40, 80, 160, 240, 240 ..."""
    return int(min(FIRST_RETRY_MINUTES * 2 ** min(tries, 16), LONGEST_RETRY_MINUTES))


# ------------------------------------------------------------------------------------------------ circuit breakers
class Ended(msgspec.Struct, frozen=True):
    """How one message ended: the receiving domain, and whether its server refused it as unwanted."""

    domain: str
    refused: bool


class Trip(msgspec.Struct, frozen=True):
    """Why an origin is stopped: `refused` of the last `ended` messages; `domain`: all of them at this one."""

    refused: int
    ended: int
    domain: str = ""


def trip(latest: Sequence[Ended]) -> Trip | None:
    """Whether an origin should stop; `latest` are its ended messages, the latest first, at most LOOK_BACK count."""
    latest = latest[:LOOK_BACK]
    refused = sum(each.refused for each in latest)
    if refused >= MOST_REFUSED:
        return Trip(refused, len(latest))
    for domain in dict.fromkeys(each.domain for each in latest if each.refused):
        row = [each.refused for each in latest if each.domain == domain][:IN_A_ROW]
        if len(row) == IN_A_ROW and all(row):
            return Trip(IN_A_ROW, IN_A_ROW, domain)
    return None


# ------------------------------------------------------------------------------------------------ spans of time
def floor(at: datetime, span: timedelta) -> datetime:
    """The start of the span that `at` lies in, as PostgreSQL's date_bin counts for the tally: from a day long ago."""
    start = datetime(2000, 1, 1, tzinfo=at.tzinfo)
    return start + (at - start) // span * span

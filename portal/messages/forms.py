"""The filters of the register, as they stand in its address."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from portal.formats import number
from portal.i18n import _, ngettext
from portal.ledger.queries import MessageFilters
from portal.ledger.rules import SHOWN
from portal.ledger.words import ENDED, SKIPPED, WAITING, reason_word, state_word
from portal.web.field import Options
from portal.web.htmx import Request
from portal.web.lists import Chip, chips

HERE = "/messages"
LONGEST = 200
NAMES = ("q", "state", "reason", "campaign", "days")
PERIODS = (1, 7, 30, 365)  # days back, today included
OF_STATE = {"skipped": SKIPPED, "held": WAITING, "queued": WAITING}


class Filters(msgspec.Struct, frozen=True):
    """What the list is narrowed to: `query` as it stands in the address, `wanted` as the ledger understands it."""

    query: dict[str, str]
    wanted: MessageFilters

    def __bool__(self) -> bool:
        return bool(self.query)


def read(request: Request) -> Filters:
    """The filters of an address; what cannot be read is left out."""
    given = {name: request.query_params.get(name, "").replace("\0", "").strip()[:LONGEST] for name in NAMES}
    days = int(given["days"]) if given["days"] in map(str, PERIODS) else 0
    campaign = int(given["campaign"]) if given["campaign"].isdecimal() and len(given["campaign"]) < 9 else None
    query = {
        "q": given["q"],
        "state": given["state"] if given["state"] in SHOWN else "",
        "reason": given["reason"] if reason_word(given["reason"]) != given["reason"] else "",
        "campaign": str(campaign or ""),
        "days": str(days or ""),
    }
    wanted = MessageFilters(
        text=query["q"],
        state=query["state"],
        reason=query["reason"],
        campaign_id=campaign,
        since=_days_ago(days, ZoneInfo(request.user.time_zone)) if days else None,
    )
    return Filters({name: value for name, value in query.items() if value}, wanted)


def active(filters: Filters, titles: dict[int, str]) -> list[Chip]:
    """A chip for each active filter."""
    words = {
        "q": lambda value: _("Search: {words}").format(words=value),
        "state": lambda value: _("State: {state}").format(state=state_word(value)),
        "reason": lambda value: _("Reason: {reason}").format(reason=reason_word(value)),
        "campaign": lambda value: _("Campaign: {title}").format(title=titles.get(int(value), value)),
        "days": lambda value: _period_word(int(value)),
    }
    return chips(HERE, [(name, words[name](value)) for name, value in filters.query.items()], filters.query)


def states() -> Options:
    """All states in words."""
    return [(state, state_word(state)) for state in SHOWN]


def reasons(state: str) -> Options:
    """The reasons that messages in a state can have; without a state all of them."""
    known = OF_STATE.get(state, ENDED) if state else {**SKIPPED, **WAITING, **ENDED}
    labelled = {reason_word(reason).rstrip(": \u00a0"): reason for reason in reversed(known)}  # "Empty field: {field}"
    return sorted(((reason, label) for label, reason in labelled.items()), key=lambda option: option[1])


def periods() -> Options:
    """How far back the list can be narrowed to."""
    return [(days, _period_word(days)) for days in PERIODS]


def _period_word(days: int) -> str:
    if days == 1:
        return _("Planned today")
    text = ngettext("Planned in the last {n} day", "Planned in the last {n} days", days)
    return text.format(n=number(days))


def _days_ago(days: int, zone: ZoneInfo) -> datetime:
    """The midnight at which a period began, on the reader's clock."""
    first = datetime.now(UTC).astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time.min, zone)

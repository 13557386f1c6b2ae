"""What narrows and orders a list of dossiers: as a query string carries it, and as SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from portal.actor import Actor
from portal.lists import Cursor, Keyset, literal
from portal.scope import sees_dossier

LATEST = Keyset(("d.changed_at", datetime), ("d.id", int))
# Each order has its index, within a campaign; over all campaigns only the first has.
ORDERS: dict[str, Keyset] = {
    "changed": LATEST,
    "submitted": Keyset(("coalesce(d.submitted_at, 'epoch'::timestamptz)", datetime), ("d.id", int)),
    "number": Keyset(("d.number", str), ("d.id", int), ascending=True),
    "name": Keyset(("folded(d.last_name || ' ' || d.first_name)", str), ("d.id", int), ascending=True),
}
NOBODY = "none"  # the filter by evaluator: those who have none
WITHDRAWN = ("no", "yes")
MOST_OF_ONE = 50  # values of one filter, columns of one list

# A status is known by its key: the same word in every campaign.
BY_STATUS = "d.status_id = any (array(select id from status where key = any ({0}::text[])))"
BY_WORDS = """(d.search like '%' || folded({0}) || '%'
    or d.person_id = any (array(select id from person where search like '%' || folded({0}) || '%')))"""
BY_PHASE = "d.status_id = any (array(select id from status where coalesce(phase_id, 0) = {0}))"
BY_EVALUATOR = "exists (select from assignment x where x.dossier_id = d.id and x.account_id = {0})"
BY_ANSWER = "(d.answers -> {0}) ? {1}"
GIVEN = "coalesce(d.answers -> {0}, 'false') = 'true'"
UNASSIGNED = "not exists (select from assignment x where x.dossier_id = d.id)"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows the list, its order and its columns; empty: everything, as usual. Days are the reader's own.

    `evaluator`: an account's id, or NOBODY. `answer`: "key:value". `place`: where in the list a dossier was opened.
    """

    q: str = ""
    campaign: int | None = None
    status: tuple[str, ...] = ()
    evaluator: str = ""
    phase: int | None = None
    language: str = ""
    after: date | None = None
    before: date | None = None
    answer: str = ""
    withdrawn: str = ""
    sort: str = ""
    column: tuple[str, ...] = ()
    view: str = ""
    place: str = ""

    def query(self) -> dict[str, Any]:
        """As a URL carries them."""
        plain = msgspec.structs.asdict(self)
        return {name: _plain(value) for name, value in plain.items() if value not in (None, "", ())}

    def without(self, *names: str) -> dict[str, Any]:
        """The same without some of them: a removable chip's address."""
        return {name: value for name, value in self.query().items() if name not in names}

    @property
    def narrowed(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.without("campaign", "sort", "column", "view", "place"))

    @property
    def order(self) -> Keyset:
        """The order of the list."""
        return ORDERS[self.sort or "changed"] if self.campaign else LATEST


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value)


class Where:
    """Conditions with their parameters; the first two are always the actor's scope."""

    def __init__(self, actor: Actor, filters: Filters) -> None:
        self.values: list[Any] = list(actor.scope)
        self.conditions = [sees_dossier("d")]
        zone = ZoneInfo(actor.time_zone)
        for condition, value in (
            ("d.campaign_id = {0}", filters.campaign),
            (BY_STATUS, list(filters.status) or None),
            (BY_PHASE, filters.phase),
            ("d.locale = {0}", filters.language or None),
            ("d.submitted_at >= {0}", filters.after and datetime.combine(filters.after, time(), zone)),
            ("d.submitted_at < {0}", filters.before and datetime.combine(filters.before + timedelta(1), time(), zone)),
        ):
            if value is not None:
                self.add(condition, value)
        for word in filters.q.split()[:8]:
            self.add(BY_WORDS, literal(word))
        self._evaluator(filters.evaluator)
        self._answer(*filters.answer.partition(":")[::2])
        if filters.withdrawn:
            self.conditions.append(f"d.withdrawn_at is {'not ' if filters.withdrawn == 'yes' else ''}null")

    def _evaluator(self, evaluator: str) -> None:
        if evaluator == NOBODY:
            self.conditions.append(UNASSIGNED)
        elif evaluator:
            self.add(BY_EVALUATOR, int(evaluator))

    def _answer(self, key: str, value: str) -> None:
        """A choice that was made, alone or among others; of a consent, that it was given."""
        if key and value == "true":
            self.add(GIVEN, key)
        elif key:
            self.add(BY_ANSWER, key, value)

    def add(self, condition: str, *values: Any) -> None:
        """One more condition; {0}, {1} in it are its parameters."""
        first = len(self.values) + 1
        self.values += values
        self.conditions.append(condition.format(*(f"${first + n}" for n in range(len(values)))))

    def scope_to(self, campaigns: Sequence[int]) -> None:
        """For the planner: name the campaigns that the actor sees, instead of looking them up in each statement."""
        self.conditions[0] = "$1::bool is not null and $2::int is not null"
        self.add("d.campaign_id = any ({0}::int[])", list(campaigns))

    def page(self, order: Keyset, cursor: Cursor | None) -> None:
        """Only rows on one side of a row."""
        self.conditions.append(order.condition(cursor, first=len(self.values) + 1))
        self.values += order.parameters(cursor)

    def copy(self) -> Where:
        """The same, to be narrowed further by itself."""
        other = copy(self)
        other.values, other.conditions = [*self.values], [*self.conditions]
        return other

    @property
    def sql(self) -> str:
        return " and ".join(self.conditions)


# ------------------------------------------------------------------------------------------------ from a query string
def read_filters(query: Mapping[str, Any]) -> Filters:
    """Filters from a query string (or what a view has kept of one); what makes no sense is left out."""
    evaluator, withdrawn, sort = _one(query, "evaluator"), _one(query, "withdrawn"), _one(query, "sort")
    answer = _one(query, "answer")
    return Filters(
        q=re.sub(r"[\s\u00a0\u202f\x00]+", " ", _one(query, "q", 10_000)).strip()[:200],
        campaign=_id(_one(query, "campaign")),
        status=_several(query, "status"),
        evaluator=evaluator if evaluator == NOBODY or _id(evaluator) else "",
        phase=_id(_one(query, "phase")),
        language=_one(query, "language")[:10],
        after=_day(_one(query, "after")),
        before=_day(_one(query, "before")),
        answer=answer if all(answer.partition(":")) else "",
        withdrawn=withdrawn if withdrawn in WITHDRAWN else "",
        sort=sort if sort in ORDERS and sort != "changed" else "",
        column=_several(query, "column"),
        view=str(_id(_one(query, "view")) or ""),
        place=_one(query, "place", 500),
    )


def sent(query: Mapping[str, Any], name: str) -> list[str]:
    """All values of one name, from a query string or from what `parse_qs` or a view has made of one."""
    several: Callable[..., Any] | None = getattr(query, "getall", None)
    found = several(name, []) if several else query.get(name, [])
    return [found] if isinstance(found, str) else [str(each) for each in found]


def _one(query: Mapping[str, Any], name: str, longest: int = 100) -> str:
    return next(iter(sent(query, name)), "")[:longest].replace("\0", "")


def _several(query: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = [each[:100].replace("\0", "") for each in sent(query, name)]
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_OF_ONE]


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 9000 else None

"""Who evaluates what, and what scores come to. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Literal, Protocol

import msgspec

MOST_EVALUATORS = 20  # of one dossier, when they are spread evenly

WhyNot = Literal["already", "conflict", "own", "not_member", "missing"]


class Open(msgspec.Struct, frozen=True):
    """A dossier to be spread. `taken`: the accounts that evaluate it already; `barred`: those that must not."""

    id: int
    taken: Set[int] = frozenset()
    barred: Set[int] = frozenset()


class Spread(msgspec.Struct, frozen=True):
    """A plan: (dossier, account) pairs, and how many evaluators each of some dossiers still lacks."""

    pairs: tuple[tuple[int, int], ...]
    short: Mapping[int, int]


def spread(dossiers: Sequence[Open], loads: Mapping[int, int], *, each: int, cap: int | None = None) -> Spread:
    """Give every dossier evaluators until it has `each`, always those who have the least to do.

    `loads`: account -> dossiers it has already; `cap`: how many it may have at most. The dossiers with the fewest
    possible evaluators come first, so that they are not left over. The same question has the same answer.
    """
    place = {account: position for position, account in enumerate(loads)}
    idle = [(load, place[account], account) for account, load in loads.items() if cap is None or load < cap]
    heapify(idle)
    pairs: list[tuple[int, int]] = []
    short: dict[int, int] = {}
    among = frozenset(loads)
    closed: dict[tuple[Set[int], Set[int]], int] = {}  # most dossiers are alike

    def order(one: Open) -> tuple[int, int]:
        kind = (one.taken, one.barred)
        if kind not in closed:
            closed[kind] = len(among & (one.taken | one.barred))
        return -closed[kind], one.id

    for dossier in sorted(dossiers, key=order):
        wanted = max(0, each - len(dossier.taken))
        chosen = _least_loaded(idle, dossier, wanted, cap)
        pairs += [(dossier.id, account) for account in chosen]
        if len(chosen) < wanted:
            short[dossier.id] = wanted - len(chosen)
    return Spread(tuple(pairs), short)


def _least_loaded(idle: list[tuple[int, int, int]], dossier: Open, wanted: int, cap: int | None) -> list[int]:
    """Take so many accounts for a dossier from the heap of (load, place, account), and put them back with one more."""
    chosen: list[int] = []
    back: list[tuple[int, int, int]] = []
    while idle and len(chosen) < wanted:
        load, place, account = heappop(idle)
        if account in dossier.taken or account in dossier.barred:
            back.append((load, place, account))
        else:
            chosen.append(account)
            if cap is None or load + 1 < cap:
                back.append((load + 1, place, account))
    for one in back:
        heappush(idle, one)
    return chosen


# ------------------------------------------------------------------------------------------------ scores
class Asked(Protocol):
    """What the sums need of a criterion."""

    @property
    def id(self) -> int: ...
    @property
    def most(self) -> int: ...
    @property
    def weight(self) -> Decimal: ...


class Given(msgspec.Struct, frozen=True):
    """What one evaluator gives by one criterion. `points` None: nothing (any more)."""

    points: Decimal | None
    comment: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Points that were given. `barred`: its evaluator has declared a conflict of interest since."""

    criterion_id: int
    account_id: int
    name: str
    points: Decimal
    comment: str
    version: int
    barred: bool = False


class Sheet(msgspec.Struct, frozen=True):
    """What one evaluator gave: criterion -> score, and what it comes to in per cent of what was possible."""

    account_id: int
    name: str
    scores: Mapping[int, Score]
    percent: float
    complete: bool
    barred: bool


class Result(msgspec.Struct, frozen=True):
    """All sheets that may be seen, the mean by criterion (points) and of the whole (per cent); None: nothing yet.

    `hidden`: how many sheets of others are not shown yet.
    """

    sheets: tuple[Sheet, ...]
    means: Mapping[int, float]
    percent: float | None
    hidden: int = 0


def result(criteria: Sequence[Asked], scores: Sequence[Score]) -> Result:
    """Every evaluator counts alike, whoever has a conflict of interest not at all; criteria count by their weights."""
    by_account: dict[int, list[Score]] = {}
    for one in scores:
        by_account.setdefault(one.account_id, []).append(one)
    sheets = tuple(_sheet(given, criteria) for given in by_account.values())
    counted = [sheet for sheet in sheets if not sheet.barred]
    means = {one.id: _mean([float(s.scores[one.id].points) for s in counted if one.id in s.scores]) for one in criteria}
    whole = _mean([sheet.percent for sheet in counted])
    return Result(sheets, {key: mean for key, mean in means.items() if mean is not None}, whole)


def _sheet(given: Sequence[Score], criteria: Sequence[Asked]) -> Sheet:
    scores = {one.criterion_id: one for one in given}
    asked = [one for one in criteria if one.id in scores]
    weight = sum((one.weight for one in asked), Decimal(0))
    reached = sum((scores[one.id].points * one.weight / one.most for one in asked), Decimal(0))
    percent = float(100 * reached / weight) if weight else 0.0
    first = given[0]
    return Sheet(first.account_id, first.name, scores, percent, len(asked) == len(criteria), first.barred)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def shown_to(whole: Result, account_id: int | None, *, everything: bool) -> Result:
    """What somebody may see: evaluators judge for themselves, and see the others' scores once theirs are given."""
    mine = [sheet for sheet in whole.sheets if sheet.account_id == account_id]
    if everything or any(sheet.complete for sheet in mine):
        return whole
    return Result(tuple(mine), {}, None, len(whole.sheets) - len(mine))

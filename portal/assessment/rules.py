"""Who evaluates what, and what scores come to. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from heapq import nsmallest
from typing import Literal

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
    load = dict(loads)
    place = {account: position for position, account in enumerate(load)}
    pairs: list[tuple[int, int]] = []
    short: dict[int, int] = {}
    for dossier in sorted(dossiers, key=lambda one: (len(load.keys() - one.taken - one.barred), one.id)):
        wanted = max(0, each - len(dossier.taken))
        free = [who for who in load if who not in dossier.taken and who not in dossier.barred]
        free = [who for who in free if cap is None or load[who] < cap]
        chosen = nsmallest(wanted, free, key=lambda who: (load[who], place[who]))
        for who in chosen:
            load[who] += 1
            pairs.append((dossier.id, who))
        if len(chosen) < wanted:
            short[dossier.id] = wanted - len(chosen)
    return Spread(tuple(pairs), short)

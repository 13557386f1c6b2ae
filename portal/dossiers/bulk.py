"""What a change of status would do to many dossiers: the plan that sends, counted. Reads only (B04)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from portal import db
from portal.actor import Actor
from portal.dossiers.queries import Status
from portal.dossiers.selection import Selection, where
from portal.triggers import queries as triggers
from portal.triggers.facts import Rule
from portal.triggers.people import Found, found_all, people_of_all
from portal.triggers.rules import Decision, Recipient, plan

EXACT = 2_000  # dossiers whose e-mails are planned one by one; of more an even sample is, and the page says so
CHUNK = 1_000
SAMPLES = 3
EXAMPLES = 3

# Of the dossiers meant: how many move, how many have the status already, are drafts, have been withdrawn.
STANDING = """
select count(*) filter (where d.status_id <> {to})::int as dossiers,
       count(*) filter (where d.status_id = {to})::int as same,
       count(*) filter (where d.status_id <> {to} and s.key = 'draft')::int as drafts,
       count(*) filter (where d.status_id <> {to} and d.withdrawn_at is not null)::int as withdrawn
from dossier d join status s on s.id = d.status_id where {conditions}"""

# Those that move; of every so many only the first.
MOVING = """
select id from (select d.id, row_number() over (order by d.id) as place from dossier d where {conditions}) numbered
where (place - 1) % {step} = 0 order by id"""
NAMED = "select id, number from dossier where id = any ($1::bigint[]) order by id"


class Letters(msgspec.Struct, frozen=True):
    """How many e-mails of a trigger go in one language. `template`: what they are made from."""

    trigger: str
    template: str
    locale: str
    n: int


class Exempt(msgspec.Struct, frozen=True):
    """E-mails that do not go, or not as wished: why, how many, and some of the dossiers: (id, number)."""

    reason: str
    locale: str
    n: int
    examples: list[tuple[int, str]]


class Sample(msgspec.Struct, frozen=True):
    """A letter to look at: the `place`-th of the dossier's own preview."""

    dossier_id: int
    number: str
    recipient: str
    locale: str
    template: str
    place: int


class Standing(msgspec.Struct, frozen=True):
    """How many dossiers move; `same`: stay, because they have the status already."""

    dossiers: int
    same: int
    drafts: int
    withdrawn: int


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen. `exact` False: e-mails were counted in an even sample of EXACT dossiers and multiplied."""

    standing: Standing
    letters: list[Letters]
    skipped: list[Exempt]
    in_other_language: list[Exempt]
    untold: int
    samples: list[Sample]
    exact: bool

    @property
    def dossiers(self) -> int:
        """How many move."""
        return self.standing.dossiers

    @property
    def count(self) -> int:
        """How many e-mails go, now or after a hold."""
        return sum(each.n for each in self.letters)


class _Tally:
    """Counts while it goes through the plans."""

    def __init__(self) -> None:
        self.letters: Counter[tuple[int, str]] = Counter()
        self.skipped: Counter[str] = Counter()
        self.other: Counter[tuple[str, str]] = Counter()
        self.untold = 0
        self.rules: dict[int, Rule] = {}
        self.examples: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.samples: dict[tuple[int, str], tuple[int, int, Recipient]] = {}

    def take(self, dossier: Found, decided: Sequence[Decision]) -> None:
        told = False
        for place, (decision, one) in enumerate(_recorded(decided), start=1):
            if one.state == "skipped":
                self.skipped[one.reason or ""] += 1
                self._example("skipped", one.reason or "", dossier.id)
                continue
            key = (decision.trigger.id, one.locale)
            self.rules[decision.trigger.id] = decision.trigger
            self.letters[key] += 1
            self.samples.setdefault(key, (dossier.id, place, one))
            told = told or one.person_id is not None
            if one.falls_back:
                self.other[(one.wished, one.locale)] += 1
                self._example("other", one.wished, dossier.id)
        self.untold += not told

    def _example(self, kind: str, reason: str, dossier_id: int) -> None:
        found = self.examples[(kind, reason)]
        if len(found) < EXAMPLES and dossier_id not in found:
            found.append(dossier_id)

    def named(self) -> list[int]:
        """The dossiers whose numbers the page says."""
        shown = [dossier_id for dossier_id, _place, _one in self.chosen()]
        return [*shown, *(each for found in self.examples.values() for each in found)]

    def chosen(self) -> list[tuple[int, int, Recipient]]:
        """The samples: of different letters and languages, the most frequent first."""
        return [self.samples[key] for key, _n in self.letters.most_common(SAMPLES)]


def _recorded(decided: Sequence[Decision]) -> Iterator[tuple[Decision, Recipient]]:
    """As the dossier's own preview numbers them."""
    return ((decision, one) for decision in decided for one in decision.recipients if one.recorded)


async def standing(by: Actor, selection: Selection, to: Status) -> Standing:
    """How many of the dossiers meant move."""
    meant = await where(by, selection)
    sql = STANDING.format(to=f"${len(meant.values) + 1}::int", conditions=meant.sql)
    return await db.one_as(Standing, sql, *meant.values, to.id) or Standing(0, 0, 0, 0)


async def moving(by: Actor, selection: Selection, to: Status, step: int = 1) -> list[int]:
    """The dossiers that move, by id; of every `step` only the first."""
    meant = await where(by, selection)
    meant.add("d.status_id <> {0}", to.id)
    rows = await db.fetch(MOVING.format(conditions=meant.sql, step=step), *meant.values)
    return [row["id"] for row in rows]


async def forecast(by: Actor, campaign_id: int, selection: Selection, to: Status) -> Forecast:
    """What moving the dossiers meant would do; all are of the campaign."""
    stands = await standing(by, selection, to)
    step = max(1, -(-stands.dossiers // EXACT))
    planned = await moving(by, selection, to, step)
    tally = await _planned(campaign_id, planned, to)
    return await _said(stands, tally, stands.dossiers / len(planned) if planned else 1.0, exact=step == 1)


async def _planned(campaign_id: int, ids: Sequence[int], to: Status) -> _Tally:
    tally, rules = _Tally(), await triggers.rules_of(campaign_id)
    for start in range(0, len(ids), CHUNK):
        dossiers = await found_all(ids[start : start + CHUNK])
        people = await people_of_all(dossiers, rules)
        for dossier in dossiers:
            tally.take(dossier, plan(triggers.by_hand(dossier.id, dossier, to.id), rules, people[dossier.id]))
    return tally


async def _said(stands: Standing, tally: _Tally, times: float, *, exact: bool) -> Forecast:
    numbers = {row["id"]: row["number"] for row in await db.fetch(NAMED, tally.named())}

    def some(kind: str, reason: str) -> list[tuple[int, str]]:
        return [(each, numbers[each]) for each in tally.examples[(kind, reason)] if each in numbers]

    letters = [
        Letters(tally.rules[trigger].name, tally.rules[trigger].template_name, locale, round(n * times))
        for (trigger, locale), n in sorted(tally.letters.items())
    ]
    return Forecast(
        standing=stands,
        letters=letters,
        skipped=[
            Exempt(reason, "", round(n * times), some("skipped", reason)) for reason, n in tally.skipped.most_common()
        ],
        in_other_language=[
            Exempt(wished, locale, round(n * times), some("other", wished))
            for (wished, locale), n in tally.other.most_common()
        ],
        untold=round(tally.untold * times),
        samples=[
            Sample(dossier_id, numbers.get(dossier_id, ""), one.name or one.address, one.locale, template, place)
            for (dossier_id, place, one), template in zip(
                tally.chosen(),
                [tally.rules[key[0]].template_name for key, _n in tally.letters.most_common(SAMPLES)],
                strict=True,
            )
        ],
        exact=exact,
    )

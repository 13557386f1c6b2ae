"""What the letters to an audience lack, counted over its groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from portal.emails.fields import Facts, values
from portal.emails.letters import Variant, trees
from portal.emails.rules import pick_locale
from portal.proofreading.readers import KEPT, Group

PRESENT = "x"  # stands for any value


class Gap(msgspec.Struct, frozen=True):
    """Something about some of the readers. `kind`: no_email, blocked (detail: the reason), fallback (detail: the

    language they get; locale: theirs) or empty (detail: a field; locale: the letter's). `dossiers`: some of theirs.
    """

    kind: str
    locale: str
    detail: str
    people: int
    dossiers: tuple[int, ...]


class Report(msgspec.Struct, frozen=True):
    """`people`: everybody; `letters`: how many in each language; `some`: one of their dossiers, 0 if there is none."""

    people: int
    letters: dict[str, int]
    gaps: list[Gap]
    some: int

    @property
    def writing_to(self) -> int:
        """How many get a letter."""
        return sum(self.letters.values())


def report(
    groups: Iterable[Group],
    answers: Sequence[str],
    variants: Mapping[str, Variant],
    fallback: str,
    wishes: Sequence[str],
    common: Facts,
) -> Report:
    """Every reader's letter, as it would be planned. `answers`: the keys that the groups speak of; `wishes`: the
    languages after the reader's own; `common`: what all letters have in common.
    """
    letters: dict[str, int] = {}
    gaps: dict[tuple[str, str, str], list[Group]] = {}
    people = some = 0
    for group in groups:
        people, some = people + group.people, max(some, *group.dossiers)
        for gap in _gaps_of(group, answers, variants, fallback, wishes, common, letters):
            gaps.setdefault(gap, []).append(group)
    ordered = sorted(letters.items(), key=lambda each: -each[1])
    return Report(people, dict(ordered), [_gap(gap, found) for gap, found in sorted(gaps.items())], some)


def _gaps_of(
    group: Group,
    answers: Sequence[str],
    variants: Mapping[str, Variant],
    fallback: str,
    wishes: Sequence[str],
    common: Facts,
    letters: dict[str, int],
) -> list[tuple[str, str, str]]:
    if not group.address:
        return [("no_email", "", "")]
    if group.blocked:
        return [("blocked", "", group.blocked)]
    locale, falls_back = pick_locale(variants.keys(), (group.locale, *wishes), fallback)
    letters[locale] = letters.get(locale, 0) + group.people
    found = [("fallback", group.locale, locale)] if falls_back else []
    merged = values(_facts(group, answers, common), locale)
    return found + [("empty", locale, name) for name in trees(variants[locale]).empty_fields(merged)]


def _facts(group: Group, answers: Sequence[str], common: Facts) -> Facts:
    return msgspec.structs.replace(
        common,
        person_email=PRESENT,
        first_name=PRESENT if group.first_name else "",
        last_name=PRESENT if group.last_name else "",
        dossier_number=PRESENT,
        dossier_link=PRESENT,
        unsubscribe_link=PRESENT,
        answers={key: PRESENT for key, given in zip(answers, group.answered, strict=True) if given},
    )


def _gap(gap: tuple[str, str, str], groups: Sequence[Group]) -> Gap:
    dossiers = sorted((each for group in groups for each in group.dossiers), reverse=True)[:KEPT]
    return Gap(*gap, sum(group.people for group in groups), tuple(dossiers))


def answers_of(variants: Iterable[Variant], is_asked: Callable[[str], bool]) -> list[str]:
    """The keys of the answers that letters say and that the campaign asks for."""
    names = {name for variant in variants for name in trees(variant).fields() if name.startswith("answer_")}
    return sorted(key for name in names if is_asked(key := name.removeprefix("answer_")))

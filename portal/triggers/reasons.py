"""The conditions of a trigger, in the order in which they are asked; the first that fails is the reason (B02). Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from portal.actor import ActorKind
from portal.triggers.facts import FAMILY_OF, MOST_A_DAY, Answer, Change, People, Rule

SUBMITTERS: tuple[ActorKind, ...] = ("candidate", "user", "api")  # whose submission is a candidate's action (E07, E11)


class WhyNot(StrEnum):
    """The first condition that a trigger did not meet (B02)."""

    other_family = "other_family"
    trigger_inactive = "trigger_inactive"
    not_manual_change = "not_manual_change"
    other_status = "other_status"
    other_from_status = "other_from_status"
    other_phase = "other_phase"
    other_language = "other_language"
    other_evaluator = "other_evaluator"
    other_answer = "other_answer"
    stopped = "stopped"
    too_often = "too_often"
    silent = "silent"


class Failed(msgspec.Struct, frozen=True):
    """A condition that does not hold, with what it asked for and found (plain JSON)."""

    why: WhyNot
    details: dict[str, Any] = msgspec.field(default_factory=dict)


def reason_against(change: Change, trigger: Rule, people: People) -> Failed | None:
    """The first condition that fails, or None. A change by hand is one that says so: see `manual`."""
    return next((failed for ask in ASKED if (failed := ask(change, trigger, people))), None)


def _event(change: Change, trigger: Rule, people: People) -> Failed | None:
    """The kind of action and who acted (E06, E07, E08, E11)."""
    if trigger.family != FAMILY_OF[change.kind]:
        return Failed(WhyNot.other_family)
    if not trigger.active:
        return Failed(WhyNot.trigger_inactive)
    by_hand = change.actor_kind in SUBMITTERS if change.kind == "submitted" else change.manual
    return None if by_hand or change.kind == "deadline" else Failed(WhyNot.not_manual_change)


def _status(change: Change, trigger: Rule, people: People) -> Failed | None:
    if trigger.to_status not in (None, change.to_status):
        return Failed(WhyNot.other_status)
    if trigger.from_status not in (None, change.from_status):
        return Failed(WhyNot.other_from_status)
    return None


def _phase(change: Change, trigger: Rule, people: People) -> Failed | None:
    if change.kind != "status":
        return None if trigger.phase == change.phase else Failed(WhyNot.other_phase)
    before = people.dossier.phases.get(change.from_status or 0)
    return None if trigger.phase in (None, before) else Failed(WhyNot.other_phase)


def _language(change: Change, trigger: Rule, people: People) -> Failed | None:
    wanted = trigger.conditions.locales
    if not wanted or people.candidate.locale in wanted:
        return None
    return Failed(WhyNot.other_language, {"found": people.candidate.locale})


def _evaluator(change: Change, trigger: Rule, people: People) -> Failed | None:
    wanted = trigger.conditions.evaluators
    return None if not wanted or people.dossier.assigned.intersection(wanted) else Failed(WhyNot.other_evaluator)


def _answer(change: Change, trigger: Rule, people: People) -> Failed | None:
    wrong = next((each for each in trigger.conditions.answers if not answers(each, people)), None)
    return Failed(WhyNot.other_answer, {"question": wrong.key}) if wrong else None


def answers(wanted: Answer, people: People) -> bool:
    """Whether the answer given is one of those wanted; of several given, whether one is. A box ticked is "yes"."""
    given = people.dossier.answers.get(wanted.key)
    several = given if isinstance(given, list) else [given]
    said = {"yes" if each is True else "no" if each in (False, None, "") else str(each) for each in several or [None]}
    return not said.isdisjoint(wanted.any_of)


def _often(change: Change, trigger: Rule, people: People) -> Failed | None:
    """The bound that ends every loop: of letters, scripts and people who answer one another."""
    return Failed(WhyNot.too_often) if people.dossier.fired.get(trigger.id, 0) >= MOST_A_DAY else None


def _silent(change: Change, trigger: Rule, people: People) -> Failed | None:
    return Failed(WhyNot.silent) if change.mode == "silent" else None


ASKED: tuple[Callable[[Change, Rule, People], Failed | None], ...] = (
    *(_event, _status, _phase, _language, _evaluator, _answer, _often, _silent),
)

"""What a trigger asks before it fires, in its order; which has the last word; what ends every loop."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portal.triggers.facts import MOST_A_DAY, Answer, Change, Colleague, Conditions, Rule, Standing
from portal.triggers.reasons import WhyNot
from portal.triggers.rules import plan
from tests.triggers.test_rules import ACKNOWLEDGEMENT, ALICE, BOB, REVIEW, by_hand, people, rule, submission

STANDING = Standing(
    assigned=frozenset({BOB.account_id}),
    answers={"country": "ES", "themes": ["water", "soil"], "consent": True, "note": ""},
    phases={REVIEW: 40},
)


def why_not(trigger: Rule, change: Change | None = None, **standing: Any) -> WhyNot | None:
    stands = msgspec.structs.replace(STANDING, **standing)
    return plan(change or by_hand(), [trigger], people(dossier=stands))[0].why_not


def asking(**conditions: Any) -> Rule:
    return rule(conditions=Conditions(**conditions))


@pytest.mark.seed("B02")
@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (asking(), None),
        (asking(locales=("pl", "es")), None),
        (asking(locales=("pl",)), WhyNot.other_language),
        (asking(evaluators=(7, 8)), None),
        (asking(evaluators=(7,)), WhyNot.other_evaluator),
        (asking(answers=(Answer("country", ("PT", "ES")),)), None),
        (asking(answers=(Answer("country", ("PT",)),)), WhyNot.other_answer),
        (asking(answers=(Answer("themes", ("soil", "air")),)), None),
        (asking(answers=(Answer("themes", ("air",)),)), WhyNot.other_answer),
        (asking(answers=(Answer("consent", ("yes",)),)), None),
        (asking(answers=(Answer("consent", ("no",)),)), WhyNot.other_answer),
        (asking(answers=(Answer("note", ("no",)),)), None),  # nothing said is "no"
        (asking(answers=(Answer("gone", ("yes",)),)), WhyNot.other_answer),
        (asking(answers=(Answer("country", ("ES",)), Answer("consent", ("no",)))), WhyNot.other_answer),
        (asking(locales=("pl",), evaluators=(7,)), WhyNot.other_language),
        (rule(phase=40), None),
        (rule(phase=41), WhyNot.other_phase),
    ],
)
def test_each_condition_has_to_hold_and_the_first_that_does_not_is_named(
    trigger: Rule, expected: WhyNot | None
) -> None:
    assert why_not(trigger) is expected


@pytest.mark.parametrize(
    ("asked", "submitted", "expected"),
    [(None, None, None), (None, 40, WhyNot.other_phase), (40, 40, None), (40, None, WhyNot.other_phase)],
)
def test_each_phase_has_an_acknowledgement_of_its_own(
    asked: int | None, submitted: int | None, expected: WhyNot | None
) -> None:
    trigger = msgspec.structs.replace(ACKNOWLEDGEMENT, phase=asked)
    assert why_not(trigger, submission(phase=submitted)) is expected


def test_the_first_that_stops_has_the_last_word_in_its_family() -> None:
    triggers = [
        ACKNOWLEDGEMENT,
        rule(id=10, name="Polish", conditions=Conditions(locales=("pl",)), stop=True),
        rule(id=11, name="Spanish", conditions=Conditions(locales=("es",)), stop=True),
        rule(id=12, name="All others"),
        rule(id=13, name="Rejected", to_status=5),
    ]
    decided = plan(by_hand(), triggers, people())
    assert [one.why_not for one in decided] == [
        WhyNot.other_family,
        WhyNot.other_language,
        None,
        WhyNot.stopped,
        WhyNot.other_status,
    ]
    assert decided[3].details == {"by": "Spanish"}
    decided = plan(by_hand(mode="silent"), triggers, people())
    assert [one.why_not for one in decided][2:4] == [WhyNot.silent, WhyNot.stopped]


def test_a_trigger_that_fires_again_and_again_is_bounded() -> None:
    assert why_not(rule(), fired={1: MOST_A_DAY - 1}) is None
    assert why_not(rule(), fired={1: MOST_A_DAY}) is WhyNot.too_often
    assert why_not(rule(), fired={2: MOST_A_DAY}) is None


@pytest.mark.seed("E12")
def test_E12_evaluators_who_see_only_their_own_get_only_letters_about_these() -> None:
    role = frozenset({"evaluator"})
    bob, eve = [
        Colleague(number, name, f"{name}@team.example", "en", role, role, True, True, only_assigned=True)
        for number, name in ((8, "bob"), (9, "eve"))
    ]

    def told(*recipients: str) -> list[tuple[str, str | None]]:
        facts = people(dossier=STANDING, colleagues=(ALICE, bob, eve))
        return [
            (one.address, one.reason) for one in plan(by_hand(), [rule(recipients=recipients)], facts)[0].recipients
        ]

    assert told("evaluators") == [("bob@team.example", None)]
    assert told("assigned") == [("bob@team.example", None)]
    assert told("managers") == [("alice@team.example", None)]
    assert told("account:9") == [("eve@team.example", "no_dossier_access")]

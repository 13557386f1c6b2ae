"""The plan of triggers: which fire, to whom, and the first reason why not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger.rules import Lane
from portal.triggers.facts import Candidate, Change, Colleague, People, Rule
from portal.triggers.rules import WhyNot, plan

DRAFT, SUBMITTED, REVIEW, ACCEPTED, REJECTED = 1, 2, 3, 4, 5

ALICE = Colleague(7, "Alice", "alice@team.example", "fr", frozenset({"manager"}), frozenset({"manager"}), True, True)
BOB = Colleague(8, "Bob", "bob@team.example", "pl", frozenset({"evaluator"}), frozenset({"evaluator"}), True, True)
DANA = Colleague(9, "Dana", "dana@team.example", "en", frozenset({"manager"}), frozenset(), True, False)
ANA = Candidate(3, "Ana Nowak", "ana@people.example", "es")


def people(**changes: Any) -> People:
    return msgspec.structs.replace(People(candidate=ANA, colleagues=(ALICE, BOB, DANA)), **changes)


def rule(**changes: Any) -> Rule:
    made = Rule(
        id=1,
        name="Tell the winners",
        family="manager",
        template_id=5,
        template_name="Accepted",
        version_id=6,
        optional=False,
        locales=("en", "es", "fr", "pl"),
        fallback_locale="en",
        from_status=None,
        to_status=ACCEPTED,
        recipients=("candidate",),
        cc=(),
        delay_minutes=0,
        active=True,
    )
    return msgspec.structs.replace(made, **changes)


def by_hand(**changes: Any) -> Change:
    made = Change(
        dossier_id=12,
        campaign_id=2,
        event_id=99,
        kind="status",
        from_status=REVIEW,
        to_status=ACCEPTED,
        manual=True,
        actor_kind="user",
    )
    return msgspec.structs.replace(made, **changes)


def submission(**changes: Any) -> Change:
    fields = {
        "kind": "submitted",
        "from_status": DRAFT,
        "to_status": SUBMITTED,
        "actor_kind": "candidate",
        "manual": False,
    }
    return by_hand(**(fields | changes))


ACKNOWLEDGEMENT = rule(id=2, name="Acknowledgement", family="candidate", to_status=None)


def why_not(change: Change, trigger: Rule) -> WhyNot | None:
    return plan(change, [trigger], people())[0].why_not


def told(trigger: Rule, change: Change | None = None, **facts: Any) -> list[tuple[str, str, str | None]]:
    """(address, state, reason) of each planned recipient."""
    decision = plan(change or by_hand(), [trigger], people(**facts))[0]
    return [(one.address, one.state, one.reason) for one in decision.recipients]


# ------------------------------------------------------------------------------------------------ which fire
@pytest.mark.seed("E07")
def test_E07_a_submission_fires_the_candidates_family_only() -> None:
    both = plan(submission(), [ACKNOWLEDGEMENT, rule(to_status=SUBMITTED)], people())
    assert [one.why_not for one in both] == [None, WhyNot.other_family]


@pytest.mark.seed("E08")
def test_E08_a_change_by_hand_fires_the_managers_family_only() -> None:
    both = plan(by_hand(), [ACKNOWLEDGEMENT, rule()], people())
    assert [one.why_not for one in both] == [WhyNot.other_family, None]


@pytest.mark.seed("E11")
@pytest.mark.parametrize("actor_kind", ["rule", "import", "api", "candidate"])
def test_E11_a_change_that_nobody_made_by_hand_fires_nothing(actor_kind: str) -> None:
    assert why_not(by_hand(manual=False, actor_kind=actor_kind), rule()) is WhyNot.not_manual_change


@pytest.mark.seed("E11")
def test_E11_an_api_change_that_says_it_is_by_hand_fires() -> None:
    assert why_not(by_hand(manual=True, actor_kind="api"), rule()) is None


@pytest.mark.seed("E11")
@pytest.mark.parametrize(
    ("actor_kind", "expected"), [("import", "not_manual_change"), ("rule", "not_manual_change"), ("api", None)]
)
def test_E11_an_imported_submission_acknowledges_nothing(actor_kind: str, expected: str | None) -> None:
    assert why_not(submission(actor_kind=actor_kind), ACKNOWLEDGEMENT) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (rule(), None),
        (rule(active=False), WhyNot.trigger_inactive),
        (rule(to_status=REJECTED), WhyNot.other_status),
        (rule(from_status=REVIEW), None),
        (rule(from_status=SUBMITTED), WhyNot.other_from_status),
        (rule(active=False, to_status=REJECTED), WhyNot.trigger_inactive),
    ],
)
def test_the_first_condition_that_fails_is_named(trigger: Rule, expected: WhyNot | None) -> None:
    assert why_not(by_hand(), trigger) is expected


@pytest.mark.seed("B04")
def test_B04_dont_send_leaves_matching_triggers_silent() -> None:
    assert why_not(by_hand(mode="silent"), rule()) is WhyNot.silent


@pytest.mark.seed("B04")
def test_B04_hold_keeps_each_letter_until_somebody_releases_it() -> None:
    decision = plan(by_hand(mode="hold"), [rule(delay_minutes=30)], people())[0]
    assert [(one.state, one.reason, one.delay_minutes) for one in decision.recipients] == [("held", "on_hold", 0)]


@pytest.mark.seed("B03")
def test_B03_a_letter_waits_as_long_as_its_trigger_says() -> None:
    decision = plan(by_hand(), [rule(delay_minutes=30)], people())[0]
    assert [(one.state, one.delay_minutes) for one in decision.recipients] == [("queued", 30)]


def test_an_acknowledgement_goes_in_the_urgent_lane() -> None:
    assert plan(submission(), [ACKNOWLEDGEMENT], people())[0].lane is Lane.urgent
    assert plan(by_hand(), [rule()], people())[0].lane is Lane.trigger


# ------------------------------------------------------------------------------------------------ to whom
@pytest.mark.seed("E12")
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("candidate", [("ana@people.example", "queued", None)]),
        ("managers", [("alice@team.example", "queued", None)]),
        ("evaluators", [("bob@team.example", "queued", None)]),
        (
            "role:manager",
            [("alice@team.example", "queued", None), ("dana@team.example", "skipped", "no_dossier_access")],
        ),
        ("account:8", [("bob@team.example", "queued", None)]),
        ("account:9", [("dana@team.example", "skipped", "no_dossier_access")]),
        ("address:jury@council.example", [("jury@council.example", "queued", None)]),
        ("address:jury@council", [("jury@council", "skipped", "invalid_email")]),
    ],
)
def test_E12_each_kind_of_recipient(word: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert told(rule(recipients=(word,))) == expected


@pytest.mark.seed("E12")
def test_E12_somebody_who_left_gets_nothing() -> None:
    gone = msgspec.structs.replace(BOB, active=False)
    assert told(rule(recipients=("evaluators",)), colleagues=(gone,)) == []
    assert told(rule(recipients=("account:8",)), colleagues=(gone,)) == [
        ("bob@team.example", "skipped", "no_dossier_access")
    ]


@pytest.mark.seed("E12")
def test_E12_a_person_named_twice_is_one_recipient() -> None:
    assert told(rule(recipients=("managers", "account:7"))) == [("alice@team.example", "queued", None)]


@pytest.mark.seed("E12")
def test_E12_an_address_named_twice_is_written_to_once() -> None:
    assert told(
        rule(recipients=("account:9", "address:Dana@team.example", "candidate", "address:ana@people.example"))
    ) == [
        ("dana@team.example", "skipped", "duplicate_recipient"),
        ("Dana@team.example", "queued", None),
        ("ana@people.example", "queued", None),
        ("ana@people.example", "skipped", "duplicate_recipient"),
    ]


@pytest.mark.seed("E12")
def test_E12_a_copy_says_whom_the_original_goes_to_and_speaks_its_language() -> None:
    trigger = rule(recipients=("candidate", "managers"), cc=("archive@team.example", "nonsense"))
    original, manager, copy, _nonsense = plan(by_hand(), [trigger], people())[0].recipients
    assert (original.cc, manager.cc, copy.cc) == (("archive@team.example",), (), ("archive@team.example",))
    assert (original.copy, original.internal, original.shown_to) == (False, False, "")
    assert (copy.copy, copy.internal, copy.shown_to, copy.locale) == (True, True, "ana@people.example", "es")


@pytest.mark.seed("E12")
def test_E12_where_no_original_goes_there_is_no_copy_either() -> None:
    nobody = msgspec.structs.replace(ANA, address=None)
    assert told(rule(cc=("archive@team.example",)), candidate=nobody) == [
        ("", "skipped", "no_email"),
        ("archive@team.example", "skipped", "no_email"),
    ]


@pytest.mark.parametrize(
    ("optional", "scope", "reason", "expected"),
    [
        (True, "optional", "opted_out", "opted_out"),
        (False, "optional", "opted_out", None),
        (True, "all", "suppressed_bounce", "suppressed_bounce"),
        (False, "all", "complaint", "complaint"),
        (True, "topic:3", "topic", "topic"),
        (True, "topic:4", "topic", None),
        (False, "topic:3", "topic", None),
    ],
)
def test_an_opt_out_stops_optional_letters_a_blocked_address_all(
    optional: bool, scope: str, reason: str, expected: str | None
) -> None:
    blocked = {"ana@people.example": ((scope, reason),)}
    state = "skipped" if expected else "queued"
    assert told(rule(optional=optional, topic_id=3), blocked=blocked) == [("ana@people.example", state, expected)]


# ------------------------------------------------------------------------------------------------ in which language
@pytest.mark.parametrize(
    ("word", "locales", "expected"),
    [
        ("candidate", ("en", "es", "fr"), ("es", False)),
        ("account:7", ("en", "es", "fr"), ("fr", False)),
        ("candidate", ("en", "fr"), ("fr", True)),
        ("account:8", ("en", "es", "fr"), ("fr", True)),
        ("address:jury@council.example", ("en", "es", "fr"), ("fr", False)),
        ("candidate", ("pl",), ("pl", True)),
    ],
)
def test_each_reader_gets_her_language_or_hears_of_the_fallback(
    word: str, locales: tuple[str, ...], expected: tuple[str, bool]
) -> None:
    trigger = rule(recipients=(word,), locales=locales)
    one = plan(by_hand(), [trigger], people(campaign_locale="fr"))[0].recipients[0]
    assert (one.locale, one.falls_back) == expected


def test_a_template_without_any_language_writes_to_nobody() -> None:
    assert told(rule(locales=())) == [("ana@people.example", "skipped", "missing_language")]


# ------------------------------------------------------------------------------------------------ whatever the facts
ADDRESSES = st.sampled_from(
    ["ana@people.example", "Ana@people.example", "bob@team.example", "x@y.example", "nonsense", ""]
)
LOCALES = st.sampled_from(["en", "es", "fr", "pl"])
NAMES = st.sampled_from(["manager", "evaluator", "administrator"])
COLLEAGUES = st.lists(
    st.builds(
        Colleague,
        st.integers(1, 6),
        st.just("Somebody"),
        ADDRESSES,
        LOCALES,
        st.frozensets(NAMES),
        st.frozensets(st.sampled_from(["manager", "evaluator"])),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda each: each.account_id,
)
WORDS = st.one_of(
    st.sampled_from(["candidate", "managers", "evaluators", "role:manager", "role:evaluator"]),
    st.builds("account:{}".format, st.integers(1, 7)),
    st.builds("address:{}".format, ADDRESSES),
)
RULES = st.builds(
    rule,
    id=st.integers(1, 9),
    recipients=st.lists(WORDS, min_size=1, max_size=6).map(tuple),
    cc=st.lists(ADDRESSES, max_size=3).map(tuple),
    locales=st.sets(LOCALES).map(tuple),
    optional=st.booleans(),
    delay_minutes=st.integers(0, 60),
    active=st.booleans(),
    family=st.sampled_from(["candidate", "manager"]),
)
CHANGES = st.builds(
    by_hand, mode=st.sampled_from(["send", "hold", "silent"]), kind=st.sampled_from(["status", "submitted"])
)
BLOCKED = st.dictionaries(
    ADDRESSES.map(str.lower), st.just((("all", "complaint"),)) | st.just((("optional", "opted_out"),)), max_size=3
)
PEOPLE = st.builds(
    lambda colleagues, address, locale, blocked: People(
        candidate=Candidate(3, "Ana", address, locale), colleagues=tuple(colleagues), blocked=blocked
    ),
    COLLEAGUES,
    ADDRESSES,
    LOCALES,
    BLOCKED,
)


@given(CHANGES, st.lists(RULES, max_size=3), PEOPLE)
def test_every_trigger_is_decided_and_every_recipient_once(change: Change, triggers: list[Rule], facts: People) -> None:
    decisions = plan(change, triggers, facts)
    assert [one.trigger for one in decisions] == triggers
    for decision in decisions:
        assert decision.matched or decision.recipients == ()
        recorded = [one.address.lower() for one in decision.recipients if one.recorded]
        assert sorted(set(recorded)) == sorted(recorded)
        known = [(one.person_id, one.account_id) for one in decision.recipients if one.person_id or one.account_id]
        assert sorted(set(known), key=str) == sorted(known, key=str)


@given(CHANGES, RULES, PEOPLE)
def test_whoever_gets_nothing_has_a_reason_and_whoever_gets_it_has_none(
    change: Change, trigger: Rule, facts: People
) -> None:
    for one in plan(change, [trigger], facts)[0].recipients:
        assert (one.state == "skipped") == (one.reason not in (None, "on_hold"))
        assert one.state == "skipped" or (one.locale in trigger.locales and "@" in one.address)
        assert one.state == "skipped" or ("all", "complaint") not in facts.blocked.get(one.address.lower(), ())

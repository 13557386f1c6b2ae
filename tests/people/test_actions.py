"""Alice the manager keeps the records of people; what they refused is respected wherever it was said."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal import timeline
from portal.actor import SYSTEM, candidate
from portal.ledger import actions as ledger
from portal.ledger import blocks
from portal.outcomes import Missing, Refused, Stale
from portal.people import actions, consent, queries, wishes
from portal.people.actions import PersonDraft, Taken
from tests import factories

ANA = PersonDraft(kind="candidate", email="ana@example.org", first_name="Ana", last_name="Nowak", locale="pl")


def ana(**fields: Any) -> PersonDraft:
    given = {name: getattr(ANA, name) for name in ANA.__struct_fields__}
    return PersonDraft(**{**given, **fields})


async def blocked(person_id: int) -> list[tuple[str, str, str]]:
    person = await queries.one(SYSTEM, person_id)
    return [(each.scope, each.reason, each.source) for each in await queries.suppressions(person)]


async def history(person_id: int) -> list[str]:
    return [event.what for event in await timeline.of_person(person_id)]


# ------------------------------------------------------------------------------------------------ the record
async def test_alice_adds_a_person_by_hand(db: None) -> None:
    alice = await factories.account("Alice")
    person_id = await actions.create(alice.actor, ana(first_name="  Ana  María ", email=" ana@example.org "))
    person = await queries.one(alice.actor, person_id)
    assert (person.name, person.email, person.locale, person.kind) == (
        "Ana María Nowak",
        "ana@example.org",
        "pl",
        "candidate",
    )
    assert await history(person_id) == ["person.created"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"email": "ana@example"}, {"email": "Enter an address such as name@example.org."}),
        ({"email": "", "first_name": " ", "last_name": ""}, {"email": "Enter a name or an e-mail address."}),
        ({"kind": "company"}, {"kind": "Choose one of the options."}),
        ({"locale": "de"}, {"locale": "Choose one of the options."}),
        ({"last_name": "x" * 101}, {"last_name": "Use at most 100 characters."}),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(db: None, fields: dict[str, Any], errors: dict[str, str]) -> None:
    alice = await factories.account("Alice")
    with pytest.raises(Refused) as refusal:
        await actions.create(alice.actor, ana(**fields))
    assert refusal.value.errors == errors


async def test_an_address_that_somebody_has_names_her_whatever_the_capitals(db: None) -> None:
    alice = await factories.account("Alice")
    first = await actions.create(alice.actor, ANA)
    with pytest.raises(Taken) as taken:
        await actions.create(alice.actor, ana(kind="contact", email="ANA@example.org"))
    assert taken.value.errors == {"email": "This address belongs to “Ana Nowak” already."}
    assert taken.value.person is not None
    assert taken.value.person.id == first


async def test_two_people_without_an_address_are_two_people(db: None) -> None:
    alice = await factories.account("Alice")
    first = await actions.create(alice.actor, ana(email=None))
    assert await actions.create(alice.actor, ana(email=None)) != first


async def test_a_change_is_written_down_before_and_after(db: None) -> None:
    alice = await factories.account("Alice")
    person_id = await actions.create(alice.actor, ANA)
    await actions.change(alice.actor, person_id, 1, ana(last_name="Kowalska", locale="es"))
    newest = (await timeline.of_person(person_id))[0]
    assert (newest.what, newest.details) == (
        "person.changed",
        {"changes": {"last_name": ["Nowak", "Kowalska"], "locale": ["pl", "es"]}},
    )


async def test_whoever_is_slower_gets_theirs_to_compare(db: None) -> None:
    alice, adam = await factories.account("Alice"), await factories.account("Adam", "administrator")
    person_id = await actions.create(alice.actor, ANA)
    await actions.change(adam.actor, person_id, 1, ana(last_name="Kowalska"))
    with pytest.raises(Stale) as stale:
        await actions.change(alice.actor, person_id, 1, ana(last_name="Wiśniewska"))
    assert (stale.value.theirs.last_name, stale.value.by) == ("Kowalska", "Adam")


async def test_an_address_cannot_be_changed_to_somebody_elses(db: None) -> None:
    alice = await factories.account("Alice")
    await actions.create(alice.actor, ANA)
    other = await factories.person("Jan")
    with pytest.raises(Taken):
        await actions.change(alice.actor, other.id, 1, ana())


# ------------------------------------------------------------------------------------------------ what reaches her
@pytest.mark.seed("Z31")
async def test_Z31_a_person_opts_out_and_can_opt_in_again(db: None) -> None:
    alice, person = await factories.account("Alice"), await factories.person()
    await wishes.opt_out(person.id, alice.actor)
    await wishes.opt_out(person.id, alice.actor)
    assert await blocked(person.id) == [("optional", "opted_out", "by_hand")]
    assert [
        (each.by, each.actor_kind) for each in await queries.suppressions(await queries.one(SYSTEM, person.id))
    ] == [("Alice", "user")]
    await wishes.opt_in(person.id, candidate(""), "I agree")
    await wishes.opt_in(person.id, candidate(""), "I agree")
    assert await blocked(person.id) == []
    assert await history(person.id) == ["address.unblocked", "address.blocked"]
    records = [(each.what, each.given, each.wording, each.source) for each in await consent.of_person(person.id)]
    assert records == [("optional_mail", True, "I agree", "preferences"), ("optional_mail", False, "", "by_hand")]


async def test_she_opts_out_herself_by_a_link(db: None) -> None:
    person = await factories.person("Ana", "Nowak")
    await wishes.opt_out(person.id, candidate("Ana Nowak"), source="link")
    assert await blocked(person.id) == [("optional", "opted_out", "link")]


async def test_an_opt_out_follows_to_her_new_address_but_a_bounce_does_not(db: None) -> None:
    alice, person = await factories.account("Alice"), await factories.person()
    await wishes.opt_out(person.id, alice.actor, source="link")
    sql = "insert into suppression (address, scope, reason) values ($1, 'all', 'suppressed_bounce')"
    await database.execute(sql, person.email)
    await actions.change(alice.actor, person.id, 1, ana(email="new@example.org"))
    assert await blocked(person.id) == [("optional", "opted_out", "link")]


@pytest.mark.seed("B08")
async def test_B08_what_others_decided_is_not_lifted_by_her(db: None) -> None:
    alice, person = await factories.account("Alice"), await factories.person()
    await ledger.suppress(person.email or "", "all", "suppressed_bounce", "550 gone", SYSTEM)
    await ledger.suppress(person.email or "", "optional", "by_hand", "by_hand", alice.actor, note="asked by phone")
    await wishes.opt_in(person.id, candidate(""), "I agree")
    assert [each[1] for each in await blocked(person.id)] == ["suppressed_bounce", "by_hand"]
    assert await consent.of_person(person.id) == []


@pytest.mark.seed("B08")
async def test_B08_who_may_lift_depends_on_the_reason(db: None) -> None:
    alice, adam = await factories.account("Alice"), await factories.account("Adam", "administrator")
    bounced, complained = await factories.person("Ana"), await factories.person("Jan")
    there = (bounced.email or "", complained.email or "")
    await ledger.suppress(there[0], "all", "suppressed_bounce", "550 gone", SYSTEM)
    await ledger.suppress(there[1], "all", "complaint", "", SYSTEM)
    await wishes.lift(alice.actor, there[0], "all", "suppressed_bounce")
    assert await blocked(bounced.id) == []
    with pytest.raises(Refused, match="Only the person or an administrator"):
        await wishes.lift(alice.actor, there[1], "all", "complaint", "she wrote")
    with pytest.raises(Refused) as refusal:
        await wishes.lift(adam.actor, there[1], "all", "complaint", "  ")
    assert refusal.value.errors == {"note": "Write down how and when the person asked for it."}
    with pytest.raises(Stale):
        await wishes.lift(adam.actor, there[1], "all", "opted_out", "she wrote")
    await wishes.lift(adam.actor, there[1], "all", "complaint", "Letter of 3 May")
    assert await blocked(complained.id) == []
    assert [(each.given, each.wording) for each in await consent.of_person(complained.id)] == [
        (True, "Letter of 3 May")
    ]


@pytest.mark.seed("B08")
async def test_B08_a_stronger_reason_takes_the_place_of_a_weaker_one(db: None) -> None:
    person = await factories.person()
    await wishes.take_a_break(person.id, candidate(""))
    assert [(each.reason, each.expires_at is not None) for each in (await wishes.of(person.id)).blocks] == [
        ("taking_a_break", True)
    ]
    await wishes.opt_out(person.id, candidate(""), "preferences")
    await wishes.take_a_break(person.id, candidate(""))
    assert [(each.reason, each.expires_at) for each in (await wishes.of(person.id)).blocks] == [("opted_out", None)]


@pytest.mark.seed("Z31")
async def test_Z31_a_break_ends_by_itself_with_a_line_of_history(db: None) -> None:
    ana, jan = await factories.person("Ana"), await factories.person("Jan")
    for each in (ana, jan):
        await wishes.take_a_break(each.id, candidate(""))
    sql = "update suppression set expires_at = now() - interval '1 second' where address = $1"
    await database.execute(sql, ana.email)
    assert await blocks.expire() == 1
    assert (await blocked(ana.id), len(await blocked(jan.id))) == ([], 1)
    assert await history(ana.id) == ["address.expired", "address.blocked"]


async def test_somebody_without_an_address_cannot_opt_out(db: None) -> None:
    alice, person = await factories.account("Alice"), await factories.person(email=None)
    with pytest.raises(Refused, match="no e-mail address"):
        await wishes.opt_out(person.id, alice.actor)


async def test_bob_acts_on_nobody_outside_his_campaigns(db: None) -> None:
    bob, person = await factories.account("Bob", "evaluator"), await factories.person()
    for attempt in (
        wishes.opt_out(person.id, bob.actor),
        wishes.opt_in(person.id, bob.actor, "", "by_hand"),
        actions.change(bob.actor, person.id, 1, ANA),
    ):
        with pytest.raises(Missing):
            await attempt


async def test_nobody_at_all_is_missing(db: None) -> None:
    with pytest.raises(Missing):
        await wishes.opt_out(9_999_999, candidate("Nobody"))

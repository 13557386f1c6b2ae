"""Who gets a mailing, in which language, from whom; who does not, and why (B01): one relation for everything."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal.ledger import actions as ledger
from portal.mailings import planning, queries, recipients
from portal.mailings.queries import Mailing
from portal.outcomes import Refused
from tests import factories
from tests.factories import AccountRow
from tests.mailings import material


async def optional(**more: Any) -> int:
    return (await factories.template("News", category="optional", **more)).id


async def reasons(by: AccountRow, mailing: Mailing) -> dict[int, str | None]:
    plan = await planning.plan_of(by.actor, mailing)
    return {row.record_id: row.reason for row in (await planning.rows(plan)).items}


@pytest.mark.seed("Z04", "Z05", "Z20", "B01")
async def test_Z04_Z05_Z20_B01_who_cannot_be_written_to_is_left_out_with_the_reason(db: None) -> None:
    alice = await material.alice()
    fine, nowhere = await factories.person("Ana"), await factories.person("Bea", email=None)
    wrong = [
        await factories.person(email=address)
        for address in ("no at sign", "a..b@people.example", "ana@localhost", "ana@-x.example", "a b@people.example")
    ]
    idn = await factories.person(email="łucja@żółw.pl")
    everyone = (fine, nowhere, idn, *wrong)
    mailing = await material.draft(alice.actor, *(one.id for one in everyone))
    found = await material.summed(alice.actor, mailing)
    assert (found.found, found.going) == (8, 2)
    assert found.skipped == {"no_email": 1, "invalid_email": 5}
    assert await reasons(alice, mailing) == {
        **{one.id: "invalid_email" for one in wrong},
        **{fine.id: None, nowhere.id: "no_email", idn.id: None},
    }


@pytest.mark.seed("B08", "Z31")
async def test_B08_Z31_one_truth_says_who_is_not_written_to_and_every_reason(db: None) -> None:
    alice = await material.alice()
    people = await material.people(4)
    bounced, complained, opted_out, fine = people
    for who, scope, reason in (
        (bounced, "all", "suppressed_bounce"),
        (complained, "all", "complaint"),
        (opted_out, "optional", "opted_out"),
        (bounced, "optional", "opted_out"),
    ):
        await ledger.suppress(str(who.email).upper(), scope, reason, "test", alice.actor)  # type: ignore[arg-type]
    news = await material.draft(alice.actor, *(one.id for one in people), template_id=await optional())
    necessary = await material.draft(alice.actor, *(one.id for one in people))
    assert await reasons(alice, news) == {
        bounced.id: "suppressed_bounce",
        complained.id: "complaint",
        opted_out.id: "opted_out",
        fine.id: None,
    }
    assert (await reasons(alice, necessary))[opted_out.id] is None
    plan = await planning.plan_of(alice.actor, news)
    assert await planning.why_not(plan, bounced.id) == ["suppressed_bounce", "opted_out"]
    assert await planning.why_not(plan, fine.id) == []
    outside = await factories.person("Dana")
    assert await planning.why_not(plan, outside.id) == ["not_chosen"]


async def test_topics_trial_mode_and_the_limit_per_person_leave_people_out_of_optional_mail(db: None) -> None:
    alice = await material.alice()
    topical, often, fine, team = await material.people(4)
    await database.execute("update person set email = $2 where id = $1", team.id, alice.email)
    topic = await database.fetchval("""insert into topic (name) values ('{"en": "News"}') returning id""")
    await database.execute("insert into topic_opt_out (address, topic_id) values ($1, $2)", topical.email, topic)
    template_id = await optional()
    await database.execute("update template set topic_id = $2 where id = $1", template_id, topic)
    await database.execute("update organisation set person_cap = 1, person_cap_days = 7")
    earlier = await material.draft(alice.actor, often.id, template_id=template_id)
    await material.started(alice.actor, earlier)
    four = (topical.id, often.id, fine.id, team.id)
    mailing = await material.draft(alice.actor, *four, template_id=template_id)
    expected = {topical.id: "topic", often.id: "frequency_cap", fine.id: None, team.id: None}
    assert await reasons(alice, mailing) == expected
    await database.execute("update organisation set trial_mode = true")
    expected |= {often.id: "trial_mode", fine.id: "trial_mode"}
    assert await reasons(alice, mailing) == expected


async def test_the_limit_per_person_is_the_same_for_many_people_counted_at_once(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await material.alice()
    often, fine = await material.people(2)
    template_id = await optional()
    await database.execute("update organisation set person_cap = 1")
    await material.started(alice.actor, await material.draft(alice.actor, often.id, template_id=template_id))
    mailing = await material.draft(alice.actor, often.id, fine.id, template_id=template_id)
    for most in (planning.ONE_BY_ONE, 1):
        monkeypatch.setattr(planning, "ONE_BY_ONE", most)
        assert await reasons(alice, mailing) == {often.id: "frequency_cap", fine.id: None}


@pytest.mark.seed("B08")
async def test_B08_several_dossiers_of_one_person_are_one_letter_or_one_each(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,))
    ana = await factories.person()
    older, newer = [await factories.dossier(campaign, ana) for _n in range(2)]
    mailing = await material.draft(alice.actor, module="dossiers", campaign_id=campaign.id)
    assert await reasons(alice, mailing) == {older.id: "duplicate_recipient", newer.id: None}
    each = await material.draft(alice.actor, module="dossiers", campaign_id=campaign.id, per="dossier")
    assert await reasons(alice, each) == {older.id: None, newer.id: None}


@pytest.mark.seed("Z16", "Z17")
async def test_Z16_Z17_letters_come_from_one_of_four_addresses(db: None) -> None:
    alice = await material.alice()
    bob = await factories.account("Bob")
    owned, free = await material.people(2)
    await database.execute("update person set owner_id = $2 where id = $1", owned.id, bob.id)
    house = await database.fetchval("select s.address::text from sender s join organisation o on o.sender_id = s.id")
    for address in (alice.email, bob.email):
        await factories.sender(address, "Somebody")
    of_template = await factories.sender("calls@passerelle.example")
    template = await factories.template()
    sql = "update template_version set sender_id = $2, reply_to = 'answers@passerelle.example' where id = $1"
    await database.execute(sql, template.version_id, of_template)

    async def addresses(kind: str) -> list[tuple[str, str, str | None]]:
        more = {"from_kind": kind, "reply_kind": kind, "template_id": template.id}
        mailing = await material.draft(alice.actor, owned.id, free.id, **more)
        plan = await planning.plan_of(alice.actor, mailing)
        return [(row.from_address, row.reply_to, row.reason) for row in (await planning.rows(plan)).items]

    assert await addresses("organisation") == 2 * [(house, house, None)]
    assert await addresses("account") == 2 * [(alice.email, alice.email, None)]
    assert await addresses("template") == 2 * [("calls@passerelle.example", "answers@passerelle.example", None)]
    assert await addresses("owner") == [(bob.email, bob.email, None), ("", house, "sender_not_connected")]


async def test_each_letter_is_in_the_language_that_was_wished_for_or_says_so(db: None) -> None:
    alice = await material.alice()
    campaign = await factories.campaign(managers=(alice,), default_locale="fr")
    polish, french = await factories.person(locale="pl"), await factories.person(locale="fr")
    template = await factories.template(variants={"en": ("Hi", "<p>Hi</p>"), "fr": ("Bonjour", "<p>Bonjour</p>")})
    mailing = await material.draft(alice.actor, polish.id, french.id, template_id=template.id, campaign_id=campaign.id)
    found = await material.summed(alice.actor, mailing)
    assert (found.by_locale, found.fallback) == ({"fr": 2}, 1)


async def test_the_seal_changes_with_the_people_even_if_their_number_does_not(db: None) -> None:
    alice = await material.alice()
    first, second = await material.people(2)
    mailing = await material.draft(alice.actor, first.id)
    before = await material.summed(alice.actor, mailing)
    await database.execute("update mailing_pick set record_id = $2 where mailing_id = $1", mailing.id, second.id)
    after = await material.summed(alice.actor, mailing)
    assert (before.going, after.going) == (1, 1) and before.seal != after.seal


async def test_the_plan_is_searched_and_paged(db: None) -> None:
    alice = await material.alice()
    people = await material.people(5)
    mailing = await material.draft(alice.actor, *(one.id for one in people))
    plan = await planning.plan_of(alice.actor, mailing)
    first = await planning.rows(plan, state="queued", limit=3)
    rest = await planning.rows(plan, state="queued", limit=3, cursor=planning.ORDER.read(first.older))
    assert [row.record_id for row in (*first.items, *rest.items)] == [one.id for one in people]
    found = await planning.rows(plan, q="PERSON3")
    assert [row.record_id for row in found.items] == [people[3].id]
    assert len(await recipients.everybody(alice.actor, mailing)) == 5


async def test_who_looks_at_a_colleagues_plan_sees_only_people_of_her_own(db: None) -> None:
    alice, carla = await material.alice(), await factories.account("Carla")
    both, hers = await factories.campaign(managers=(alice, carla)), await factories.campaign(managers=(alice,))
    shared, hidden = await factories.dossier(both), await factories.dossier(hers)
    mailing = await material.draft(alice.actor, shared.id, hidden.id, module="dossiers")
    await database.execute("update organisation set approval_over = 0")
    await material.launch(alice.actor, mailing)
    plan = await planning.plan_of(carla.actor, await queries.one(carla.actor, mailing.id))
    assert (await planning.summary(plan)).going == 2
    assert [row.record_id for row in (await planning.rows(plan)).items] == [shared.id]


@pytest.mark.seed("Z11")
async def test_Z11_a_template_must_exist_first(db: None) -> None:
    alice = await material.alice()
    mailing = await material.draft(alice.actor, (await factories.person()).id, template_id=None)
    assert (await material.summed(alice.actor, mailing)).going == 1
    with pytest.raises(Refused) as refused:
        await material.launch(alice.actor, mailing)
    assert "template_id" in refused.value.errors

"""Alice the manager sets up a campaign; Dana the stranger reaches none of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from portal import db as database
from portal import timeline
from portal.actor import Actor
from portal.campaigns import actions, queries, team
from portal.campaigns.checks import CampaignDraft
from portal.outcomes import Missing, Refused, Stale
from tests import factories

DRAFT = CampaignDraft(
    title={"en": "Rural Labs", "pl": "Laboratoria wiejskie"},
    locales=["en", "es", "fr", "pl"],
    default_locale="en",
    time_zone="Europe/Warsaw",
    opens_at=datetime(2026, 1, 1),
    closes_at=datetime(2027, 12, 31, 23, 59),
)


def like(**fields: Any) -> CampaignDraft:
    return msgspec.structs.replace(DRAFT, **fields)


def draft_of(campaign: queries.Campaign, **fields: Any) -> CampaignDraft:
    same = {name: getattr(campaign, name) for name in CampaignDraft.__struct_fields__}
    return CampaignDraft(**{**same, **fields})


async def what_happened(campaign_id: int) -> list[str]:
    return [event.what for event in await timeline.of_campaign(campaign_id)]


async def refused(draft: CampaignDraft, by: Actor) -> dict[str, str]:
    with pytest.raises(Refused) as refusal:
        await actions.create(by, draft)
    return refusal.value.errors


# ------------------------------------------------------------------------------------------------ creating
async def test_alice_creates_a_campaign_and_is_its_manager(db: None) -> None:
    alice = await factories.account("Alice")
    campaign_id = await actions.create(alice.actor, DRAFT)
    campaign = await queries.one(alice.actor, campaign_id)
    assert draft_of(campaign) == like(slug="rural-labs", number_prefix="RL")
    assert [(member.name, member.role) for member in await team.members(campaign_id)] == [("Alice", "manager")]
    assert await what_happened(campaign_id) == ["campaign.created"]


@pytest.mark.seed("E16")
async def test_E16_a_new_campaign_has_the_usual_statuses_in_four_languages(db: None) -> None:
    alice = await factories.account("Alice")
    made = await queries.statuses(await actions.create(alice.actor, DRAFT))
    assert [(each.key, each.tone, each.is_decision, each.protected) for each in made] == [
        ("draft", "mute", False, True),
        ("submitted", "plum", False, True),
        ("under_review", "warn", False, False),
        ("documents_missing", "bad", False, False),
        ("accepted", "ok", True, False),
        ("rejected", "mute", True, False),
        ("reserve_list", "teal", True, False),
        ("withdrawn", "mute", False, False),
    ]
    assert all(set(each.label) == set(each.public_label) == {"en", "es", "fr", "pl"} for each in made)
    assert made[5].public_label["en"] == "Not selected"
    assert made[5].label["en"] == "Rejected"


@pytest.mark.seed("E13")
async def test_E13_a_new_campaign_already_acknowledges_receipt(db: None) -> None:
    alice = await factories.account("Alice")
    await database.execute("update template set key = null where key = 'acknowledgement'")
    template = await factories.template(key="acknowledgement")
    campaign_id = await actions.create(alice.actor, like(default_locale="fr", title={"fr": "Labos ruraux"}))
    rows = await database.fetch("select * from trigger where campaign_id = $1", campaign_id)
    columns = ("name", "family", "template_id", "to_status_id", "recipients", "delay_minutes", "active")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("Accusé de réception", "candidate", template.id, None, ["candidate"], 0, True)
    ]


async def test_what_is_left_empty_is_filled_in(db: None) -> None:
    alice = await factories.account("Alice")
    await factories.organisation(time_zone="Europe/Paris")
    await database.execute("update organisation set time_zone = 'Europe/Paris'")
    campaign = await queries.one(
        alice.actor, await actions.create(alice.actor, CampaignDraft(title={"fr": "Bourses Été"}))
    )
    assert (campaign.slug, campaign.number_prefix) == ("bourses-ete", "BE")
    assert (campaign.locales, campaign.default_locale, campaign.time_zone) == (["fr"], "fr", "Europe/Paris")


async def test_a_second_campaign_of_the_same_title_gets_another_address_and_prefix(db: None) -> None:
    alice = await factories.account("Alice")
    await actions.create(alice.actor, DRAFT)
    second = await queries.one(alice.actor, await actions.create(alice.actor, DRAFT))
    assert (second.slug, second.number_prefix) == ("rural-labs-2", "RL2")


async def test_an_address_that_is_taken_is_refused_beside_its_field(db: None) -> None:
    alice = await factories.account("Alice")
    await actions.create(alice.actor, like(slug="labs"))
    errors = await refused(like(slug="labs"), alice.actor)
    assert errors == {"slug": "Another campaign has this address. Choose a different one."}


async def test_a_prefix_that_is_taken_is_refused_beside_its_field(db: None) -> None:
    alice = await factories.account("Alice")
    await actions.create(alice.actor, like(number_prefix="LAB"))
    errors = await refused(like(number_prefix="LAB"), alice.actor)
    assert errors == {"number_prefix": "Another campaign has this prefix. Choose a different one."}


async def test_everything_that_is_wrong_is_said_at_once(db: None) -> None:
    alice = await factories.account("Alice")
    wrong = like(
        title={"pl": "Laboratoria"},
        slug="Rural Labs",
        number_prefix="r-1",
        time_zone="Europe/Atlantis",
        closes_at=datetime(2025, 1, 1),
    )
    assert await refused(wrong, alice.actor) == {
        "title": "Enter the title in the default language (English).",
        "slug": "Use small letters without accents, digits and single hyphens.",
        "number_prefix": "Use a capital letter, then capitals and digits, at most 10 characters.",
        "time_zone": "Choose one of the options.",
        "closes_at": "Enter a closing date after the opening date.",
    }


# ------------------------------------------------------------------------------------------------ changing
async def test_alice_changes_the_settings_and_the_history_says_what(db: None) -> None:
    alice = await factories.account("Alice")
    before = await queries.one(alice.actor, await actions.create(alice.actor, DRAFT))
    await actions.change(alice.actor, before.id, before.version, draft_of(before, slug="labs", published=True))
    after = await queries.one(alice.actor, before.id)
    assert (after.slug, after.published, after.version) == ("labs", True, before.version + 1)
    newest = (await timeline.of_campaign(before.id))[0]
    assert newest.what == "campaign.changed"
    assert newest.details == {"changes": {"slug": ["rural-labs", "labs"], "published": [False, True]}}


async def test_texts_of_a_language_that_is_taken_out_come_back_with_it(db: None) -> None:
    alice = await factories.account("Alice")
    before = await queries.one(alice.actor, await actions.create(alice.actor, DRAFT))
    fewer = draft_of(before, locales=["en"], title={"en": "Labs"})
    await actions.change(alice.actor, before.id, before.version, fewer)
    assert (await queries.one(alice.actor, before.id)).title == {"en": "Labs", "pl": "Laboratoria wiejskie"}


async def test_whoever_is_slower_gets_theirs_to_compare(db: None) -> None:
    alice, adam = await factories.account("Alice"), await factories.account("Adam", "administrator")
    seen = await queries.one(alice.actor, await actions.create(alice.actor, DRAFT))
    await actions.change(adam.actor, seen.id, seen.version, draft_of(seen, title={"en": "Village Labs"}))
    with pytest.raises(Stale) as stale:
        await actions.change(alice.actor, seen.id, seen.version, draft_of(seen, title={"en": "Farm Labs"}))
    assert stale.value.by == "Adam"
    assert stale.value.theirs.title["en"] == "Village Labs"
    assert (await queries.one(alice.actor, seen.id)).title["en"] == "Village Labs"


async def test_publishing_twice_is_one_event(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), published=False)
    await actions.publish(alice.actor, campaign.id)
    await actions.publish(alice.actor, campaign.id)
    await actions.publish(alice.actor, campaign.id, published=False)
    assert await what_happened(campaign.id) == ["campaign.unpublished", "campaign.published"]


async def test_dana_reaches_nothing_of_a_foreign_campaign(db: None) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    campaign = await factories.campaign(managers=(alice,))
    for attempt in (
        queries.one(dana.actor, campaign.id),
        actions.change(dana.actor, campaign.id, 1, DRAFT),
        actions.publish(dana.actor, campaign.id),
        team.add(dana.actor, campaign.id, dana.id, "manager"),
        team.remove(dana.actor, campaign.id, alice.id, "manager"),
    ):
        with pytest.raises(Missing):
            await attempt


# ------------------------------------------------------------------------------------------------ the team
async def test_bob_sees_the_campaign_once_he_is_on_the_team_and_no_longer(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,))
    await team.add(alice.actor, campaign.id, bob.id, "evaluator")
    assert (await queries.one(bob.actor, campaign.id)).id == campaign.id
    await team.remove(alice.actor, campaign.id, bob.id, "evaluator")
    with pytest.raises(Missing):
        await queries.one(bob.actor, campaign.id)
    assert await what_happened(campaign.id) == ["campaign.member_removed", "campaign.member_added"]


async def test_an_evaluator_cannot_be_made_manager_of_a_campaign(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,))
    with pytest.raises(Refused) as refusal:
        await team.add(alice.actor, campaign.id, bob.id, "manager")
    assert list(refusal.value.errors) == ["role"]


async def test_celina_the_translator_is_not_offered_and_not_taken(db: None) -> None:
    alice, celina = await factories.account("Alice"), await factories.account("Celina", "translator")
    campaign = await factories.campaign(managers=(alice,))
    assert celina.id not in {each.account_id for each in await team.colleagues()}
    with pytest.raises(Refused):
        await team.add(alice.actor, campaign.id, celina.id, "evaluator")


async def test_the_last_manager_stays(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    with pytest.raises(Refused, match="A campaign needs a manager"):
        await team.remove(alice.actor, campaign.id, alice.id, "manager")
    assert [member.name for member in await team.members(campaign.id)] == ["Alice"]


# ------------------------------------------------------------------------------------------------ numbers
async def test_numbers_count_up_within_the_campaign_and_year(db: None) -> None:
    alice = await factories.account("Alice")
    campaign_id = await actions.create(alice.actor, DRAFT)
    year = datetime.now(ZoneInfo("Europe/Warsaw")).year
    numbers = [await actions.next_number(campaign_id) for _n in range(3)]
    assert numbers == [f"RL-{year}-0001", f"RL-{year}-0002", f"RL-{year}-0003"]


async def test_the_ten_thousandth_number_has_five_digits(db: None) -> None:
    alice = await factories.account("Alice")
    campaign_id = await actions.create(alice.actor, DRAFT)
    await database.execute("update campaign set last_number = 9999 where id = $1", campaign_id)
    assert (await actions.next_number(campaign_id)).endswith("-10000")


async def test_a_number_given_under_the_same_prefix_before_is_passed_over(db: None) -> None:
    alice = await factories.account("Alice")
    campaign_id = await actions.create(alice.actor, like(number_prefix="OLD"))
    other = await factories.campaign()
    await factories.dossier(other, number=f"OLD-{datetime.now(UTC).year}-0001")
    assert (await actions.next_number(campaign_id)).endswith("-0002")


async def test_a_number_for_a_campaign_that_is_gone_is_missing(db: None) -> None:
    with pytest.raises(Missing):
        await actions.next_number(2_000_000_000)


async def test_sixteen_candidates_at_once_get_sixteen_numbers_without_a_gap(fresh_database: str) -> None:
    alice = await factories.account("Alice")
    campaign_id = await actions.create(alice.actor, DRAFT)

    async def take() -> str:
        async with database.transaction():
            return await actions.next_number(campaign_id)

    numbers = await asyncio.gather(*(take() for _n in range(16)))
    assert sorted(int(each.rsplit("-", 1)[1]) for each in numbers) == list(range(1, 17))

"""A closing date that moves says beforehand what moves with it (B07)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import db as database
from portal.campaigns import actions, closing, phases, queries
from portal.campaigns.queries import Campaign
from tests import factories
from tests.clients import Client, Page
from tests.factories import AccountRow, CampaignRow

CLOSES = datetime(2099, 12, 15, 23, 59)


async def labs(**dates: datetime | None) -> tuple[AccountRow, CampaignRow]:
    """A call that is open until the end of the century, with a reminder a week before at nine, and a draft."""
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"}, **{"closes_at": CLOSES, **dates})
    await factories.dossier(campaign, status="draft")
    await reminder(campaign)
    return alice, campaign


async def reminder(campaign: CampaignRow, status: str = "draft", phase_id: int | None = None) -> None:
    about = {"name": "One week left", "from_status": status, "phase_id": phase_id}
    await factories.trigger(campaign, family="deadline", to_status=None, **about)


async def campaign_of(alice: AccountRow, campaign: CampaignRow) -> Campaign:
    return await queries.one(alice.actor, campaign.id)


@pytest.mark.seed("B07")
async def test_B07_a_moved_closing_moves_its_reminders_and_keeps_their_hour_through_a_change_of_clocks(
    db: None,
) -> None:
    alice, campaign = await labs()
    move = await closing.of_campaign(await campaign_of(alice, campaign), datetime(2100, 4, 5, 12), "Europe/Madrid")
    assert move
    assert [(each.before, each.after, each.readers) for each in move.reminders] == [
        (datetime(2099, 12, 8, 9), datetime(2100, 3, 29, 9), 1)
    ]
    assert (move.turn, move.drafts) == ("", 1)


@pytest.mark.seed("B07")
async def test_B07_a_new_zone_moves_the_closing_and_its_reminders_too(db: None) -> None:
    alice, campaign = await labs()
    move = await closing.of_campaign(await campaign_of(alice, campaign), CLOSES, "America/Santiago")
    assert move
    assert [(each.before, each.after) for each in move.reminders] == [(datetime(2099, 12, 8, 9),) * 2]
    assert await closing.of_campaign(await campaign_of(alice, campaign), CLOSES, "Europe/Paris") is None


@pytest.mark.seed("B07")
async def test_B07_a_closing_in_the_past_closes_at_once_and_a_later_one_opens_again(db: None) -> None:
    alice, campaign = await labs()
    before, now = await campaign_of(alice, campaign), datetime(2030, 5, 1, tzinfo=UTC)
    move = await closing.of_campaign(before, datetime(2030, 4, 30), "Europe/Madrid", now)
    assert move
    assert (move.turn, [each.passed for each in move.reminders]) == ("closes", [False])
    later = now + timedelta(days=365 * 80)
    move = await closing.of_campaign(before, None, "Europe/Madrid", later)
    assert move
    assert (move.turn, [each.after for each in move.reminders]) == ("reopens", [None])


@pytest.mark.seed("B07")
async def test_B07_without_drafts_reminders_or_letters_nothing_is_asked(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    assert await closing.of_campaign(await campaign_of(alice, campaign), CLOSES, "Europe/Madrid") is None


async def moved_on_page(client: Client, campaign: CampaignRow, to: str) -> Page:
    where = f"/campaigns/{campaign.id}/settings"
    return await client.post(where, (await client.get(where)).form(where) | {"closes_at": to})


@pytest.mark.seed("B07")
async def test_B07_alice_sees_the_old_and_the_new_hour_before_anything_is_saved(client: Client) -> None:
    alice, campaign = await labs()
    await actions.publish(alice.actor, campaign.id, published=False)
    await actions.publish(alice.actor, campaign.id)
    await client.sign_in(alice.email)
    page = await moved_on_page(client, campaign, "2099-12-20T23:59")
    assert page.h1 == "Move the closing date of “Rural Labs”?"
    assert page.texts("tbody del") == ["8 December 2099, 09:00"]
    assert page.texts("tbody ins") == ["13 December 2099, 09:00"]
    assert (await campaign_of(alice, campaign)).closes_at == CLOSES
    where = f"/campaigns/{campaign.id}/settings"
    sent = page.form(where)
    await reminder(campaign)
    page = await client.post(where, sent)
    assert len(page.texts("tbody ins")) == 2, "what was not shown is asked about again"
    page = await client.post(where, page.form(where))
    assert page.toasts == ["Saved."]
    assert (await campaign_of(alice, campaign)).closes_at == datetime(2099, 12, 20, 23, 59)
    sql = "select distinct due_at from reminder where state = 'due'"
    assert [row["due_at"] for row in await database.fetch(sql)] == [datetime(2099, 12, 13, 8, tzinfo=UTC)]


@pytest.mark.seed("B07")
async def test_B07_dates_that_cannot_be_are_refused_before_they_are_asked_about(client: Client) -> None:
    alice, campaign = await labs()
    await client.sign_in(alice.email)
    page = await moved_on_page(client, campaign, "2025-12-20T23:59")
    assert (page.status, page.errors) == (422, ["Enter a closing date after the opening date."])


@pytest.mark.seed("B07")
async def test_B07_a_phase_says_the_same_of_its_own_closing(client: Client) -> None:
    alice, campaign = await labs()
    phase_id = await factories.phase(campaign, closes_at=datetime(2099, 6, 1, 12))
    await reminder(campaign, "reserve_list", phase_id)
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/phases/{phase_id}"
    page = await client.post(where, (await client.get(where)).form(where) | {"closes_at": "2099-06-11T12:00"})
    assert page.h1 == "Move the closing date of “Full project”?"
    assert (page.texts("tbody del"), page.texts("tbody ins")) == (["25 May 2099, 09:00"], ["4 June 2099, 09:00"])
    assert (await client.post(where, page.form(where))).toasts == ["Saved."]
    assert (await phases.one(campaign.id, phase_id)).closes_at == datetime(2099, 6, 11, 12)

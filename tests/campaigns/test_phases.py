"""A call in several phases: each with its dates, its questions and the dossiers it asks (E17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import db as database
from portal.campaigns import phase_actions, phases, statuses
from portal.campaigns.checks import PhaseDraft
from portal.campaigns.rules import open_phases, phase_for
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow

MADRID = ZoneInfo("Europe/Madrid")


async def labs() -> tuple[AccountRow, CampaignRow]:
    alice = await factories.account("Alice")
    return alice, await factories.campaign(managers=(alice,), title={"en": "Rural Labs"}, locales=("en", "es"))


def draft(campaign: CampaignRow, **fields: Any) -> PhaseDraft:
    usual = {
        "title": {"en": "Full project", "es": "Proyecto completo"},
        "opens_at": datetime(2026, 12, 1, 9),
        "closes_at": datetime(2026, 12, 20, 23, 59),
        "entry_status_id": campaign.status["reserve_list"],
        "submitted_status_id": campaign.status["under_review"],
    }
    return PhaseDraft(**{**usual, **fields})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)


@pytest.mark.seed("E17")
async def test_E17_a_phase_opens_and_closes_by_itself_for_the_dossiers_it_asks(db: None) -> None:
    alice, campaign = await labs()
    phase_id = await phase_actions.add(alice.actor, campaign.id, draft(campaign))
    asked, others = campaign.status["reserve_list"], campaign.status["submitted"]
    for now, expected in (
        ("2026-12-01T08:59:59", None), ("2026-12-01T09:00", phase_id),
        ("2026-12-20T23:58:59", phase_id), ("2026-12-20T23:59", None),
    ):  # fmt: skip
        mine = phase_for(await phases.of_campaign(campaign.id), asked, at(now))
        assert (mine and mine.id) == expected
        assert phase_for(await phases.of_campaign(campaign.id), others, at(now)) is None


@pytest.mark.seed("E17")
async def test_E17_a_phase_of_an_unpublished_campaign_is_not_open(db: None) -> None:
    alice, campaign = await labs()
    await phase_actions.add(alice.actor, campaign.id, draft(campaign, opens_at=None, closes_at=None))
    assert open_phases(await phases.of_campaign(campaign.id), datetime.now(UTC))
    await database.execute("update campaign set published = false where id = $1", campaign.id)
    assert open_phases(await phases.of_campaign(campaign.id), datetime.now(UTC)) == []


@pytest.mark.seed("E17")
@pytest.mark.parametrize(
    ("wall", "last"),
    [("2027-03-28T02:30", "2027-03-28T00:59:59"), ("2026-10-25T02:30", "2026-10-25T00:29:59")],
    ids=["skipped", "shown twice"],
)
async def test_E17_a_phase_closes_once_where_the_clocks_jump(db: None, wall: str, last: str) -> None:
    alice, campaign = await labs()
    closes_at = datetime.fromisoformat(wall)
    phase_id = await phase_actions.add(alice.actor, campaign.id, draft(campaign, opens_at=None, closes_at=closes_at))
    then = datetime.fromisoformat(last).replace(tzinfo=UTC)
    asked = campaign.status["reserve_list"]
    found = [
        phase_for(await phases.of_campaign(campaign.id), asked, then + timedelta(seconds=each)) for each in (0, 1, 3601)
    ]
    assert [each and each.id for each in found] == [phase_id, None, None]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": {"es": "Proyecto"}}, "title"),
        ({"closes_at": datetime(2026, 12, 1, 9)}, "closes_at"),
        ({"entry_status_id": 0}, "entry_status_id"),
        ({"submitted_status_id": 0}, "submitted_status_id"),
    ],
)
async def test_a_phase_that_cannot_work_is_refused_beside_its_field(
    db: None, fields: dict[str, Any], field: str
) -> None:
    alice, campaign = await labs()
    with pytest.raises(Refused) as refused:
        await phase_actions.add(alice.actor, campaign.id, draft(campaign, **fields))
    assert list(refused.value.errors) == [field]


async def test_nobody_is_asked_while_the_dossier_is_a_draft_nor_by_two_phases_at_once(db: None) -> None:
    alice, campaign = await labs()
    foreign = await factories.campaign()
    for status_id in (campaign.status["draft"], foreign.status["reserve_list"]):
        with pytest.raises(Refused, match=r"^Choose the status of those who take part\.$"):
            await phase_actions.add(alice.actor, campaign.id, draft(campaign, entry_status_id=status_id))
    first = await phase_actions.add(alice.actor, campaign.id, draft(campaign))
    with pytest.raises(Refused, match="The phase “Full project” asks the same dossiers at that time"):
        await phase_actions.add(
            alice.actor, campaign.id, draft(campaign, opens_at=datetime(2026, 12, 20), closes_at=None)
        )
    later = draft(campaign, opens_at=datetime(2026, 12, 20, 23, 59), closes_at=None)
    second = await phase_actions.add(alice.actor, campaign.id, later)
    await phase_actions.move(alice.actor, campaign.id, second, -1)
    assert [each.id for each in await phases.of_campaign(campaign.id)] == [second, first]


async def test_two_people_in_the_same_phase_lose_nothing(db: None) -> None:
    alice, campaign = await labs()
    phase_id = await phase_actions.add(alice.actor, campaign.id, draft(campaign))
    await phase_actions.change(alice.actor, campaign.id, phase_id, 1, draft(campaign, title={"en": "Second phase"}))
    with pytest.raises(Stale) as stale:
        await phase_actions.change(alice.actor, campaign.id, phase_id, 1, draft(campaign))
    assert stale.value.theirs.title == {"en": "Second phase"}


async def test_a_phase_with_answers_stays_and_so_does_a_status_it_needs(db: None) -> None:
    alice, campaign = await labs()
    phase_id = await phase_actions.add(alice.actor, campaign.id, draft(campaign))
    with pytest.raises(Refused, match="1 phase starts or ends with this status"):
        await statuses.remove(alice.actor, campaign.id, campaign.status["reserve_list"])
    dossier = await factories.dossier(campaign, status="reserve_list")
    await database.execute("insert into phase_submission (dossier_id, phase_id) values ($1, $2)", dossier.id, phase_id)
    with pytest.raises(Refused, match="1 dossier has answers from this phase"):
        await phase_actions.remove(alice.actor, campaign.id, phase_id)
    await database.execute("delete from phase_submission")
    await phase_actions.remove(alice.actor, campaign.id, phase_id)
    assert await phases.of_campaign(campaign.id) == []


async def test_dana_finds_no_phase(db: None) -> None:
    alice, campaign = await labs()
    phase_id = await phase_actions.add(alice.actor, campaign.id, draft(campaign))
    dana, foreign = await factories.account("Dana"), await factories.campaign(managers=(alice,))
    for attempt in (
        phase_actions.add(dana.actor, campaign.id, draft(campaign)),
        phase_actions.remove(dana.actor, campaign.id, phase_id),
        phase_actions.remove(alice.actor, foreign.id, phase_id),
    ):
        with pytest.raises(Missing):
            await attempt


@pytest.mark.seed("E17")
async def test_E17_alice_sets_up_a_second_phase_on_its_pages(client: Client) -> None:
    alice, campaign = await labs()
    await factories.dossier(campaign, status="reserve_list")
    await client.sign_in(alice.email)
    root = f"/campaigns/{campaign.id}/phases"
    page = await client.get(f"{root}/new")
    sent = page.form(f"{root}/new") | {"title.en": "Full project", "opens_at": "2026-12-01T09:00"}
    page = await client.post(f"{root}/new", sent)
    assert page.status == 422
    assert page.errors == ["Choose the status of those who take part.", "Choose the status that follows."]
    ids = {"entry_status_id": campaign.status["reserve_list"], "submitted_status_id": campaign.status["under_review"]}
    page = await client.post(f"{root}/new", sent | ids)
    assert (page.path, page.toasts) == (root, ["Phase added."])
    assert "1 dossier is waiting for it" in page.words
    phase = (await phases.of_campaign(campaign.id))[0]
    page = await client.get(f"{root}/{phase.id}")
    page = await client.post(f"{root}/{phase.id}", page.form(f"{root}/{phase.id}") | {"title.en": "Project"})
    assert page.toasts == ["Saved."]
    page = await client.post(
        f"{root}/first", (await client.get(f"{root}/first")).form(f"{root}/first") | {"title.en": "Idea"}
    )
    assert "Idea" in page.words
    page = await client.get(f"/campaigns/{campaign.id}/statuses/{campaign.status['accepted']}")
    place = f"/campaigns/{campaign.id}/statuses/{campaign.status['accepted']}"
    page = await client.post(place, page.form(place) | {"phase_id": str(phase.id)})
    assert "Phase: Project" in page.words
    assert (await client.get(f"{root}/{phase.id}/delete")).h1 == "Delete the phase “Project”?"
    assert (await client.post(f"{root}/{phase.id}/delete")).toasts == ["Phase “Project” deleted."]
    sql = "select array_agg(what order by id) from timeline_event where campaign_id = $1"
    assert await database.fetchval(sql, campaign.id) == [
        "campaign.phase_added", "campaign.phase_changed", "campaign.first_phase_renamed", "campaign.status_changed",
        "campaign.phase_removed",
    ]  # fmt: skip

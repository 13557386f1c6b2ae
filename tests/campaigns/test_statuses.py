"""The statuses of a campaign: free, ordered, coloured; draft and submitted are protected (E16)."""

from __future__ import annotations

import pytest

from portal import db as database
from portal import timeline
from portal.campaigns import queries, statuses
from portal.campaigns.checks import StatusDraft
from portal.outcomes import Missing, Refused, Stale
from tests import factories
from tests.factories import AccountRow, CampaignRow


async def with_campaign() -> tuple[AccountRow, CampaignRow]:
    alice = await factories.account("Alice")
    return alice, await factories.campaign(managers=(alice,))


async def keys(campaign: CampaignRow) -> list[str]:
    return [each.key for each in await queries.statuses(campaign.id)]


@pytest.mark.seed("E16")
async def test_E16_a_new_status_stands_last_with_an_internal_and_a_public_name(db: None) -> None:
    alice, campaign = await with_campaign()
    draft = StatusDraft(
        label={"en": "Jury’s list"}, public_label={"en": "With the jury"}, tone="teal", is_decision=True
    )
    status = await queries.status(campaign.id, await statuses.add(alice.actor, campaign.id, draft))
    assert (status.key, status.label, status.public_label) == ("jurys_list", draft.label, draft.public_label)
    assert (status.tone, status.is_decision, status.protected) == ("teal", True, False)
    assert (await queries.counted(alice.actor, campaign.id))[-1].dossiers == 0
    assert (await keys(campaign))[-1] == "jurys_list"


async def test_without_a_public_name_candidates_read_the_internal_one(db: None) -> None:
    alice, campaign = await with_campaign()
    status_id = await statuses.add(alice.actor, campaign.id, StatusDraft(label={"en": "Shortlisted", "pl": "Wybrany"}))
    assert (await queries.status(campaign.id, status_id)).public_label == {"en": "Shortlisted", "pl": "Wybrany"}


async def test_a_script_that_adds_a_status_by_key_twice_changes_the_first(db: None) -> None:
    alice, campaign = await with_campaign()
    draft = StatusDraft(
        key="accepted", label={"en": "Winner"}, public_label={"en": "Winner"}, tone="ok", is_decision=True
    )
    assert await statuses.add(alice.actor, campaign.id, draft) == campaign.status["accepted"]
    assert (await queries.status(campaign.id, campaign.status["accepted"])).label == {"en": "Winner"}
    assert len(await keys(campaign)) == 8


async def test_two_statuses_of_the_same_name_have_different_keys(db: None) -> None:
    alice, campaign = await with_campaign()
    for _n in range(2):
        await statuses.add(alice.actor, campaign.id, StatusDraft(label={"en": "Jury"}))
    assert (await keys(campaign))[-2:] == ["jury", "jury_2"]


@pytest.mark.seed("E16")
async def test_E16_draft_is_renamed_and_recoloured_but_never_deleted(db: None) -> None:
    alice, campaign = await with_campaign()
    draft = StatusDraft(label={"en": "Being written"}, tone="teal")
    await statuses.change(alice.actor, campaign.id, campaign.status["draft"], 1, draft)
    status = await queries.status(campaign.id, campaign.status["draft"])
    assert (status.key, status.label["en"], status.tone, status.protected) == ("draft", "Being written", "teal", True)
    for key in ("draft", "submitted"):
        with pytest.raises(Refused, match="They can be renamed, not deleted"):
            await statuses.remove(alice.actor, campaign.id, campaign.status[key])
    assert len(await keys(campaign)) == 8


async def test_submitting_is_no_decision(db: None) -> None:
    alice, campaign = await with_campaign()
    draft = StatusDraft(label={"en": "Submitted"}, is_decision=True)
    with pytest.raises(Refused) as refusal:
        await statuses.change(alice.actor, campaign.id, campaign.status["submitted"], 1, draft)
    assert refusal.value.errors == {"is_decision": "This status comes before any decision."}


async def test_a_name_in_a_language_the_campaign_does_not_show_is_kept(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), locales=("en", "fr"))
    status_id = await factories.status(campaign.id, label="Jury")
    both = {"en": "Jury", "pl": "Komisja"}
    await database.execute("update status set label = $2, public_label = $2 where id = $1", status_id, both)
    await statuses.change(alice.actor, campaign.id, status_id, 1, StatusDraft(label={"en": "Panel"}))
    assert (await queries.status(campaign.id, status_id)).label == {"en": "Panel", "pl": "Komisja"}


async def test_whoever_is_slower_gets_the_status_as_it_is_now(db: None) -> None:
    alice, campaign = await with_campaign()
    status_id = campaign.status["accepted"]
    await statuses.change(alice.actor, campaign.id, status_id, 1, StatusDraft(label={"en": "Winner"}))
    with pytest.raises(Stale) as stale:
        await statuses.change(alice.actor, campaign.id, status_id, 1, StatusDraft(label={"en": "Chosen"}))
    assert stale.value.theirs.label["en"] == "Winner"


async def test_moving_changes_places_with_the_neighbour_and_stops_at_the_ends(db: None) -> None:
    alice, campaign = await with_campaign()
    await statuses.move(alice.actor, campaign.id, campaign.status["accepted"], -1)
    assert (await keys(campaign))[3:5] == ["accepted", "documents_missing"]
    await statuses.move(alice.actor, campaign.id, campaign.status["accepted"], 1)
    await statuses.move(alice.actor, campaign.id, campaign.status["withdrawn"], 1)
    await statuses.move(alice.actor, campaign.id, campaign.status["draft"], -1)
    assert await keys(campaign) == list(campaign.status)
    assert len(await timeline.of_campaign(campaign.id)) == 2


async def test_moving_one_campaigns_status_leaves_the_other_campaigns_order(db: None) -> None:
    alice, campaign = await with_campaign()
    other = await factories.campaign(managers=(alice,))
    await statuses.move(alice.actor, campaign.id, campaign.status["accepted"], -1)
    assert await keys(other) == list(other.status)


@pytest.mark.seed("E16")
async def test_E16_a_status_with_dossiers_is_not_deleted_and_says_how_many(db: None) -> None:
    alice, campaign = await with_campaign()
    for _n in range(3):
        await factories.dossier(campaign, status="reserve_list")
    with pytest.raises(Refused, match="3 dossiers have this status"):
        await statuses.remove(alice.actor, campaign.id, campaign.status["reserve_list"])


async def test_a_status_that_stands_in_a_dossiers_history_is_not_deleted(db: None) -> None:
    alice, campaign = await with_campaign()
    dossier = await factories.dossier(campaign)
    sql = "insert into status_change (dossier_id, from_id, to_id, actor_kind, manual) values ($1, $2, $3, 'user', true)"
    await database.execute(sql, dossier.id, campaign.status["reserve_list"], campaign.status["submitted"])
    with pytest.raises(Refused, match="in the history of 1 dossier"):
        await statuses.remove(alice.actor, campaign.id, campaign.status["reserve_list"])


async def test_a_status_nobody_used_goes_with_its_automatic_e_mails(db: None) -> None:
    alice, campaign = await with_campaign()
    await factories.trigger(campaign, to_status="reserve_list")
    await statuses.remove(alice.actor, campaign.id, campaign.status["reserve_list"])
    assert "reserve_list" not in await keys(campaign)
    assert await database.fetchval("select count(*) from trigger where campaign_id = $1", campaign.id) == 0
    assert (await timeline.of_campaign(campaign.id))[0].details == {"label": {"en": "Reserve list"}, "triggers": 1}


async def test_a_status_of_another_campaign_is_missing(db: None) -> None:
    alice, campaign = await with_campaign()
    other = await factories.campaign(managers=(alice,))
    for attempt in (
        statuses.change(alice.actor, campaign.id, other.status["accepted"], 1, StatusDraft(label={"en": "Mine"})),
        statuses.move(alice.actor, campaign.id, other.status["accepted"], 1),
        statuses.remove(alice.actor, campaign.id, other.status["accepted"]),
    ):
        with pytest.raises(Missing):
            await attempt


async def test_a_colour_that_does_not_exist_and_a_missing_name_are_refused(db: None) -> None:
    alice, campaign = await with_campaign()
    with pytest.raises(Refused) as refusal:
        await statuses.add(alice.actor, campaign.id, StatusDraft(label={"pl": "Komisja"}, tone="pink"))
    assert set(refusal.value.errors) == {"label", "tone"}

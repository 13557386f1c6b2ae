"""Next year's call starts from this year's (E17)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from portal import db as database
from portal.campaigns import copies, form_queries, phases, queries, team
from portal.campaigns.copies import CopyDraft
from portal.outcomes import Missing
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow


@pytest.mark.seed("E17")
async def test_E17_a_copy_has_statuses_questions_and_automatic_e_mails_of_its_own(db: None) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"}, slug="labs")
    await factories.question(campaign.id, "budget", kind="number")
    await factories.dossier(campaign)
    template = await factories.template()
    await factories.trigger(campaign, template, from_status="under_review", to_status="accepted", delay_minutes=5)
    await factories.trigger(campaign, template, family="candidate", to_status=None)
    copy_id = await copies.duplicate(alice.actor, campaign.id)
    copy = await queries.one(alice.actor, copy_id)
    assert (copy.name, copy.slug, copy.number_prefix, copy.published) == ("Rural Labs", "labs-2", "RL", False)
    assert [each.key for each in await queries.statuses(copy_id)] == list(campaign.status)
    assert [each.key for each in await form_queries.questions(copy_id)] == ["budget"]
    assert [each.name for each in await team.members(copy_id)] == ["Alice"]
    assert await queries.dossiers(copy_id) == 0
    sql = """select t.family, f.campaign_id as f, f.key as from_key,
        s.campaign_id as s, s.key as to_key,
        t.delay_minutes from trigger t left join status f on f.id = t.from_status_id
        left join status s on s.id = t.to_status_id
        where t.campaign_id = $1 order by t.id"""
    assert [tuple(row) for row in await database.fetch(sql, copy_id)] == [
        ("manager", copy_id, "under_review", copy_id, "accepted", 5),
        ("candidate", None, None, None, None, 0),
    ]


async def furnished() -> tuple[AccountRow, CampaignRow]:
    """A campaign of two phases, with a condition, a criterion, a reminder and dates around a change of the clocks."""
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    dates = {"opens_at": datetime(2026, 3, 1, 9), "closes_at": datetime(2026, 3, 28, 23, 59)}
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"}, **dates)
    phase_id = await factories.phase(campaign, opens_at=datetime(2026, 4, 10, 8), closes_at=datetime(2026, 5, 2, 12))
    await factories.question(campaign.id, "legal_form", kind="choice", choices=(("club", "Club"), ("firm", "Firm")))
    await factories.question(campaign.id, "old")
    for key in ("statutes", "lost"):
        await factories.question(campaign.id, key, kind="file")
    sql = "update question set phase_id = $2, shown_if = $3, settings = $4 where campaign_id = $1 and key = $5"
    for key, on in (("statutes", "legal_form"), ("lost", "old")):
        await database.execute(sql, campaign.id, phase_id, {"question": on, "is": ["club"]}, {"size": 5}, key)
    await database.execute("update question set retired_at = now() where campaign_id = $1 and key = 'old'", campaign.id)
    await database.execute("update status set phase_id = $1 where id = $2", phase_id, campaign.status["under_review"])
    await database.execute(
        "insert into criterion (campaign_id, label, most, weight, position) values ($1, $2, 20, 1.5, 1)",
        *(campaign.id, {"en": "Impact"}),
    )
    trigger_id = await factories.trigger(
        campaign, name="Soon over", from_status="draft", to_status=None, family="deadline", phase_id=phase_id
    )
    sql = """update trigger set stop = true, conditions = '{"locales": ["es"]}' where id = $1"""
    await database.execute(sql, trigger_id)
    return alice, campaign


@pytest.mark.seed("E17")
async def test_E17_a_copy_has_phases_conditions_reminders_and_criteria_that_name_its_own_rows(db: None) -> None:
    alice, campaign = await furnished()
    copy_id = await copies.duplicate(alice.actor, campaign.id)
    (phase,) = await phases.of_campaign(copy_id)
    keys = {each.id: each.key for each in await queries.statuses(copy_id)}
    assert (keys[phase.entry_status_id or 0], keys[phase.submitted_status_id or 0]) == ("reserve_list", "under_review")
    assert [each.key for each in await queries.statuses(copy_id) if each.phase_id == phase.id] == ["under_review"]
    sql = "select key, phase_id, shown_if, settings from question where campaign_id = $1 order by position"
    assert [tuple(row) for row in await database.fetch(sql, copy_id)] == [
        ("legal_form", None, {}, {}),
        ("statutes", phase.id, {"question": "legal_form", "is": ["club"]}, {"size": 5}),
        ("lost", phase.id, {}, {"size": 5}),
    ]
    sql = "select family, phase_id, days_before, stop, conditions from trigger where campaign_id = $1"
    found = [tuple(row) for row in await database.fetch(sql, copy_id)]
    assert found == [("deadline", phase.id, 7, True, {"locales": ["es"]})]
    sql = "select label, most, weight::text from criterion where campaign_id = $1"
    assert [tuple(row) for row in await database.fetch(sql, copy_id)] == [({"en": "Impact"}, 20, "1.50")]
    assert (await queries.one(alice.actor, copy_id)).opens_at is None
    assert phase.closes_at is None


@pytest.mark.seed("E17")
async def test_E17_the_dates_of_a_copy_move_by_days_and_keep_their_hours(db: None) -> None:
    alice, campaign = await furnished()
    copy_id = await copies.duplicate(alice.actor, campaign.id, CopyDraft(first_day=date(2027, 3, 1), team=True))
    copy = await queries.one(alice.actor, copy_id)
    assert (copy.opens_at, copy.closes_at) == (datetime(2027, 3, 1, 9), datetime(2027, 3, 28, 23, 59))
    (phase,) = await phases.of_campaign(copy_id)
    assert (phase.opens_at, phase.closes_at) == (datetime(2027, 4, 10, 8), datetime(2027, 5, 2, 12))
    assert [(each.name, each.role) for each in await team.members(copy_id)] == [
        ("Alice", "manager"),
        ("Bob", "evaluator"),
    ]


@pytest.mark.seed("E17")
async def test_E17_a_copy_with_templates_of_its_own_leaves_the_others_alone(db: None) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    template = await factories.template("You are in")
    await factories.trigger(campaign, template)
    await factories.trigger(campaign, template, to_status="rejected")
    copy_id = await copies.duplicate(alice.actor, campaign.id, CopyDraft(templates=True))
    sql = "select distinct m.id, m.name from trigger t join template m on m.id = t.template_id where t.campaign_id = $1"
    (own,) = await database.fetch(sql, copy_id)
    assert own["id"] != template.id
    assert own["name"] == f"You are in ({(await queries.one(alice.actor, copy_id)).number_prefix})"


async def test_dana_copies_nothing(db: None) -> None:
    dana, campaign = await factories.account("Dana"), await factories.campaign()
    with pytest.raises(Missing):
        await copies.duplicate(dana.actor, campaign.id)


@pytest.mark.seed("E17")
async def test_E17_alice_copies_a_campaign_on_its_page(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"}, locales=("en",))
    await client.sign_in(alice.email)
    where = f"/campaigns/{campaign.id}/duplicate"
    page = await client.get(where)
    assert page.h1 == "Duplicate “Rural Labs”"
    sent = page.form(where) | {"title.en": "Rural Labs 2027"}
    page = await client.post(where, sent | {"title.en": "", "first_day": "soon"})
    assert page.errors == ["Enter the title.", "Enter a date."]
    page = await client.post(where, sent | {"first_day": "2027-01-01"})
    assert page.toasts == ["Campaign copied. Look over its settings before you publish it."]
    assert page.path.endswith("/settings")
    assert page.h1 == "Rural Labs 2027: settings"

"""Scheduled mailings in the browser: the form, its rules in words, the schedule's page, its audience then and now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from portal import db as database
from tests import factories as make
from tests.clients import Client, Page

pytestmark = pytest.mark.usefixtures("db")

HERE = "/mailings/schedules"


class House(msgspec.Struct):
    alice: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow
    view_id: int
    people: list[make.PersonRow]


@pytest.fixture
async def house(db: None) -> House:
    await make.organisation()
    alice = await make.account("Alice", "manager", time_zone="Europe/Warsaw")
    campaign = await make.campaign(managers=(alice,), title={"en": "Rural Labs"}, closes_at=datetime(2099, 11, 30, 18))
    people = [await make.person(name, "Nowak") for name in ("Ana", "Bea", "Celia", "Dora", "Eva")]
    for person in people:
        await make.dossier(campaign, person)
    template = await make.template("Closing reminder", category="optional")
    return House(alice, campaign, template, await view(alice), people)


async def view(owner: make.AccountRow, module: str = "candidates", name: str = "All candidates") -> int:
    """A saved view of everybody of a module."""
    sql = "insert into custom_view (module, name, owner_id, filters) values ($1, $2, $3, '{}') returning id"
    return int(await database.fetchval(sql, module, name, owner.id))


@pytest.fixture
async def alice(house: House, client: Client) -> Client:
    await client.sign_in(house.alice.email)
    return client


async def filled(alice: Client, house: House, **changes: Any) -> dict[str, Any]:
    """The new form with what it needs."""
    shown = (await alice.get(f"{HERE}/new?module=candidates")).form(HERE)
    needed = {"name": "Monday news", "view_id": str(house.view_id), "template_id": str(house.template.id)}
    return shown | needed | {"starts_at": "2099-01-05T09:00", "time_zone": "Madrid"} | changes


async def save(alice: Client, house: House, **changes: Any) -> Page:
    return await alice.post(HERE, await filled(alice, house, **changes))


# ------------------------------------------------------------------------------------------------ the form
@pytest.mark.seed("Z26", "Z27", "Z29")
async def test_z26_z27_z29_a_schedule_is_created_shown_edited_listed_and_deleted(alice: Client, house: House) -> None:
    """Name, view, template, From, Reply-To, Active, date, time and zone; then Edit, Delete and Back."""
    page = await alice.get(f"/people/candidates?view={house.view_id}")
    wanted = f"{HERE}/new?module=candidates&view={house.view_id}"
    assert wanted in page.links
    assert (await alice.get(wanted)).form(HERE)["view_id"] == str(house.view_id)
    assert f"{HERE}/new?module=candidates" in (await alice.get(HERE)).links
    page = await save(alice, house, active="1")
    assert (page.h1, page.toasts) == ("Monday news", ["Schedule saved."])
    assert "Once: 5 January 2099, 09:00 (local time: Madrid)" in page.words
    assert "All candidates" in page.words and "Closing reminder" in page.words
    assert page.texts("ol.runs li") == ["Monday, 5 January 2099, 09:00 (UTC+01:00)"]
    own = page.path
    assert {f"{own}/edit", f"{own}/delete", HERE} <= set(page.links)
    listed = await alice.get(HERE)
    assert listed.texts("tbody th a") == ["Monday news"]
    form = (await alice.get(f"{own}/edit")).form(f"{own}/edit")
    page = await alice.post(f"{own}/edit", form | {"name": "Tuesday news", "starts_at": "2099-01-06T09:00"})
    assert page.h1 == "Tuesday news"
    stale = await alice.post(f"{own}/edit", form | {"name": "Late news"})
    assert stale.status == 409
    page = await alice.post(f"{own}/delete", (await alice.get(f"{own}/delete")).form(f"{own}/delete"))
    assert (page.path, page.toasts) == (HERE, ["“Tuesday news” deleted."])
    assert await database.fetchval("select count(*) from schedule") == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"repeat": "weekly", "weekdays": ["0", "3"], "every": "2", "ends": "times", "times": "10"},
         "Every 2 weeks: Monday and Thursday, 09:00 · 10 times"),
        ({"repeat": "monthly", "month_day": "-1", "ends": "until", "until": "2099-03-31"},
         "Every month: the last day, 09:00 · until 31 March 2099"),
        ({"repeat": "daily", "every": "1"}, "Every day, 09:00"),
    ],
)  # fmt: skip
async def test_a_recurrence_comes_back_to_the_form_as_it_was_said(
    alice: Client, house: House, changes: dict[str, Any], words: str
) -> None:
    """In words on the page; in the same fields when it is edited, and saved again without a change."""
    page = await save(alice, house, **changes)
    assert words in page.words
    assert len(page.texts("ol.runs li")) == (3 if changes.get("until") else 5)
    form = (await alice.get(f"{page.path}/edit")).form(f"{page.path}/edit")
    assert changes.items() <= form.items()
    rule = await database.fetchval("select rule from schedule")
    await alice.post(f"{page.path}/edit", form)
    assert await database.fetchval("select rule from schedule") == rule


async def test_clocks_that_change_are_said_beside_the_run(alice: Client, house: House) -> None:
    """29 March 2099 in Madrid: the hour between two and three does not come."""
    page = await save(alice, house, repeat="daily", starts_at="2099-03-28T02:30")
    first, second, third, *_rest = page.texts("ol.runs li")
    assert first.endswith("02:30 (UTC+01:00)")
    assert "03:00 (UTC+02:00)" in second and "skip its hour" in second
    assert third.endswith("02:30 (UTC+02:00)")


@pytest.mark.seed("Z28")
async def test_z28_without_the_tick_there_is_no_next_run(alice: Client, house: House) -> None:
    """Nothing is sent unless it is active, and the page says so."""
    page = await save(alice, house)
    assert "No: nothing is sent." in page.words and "If it were active:" in page.words
    assert await database.fetchval("select next_at from schedule") is None


async def test_what_cannot_run_is_refused_beside_its_field(alice: Client, house: House) -> None:
    """All at once: no name, a time that has passed, another's template address."""
    page = await save(alice, house, name="", template_id="", view_id="")
    assert page.status == 422 and page.errors == ["Enter a name.", "Choose a view.", "Choose a template."]
    page = await save(alice, house, starts_at="2020-01-01T09:00")
    assert page.errors == ["This time has passed. Choose a later one."]
    page = await save(alice, house, repeat="closing")
    assert page.errors == ["Choose the campaign."]
    page = await save(alice, house, from_kind="account")
    assert page.errors == ["This address is not a verified sender."]


@pytest.mark.seed("Z17")
async def test_z17_the_template_s_address_is_offered_only_if_it_has_one(alice: Client, house: House) -> None:
    """Choosing a template fetches its addresses; a form that says otherwise is refused."""
    part = await alice.get(f"{HERE}/new?module=candidates&template_id={house.template.id}", target="addresses")
    assert "The template’s address" not in part.words
    page = await save(alice, house, from_kind="template")
    assert page.errors == ["This template has no verified address of its own."]
    sender_id, own = await make.sender("news@passerelle.example"), await make.template("With an address")
    await database.execute("update template_version set sender_id = $2 where id = $1", own.version_id, sender_id)
    part = await alice.get(f"{HERE}/new?module=candidates&template_id={own.id}", target="addresses")
    assert "The template’s address Passerelle news @passerelle.example" in part.words
    assert (await save(alice, house, from_kind="template", template_id=str(own.id))).h1 == "Monday news"


async def test_before_a_closing_it_follows_the_campaign_s_clocks(alice: Client, house: House) -> None:
    """Seven days before, at ten; the zone is the campaign's whatever the form says."""
    page = await save(
        alice, house, repeat="closing", campaign_id=str(house.campaign.id), days_before="7", at_time="10:00", active="1"
    )
    assert "7 days before the closing, 10:00 (local time: Madrid)" in page.words
    assert page.texts("ol.runs li") == ["Monday, 23 November 2099, 10:00 (UTC+01:00)"]


@pytest.mark.seed("Z24")
async def test_z24_who_may_not_write_to_contacts_schedules_nothing_for_them(client: Client, house: House) -> None:
    """A right of its own for each module; evaluators see no schedules at all."""
    sql = "insert into role (key, name, rights) values ('looks', 'Looks', '{mailing.see,mailing.candidates}')"
    await database.execute(sql)
    carol = await make.account("Carol", "looks")
    await client.sign_in(carol.email)
    assert (await client.get(f"{HERE}/new?module=contacts")).status == 403
    page = await client.get(f"{HERE}/new?module=candidates")
    sent = page.form(HERE) | {"module": "contacts", "name": "No", "template_id": str(house.template.id)}
    assert (await client.post(HERE, sent)).status == 403
    bob = await make.account("Bob", "evaluator")
    await client.sign_in(bob.email)
    assert (await client.get(HERE)).status == 403


async def test_a_schedule_of_a_campaign_is_for_its_team(client: Client, house: House) -> None:
    """Somebody of another campaign neither sees nor opens it."""
    await client.sign_in(house.alice.email)
    own = (await save(client, house, campaign_id=str(house.campaign.id))).path
    dana = await make.account("Dana")
    await client.sign_in(dana.email)
    assert (await client.get(own)).status == 404
    assert (await client.get(HERE)).texts("tbody th a") == []


# ------------------------------------------------------------------------------------------------ the audience
@pytest.mark.seed("B13")
async def test_b13_the_page_says_who_joined_and_who_left_since_it_was_prepared(alice: Client, house: House) -> None:
    """Lists of both; once somebody has found it right, the comparison begins anew."""
    page = await save(alice, house, active="1")
    assert "Nobody has joined or left since it was prepared: 5." in page.words
    await database.execute("update person set kind = 'contact' where id = $1", house.people[0].id)
    for name in ("Filip", "Gosia"):
        await make.dossier(house.campaign, await make.person(name, "Zima"))
    page = await alice.get(page.path)
    assert "2 joined, 1 left since" in page.words and "Then 5, now 6." in page.words
    assert page.texts("details tbody tr td:first-child") == ["Filip Zima", "Gosia Zima", "Ana Nowak"]
    page = await alice.post(f"{page.path}/audience", page.form(f"{page.path}/audience"))
    assert "Nobody has joined or left since it was prepared: 6." in page.words


# ------------------------------------------------------------------------------------------------ decisions
async def test_a_run_that_waits_is_on_the_dashboard_and_decided_on_the_schedule_s_page(
    alice: Client, house: House
) -> None:
    """What happened, what happens if nobody acts, and the buttons; each asks first."""
    own = (await save(alice, house, active="1", repeat="daily")).path
    late = "insert into schedule_run (schedule_id, due_at, state, problem) values ($1, $2, 'late', 'late')"
    schedule_id = int(own.rpartition("/")[2])
    for day in (1, 2):
        await database.execute(late, schedule_id, datetime(2026, 11, day, 9, tzinfo=UTC))
    page = await alice.get("/")
    assert "Scheduled mailings that need a decision Monday news" in page.words and own in page.links
    page = await alice.get(own)
    assert "It could not start within two hours of its time." in page.words
    skip, send = (next(link for link in page.links if link.endswith(verb)) for verb in ("/skip", "/send"))
    assert skip.replace("/skip", "/send") == send
    question = await alice.get(skip)
    page = await alice.post(skip, question.form(skip))
    assert (page.path, page.toasts) == (own, ["Skipped. Nothing of it is sent."])
    assert (await alice.get(send)).status == 404
    send = next(link for link in page.links if link.endswith("/send"))
    question = await alice.get(send)
    assert "5 records are in its view now." in question.words
    await database.execute("update template set archived_at = now()")
    refused = await alice.post(send, question.form(send))
    assert refused.status == 422 and "archive" in refused.errors[0]
    await database.execute("update template set archived_at = null")
    await alice.post(send, question.form(send), follow=False)
    assert await database.fetchval("select count(*) from message where state = 'queued'") == 5
    assert "Scheduled mailings that need a decision" not in (await alice.get("/")).words

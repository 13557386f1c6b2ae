"""The follow-ups of a campaign in the browser: list, form, questions before a switch; where e-mails name them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portal import db as database
from portal.autoresponders import running
from tests import factories as make
from tests.clients import Client, Page

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.seed("Z30")]


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow
    home: str


@pytest.fixture
async def house(db: None) -> House:
    await make.organisation()
    alice, bob = await make.account("Alice"), await make.account("Bob", "evaluator")
    campaign = await make.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"})
    template = await make.template("Next steps")
    return House(alice, bob, campaign, template, f"/campaigns/{campaign.id}/emails/follow-ups")


@pytest.fixture
async def alice(house: House, client: Client) -> Client:
    await client.sign_in(house.alice.email)
    return client


async def save(alice: Client, house: House, cause: str = "submitted", **changes: Any) -> Page:
    """The new form with what it needs."""
    shown = (await alice.get(f"{house.home}/new?cause={cause}")).form(house.home)
    return await alice.post(house.home, shown | {"template": str(house.template.id)} | changes)


async def test_z30_an_evaluator_gets_a_403_and_a_stranger_a_404(house: House, client: Client) -> None:
    await client.sign_in(house.bob.email)
    assert (await client.get(house.home)).status == 403
    dana = await make.account("Dana")
    await client.sign_in(dana.email)
    assert (await client.get(house.home)).status == 404


async def test_z30_made_from_the_emails_page_listed_switched_and_deleted(house: House, alice: Client) -> None:
    """Each question says what it means for whom; the history keeps every step."""
    assert house.home in (await alice.get(f"/campaigns/{house.campaign.id}/emails")).links
    assert f"{house.home}/new" in (await alice.get(house.home)).links
    page = await save(alice, house, days="2")
    assert (page.path, page.toasts) == (house.home, ["Saved. It sends nothing yet."])
    assert "after the form is submitted: 2 days later" in page.words and "Paused" in page.words
    own = f"{house.home}/{await database.fetchval('select id from autoresponder')}"
    for verb, said, toast in (
        ("activate", "What happened before is not", "“Next steps” is active."),
        ("pause", "1 person waits for it already and will not get it.", "“Next steps” is paused."),
        ("delete", "Deleting cannot be undone", "“Next steps” deleted."),
    ):
        page = await alice.get(f"{own}/{verb}")
        assert said in page.words
        page = await alice.post(f"{own}/{verb}", page.form(f"{own}/{verb}"))
        assert (page.path, page.toasts) == (house.home, [toast])
        await database.execute("update autoresponder set active_from = now() - interval '1 day' where active")
        at = await database.fetchval("select now() - interval '1 hour'")
        await make.dossier(house.campaign, submitted_at=at)
    history = (await alice.get(f"/campaigns/{house.campaign.id}/history")).words
    for verb in ("created", "activated", "paused", "deleted"):
        assert f"{verb} the follow-up" in history
    assert await database.fetchval("select count(*) from autoresponder") == 0


@pytest.mark.parametrize(
    ("cause", "changes", "said"),
    [
        ("submitted", {"template": ""}, "Choose a template."),
        ("status", {}, "Choose a status of this campaign."),
        ("submitted", {"days": "400"}, "Enter a number from 0 to 365."),
        ("date", {"hours": "24"}, "Enter a number from 0 to 23."),
    ],
)
async def test_z30_what_cannot_be_saved_is_said_beside_its_field(
    house: House, alice: Client, cause: str, changes: dict[str, str], said: str
) -> None:
    page = await save(alice, house, cause, **changes)
    assert (page.status, page.errors) == (422, [said])


async def test_z30_two_who_change_the_same_one_compare(house: House, alice: Client) -> None:
    await save(alice, house, "date", days="3", side="before")
    own = f"{house.home}/{await database.fetchval('select id from autoresponder')}"
    form = (await alice.get(own)).form(own)
    assert (form["days"], form["side"], form["hours"]) == ("3", "before", "9")
    await alice.post(own, form | {"days": "5"})
    page = await alice.post(own, form | {"days": "7"})
    assert page.status == 409 and "Days 5" in page.words
    page = await alice.post(own, page.form(own))
    assert "7 days before, 09:00 (the closing date)" in page.words


async def test_z30_a_message_names_its_follow_up_and_the_list_says_what_it_waits_for(
    house: House, alice: Client
) -> None:
    await save(alice, house, active="1", name="Thanks")
    await database.execute("update autoresponder set active_from = now() - interval '1 day'")
    at = await database.fetchval("select now() - interval '1 hour'")
    await make.dossier(house.campaign, submitted_at=at)
    assert await running.run() == 1
    message_id = await database.fetchval("select id from message")
    assert "The automatic follow-up “Thanks”." in (await alice.get(f"/messages/{message_id}")).words
    await database.execute("update template set archived_at = now()")
    page = await alice.get(house.home)
    assert "It waits: its template is in the archive." in page.words and "1 e-mail has not left yet." in page.words

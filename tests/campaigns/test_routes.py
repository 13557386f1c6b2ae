"""Alice the manager on the pages of her campaigns; Bob the evaluator sees two tabs; Dana sees nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal.campaigns import actions, form_queries, queries
from portal.settings import settings
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow


@pytest.fixture
async def alice(client: Client) -> AccountRow:
    """Alice, signed in."""
    account = await factories.account("Alice", time_zone="Europe/Madrid")
    await client.sign_in(account.email)
    return account


async def rural(alice: AccountRow, **kwargs: Any) -> CampaignRow:
    return await factories.campaign(managers=(alice,), title={"en": "Rural Labs", "pl": "Laboratoria"}, **kwargs)


# ------------------------------------------------------------------------------------------------ the list
async def test_an_empty_list_says_what_campaigns_are_for_and_offers_the_first(
    alice: AccountRow, client: Client
) -> None:
    page = await client.get("/campaigns")
    assert page.texts(".empty h2") == ["There are no campaigns yet."]
    assert "/campaigns/new" in page.links


async def test_the_list_shows_state_and_dossiers_by_status(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice, closes_at=datetime(2099, 12, 15, 23, 59))
    for status in ("draft", "submitted", "submitted"):
        await factories.dossier(campaign, status=status)
    page = await client.get("/campaigns")
    assert page.texts("tbody th a") == ["Rural Labs"]
    assert page.texts("tbody th .status") == ["Open until 15 December 2099, 23:59 (local time: Madrid)"]
    assert page.texts(".legend .status") == ["Draft 1", "Submitted 2"]
    bar = page.one("svg.bar")
    assert (bar.attrs["viewBox"], bar.attrs["aria-label"]) == ("0 0 3 10", "Draft: 1, Submitted: 2")
    assert page.texts("td.num") == ["3"]


async def test_search_narrows_the_list_and_an_empty_result_offers_to_clear_it(
    alice: AccountRow, client: Client
) -> None:
    await rural(alice)
    await factories.campaign(managers=(alice,), title={"en": "Grants"})
    part = await client.get("/campaigns?q=laboratoria", target="rows")
    assert part.texts("tbody th a") == ["Rural Labs"]
    page = await client.get("/campaigns?q=nothing")
    assert page.texts(".empty h2") == ["Nothing matches these filters"]


async def test_dana_without_campaigns_is_told_whom_to_ask(client: Client) -> None:
    dana = await factories.account("Dana", "evaluator")
    await client.sign_in(dana.email)
    page = await client.get("/campaigns")
    assert page.texts(".empty p") == ["A manager of the campaign can add you to its team."]
    assert (await client.get("/campaigns/new")).status == 403


# ------------------------------------------------------------------------------------------------ a new one
async def test_alice_creates_a_campaign(alice: AccountRow, client: Client) -> None:
    await factories.organisation()
    form = (await client.get("/campaigns/new")).form("/campaigns/new")
    assert form["locales"] == ["es", "fr", "pl", "en"]
    form |= {"title.en": "Rural Labs", "time_zone": "Warsaw", "closes_at": "2099-12-31T23:59"}
    page = await client.post("/campaigns/new", form)
    assert page.h1 == "Rural Labs"
    assert page.toasts == ["Campaign created. Candidates see it once it is published."]
    campaign = (await queries.list_for(alice.actor))[0]
    assert (campaign.slug, campaign.number_prefix, campaign.time_zone) == ("rural-labs", "RL", "Europe/Warsaw")
    assert campaign.closes_at == datetime(2099, 12, 31, 23, 59)


async def test_what_is_wrong_with_a_new_campaign_stands_beside_the_fields(alice: AccountRow, client: Client) -> None:
    await rural(alice, slug="taken")
    form = (await client.get("/campaigns/new")).form("/campaigns/new")
    page = await client.post("/campaigns/new", form | {"title.en": "Rural Labs", "slug": "taken"})
    assert page.status == 422
    assert page.errors == ["Another campaign has this address. Choose a different one."]
    assert page.texts("#slug-error") == ["Another campaign has this address. Choose a different one."]
    assert page.form("/campaigns/new")["title.en"] == "Rural Labs"


# ------------------------------------------------------------------------------------------------ overview
async def test_the_overview_says_where_dossiers_stand_who_works_on_it_and_what_happened(
    alice: AccountRow, client: Client
) -> None:
    bob = await factories.account("Bob", "evaluator")
    campaign = await rural(alice, evaluators=(bob,))
    await factories.dossier(campaign, status="accepted")
    await actions.publish(alice.actor, campaign.id, published=False)
    page = await client.get(f"/campaigns/{campaign.id}")
    assert page.h1 == "Rural Labs"
    assert f"/campaigns/{campaign.id}/dossiers?status=accepted" in page.links
    assert page.texts("[aria-labelledby=people] dd") == ["Alice", "Bob"]
    assert page.texts(".timeline p") == ["Alice unpublished the campaign"]
    assert page.texts("code") == [f"{settings().base_url}/apply/{campaign.slug}"]


@pytest.mark.seed("E03")
async def test_E03_bob_sees_two_tabs_and_is_refused_by_address(client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(evaluators=(bob,))
    await client.sign_in(bob.email)
    page = await client.get(f"/campaigns/{campaign.id}")
    assert page.texts(".tabs a") == ["Overview", "Dossiers"]
    for place in ("settings", "statuses", "form", "statuses/new", "form/new"):
        assert (await client.get(f"/campaigns/{campaign.id}/{place}")).status == 403


async def test_alice_sees_all_tabs(alice: AccountRow, client: Client) -> None:
    page = await client.get(f"/campaigns/{(await rural(alice)).id}")
    tabs = ["Overview", "Dossiers", "E-mails", "Assessment", "Statuses", "Form", "Phases", "Settings"]
    assert page.texts(".tabs a") == tabs


async def test_a_foreign_campaign_is_not_found(alice: AccountRow, client: Client) -> None:
    campaign = await factories.campaign()
    status_id = campaign.status["accepted"]
    for place in ("", "/settings", "/statuses", f"/statuses/{status_id}", "/form", "/form/new", "/unpublish"):
        assert (await client.get(f"/campaigns/{campaign.id}{place}")).status == 404
    for place in ("/publish", f"/statuses/{status_id}/up", f"/statuses/{status_id}/delete"):
        assert (await client.post(f"/campaigns/{campaign.id}{place}")).status == 404


@pytest.mark.seed("E17")
async def test_E17_alice_publishes_and_unpublishes(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice, published=False)
    page = await client.post(f"/campaigns/{campaign.id}/publish")
    assert page.toasts == ["Campaign published."]
    question = await client.get(f"/campaigns/{campaign.id}/unpublish")
    assert question.h1 == "Unpublish “Rural Labs”?"
    page = await client.post(f"/campaigns/{campaign.id}/unpublish")
    assert page.texts(".lede .status") == ["Not published"]


# ------------------------------------------------------------------------------------------------ settings
async def test_alice_changes_the_settings(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    where = f"/campaigns/{campaign.id}/settings"
    form = (await client.get(where)).form(where)
    form |= {"title.fr": "Labos ruraux", "description.en": "One.\n\nTwo.", "slug": "labs", "time_zone": "Europe/Paris"}
    page = await client.post(where, form)
    assert page.toasts == ["Saved."]
    after = await queries.one(alice.actor, campaign.id)
    assert after.title == {"en": "Rural Labs", "fr": "Labos ruraux", "pl": "Laboratoria"}
    assert (after.slug, after.time_zone, after.version) == ("labs", "Europe/Paris", 2)
    overview = await client.get(f"/campaigns/{campaign.id}")
    assert overview.texts("[aria-labelledby=about] p") == ["One.", "Two."]


async def test_refused_settings_keep_what_was_typed(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    where = f"/campaigns/{campaign.id}/settings"
    form = (await client.get(where)).form(where) | {"closes_at": "2025-01-01T00:00", "title.en": "Labs"}
    page = await client.post(where, form)
    assert (page.status, page.errors) == (422, ["Enter a closing date after the opening date."])
    assert page.form(where)["title.en"] == "Labs"


async def test_whoever_is_slower_compares_and_can_keep_her_version(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    where = f"/campaigns/{campaign.id}/settings"
    form = (await client.get(where)).form(where)
    await client.post(where, form | {"title.en": "Village Labs"})
    page = await client.post(where, form | {"title.en": "Farm Labs"})
    assert (page.status, page.h1) == (409, "Changed in the meantime")
    assert page.texts(".compare .label") == ["Title (English)", "Title (English)"]
    assert page.texts(".compare ins") == ["Village Labs", "Farm Labs"]
    page = await client.post(where, page.form(where))
    assert page.toasts == ["Saved."]
    assert (await queries.one(alice.actor, campaign.id)).title["en"] == "Farm Labs"


async def test_alice_adds_bob_to_the_team_and_removes_him(alice: AccountRow, client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    campaign = await rural(alice)
    team = f"/campaigns/{campaign.id}/members"
    page = await client.post(team, {"account": bob.id, "role": "evaluator"})
    assert page.texts("#team tbody th") == ["Alice", "Bob"]
    page = await client.post(f"{team}/remove", {"account": bob.id, "role": "evaluator"})
    assert page.texts("#team tbody th") == ["Alice"]
    page = await client.post(f"{team}/remove", {"account": alice.id, "role": "manager"})
    assert (page.status, page.errors) == (422, ["A campaign needs a manager. Add another one first."])


async def test_a_removal_that_names_nobody_removes_nobody(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    page = await client.post(f"/campaigns/{campaign.id}/members/remove", {"account": "x", "role": "boss"})
    assert (page.status, page.texts("#team tbody th")) == (422, ["Alice"])


async def test_numbers_and_signs_that_no_column_holds_find_nothing(alice: AccountRow, client: Client) -> None:
    await rural(alice)
    assert (await client.get("/campaigns/99999999999")).status == 404
    assert (await client.post("/campaigns/99999999999/publish")).status == 404
    assert (await client.get("/campaigns?q=rural%00")).texts("tbody th a") == ["Rural Labs"]


async def test_who_leaves_the_team_lands_on_the_list(alice: AccountRow, client: Client) -> None:
    other = await factories.account("Anna")
    campaign = await factories.campaign(managers=(alice, other))
    page = await client.post(f"/campaigns/{campaign.id}/members/remove", {"account": alice.id, "role": "manager"})
    assert (page.path, page.status) == ("/campaigns", 200)


# ------------------------------------------------------------------------------------------------ statuses
@pytest.mark.seed("E16")
async def test_E16_alice_adds_changes_moves_and_deletes_a_status(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    root = f"/campaigns/{campaign.id}/statuses"
    form = (await client.get(f"{root}/new")).form(f"{root}/new")
    page = await client.post(f"{root}/new", form | {"label.en": "Jury", "tone": "plum"})
    assert page.texts("tbody th a")[-1] == "Jury"
    status = (await queries.statuses(campaign.id))[-1]
    own = f"{root}/{status.id}"
    page = await client.post(own, (await client.get(own)).form(own) | {"label.en": "Panel", "is_decision": "1"})
    assert page.texts("tbody th a")[-1] == "Panel"
    page = await client.post(f"{own}/up")
    assert page.texts("tbody th a")[-2:] == ["Panel", "Withdrawn"]
    page = await client.post(f"{own}/down")
    assert page.texts("tbody th a")[-2:] == ["Withdrawn", "Panel"]
    assert (await client.get(f"{own}/delete")).h1 == "Delete the status “Panel”?"
    page = await client.post(f"{own}/delete")
    assert page.toasts == ["Status “Panel” deleted."]
    assert page.texts("tbody th a")[-1] == "Withdrawn"


@pytest.mark.seed("E16")
async def test_E16_deleting_a_status_with_dossiers_says_how_many(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    await factories.dossier(campaign, status="reserve_list")
    where = f"/campaigns/{campaign.id}/statuses/{campaign.status['reserve_list']}/delete"
    sentence = ["1 dossier has this status. Change its status first."]
    assert (await client.get(where)).errors == sentence
    page = await client.post(where)
    assert (page.status, page.errors) == (422, sentence)


async def test_two_who_edit_a_status_compare(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    own = f"/campaigns/{campaign.id}/statuses/{campaign.status['accepted']}"
    form = (await client.get(own)).form(own)
    await client.post(own, form | {"tone": "teal"})
    page = await client.post(own, form | {"tone": "plum"})
    assert page.status == 409
    assert page.texts(".compare ins") == ["Teal", "Purple"]


async def test_a_protected_status_has_no_delete_and_no_decision(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    page = await client.get(f"/campaigns/{campaign.id}/statuses")
    assert f"/campaigns/{campaign.id}/statuses/{campaign.status['draft']}/delete" not in page.links
    own = f"/campaigns/{campaign.id}/statuses/{campaign.status['draft']}"
    assert (await client.get(own)).all("input[name=is_decision]") == []


# ------------------------------------------------------------------------------------------------ the form
async def test_alice_builds_the_form(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice, locales=("en", "pl"))
    root = f"/campaigns/{campaign.id}/form"
    assert (await client.get(root)).texts(".empty h2") == ["There are no questions yet."]
    form = (await client.get(f"{root}/new")).form(f"{root}/new")
    lines = {"lines.en": "North\r\nSouth\r\n", "lines.pl": "Północ\r\nPołudnie"}
    page = await client.post(f"{root}/new", form | {"label.en": "Region", "kind": "choice", **lines})
    assert page.toasts == ["Question added."]
    question = (await form_queries.questions(campaign.id))[0]
    own = f"{root}/{question.id}"
    shown = (await client.get(own)).form(own)
    assert shown["lines.pl"] == "Północ\nPołudnie"
    page = await client.post(own, shown | {"is_required": "1"})
    assert page.texts("tbody th a") == ["Region"]
    after = await form_queries.question(campaign.id, question.id)
    assert (after.required, after.choices) == (True, question.choices)
    assert (await client.get(f"{own}/delete")).h1 == "Delete the question “Region”?"
    assert (await client.post(f"{own}/delete")).toasts == ["Question “Region” deleted."]


async def test_choices_that_do_not_pair_are_said_beside_the_lines(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice, locales=("en", "pl"))
    where = f"/campaigns/{campaign.id}/form/new"
    form = (await client.get(where)).form(where)
    sent = form | {"label.en": "Region", "kind": "choice", "lines.en": "North\nSouth", "lines.pl": "Północ"}
    page = await client.post(where, sent)
    assert page.texts("#lines-error") == ["Write the same choices in the same order. Polish: 1, English: 2."]


async def test_questions_move(alice: AccountRow, client: Client) -> None:
    campaign = await rural(alice)
    await factories.question(campaign.id, label="First")
    second = await factories.question(campaign.id, label="Second")
    page = await client.post(f"/campaigns/{campaign.id}/form/{second}/up")
    assert page.texts("tbody th a") == ["Second", "First"]
    page = await client.post(f"/campaigns/{campaign.id}/form/{second}/down")
    assert page.texts("tbody th a") == ["First", "Second"]

"""The Emails tab in the browser: two sections, the form, the recap, confirmations."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from portal import db as database
from portal.triggers import queries
from portal.triggers.facts import Answer, Conditions
from portal.triggers.rules import plan
from tests import factories as make
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    campaign: make.CampaignRow
    home: str


@pytest.fixture
async def house(db: None) -> House:
    await make.organisation()
    alice, bob = await make.account("Alice"), await make.account("Bob", "evaluator")
    campaign = await make.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"})
    return House(alice, bob, campaign, f"/campaigns/{campaign.id}/emails")


@pytest.fixture
async def alice(house: House, client: Client) -> Client:
    await client.sign_in(house.alice.email)
    return client


def plain(texts: list[str]) -> list[str]:
    """Sentences without the blanks that reading a page's text puts around bold words."""
    return [text.replace("“ ", "“").replace(" ”", "”") for text in texts]


def filled(house: House, template: make.TemplateRow, **changes: Any) -> dict[str, Any]:
    return {
        "family": "manager",
        "template": str(template.id),
        "from_status": "",
        "to_status": str(house.campaign.status["rejected"]),
        "recipients": ["candidate"],
        "addresses": "",
        "cc": "",
        "delay_minutes": "0",
        "name": "",
        "active": "1",
        **changes,
    }


# ------------------------------------------------------------------------------------------------ the tab
@pytest.mark.seed("E03")
async def test_E03_an_evaluator_gets_a_403_and_a_stranger_a_404(house: House, client: Client) -> None:
    await client.sign_in(house.bob.email)
    assert (await client.get(house.home)).status == 403
    dana = await make.account("Dana")
    await client.sign_in(dana.email)
    assert (await client.get(house.home)).status == 404


@pytest.mark.seed("E05")
async def test_E05_the_way_in_is_the_campaigns_tab(house: House, alice: Client) -> None:
    page = await alice.get(f"/campaigns/{house.campaign.id}")
    assert house.home in page.links
    assert (await alice.get(house.home)).h1 == "Rural Labs: e-mails"


@pytest.mark.seed("E06")
@pytest.mark.seed("E09")
@pytest.mark.seed("E10")
async def test_E06_E09_E10_a_section_for_each_family_with_its_button(house: House, alice: Client) -> None:
    page = await alice.get(house.home)
    families = ["Candidate’s action", "Manager’s or evaluator’s action", "Before the closing date"]
    assert page.texts("section h2") == families
    buttons = [each.attrs["href"] for each in page.all("section > header > a")]
    assert buttons == [f"{house.home}/new?family={each}" for each in ("candidate", "manager", "deadline")]
    assert page.texts("section > header > a") == ["Create an automatic e-mail"] * 3


async def test_triggers_are_sentences_with_their_languages_state_and_numbers(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, await make.template("Receipt"), family="candidate", to_status=None)
    rejection = await make.template("Rejection")
    await make.trigger(
        house.campaign, rejection, to_status="rejected", from_status="under_review", delay_minutes=30, active=False,
        recipients=("candidate", "managers"), cc=("archive@council.example",),
    )  # fmt: skip
    page = await alice.get(house.home)
    assert plain(page.texts("td.wide > a")) == [
        "When a candidate submits the application, send “Receipt” at once.",
        "When a dossier goes from “Under review” to “Rejected”, send “Rejection” 30 minutes later.",
    ]
    assert "To: the candidate and the campaign’s managers. Cc: archive@council.example" in page.words
    assert "es missing" in page.words
    assert page.texts("tr:not([data-gap]) td:nth-child(3)") == ["Active", "Paused"]


async def test_statuses_on_which_nothing_is_sent_are_gaps_decisions_first(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted", recipients=("managers",))
    page = await alice.get(house.home)
    assert [gap.partition(".")[0] for gap in plain(page.texts("tr[data-gap] td.wide"))] == [
        "Nothing is sent when a candidate submits the application",
        "Nothing is sent to the candidate on “Accepted”",
        "Nothing is sent on “Rejected”",
        "Nothing is sent on “Reserve list”",
        "Nothing is sent on “Under review”",
        "Nothing is sent on “Documents missing”",
        "Nothing is sent on “Withdrawn”",
    ]
    rejected = house.campaign.status["rejected"]
    assert f"{house.home}/new?family=manager&status={rejected}" in page.links


async def test_readers_of_a_missing_language_are_counted(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted")
    for _each in range(3):
        await make.dossier(house.campaign, locale="pl")
    assert "Polish: 3 people will get it in another language (English)." in (await alice.get(house.home)).words


@pytest.mark.parametrize("rows", [1, 3])
async def test_every_trigger_has_its_line(house: House, alice: Client, rows: int) -> None:
    for _each in range(rows):
        await make.trigger(house.campaign, to_status="accepted")
    assert len((await alice.get(house.home)).all("table.sentences tr:not([data-gap]) td.wide > a")) == rows


# ------------------------------------------------------------------------------------------------ the form
@pytest.mark.seed("E04")
async def test_E04_without_a_template_the_form_says_so_and_leads_to_one(house: House, alice: Client) -> None:
    await database.execute("update template set archived_at = now()")
    page = await alice.get(f"{house.home}/new?family=manager")
    assert "There is no template yet. Create a template before you save." in page.words
    assert any(link.startswith("/templates/new?back=") for link in page.links)


@pytest.mark.seed("E14")
async def test_E14_save_and_continue_leads_to_the_recap(house: House, alice: Client) -> None:
    template = await make.template("Rejection")
    await alice.get(f"{house.home}/new?family=manager")
    page = await alice.post(house.home, filled(house, template, cc="archive@council.example, jury@council.example"))
    assert page.path == f"{house.home}/recap"
    assert page.toasts == ["Saved. This is what will be sent."]
    made = (await queries.of_campaign(house.alice.actor, house.campaign.id))[0]
    assert (made.name, made.recipients, made.cc) == (
        "Rejection",
        ["candidate"],
        ["archive@council.example", "jury@council.example"],
    )


@pytest.mark.seed("E12")
async def test_E12_what_has_to_be_mended_is_said_and_what_was_typed_is_kept(house: House, alice: Client) -> None:
    template = await make.template("Rejection")
    await alice.get(f"{house.home}/new")
    page = await alice.post(
        house.home, filled(house, template, to_status="", cc="evaluation@passerelle") | {"template": ""}
    )
    assert page.status == 422
    assert page.errors == [
        "Choose a template.",
        "Choose the status that triggers the e-mail.",
        "“evaluation@passerelle” is not a complete address. Enter an address such as name@example.org.",
    ]
    assert page.form(house.home)["cc"].strip() == "evaluation@passerelle"


async def test_a_gaps_link_fills_in_the_status_and_a_new_template_comes_back(house: House, alice: Client) -> None:
    template = await make.template("Rejection")
    rejected = house.campaign.status["rejected"]
    page = await alice.get(f"{house.home}/new?family=manager&status={rejected}&template={template.id}")
    form = page.form(house.home)
    assert (form["to_status"], form["template"]) == (str(rejected), str(template.id))


@pytest.mark.seed("E01")
async def test_E01_a_trigger_is_edited_in_the_same_form(house: House, alice: Client) -> None:
    wish = {"to_status": "accepted", "recipients": ("candidate", "role:administrator", f"account:{house.bob.id}")}
    trigger_id = await make.trigger(house.campaign, name="Winners", **wish)
    form = (await alice.get(f"{house.home}/{trigger_id}")).form(f"{house.home}/{trigger_id}")
    page = await alice.post(f"{house.home}/{trigger_id}", form | {"delay_minutes": "15"})
    assert page.path == f"{house.home}/recap"
    now = await queries.trigger(house.alice.actor, trigger_id)
    assert (now.delay_minutes, now.name) == (15, "Winners")
    assert now.recipients == ["candidate", "role:administrator", f"account:{house.bob.id}"]


async def test_whoever_is_slower_sees_both_versions_and_decides(house: House, alice: Client) -> None:
    trigger_id = await make.trigger(house.campaign, to_status="accepted")
    form = (await alice.get(f"{house.home}/{trigger_id}")).form(f"{house.home}/{trigger_id}")
    await alice.post(f"{house.home}/{trigger_id}", form | {"delay_minutes": "10"})
    page = await alice.post(f"{house.home}/{trigger_id}", form | {"delay_minutes": "20"})
    assert page.status == 409
    assert page.texts(".errors dd") == ["10"]
    mine = page.form(f"{house.home}/{trigger_id}")
    assert (await alice.post(f"{house.home}/{trigger_id}", mine)).path == f"{house.home}/recap"
    assert (await queries.trigger(house.alice.actor, trigger_id)).delay_minutes == 20


async def test_conditions_are_chosen_kept_and_said(house: House, alice: Client) -> None:
    template = await make.template("Rejection")
    await make.question(
        house.campaign.id, "country", "choice", "Country", choices=(("es", "Spain"), ("pt", "Portugal"))
    )
    conditions = {
        "locales": ["pl"],
        "evaluators": [str(house.bob.id)],
        "answer_country": ["es", "pt"],
        "stop": "1",
    }
    await alice.get(f"{house.home}/new")
    page = await alice.post(house.home, filled(house, template, **conditions))
    assert page.path == f"{house.home}/recap"
    made = (await queries.of_campaign(house.alice.actor, house.campaign.id))[0]
    assert made.stop
    assert made.conditions == Conditions(("pl",), (house.bob.id,), (Answer("country", ("es", "pt")),))
    said = (await alice.get(house.home)).words
    for part in ("Language of the dossier: Polish", "Assigned to: Bob", "Country: Spain · Portugal"):
        assert part in said
    form = (await alice.get(f"{house.home}/{made.id}")).form(f"{house.home}/{made.id}")
    assert (form["answer_country"], form["stop"]) == (["es", "pt"], "1")
    page = await alice.post(f"{house.home}/{made.id}", form | {"answer_country": []})
    assert page.path == f"{house.home}/recap"
    assert (await queries.trigger(house.alice.actor, made.id)).conditions.answers == ()


@pytest.mark.seed("B07")
async def test_B07_a_reminder_is_made_in_the_same_form_and_says_when_it_goes(house: House, alice: Client) -> None:
    template = await make.template("Closing soon")
    await make.dossier(house.campaign, status="draft")
    form = (await alice.get(f"{house.home}/new?family=deadline")).form(house.home)
    assert (form["days_before"], form["at_time"], form["from_status"]) == (
        "7",
        "09:00",
        str(house.campaign.status["draft"]),
    )
    page = await alice.post(house.home, form | {"template": str(template.id), "days_before": "", "at_time": "25:00"})
    assert page.errors == ["Enter a number of days from 0 to 365.", "Enter a time."]
    page = await alice.post(house.home, form | {"template": str(template.id)})
    assert page.path == f"{house.home}/recap"
    assert "7 days before the closing date" in page.texts("section h2")
    page = await alice.get(house.home)
    assert plain(page.texts("td.wide > a")) == [
        "7 days before the closing date, at 09:00, send “Closing soon” to dossiers at “Draft”."
    ]
    assert "Next: 24 December 2099, 09:00 (local time: Madrid). Dossiers with the status today: 1." in page.words


async def test_rivals_are_put_in_order(house: House, alice: Client) -> None:
    first, second = [await make.trigger(house.campaign, name=name) for name in ("First", "Second")]
    other = await make.trigger(house.campaign, name="Other", to_status="rejected")
    page = await alice.get(house.home)
    assert f"{house.home}/{second}/earlier" in page.text
    assert f"{house.home}/{other}/earlier" not in page.text
    page = await alice.post(f"{house.home}/{second}/earlier")
    assert page.toasts == ["“Second” is asked in another place now."]
    rules = await queries.rules_of(house.campaign.id)
    assert [rule.id for rule in rules if rule.to_status == house.campaign.status["accepted"]] == [second, first]
    await alice.post(f"{house.home}/{second}/earlier")  # at the end nothing happens
    await alice.post(f"{house.home}/{second}/later")
    rules = await queries.rules_of(house.campaign.id)
    assert [rule.id for rule in rules if rule.to_status == house.campaign.status["accepted"]] == [first, second]


# ------------------------------------------------------------------------------------------------ the recap
@pytest.mark.seed("E15")
async def test_E15_the_recap_names_languages_that_hear_nothing_and_tries_each(house: House, alice: Client) -> None:
    trigger_id = await make.trigger(house.campaign, name="Polish winners", to_status="accepted")
    await database.execute("""update trigger set conditions = '{"locales": ["pl", "fr"]}' where id = $1""", trigger_id)
    await make.dossier(house.campaign, locale="en")
    page = await alice.get(f"{house.home}/recap")
    assert "“Polish winners” does not send: It is not for the dossier’s language: English" in page.words
    page = await alice.get(f"{house.home}/recap?language=pl")
    assert "Nothing is sent to candidates who read: English and Spanish" in page.words
    assert len(page.texts("details > summary")) == 1


@pytest.mark.seed("E15")
async def test_E15_each_phase_is_tried(house: House, alice: Client) -> None:
    await make.phase(house.campaign, "Interview")
    page = await alice.get(f"{house.home}/recap")
    assert "The candidate submits the form of the phase “Interview”" in page.texts("section h2")


@pytest.mark.seed("E15")
async def test_E15_the_recap_tries_every_status_and_names_the_gaps(house: House, alice: Client) -> None:
    receipt = await make.template(
        "Receipt", variants={"en": ("We have it: {{ dossier_number }}", "<p>{{ first_name }}</p>")}
    )
    await make.trigger(house.campaign, receipt, family="candidate", to_status=None)
    gappy = await make.template("Accepted", variants={"en": ("Accepted", "<p>Reply before {{ reply_before }}</p>")})
    await make.trigger(house.campaign, gappy, to_status="accepted", delay_minutes=30)
    dossier = await make.dossier(house.campaign, await make.person("Ana", "Nowak", locale="pl"))
    page = await alice.get(f"{house.home}/recap")
    assert page.texts("section h2") == [
        "The candidate submits the application",
        *("Accepted", "Rejected", "Reserve list", "Under review", "Documents missing", "Withdrawn"),
    ]
    assert "Cases tried: 7. Gaps: 5." in page.words
    assert "Nothing is sent on “Rejected”." in page.words
    assert page.texts("details > summary") == [f"We have it: {dossier.number}", "Accepted"]
    assert "instead of: Polish" in page.words
    assert "Empty in this dossier: Reply before" in page.words
    assert "30 minutes later" in page.words


@pytest.mark.seed("E15")
async def test_E15_before_anybody_applies_an_invented_person_stands_in(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, family="candidate", to_status=None)
    page = await alice.get(f"{house.home}/recap")
    assert "Nobody has applied yet: an invented person stands in." in page.words
    frame = page.one("iframe").attrs["src"]
    assert "A-2027-0001" in (await alice.http.get(frame or "")).text


@pytest.mark.seed("E15")
async def test_E15_the_recap_names_a_paused_trigger(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, name="Winners", to_status="accepted", active=False)
    page = await alice.get(f"{house.home}/recap")
    assert "“Winners” does not send: Trigger off" in page.words


async def test_the_recap_takes_the_number_of_a_dossier(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, family="candidate", to_status=None)
    first = await make.dossier(house.campaign, number="RL-1")
    await make.dossier(house.campaign, number="RL-2")
    page = await alice.get(f"{house.home}/recap?dossier={first.number}")
    assert page.texts("details > summary") == ["Your application RL-1"]
    assert (await alice.get(f"{house.home}/recap?dossier=nothing")).status == 422


async def test_a_letter_of_the_recap_is_shown_without_the_candidates_own_link(house: House, alice: Client) -> None:
    template = await make.template(variants={"en": ("Receipt", "<p>{{ dossier_link }}</p>")})
    trigger_id = await make.trigger(house.campaign, template, family="candidate", to_status=None)
    dossier = await make.dossier(house.campaign)
    letter = (await alice.http.get(f"{house.home}/recap/{trigger_id}/letter")).text
    assert f"/dossiers/{dossier.id}" in letter
    assert "/apply/" not in letter


# ------------------------------------------------------------------------------------------------ pause and delete
async def test_pausing_and_activating_ask_first(house: House, alice: Client) -> None:
    trigger_id = await make.trigger(house.campaign, name="Winners", to_status="accepted")
    page = await alice.get(f"{house.home}/{trigger_id}/pause")
    assert page.h1 == "Pause “Winners”?"
    page = await alice.post(f"{house.home}/{trigger_id}/pause", page.form(f"{house.home}/{trigger_id}/pause"))
    assert page.toasts == ["“Winners” is paused."]
    page = await alice.get(f"{house.home}/{trigger_id}/activate")
    page = await alice.post(f"{house.home}/{trigger_id}/activate", page.form(f"{house.home}/{trigger_id}/activate"))
    assert page.toasts == ["“Winners” is active again."]


async def test_pausing_says_who_will_hear_nothing(house: House, alice: Client) -> None:
    winners = await make.trigger(house.campaign, to_status="accepted")
    receipt = await make.trigger(house.campaign, family="candidate", to_status=None)
    words = (await alice.get(f"{house.home}/{winners}/pause")).words
    assert "No other automatic e-mail tells candidates of “Accepted”." in words
    assert "Dossiers that get this status meanwhile are listed under “Decided, not yet told”." in words
    words = (await alice.get(f"{house.home}/{receipt}/pause")).words
    assert "Candidates who submit meanwhile get no acknowledgement of receipt, also not later." in words
    await make.trigger(house.campaign, to_status="accepted", name="Another")
    assert "No other automatic e-mail" not in (await alice.get(f"{house.home}/{winners}/pause")).words


async def test_deleting_says_what_becomes_of_waiting_letters(house: House, alice: Client) -> None:
    trigger_id = await make.trigger(house.campaign, name="Winners", to_status="accepted")
    page = await alice.get(f"{house.home}/{trigger_id}/delete")
    assert page.h1 == "Delete the automatic e-mail “Winners”?"
    page = await alice.post(f"{house.home}/{trigger_id}/delete", page.form(f"{house.home}/{trigger_id}/delete"))
    assert (page.path, page.toasts) == (house.home, ["“Winners” deleted."])
    assert await queries.of_campaign(house.alice.actor, house.campaign.id) == []


async def test_a_trigger_of_another_campaign_is_not_found(house: House, alice: Client) -> None:
    elsewhere = await make.trigger(await make.campaign(), to_status="accepted")
    for path in ("", "/pause", "/activate", "/delete"):
        assert (await alice.get(f"{house.home}/{elsewhere}{path}")).status == 404


@pytest.mark.seed("E12")
async def test_E12_a_role_that_administrators_made_can_be_written_to(house: House, alice: Client) -> None:
    template = await make.template()
    wanted = filled(house, template, recipients=[], roles=["press"])
    page = await alice.post(house.home, wanted)
    assert page.status == 422 and await database.fetchval("select count(*) from trigger") == 0
    sql = "insert into role (key, name, rights) values ('press', 'Press office', '{dossier.see}')"
    await database.execute(sql)
    paula, carl = await make.account("Paula", "press"), await make.account("Carl", "press")
    sql = "insert into campaign_member (campaign_id, account_id, role) values ($1, $2, 'evaluator')"
    await database.execute(sql, house.campaign.id, paula.id)
    assert "Press office" in (await alice.get(f"{house.home}/new?family=manager")).texts("label")
    assert (await alice.post(house.home, wanted)).status == 200
    assert "To: role: Press office" in (await alice.get(house.home)).words
    dossier = await make.dossier(house.campaign)
    found = await queries.found(dossier.id)
    rules = await queries.rules_of(house.campaign.id)
    change = queries.by_hand(dossier.id, found, house.campaign.status["rejected"])
    (decided,) = plan(change, rules, await queries.people_of(found, rules))
    assert {one.address: one.reason for one in decided.recipients} == {
        paula.email: None,
        carl.email: "no_dossier_access",
    }
    await database.execute("delete from role")
    trigger_id = await database.fetchval("select id from trigger")
    page = await alice.get(f"{house.home}/{trigger_id}")
    assert "press" in page.texts("label") and "To: role: press" in (await alice.get(house.home)).words
    sent = page.form(f"{house.home}/{trigger_id}")
    assert (await alice.post(f"{house.home}/{trigger_id}", sent | {"delay_minutes": "5"})).status == 200

"""The pages of mailings: from a list to the button that says the number, and what stands in the way."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from portal import db as database
from portal.mailings import queries, work
from tests import factories as make
from tests.clients import Client, Page
from tests.mailings.material import sent

pytestmark = pytest.mark.usefixtures("db")
TITLES = {"en": "Rural Labs", "fr": "Labos ruraux"}
LETTERS = {
    "en": ("{{ campaign_title }} closes soon", "<p>Dear {{ first_name }},</p>"),
    "fr": ("Fin de {{ campaign_title }}", "<p>Bonjour {{ first_name }},</p>"),
}


class Office(msgspec.Struct):
    alice: make.AccountRow
    bob: make.AccountRow
    campaign: make.CampaignRow
    template: make.TemplateRow
    people: dict[str, make.PersonRow]
    dossiers: dict[str, make.DossierRow]


@pytest.fixture
async def office(db: None) -> Office:
    """A call with five dossiers: three drafts (one person has opted out, one has no address), two submitted."""
    await make.organisation()
    alice, bob = await make.account("Alice"), await make.account("Bob", "evaluator")
    campaign = await make.campaign(
        managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs", "fr": "Labos ruraux"}
    )
    template = await make.template("Closing reminder", category="optional", variants=LETTERS)
    people, dossiers = {}, {}
    for name, status, locale in (
        ("Ana", "draft", "en"), ("Luc", "draft", "fr"), ("Olga", "draft", "en"), ("Zoe", "submitted", "en"),
    ):  # fmt: skip
        people[name] = await make.person(name, "Nowak", locale=locale)
        dossiers[name] = await make.dossier(campaign, people[name], status, locale=locale)
    sql = "insert into suppression (address, scope, reason, source) values ($1, 'optional', 'opted_out', 'link')"
    await database.execute(sql, people["Olga"].email)
    return Office(alice, bob, campaign, template, people, dossiers)


@pytest.fixture
async def alice(office: Office, client: Client) -> Client:
    await client.sign_in(office.alice.email)
    return client


async def begun(alice: Client, office: Office, **query: Any) -> Page:
    """A draft from the list of the call's drafts, with its letter chosen: the step Who."""
    asked = {"module": "dossiers", "campaign": office.campaign.id, "status": "draft", "all": "1", **query}
    page = await alice.get(f"/mailings/new?{urlencode(asked)}")
    filled = page.form("/mailings") | {"name": "Last days", "template_id": str(office.template.id)}
    return await alice.post("/mailings", filled)


def root(page: Page) -> str:
    """The address of the mailing whose page it is."""
    return "/".join(page.path.split("/")[:3])


async def launched(alice: Client, home: str) -> Page:
    page = await alice.get(f"{home}/review")
    return await alice.post(f"{home}/launch", page.form(f"{home}/launch"))


# ------------------------------------------------------------------------------------------------ who may
async def test_an_evaluator_sees_no_entry_and_gets_403(office: Office, client: Client) -> None:
    await client.sign_in(office.bob.email)
    assert "/mailings" not in (await client.get("/dossiers")).links
    for path in ("/mailings", "/mailings/new", "/mailings/1", "/mailings/1/review"):
        assert (await client.get(path)).status == 403
    assert (await client.post("/mailings", {"name": "x", "module": "candidates"})).status == 403


@pytest.mark.seed("Z13")
async def test_Z13_who_may_write_to_contacts_only_is_offered_contacts_only(office: Office, client: Client) -> None:
    sql = "insert into role (key, name, rights) values ('press', 'Press', $1)"
    await database.execute(sql, ["home.see", "mailing.see", "mailing.contacts", "person.see", "dossier.see"])
    petra = await make.account("Petra", "press")
    await client.sign_in(petra.email)
    page = await client.get("/mailings/new")
    assert [each.attrs["value"] for each in page.all("[name=module]")] == ["contacts"]
    filled = page.form("/mailings") | {"name": "To all", "module": "candidates"}
    assert (await client.post("/mailings", filled)).status == 422


# ------------------------------------------------------------------------------------------------ a new one
@pytest.mark.seed("Z14")
async def test_Z14_a_list_opens_a_mailing_on_its_letter_with_its_people(alice: Client, office: Office) -> None:
    listed = await alice.get(f"/campaigns/{office.campaign.id}/dossiers?status=draft")
    assert listed.all("button[formaction='/mailings/new'][name=module][value=dossiers]")
    page = await alice.get(f"/mailings/new?module=dossiers&campaign={office.campaign.id}&status=draft&all=1")
    assert page.all("select[name=template_id]") and "3" in page.one(".lede").to_text()
    page = await begun(alice, office)
    assert page.h1 == "Last days: recipients"
    assert page.texts(".figure") == ["2"]


async def test_ticked_rows_are_the_recipients(alice: Client, office: Office) -> None:
    query = urlencode({"module": "dossiers", "campaign": office.campaign.id, "id": office.dossiers["Zoe"].id})
    page = await alice.get(f"/mailings/new?{query}")
    filled = page.form("/mailings") | {"name": "Zoe", "template_id": str(office.template.id)}
    page = await alice.post("/mailings", filled)
    assert page.texts("#numbers .figure") == ["1"] and page.all("[name=record][checked]")


@pytest.mark.parametrize("ticked", ["abc", "9" * 30, "9" * 5_000, "-1", "%00"])
async def test_ticks_that_make_no_sense_are_never_everybody(alice: Client, office: Office, ticked: str) -> None:
    for more in ("", f"&campaign={office.campaign.id}"):
        assert (await alice.get(f"/mailings/new?module=dossiers&id={ticked}{more}")).status == 404


@pytest.mark.seed("Z11")
async def test_Z11_without_any_template_the_page_says_so_and_leads_to_a_new_one(alice: Client, office: Office) -> None:
    await database.execute("update template set archived_at = now()")
    page = await alice.get(f"/mailings/new?module=dossiers&campaign={office.campaign.id}&all=1")
    assert page.texts(".note")[0] == "There is no template yet. Create a template before you save."
    assert any(link.startswith("/templates/new?back=%2Fmailings%2Fnew") for link in page.links)


@pytest.mark.seed("Z18")
async def test_Z18_a_new_template_comes_back_chosen(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    other = await make.template("Another", variants=LETTERS)
    page = await alice.get(f"{home}/what?template={other.id}")
    assert page.form(f"{home}/what")["template_id"] == str(other.id)


async def test_a_mailing_without_a_name_keeps_what_was_typed(alice: Client, office: Office) -> None:
    page = await alice.get("/mailings/new")
    page = await alice.post(
        "/mailings", page.form("/mailings") | {"module": "dossiers", "campaign_id": office.campaign.id}
    )
    assert page.status == 422 and page.errors == ["Give the mailing a name."]
    assert page.form("/mailings")["module"] == "dossiers"


# ------------------------------------------------------------------------------------------------ who
@pytest.mark.seed("B01")
async def test_B01_every_reason_leads_to_its_people_and_a_search_says_why_not(alice: Client, office: Office) -> None:
    page = await begun(alice, office)
    home = root(page)
    assert page.texts("#numbers .tally a") == ["Opted out of optional e-mail"]
    people = await alice.get(f"{home}/people?reason=opted_out")
    assert "Olga Nowak" in people.words and "Ana Nowak" not in people.words
    why = await alice.get(f"{home}/people?q=zoe")
    assert "Not among those who are chosen" in why.words


async def test_ticks_survive_searching(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    ana = office.dossiers["Ana"].id
    page = await alice.get(f"{home}/who?by=picked&q=ana")
    page = await alice.post(f"{home}/pick", page.form(f"{home}/pick") | {"record": str(ana)})
    page = await alice.get(f"{home}/who?by=picked&q=luc")
    assert "Ticked: 1" in page.words
    page = await alice.post(f"{home}/pick", page.form(f"{home}/pick") | {"all": "on"})
    assert "Ticked: 2" in page.words and page.texts("#numbers .figure") == ["2"]


async def test_the_numbers_follow_what_is_typed_and_nothing_is_saved(alice: Client, office: Office) -> None:
    page = await begun(alice, office)
    home = root(page)
    filled = {key: value for key, value in page.form(f"{home}/who").items() if not key.startswith("c.0")}
    part = await alice.post(f"{home}/count", filled, target="numbers")
    assert part.texts(".figure") == ["3"]
    assert (await alice.get(f"{home}/who")).texts("#numbers .figure") == ["2"]


async def test_two_who_change_the_same_draft_compare(alice: Client, office: Office) -> None:
    page = await begun(alice, office)
    home = root(page)
    mine = page.form(f"{home}/who") | {"name": "Mine"}
    await alice.post(f"{home}/who", mine | {"name": "Theirs"})
    page = await alice.post(f"{home}/who", mine)
    assert page.status == 409 and {"Theirs", "Mine"} <= set(page.texts("ins"))


# ------------------------------------------------------------------------------------------------ what
@pytest.mark.seed("Z16")
async def test_Z16_only_confirmed_addresses_can_be_chosen_and_the_others_say_why(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/what")
    free = {each.attrs["value"] for each in page.all("[name=from_kind]") if "disabled" not in each.attrs}
    assert free == {"organisation"}
    assert f"{office.alice.email} is not a verified sender." in page.words
    await make.sender(office.alice.email, "Alice")
    page = await alice.get(f"{home}/what")
    page = await alice.post(f"{home}/what", page.form(f"{home}/what") | {"from_kind": "account"})
    assert page.toasts == ["Draft saved."] and page.form(f"{home}/what")["from_kind"] == "account"


@pytest.mark.seed("Z17")
async def test_Z17_the_template_s_address_is_offered_only_if_it_has_one(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/what")
    assert "disabled" in page.one("[name=from_kind][value=template]").attrs
    sender_id = await make.sender("labs@passerelle.example", "Labs")
    sql = "update template_version set sender_id = $2 where id = (select version_id from template where id = $1)"
    await database.execute(sql, office.template.id, sender_id)
    page = await alice.get(f"{home}/what")
    assert "disabled" not in page.one("[name=from_kind][value=template]").attrs
    assert "Labs labs" in page.words


# ------------------------------------------------------------------------------------------------ preview
async def test_the_preview_is_each_recipient_s_letter_and_a_test_goes_to_oneself(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    luc = office.dossiers["Luc"].id
    page = await alice.get(f"{home}/preview?record={luc}")
    assert "Fin de Labos ruraux" in page.words
    letter = await alice.get(f"{home}/letter?record={luc}")
    assert letter.is_letter and "Bonjour Luc," in letter.text
    page = await alice.post(f"{home}/test", page.form(f"{home}/test"))
    assert page.toasts[0].startswith(f"Test e-mail queued for {office.alice.email}.")


# ------------------------------------------------------------------------------------------------ when
@pytest.mark.seed("Z23")
async def test_Z23_a_start_is_on_the_clocks_of_a_zone_and_says_what_they_do(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/when")
    filled = page.form(f"{home}/when") | {"how": "later", "starts_at": "", "time_zone": "Madrid"}
    page = await alice.post(f"{home}/when", filled)
    assert (page.status, page.errors) == (422, ["Enter a date and a time."])
    page = await alice.post(f"{home}/when", filled | {"starts_at": "2098-03-30T02:30"})
    assert "The clocks are put forward over this time." in page.words
    mailing = await queries.one(office.alice.actor, int(home.rpartition("/")[2]))
    assert mailing.time_zone == "Europe/Madrid"


# ------------------------------------------------------------------------------------------------ the button
@pytest.mark.seed("Z22")
async def test_Z22_the_button_says_the_number_and_sends_just_that(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/review")
    assert page.texts("#launch button") and page.texts("#launch button")[0] == "Send 2 e-mails", page.words
    page = await launched(alice, home)
    assert page.toasts == ["2 e-mails queued."] and page.path == home
    await work.start(int(home.rpartition("/")[2]))
    page = await alice.get(home)
    assert page.texts(".sum dd")[:2] == ["2", "0"] and "Opted out of optional e-mail" in page.words


async def test_a_number_that_has_changed_is_asked_again(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/review")
    await make.dossier(office.campaign, await make.person("Eva"), "draft")
    page = await alice.post(f"{home}/launch", page.form(f"{home}/launch"))
    assert page.status == 409 and "now 3, before 2" in page.words
    assert page.texts("#launch button")[0] == "Send 3 e-mails"
    assert (await launched(alice, home)).toasts == ["3 e-mails queued."]


async def test_pressing_twice_sends_once(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    pressed = (await alice.get(f"{home}/review")).form(f"{home}/launch")
    await alice.post(f"{home}/launch", pressed)
    page = await alice.post(f"{home}/launch", pressed)
    assert page.toasts == ["It had been launched already. Nothing was sent twice."]


async def test_an_audience_of_nobody_and_an_archived_template_are_said_before(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office, status="withdrawn"))
    page = await alice.get(f"{home}/review")
    assert "No one will get it." in page.texts(".errors li") and not page.all("#launch")
    await database.execute("update template set archived_at = now()")
    page = await alice.get(f"{home}/review")
    assert any("in the archive" in each for each in page.texts(".errors li"))


async def test_over_500_the_number_is_typed(alice: Client, office: Office) -> None:
    await database.execute(
        """insert into person (kind, email, first_name, last_name, locale)
        select 'contact', 'c' || n || '@people.example', 'C', n::text, 'en' from generate_series(1, 501) n"""
    )
    page = await alice.get("/mailings/new?module=contacts&all=1")
    filled = page.form("/mailings") | {"name": "All", "template_id": str(office.template.id)}
    home = root(await alice.post("/mailings", filled))
    page = await alice.get(f"{home}/review")
    filled = page.form(f"{home}/launch")
    page = await alice.post(f"{home}/launch", filled | {"typed": "500"})
    assert (page.status, page.errors) == (422, ["Type the number of e-mails: 501"])
    assert page.form(f"{home}/launch")["typed"] == "500"
    assert (await alice.post(f"{home}/launch", filled | {"typed": "501"})).toasts == ["501 e-mails queued."]


@pytest.mark.seed("B11")
async def test_B11_fields_that_are_empty_for_somebody_are_counted(alice: Client, office: Office) -> None:
    await database.execute("update dossier set first_name = '' where id = $1", office.dossiers["Ana"].id)
    home = root(await begun(alice, office))
    page = await alice.get(f"{home}/review")
    assert any("is empty for 1 person." in each for each in page.texts(".checks li"))


@pytest.mark.seed("B16")
async def test_B16_a_second_person_approves_or_sends_back(alice: Client, office: Office, make_client: Any) -> None:
    await database.execute("update organisation set approval_over = 1")
    home = root(await begun(alice, office))
    assert (await alice.get(f"{home}/review")).texts("#launch button")[0] == "Ask for approval of 2 e-mails"
    page = await launched(alice, home)
    assert page.path == f"{home}/review" and not page.all(f"form[action='{home}/approve']")
    carla = await make.account("Carla")
    await make.member(office.campaign.id, carla, "manager")
    hers = make_client()
    await hers.sign_in(carla.email)
    page = await hers.get(home)
    page = await hers.post(f"{home}/send-back", {"note": ""})
    assert (page.status, page.errors) == (422, ["Say what should be changed."])
    await hers.post(f"{home}/send-back", {"note": "The date is wrong."})
    assert "Sent back by Carla: The date is wrong." in (await alice.get(f"{home}/review")).words
    await launched(alice, home)
    page = await hers.get(home)
    page = await hers.post(f"{home}/approve", page.form(f"{home}/approve"))
    assert page.toasts == ["2 e-mails queued."]


async def test_trial_mode_is_said(alice: Client, office: Office) -> None:
    await database.execute("update organisation set trial_mode = true")
    await make.person("Alice", email=office.alice.email, kind="contact")
    page = await alice.get("/mailings/new?module=contacts&all=1")
    filled = page.form("/mailings") | {"name": "Trial", "template_id": str(office.template.id)}
    home = root(await alice.post("/mailings", filled))
    assert "Trial mode is on: only colleagues’ addresses get it." in (await alice.get(f"{home}/review")).words


# ------------------------------------------------------------------------------------------------ afterwards
async def test_a_launch_is_taken_back_a_running_one_paused_resumed_cancelled(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    await launched(alice, home)
    page = await alice.get(f"{home}/undo")
    page = await alice.post(f"{home}/undo", page.form(f"{home}/undo"))
    assert page.toasts == ["Taken back. It is a draft again."] and page.path == f"{home}/review"
    await launched(alice, home)
    await work.start(int(home.rpartition("/")[2]))
    page = await alice.post(f"{home}/pause")
    assert page.toasts == ["Paused. What has left stays sent; the rest waits."]
    assert (await alice.post(f"{home}/pause")).status == 409
    page = await alice.post(f"{home}/resume")
    assert page.toasts == ["It goes on. Nobody gets it twice."]
    asked = await alice.get(f"{home}/cancel")
    assert asked.h1 == "Cancel 2 e-mails that have not left?"
    page = await alice.post(f"{home}/cancel", asked.form(f"{home}/cancel"))
    assert page.toasts == ["Cancelled. What has left stays sent."]
    assert (await alice.get(home)).texts(".sum dt") == ["planned", "Sent", "Cancelled", "sent twice"]


async def test_what_failed_stands_with_its_reason_and_is_written_to_again(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    await launched(alice, home)
    await work.start(int(home.rpartition("/")[2]))
    mailing = await queries.one(office.alice.actor, int(home.rpartition("/")[2]))
    await sent(mailing, "failed", "mailbox_full")
    await work.settle()
    page = await alice.get(home)
    assert page.texts(".sum dd") == ["2", "0", "2", "0"] and "The mailbox is full" in page.words
    again = await alice.get(f"{home}/retry")
    page = await alice.post(f"{home}/follow-up", {"whom": "not_reached"})
    assert page.h1 == "Last days: not received: recipients" and page.texts("#numbers .figure") == ["2"]
    page = await alice.post(f"{home}/retry", again.form(f"{home}/retry"))
    assert page.toasts == ["2 e-mails queued."] and page.texts(".sum dd") == ["2", "0", "2", "0"]


async def test_one_that_is_late_asks_and_goes_on_as_a_draft(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    await launched(alice, home)
    mailing_id = int(home.rpartition("/")[2])
    await database.execute("update mailing set due_at = now() - interval '1 day' where id = $1", mailing_id)
    await work.start(mailing_id)
    page = await alice.get(home)
    assert "Its time passed while nothing could be sent." in page.words
    page = await alice.post(f"{home}/reopen", {"to": "now"})
    assert page.texts("#launch button") and page.texts("#launch button")[0] == "Send 2 e-mails", page.words


async def test_the_list_is_filtered_and_a_file_has_everybody(alice: Client, office: Office) -> None:
    home = root(await begun(alice, office))
    assert "Last days" in (await alice.get("/mailings?state=draft&whose=mine")).words
    assert "Last days" not in (await alice.get("/mailings?state=finished")).words
    file = await alice.get(f"{home}/export?file=csv")
    assert file.text.count("\r\n") == 4 and "Opted out of optional e-mail" in file.text


async def test_save_and_continue_leads_from_step_to_step(alice: Client, office: Office) -> None:
    page = await begun(alice, office)
    home = root(page)
    page = await alice.post(f"{home}/who", page.form(f"{home}/who") | {"go": "on"})
    assert page.path == f"{home}/preview"
    page = await alice.get(f"{home}/what")
    page = await alice.post(f"{home}/what", page.form(f"{home}/what") | {"go": "on"})
    assert page.path == f"{home}/preview"
    page = await alice.get(f"{home}/when")
    page = await alice.post(f"{home}/when", page.form(f"{home}/when") | {"go": "on"})
    assert page.path == f"{home}/review"

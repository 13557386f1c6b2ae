"""The first page: what needs Alice, what Bob may see, what Celina translates; and the candidates nobody has told."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from portal import db as database
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter
from portal.triggers import telling, untold
from tests import factories as make
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("db")


class House(msgspec.Struct):
    alice: make.AccountRow
    campaign: make.CampaignRow
    sender: int


@pytest.fixture
async def house(db: None) -> House:
    sender = await make.organisation()
    alice = await make.account("Alice")
    campaign = await make.campaign(managers=(alice,), title={"en": "Rural Labs"}, locales=("en",))
    return House(alice, campaign, sender)


@pytest.fixture
async def alice(house: House, client: Client) -> Client:
    await client.sign_in(house.alice.email)
    return client


async def decided(house: House, status: str = "accepted", mode: str = "send", reason: str = "") -> make.DossierRow:
    """A dossier that was moved to a status by hand, without any e-mail."""
    dossier = await make.dossier(house.campaign, status="under_review")
    await database.execute("update dossier set status_id = $2 where id = $1", dossier.id, house.campaign.status[status])
    await database.execute(
        """insert into status_change (dossier_id, from_id, to_id, actor_kind, manual, mode, reason)
        values ($1, $2, $3, 'user', true, $4, $5)""",
        *(dossier.id, dossier.status_id, house.campaign.status[status], mode, reason),
    )
    return dossier


async def message(house: House, dossier: make.DossierRow, state: str = "accepted", reason: str | None = None) -> int:
    """One e-mail about a dossier, in a state."""
    version = (await make.template()).version_id
    letter = Letter(version_id=version, locale="en", from_address="a@b.example", subject="Hello", values={})
    intent = Intent(
        address=f"ana{dossier.id}@people.example",
        locale="en",
        optional=False,
        occurrence=dossier.id,
        person_id=dossier.person_id,
        dossier_id=dossier.id,
        letter=letter,
    )
    ids = await ledger.post("test", 1, house.sender, Lane.trigger, [intent])
    sql = "update message set state = $2::text::message_state, reason = $3, settled_at = now() where id = $1"
    await database.execute(sql, ids[0], state, reason)
    return ids[0]


def needs(page: object) -> list[tuple[str, str]]:
    """(number and label, verb) of each line of Needs you."""
    found = []
    for line in page.all(".todo li"):  # type: ignore[attr-defined]
        label = " ".join(line.query("p")[0].to_text().split())
        found.append((f"{line.query('.n')[0].to_text().strip()} {label}", line.query("a")[0].to_text().strip()))
    return found


# ------------------------------------------------------------------------------------------------ needs you
async def test_when_nothing_waits_the_page_says_so_calmly(alice: Client) -> None:
    page = await alice.get("/")
    assert "Nothing waits for you. Every e-mail that should have gone has gone." in page.words
    assert page.all(".todo li") == []


async def test_failed_unconfirmed_and_held_messages_need_somebody(house: House, alice: Client) -> None:
    for state, reason in (
        ("failed", "mailbox_full"),
        ("failed", "address_unknown"),
        ("uncertain", "connection_lost"),
        ("uncertain", "left_as_is"),
        ("held", "on_hold"),
    ):
        await message(house, await make.dossier(house.campaign), state, reason)
    assert "Needs a decision" not in (await alice.get("/")).words  # a quarter of an hour for whoever can prove it
    await database.execute("update message set settled_at = now() - interval '16 minutes' where state = 'uncertain'")
    page = await alice.get("/")
    found = [(label.partition(" · The latest: today")[0], verb) for label, verb in needs(page)]
    assert found == [
        ("1 Needs a decision Not confirmed: 1. They may have arrived.", "Make 1 decision"),
        (
            "2 Not delivered The address does not exist: 1 · The mailbox is full: 1",
            "See 2 failures",
        ),
        ("1 On hold They wait until somebody releases or cancels them.", "Decide about 1 e-mail"),
    ]
    assert {"/messages?state=failed", "/messages/decisions", "/messages?state=held"} <= set(page.links)


async def test_languages_that_automatic_emails_lack_are_counted_with_their_readers(house: House, alice: Client) -> None:
    await database.execute("update campaign set locales = '{en,pl,fr}' where id = $1", house.campaign.id)
    template = await make.template("Review started")
    await make.trigger(house.campaign, template)
    for _each in range(2):
        await make.dossier(house.campaign, locale="pl")
    page = await alice.get("/")
    assert needs(page) == [
        (
            "2 Languages missing in automatic e-mails “Review started”, Polish: 2 people read it in another language · "
            "“Review started”, French: 0 people read it in another language",
            "Write 2 versions",
        )
    ]
    assert f"/templates/{template.id}" in page.links


async def test_only_ones_own_campaigns_need_one(house: House, alice: Client) -> None:
    elsewhere = await make.campaign(title={"en": "Grants"}, locales=("en", "pl"))
    await message(house, await make.dossier(elsewhere), "failed", "refused")
    await decided(msgspec.structs.replace(house, campaign=elsewhere))
    await make.trigger(elsewhere)
    page = await alice.get("/")
    assert page.all(".todo li") == []
    assert "Grants" not in page.words


# ------------------------------------------------------------------------------------------------ today and campaigns
async def test_todays_emails_are_drawn_and_written(house: House, alice: Client) -> None:
    await message(house, await make.dossier(house.campaign))
    page = await alice.get("/")
    assert "Sent: 1. Still to come today: 0." in page.words
    assert len(page.all("svg.hours rect.sent")) == 1
    assert page.texts("details th") != []
    assert "Automatic e-mails: Rural Labs" in page.words


async def test_campaigns_show_their_statuses_and_two_weeks_of_submissions(house: House, alice: Client) -> None:
    day = datetime.now().astimezone() - timedelta(days=1)
    for status in ("draft", "submitted", "submitted"):
        await make.dossier(house.campaign, status=status, submitted_at=None if status == "draft" else day)
    page = await alice.get("/")
    assert page.texts(".legend .status") == ["Draft 1", "Submitted 2"]
    assert page.one("svg.spark").attrs["aria-label"] == "Submitted in 14 days: 2. A day: 0 to 2."


async def test_before_the_first_campaign_the_page_offers_to_create_one(client: Client) -> None:
    dana = await make.account("Dana")
    await client.sign_in(dana.email)
    page = await client.get("/")
    assert "No campaigns yet" in page.words
    assert "/campaigns/new" in page.links


async def test_an_evaluator_sees_campaigns_but_no_mail(house: House, client: Client) -> None:
    bob = await make.account("Bob", "evaluator")
    await make.member(house.campaign.id, bob)
    await message(house, await make.dossier(house.campaign), "failed", "refused")
    await client.sign_in(bob.email)
    page = await client.get("/")
    assert page.texts("h2") == ["Campaigns"]
    assert page.links.count(f"/campaigns/{house.campaign.id}") == 1


async def test_a_translator_sees_how_far_each_language_is(client: Client) -> None:
    celina = await make.account("Celina", "translator")
    await client.sign_in(celina.email)
    page = await client.get("/")
    assert page.texts("h2") == ["Translations"]
    assert page.texts("tbody th") == ["Spanish", "French", "Polish", "English"]


# ------------------------------------------------------------------------------------------------ decided, not yet told
@pytest.mark.seed("B05")
async def test_B05_a_decision_that_reached_nobody_needs_somebody(house: House, alice: Client) -> None:
    await decided(house)
    await decided(house, "rejected", "silent", "Told by telephone")
    page = await alice.get("/")
    label, verb = needs(page)[0]
    assert (label.split(" The oldest")[0], verb) == ("1 Decided, not yet told Rural Labs ·", "Tell 1 candidate")
    assert label.endswith("Not sent on purpose: 1")
    page = await alice.get("/untold")
    assert page.texts("tbody td.wide") == [
        "No e-mail was sent with the decision.",
        "Not sent on purpose: Told by telephone",
    ]


@pytest.mark.seed("B05")
@pytest.mark.parametrize(
    ("state", "waits"),
    [
        ("accepted", False),
        ("queued", False),
        ("held", False),
        ("uncertain", False),
        ("failed", True),
        ("skipped", True),
    ],
)
async def test_B05_who_was_told_or_will_be_is_not_listed(house: House, alice: Client, state: str, waits: bool) -> None:
    await message(house, await decided(house), state, "refused")
    assert ("Everybody has been told" not in (await alice.get("/untold")).words) == waits


@pytest.mark.seed("B05")
async def test_B05_an_acknowledgement_from_before_does_not_count(house: House, alice: Client) -> None:
    dossier = await make.dossier(house.campaign, status="under_review")
    await message(house, dossier)
    await database.execute("update message set created_at = now() - interval '1 day'")
    await database.execute(
        "update dossier set status_id = $2, changed_at = now() where id = $1",
        *(dossier.id, house.campaign.status["accepted"]),
    )
    assert dossier.number in (await alice.get("/untold")).words


@pytest.mark.seed("B05")
async def test_B05_the_campaigns_own_page_counts_them_and_leads_to_its_list(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted")
    for status in ("accepted", "accepted", "rejected"):
        await decided(house, status)
    gone = await decided(house, "rejected")
    await database.execute("update dossier set withdrawn_at = now() where id = $1", gone.id)
    elsewhere = House(house.alice, await make.campaign(managers=(house.alice,), title={"en": "Other"}), house.sender)
    await decided(elsewhere)
    page = await alice.get(f"/campaigns/{house.campaign.id}")
    assert page.texts("ul.todo li") == ["2 Accepted Tell 2 candidates", "1 Rejected Tell 1 candidate"]
    page = await alice.get(f"/untold?campaign={house.campaign.id}")
    assert page.texts("section h2") == ["Rural Labs · Accepted", "Rural Labs · Rejected"]
    assert len((await alice.get("/untold")).texts("section h2")) == 3


@pytest.mark.seed("B05")
async def test_B05_who_has_been_told_is_not_looked_at_again_until_the_next_decision(house: House) -> None:
    told, waits, open_again = [await decided(house) for _each in range(3)]
    await message(house, told)
    await message(house, waits, "queued")
    review = house.campaign.status["under_review"]
    await database.execute("update dossier set status_id = $2 where id = $1", open_again.id, review)
    assert await telling.sweep() == 2
    left = [row["dossier_id"] for row in await database.fetch("select dossier_id from to_tell")]
    assert left == [waits.id]
    rejected = house.campaign.status["rejected"]
    await database.execute("update dossier set status_id = $2 where id = $1", told.id, rejected)
    sql = """insert into status_change (dossier_id, to_id, actor_kind, manual, at)
        values ($1, $2, 'user', true, clock_timestamp() + interval '1 minute')"""
    await database.execute(sql, told.id, rejected)
    assert [row.id for row in await untold.untold(house.alice.actor, 10)] == [told.id]
    assert await telling.sweep() == 0
    await database.execute("update status set is_decision = true where id = $1", review)
    assert {row.id for row in await untold.untold(house.alice.actor, 10)} == {told.id, open_again.id}


@pytest.mark.seed("B05")
async def test_B05_one_button_tells_them_once(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted")
    dossier = await decided(house)
    page = await alice.get("/untold")
    page = await alice.post("/untold", page.form("/untold"))
    assert page.toasts == ["1 e-mail queued."]
    assert "Everybody has been told" in page.words
    assert await database.fetchval("select count(*) from message where dossier_id = $1", dossier.id) == 1
    again = {"status": str(house.campaign.status["accepted"]), "announced": "0"}
    assert (await alice.post("/untold", again)).toasts == ["0 e-mails queued."]


@pytest.mark.seed("B05")
async def test_B05_who_was_left_out_on_purpose_is_told_only_alone(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted")
    silent = await decided(house, mode="silent", reason="Told by telephone")
    assert (await alice.get("/")).all(".todo li") == []
    page = await alice.get("/untold")
    assert page.texts("form[action='/untold'] button") == ["Tell after all"]
    page = await alice.post("/untold", page.form("/untold"))
    assert page.toasts == ["1 e-mail queued."]
    assert await database.fetchval("select count(*) from message where dossier_id = $1", silent.id) == 1


@pytest.mark.seed("B05")
async def test_B05_a_number_that_has_changed_is_asked_about_again(house: House, alice: Client) -> None:
    await make.trigger(house.campaign, to_status="accepted")
    await decided(house)
    form = (await alice.get("/untold")).form("/untold")
    await decided(house)
    page = await alice.post("/untold", form)
    assert page.status == 409
    assert page.errors == [
        "The list has changed since you opened this page: now 2, before 1. Check it and confirm again."
    ]
    assert await database.fetchval("select count(*) from message") == 0


@pytest.mark.seed("B05")
async def test_B05_without_an_automatic_email_the_page_leads_to_one(house: House, alice: Client) -> None:
    await decided(house, "reserve_list")
    page = await alice.get("/untold")
    status = house.campaign.status["reserve_list"]
    assert f"/campaigns/{house.campaign.id}/emails/new?family=manager&status={status}" in page.links
    assert page.all("form[action='/untold']") == []


async def test_whoever_may_not_send_sees_no_untold_candidates(house: House, client: Client) -> None:
    bob = await make.account("Bob", "evaluator")
    await client.sign_in(bob.email)
    assert (await client.get("/untold")).status == 403

"""The register of messages as the browser sees it."""

from __future__ import annotations

import msgspec
import pytest

from portal import db as database
from portal.actor import SYSTEM
from portal.ledger import actions as ledger
from portal.ledger.rules import Intent, Lane, Letter
from portal.messages import forms
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow, TemplateRow


class Scene(msgspec.Struct):
    """A campaign of Alice's with an automatic e-mail."""

    alice: AccountRow
    campaign: CampaignRow
    template: TemplateRow
    trigger_id: int
    sender_id: int


async def scene() -> Scene:
    """Alice the manager, her campaign, and the e-mail that tells the winners."""
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    variants = {"en": ("{{ campaign_title }}: accepted", "<p>Dear {{ first_name }}</p>")}
    template = await factories.template("Acceptance", variants=variants)
    trigger_id = await factories.trigger(campaign, template, name="Tell the winners")
    return Scene(alice, campaign, template, trigger_id, await factories.organisation())


async def plan(
    of: Scene, first_name: str = "Ana", state: str = "queued", reason: str | None = None, delay: int = 0
) -> int:
    """A message to somebody whose dossier Alice accepted; its id."""
    person = await factories.person(first_name, "Nowak")
    dossier = await factories.dossier(of.campaign, person, "accepted")
    change = await database.fetchval(
        """insert into status_change (dossier_id, to_id, actor_kind, account_id, manual)
        values ($1, $2, 'user', $3, true) returning id""",
        *(dossier.id, of.campaign.status["accepted"], of.alice.id),
    )
    letter = Letter(
        version_id=of.template.version_id,
        locale="en",
        from_address="office@passerelle.example",
        to_name=f"{first_name} Nowak",
        subject="Rural Labs: accepted",
        values={"first_name": first_name, "campaign_title": "Rural Labs"},
    )
    intent = Intent(
        address=person.email or "",
        locale="en",
        optional=False,
        occurrence=change,
        person_id=person.id,
        dossier_id=dossier.id,
        letter=letter,
        state=state,  # type: ignore[arg-type]
        reason=reason,
        delay_minutes=delay,
    )
    return (await ledger.post("trigger", of.trigger_id, of.sender_id, Lane.trigger, [intent]))[0]


async def settle(message_id: int, state: str, code: int, reply: str, reason: str | None = None) -> None:
    """A try has ended."""
    sql = """update message set state = $2::text::message_state, settled_at = now(), code = $3, reply = $4, reason = $5
        where id = $1"""
    await database.execute(sql, message_id, state, code, reply, reason)
    sql = "insert into attempt (message_id, try, state, code, reply) values ($1, 0, $2, $3, $4)"
    await database.execute(sql, message_id, state, code, reply)


async def state_of(message_id: int) -> str:
    """The state as people see it."""
    return str(await database.fetchval("select shown from message_now where id = $1", message_id))


async def test_the_register_says_what_it_is_for_while_it_is_empty(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    page = await client.get("/messages")
    assert (page.h1, page.texts(".empty h2")) == ("Messages", ["No message yet"])


async def test_messages_are_listed_with_state_and_reason_latest_first(client: Client) -> None:
    here = await scene()
    await settle(await plan(here, "Ana"), "accepted", 250, "250 OK")
    await plan(here, "Bea", "skipped", "opted_out")
    await plan(here, "Cleo", "held", "on_hold")
    await client.sign_in(here.alice.email)
    page = await client.get("/messages")
    assert page.texts("#rows tbody td:nth-child(3)") == [
        "On hold Held by hand",
        "Skipped Opted out of optional e-mail",
        "Sent",
    ]
    assert [text.split()[0] for text in page.texts("#rows tbody th")] == ["Cleo", "Bea", "Ana"]


async def test_the_totals_on_top_add_up(client: Client) -> None:
    here = await scene()
    await settle(await plan(here, "Ana"), "accepted", 250, "250 OK")
    await plan(here, "Bea", "skipped", "opted_out")
    await client.sign_in(here.alice.email)
    page = await client.get("/messages")
    assert page.texts(".sum dd") == ["2", "1", "1", "0"]
    assert page.texts(".sum dt") == ["planned", "Sent", "Skipped", "sent twice"]
    assert "Planned 2 = sent 1 + skipped 1. Duplicates: 0. Not confirmed: 0." in page.words
    assert (await client.get("/messages/check")).texts(".sum dd") == ["2", "1", "1", "0"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=skipped", ["Bea"]),
        ("reason=opted_out", ["Bea"]),
        ("state=held", ["Cleo"]),
        ("q=bea", ["Bea"]),
        ("q=NOWAK", ["Cleo", "Bea", "Ana"]),
        ("days=1", ["Cleo", "Bea", "Ana"]),
        ("state=nonsense&reason=nonsense&days=nonsense&campaign=nonsense&cursor=nonsense", ["Cleo", "Bea", "Ana"]),
        ("campaign=999999", []),
    ],
)
async def test_the_list_can_be_narrowed(client: Client, query: str, names: list[str]) -> None:
    here = await scene()
    await settle(await plan(here, "Ana"), "accepted", 250, "250 OK")
    await plan(here, "Bea", "skipped", "opted_out")
    await plan(here, "Cleo", "held", "on_hold")
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages?{query}")
    assert [text.split()[0] for text in page.texts("#rows tbody th")] == names
    part = await client.get(f"/messages?{query}", target="rows")
    assert [text.split()[0] for text in part.texts("tbody th")] == names


def test_reasons_can_be_told_apart_and_end_without_a_colon() -> None:
    labels = {label: reason for reason, label in forms.reasons("")}
    assert labels["Address blocked: reported as spam"] == "complaint"
    assert (labels["Paused"], labels["Paused: refused as unwanted"]) == ("paused", "paused_policy")
    assert labels["Empty field"] == "missing_merge_field"


async def test_each_filter_is_a_chip_that_can_be_taken_away(client: Client) -> None:
    here = await scene()
    await plan(here, "Bea", "skipped", "opted_out")
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages?state=skipped&campaign={here.campaign.id}")
    assert page.texts(".chip > span") == ["State: Skipped", "Campaign: Rural Labs"]
    assert [each.attrs["href"] for each in page.all(".chip a")] == [
        f"/messages?campaign={here.campaign.id}",
        "/messages?state=skipped",
    ]


async def test_what_was_planned_long_ago_is_not_of_today(client: Client) -> None:
    here = await scene()
    message_id = await plan(here)
    await database.execute("update message set created_at = created_at - interval '3 days' where id = $1", message_id)
    await client.sign_in(here.alice.email)
    assert (await client.get("/messages?days=1")).texts(".empty h2") == ["Nothing matches these filters"]
    assert len((await client.get("/messages?days=7")).texts("#rows tbody th")) == 1


async def test_a_message_shows_why_it_exists_what_became_of_it_and_the_very_letter(client: Client) -> None:
    here = await scene()
    message_id = await plan(here)
    await settle(message_id, "accepted", 250, "250 2.0.0 OK")
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages/{message_id}")
    assert page.h1 == "Rural Labs: accepted"
    assert "The recipient’s mail server took it." in page.words
    assert "The automatic e-mail “Tell the winners”: Alice changed the status to “Accepted”." in page.words
    assert page.texts(".table tbody td") == ["1", page.texts(".table tbody td")[1], "Sent", "250 2.0.0 OK"]
    assert page.one("iframe").attrs["src"] == f"/messages/{message_id}/letter"
    assert {f"/campaigns/{here.campaign.id}/emails", f"/templates/{here.template.id}"} <= set(page.links)
    client.checked = False
    letter = await client.get(f"/messages/{message_id}/letter")
    assert "Dear Ana" in letter.text
    assert letter.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    raw = await client.get(f"/messages/{message_id}/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert "Subject: Rural Labs: accepted" in raw.text


async def test_a_sent_message_leads_to_its_letter_in_the_mailbox(client: Client) -> None:
    here = await scene()
    message_id = await plan(here)
    await settle(message_id, "accepted", 250, "250 OK")
    uuid = await database.fetchval("select message_id::text from message where id = $1", message_id)
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages/{message_id}")
    (link,) = [each for each in page.links if each.startswith("/mailbox/by-id/")]
    assert uuid in link


@pytest.mark.parametrize(
    ("state", "reason", "verb", "after", "toast"),
    [
        ("held", "on_hold", "release", "queued", "The e-mail leaves now."),
        ("held", "on_hold", "cancel", "cancelled", "E-mail cancelled."),
        ("failed", "policy", "retry", "queued", "E-mail queued again."),
        ("uncertain", "connection_lost", "resend", "queued", "E-mail queued again, with the same Message-ID."),
        ("uncertain", "connection_lost", "leave", "uncertain", "Left as it is."),
    ],
)
async def test_alice_decides_about_a_message(
    client: Client, state: str, reason: str, verb: str, after: str, toast: str
) -> None:
    here = await scene()
    message_id = await plan(here, "Ana", "held" if state == "held" else "queued", reason if state == "held" else None)
    if state != "held":
        await settle(message_id, state, 550 if state == "failed" else -1, "550 no", reason)
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages/{message_id}")
    assert f"/messages/{message_id}/{verb}" in page.links
    asked = await client.get(f"/messages/{message_id}/{verb}")
    assert asked.h1.endswith("?")
    page = await client.post(f"/messages/{message_id}/{verb}")
    assert (page.path, page.toasts) == (f"/messages/{message_id}", [toast])
    assert await state_of(message_id) == after
    assert [text.split(" ")[0] for text in page.texts("#main .checks li")] == ["Alice"]


async def test_a_message_that_a_rule_has_stopped_leads_to_its_decision(client: Client) -> None:
    here = await scene()
    stopped = await plan(here)
    await client.sign_in(here.alice.email)
    assert 'href="/messages/decisions"' not in (await client.get(f"/messages/{stopped}")).text
    await ledger.pause_origin(await database.fetchval("select id from origin"), "policy", SYSTEM)
    page = await client.get(f"/messages/{stopped}")
    assert "It needs a decision." in page.text
    assert 'href="/messages/decisions"' in page.text


async def test_trying_again_what_is_on_pause_says_that_it_will_wait(client: Client) -> None:
    here = await scene()
    refused = await plan(here)
    await settle(refused, "failed", 550, "550 5.7.1 no", "policy")
    await client.sign_in(here.alice.email)
    waits = "E-mails like this one are on pause: it waits until sending is resumed."
    assert waits not in (await client.get(f"/messages/{refused}/retry")).text
    await ledger.pause_origin(await database.fetchval("select id from origin"), "policy", SYSTEM)
    assert waits in (await client.get(f"/messages/{refused}/retry")).text


async def test_time_to_undo_can_be_cut_short(client: Client) -> None:
    here = await scene()
    message_id = await plan(here, delay=30)
    assert await state_of(message_id) == "held"
    await client.sign_in(here.alice.email)
    await client.post(f"/messages/{message_id}/release")
    assert await state_of(message_id) == "queued"


async def test_a_message_that_moved_on_is_left_alone_and_says_what_it_is_now(client: Client) -> None:
    here = await scene()
    message_id = await plan(here, "Ana", "held", "on_hold")
    await client.sign_in(here.alice.email)
    await settle(message_id, "accepted", 250, "250 OK")
    page = await client.post(f"/messages/{message_id}/cancel")
    assert page.status == 409
    assert "The message has moved on in the meantime." in page.words
    assert await state_of(message_id) == "accepted"
    assert (await client.get(f"/messages/{message_id}/cancel")).status == 409


async def test_a_skipped_message_without_a_letter_says_so(client: Client) -> None:
    here = await scene()
    intent = Intent(address="", locale="en", optional=False, occurrence=1, state="skipped", reason="no_email")
    (message_id,) = await ledger.post("trigger", here.trigger_id, here.sender_id, Lane.trigger, [intent])
    await client.sign_in(here.alice.email)
    page = await client.get(f"/messages/{message_id}")
    assert "Left out on purpose. Reason: No e-mail address." in page.words
    assert "No letter was written, because none was to be sent." in page.words
    assert page.all("iframe") == []
    assert (await client.get(f"/messages/{message_id}/letter")).status == 404


async def test_another_managers_messages_are_not_found(client: Client) -> None:
    here = await scene()
    message_id = await plan(here, "Ana", "held", "on_hold")
    dana = await factories.account("Dana", "manager")
    await client.sign_in(dana.email)
    assert (await client.get("/messages")).texts("#rows tbody th") == []
    for path in ("", "/letter", "/raw", "/cancel"):
        assert (await client.get(f"/messages/{message_id}{path}")).status == 404
    assert (await client.post(f"/messages/{message_id}/cancel")).status == 404
    assert await state_of(message_id) == "held"


async def test_an_evaluator_reads_no_register(client: Client) -> None:
    here = await scene()
    message_id = await plan(here)
    await client.sign_in((await factories.account("Bob", "evaluator")).email)
    assert (await client.get("/messages")).status == 403
    assert (await client.get(f"/messages/{message_id}")).status == 403
    assert (await client.post(f"/messages/{message_id}/cancel")).status == 403


async def test_an_administrator_sees_the_messages_of_all_campaigns(client: Client) -> None:
    here = await scene()
    message_id = await plan(here)
    await ledger.cancel(message_id, SYSTEM)
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    page = await client.get(f"/messages/{message_id}")
    assert "Cancelled before it left. Reason: Stopped by hand." in page.words

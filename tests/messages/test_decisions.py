"""What waits for a person, on one page: Alice decides about her campaigns, Adam about the whole house."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import db as database
from portal.actor import SYSTEM
from portal.ledger import actions as ledger
from portal.ledger import epoch, queries
from tests import factories
from tests.clients import Client
from tests.messages.test_pages import Scene, plan, scene, state_of

HERE = "/messages/decisions"
REPLY = "550 5.7.1 Message refused: looks like spam"


async def paused(here: Scene, waiting: int = 2) -> int:
    """The automatic e-mail was refused as unwanted; its origin's id."""
    failed = await plan(here, "Eva")
    sql = """update message set state = 'failed', reason = 'policy', code = 550, reply = $2 where id = $1
        returning origin_id"""
    origin = int(await database.fetchval(sql, failed, REPLY))
    await database.execute("update batch set done_at = now()")
    for number in range(waiting):
        await plan(here, f"Ana{number}")
    await ledger.pause_origin(origin, "policy", SYSTEM)
    return origin


async def doubted(here: Scene, count: int = 2, minutes: int = 20) -> list[int]:
    """Messages whose reply never came."""
    ids = [await plan(here, f"Doubt{number}") for number in range(count)]
    sql = """update message set state = 'uncertain', reason = 'connection_lost',
        settled_at = now() - make_interval(mins => $2) where id = any ($1)"""
    await database.execute(sql, ids, minutes)
    await database.execute("update batch set done_at = now()")
    sql = (
        "insert into attempt (message_id, try, state, code, reply) select unnest($1::bigint[]), 0, 'uncertain', -1, 'x'"
    )
    await database.execute(sql, ids)
    return ids


async def origin_of(message_id: int) -> int:
    return int(await database.fetchval("select origin_id from message where id = $1", message_id))


async def test_when_nothing_waits_the_page_says_what_would(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    page = await client.get(HERE)
    assert (page.h1, page.texts(".empty h2")) == ("Needs a decision", ["Nothing waits for a decision"])


async def test_a_paused_origin_is_told_with_its_reason_and_resumed(client: Client) -> None:
    here = await scene()
    origin = await paused(here)
    await client.sign_in(here.alice.email)
    page = await client.get(HERE)
    assert page.texts(".card h2") == ["Tell the winners · Rural Labs"]
    assert "Mail servers refuse these e-mails as unwanted." in page.words
    assert f"The mail server said: {REPLY}" in page.words
    assert "If nobody decides, 2 e-mails wait." in page.words
    asked = await client.get(f"{HERE}/origins/{origin}/resume")
    assert asked.h1 == "Resume and send 2 e-mails?"
    done = await client.post(f"{HERE}/origins/{origin}/resume", asked.form(f"{HERE}/origins/{origin}/resume"))
    assert (done.path, done.toasts) == (HERE, ["Resumed. What waited leaves now."])
    assert await database.fetchval("select gate from origin where id = $1", origin) == "open"
    assert (await client.get(f"{HERE}/origins/{origin}/resume")).status == 404


async def test_P8_the_rest_of_a_paused_origin_is_cancelled_at_once(client: Client) -> None:
    here = await scene()
    origin = await paused(here)
    await client.sign_in(here.alice.email)
    asked = await client.get(f"{HERE}/origins/{origin}/cancel")
    assert asked.h1 == "Cancel 2 e-mails?"
    await client.post(f"{HERE}/origins/{origin}/cancel", asked.form(f"{HERE}/origins/{origin}/cancel"))
    shown = await database.fetch("select shown, waits_for from message_now where state = 'queued'")
    assert {tuple(row) for row in shown} == {("cancelled", "by_hand")}


@pytest.mark.parametrize(
    ("verb", "title", "said", "after"),
    [
        ("resend", "Send 2 e-mails again?", "2 e-mails queued again.", ("queued", "resent")),
        ("leave", "Leave 2 e-mails as they are?", "2 e-mails left as they are.", ("uncertain", "left_as_is")),
    ],
)
async def test_P4_unconfirmed_ones_are_settled_together(
    client: Client, verb: str, title: str, said: str, after: tuple[str, str]
) -> None:
    here = await scene()
    ids = await doubted(here)
    address = f"{HERE}/uncertain/{await origin_of(ids[0])}/{verb}"
    await client.sign_in(here.alice.email)
    assert "Not confirmed: 2. They may have arrived." in (await client.get(HERE)).words
    asked = await client.get(address)
    assert asked.h1 == title
    assert (await client.post(address, asked.form(address))).toasts == [said]
    for each in ids:
        message = await queries.one(SYSTEM, each)
        assert (message.state, message.reason) == after
    assert (await client.get(HERE)).texts(".card h2") == []


async def test_the_number_is_asked_again_when_it_has_changed(client: Client) -> None:
    here = await scene()
    ids = await doubted(here)
    address = f"{HERE}/uncertain/{await origin_of(ids[0])}/resend"
    await client.sign_in(here.alice.email)
    form = (await client.get(address)).form(address)
    await database.execute("update message set state = 'accepted' where id = $1", ids[0])
    page = await client.post(address, form)
    assert page.status == 409
    assert "now 1, before 2" in page.words
    assert await state_of(ids[1]) == "uncertain"


async def test_what_may_still_be_proven_is_not_asked_about(client: Client) -> None:
    here = await scene()
    await doubted(here, minutes=5)
    await client.sign_in(here.alice.email)
    assert (await client.get(HERE)).texts(".card h2") == []


async def test_strangers_find_nothing_and_decide_nothing(client: Client) -> None:
    here = await scene()
    origin, ids = await paused(here), await doubted(here)
    await client.sign_in((await factories.account("Dana")).email)
    assert (await client.get(HERE)).texts(".card h2") == []
    for address in (f"origins/{origin}/resume", f"uncertain/{await origin_of(ids[0])}/resend"):
        assert (await client.get(f"{HERE}/{address}")).status == 404
        assert (await client.post(f"{HERE}/{address}", {"announced": "2"})).status == 404


@pytest.mark.parametrize(
    "path", ["nonsense/1/resume", "origins/999999/resume", "senders/999999/resume", "restored/0/confirm"]
)
async def test_what_does_not_wait_is_not_found(client: Client, path: str) -> None:
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    assert (await client.get(f"{HERE}/{path}")).status == 404


async def test_a_paused_sender_is_for_administrators_to_resume(client: Client) -> None:
    here = await scene()
    await plan(here)
    await ledger.pause_sender(here.sender_id, "535 5.7.8 authentication failed", SYSTEM)
    await client.sign_in(here.alice.email)
    page = await client.get(HERE)
    assert "535 5.7.8 authentication failed" in page.words and "An administrator has to decide this." in page.words
    address = f"{HERE}/senders/{here.sender_id}/resume"
    assert (await client.get(address)).status == 403
    assert (await client.post(address, {"announced": "1"})).status == 403
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    asked = await client.get(address)
    assert asked.h1 == "Resume and send 1 e-mail?"
    await client.post(address, asked.form(address))
    assert not await database.fetchval("select paused from sender where id = $1", here.sender_id)


async def test_a_restored_database_waits_for_an_administrator(client: Client) -> None:
    here = await scene()
    message = await plan(here)
    await epoch.may_send()
    await database.execute("update epoch set database = '1 1 1 1'")
    await epoch.may_send()
    address = f"{HERE}/restored/0/confirm"
    await client.sign_in(here.alice.email)
    assert "If nobody confirms, no e-mail leaves. Everything else works." in (await client.get(HERE)).words
    assert "the database was restored from a backup" in (await client.get(f"/messages/{message}")).words
    assert (await client.get(address)).status == 403
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    asked = await client.get(address)
    assert asked.h1 == "Send 1 e-mail from this database?"
    await client.post(address, asked.form(address))
    assert await epoch.held() is None
    assert await state_of(message) == "queued"


async def test_the_register_and_the_dashboard_count_what_waits(client: Client) -> None:
    here = await scene()
    await paused(here)
    await doubted(here)
    await client.sign_in(here.alice.email)
    assert "Needs a decision 2" in (await client.get("/messages")).texts("nav .views li")
    board = await client.get("/")
    assert "Make 2 decisions" in board.words and HERE in board.links


@pytest.mark.seed("B07")
async def test_B07_a_late_reminder_is_sent_or_skipped_by_a_person(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    trigger = await factories.trigger(
        campaign, name="A week left", family="deadline", from_status="draft", to_status=None
    )
    await factories.dossier(campaign, status="draft")
    sql = "insert into reminder (trigger_id, due_at, state) values ($1, now() - $2::interval, 'late') returning id"
    one, two = [await database.fetchval(sql, trigger, timedelta(hours=hours)) for hours in (5, 6)]
    await client.sign_in(dana.email)
    assert (await client.get(f"{HERE}/reminders/{one}/send")).status == 404
    await client.sign_in(alice.email)
    assert "Not sent in time: A week left" in (await client.get("/")).words
    page = await client.get(HERE)
    assert "If nobody decides, nobody is reminded. Dossiers with its status: 1." in page.words
    question = await client.get(f"{HERE}/reminders/{one}/send")
    assert question.h1 == "Send the late reminder now?"
    await factories.dossier(campaign, status="draft")
    page = await client.post(f"{HERE}/reminders/{one}/send", {"announced": "1"})
    assert page.status == 409
    assert "Dossiers with its status: 2." in page.words
    page = await client.post(f"{HERE}/reminders/{one}/send", {"announced": "2"})
    assert page.toasts == ["The reminder goes within a minute."]
    page = await client.post(f"{HERE}/reminders/{two}/skip", {"announced": "2"})
    assert page.toasts == ["Skipped. Nothing of it is sent."]
    states = await database.fetch("select state from reminder order by id")
    assert [row["state"] for row in states] == ["due", "dropped"]

"""What a script can do about messages, and what it is told waits for a person."""

from __future__ import annotations

import httpx
import pytest

from portal import db
from portal.actor import SYSTEM
from portal.ledger import actions
from tests.sending.helpers import plan


async def doubted() -> int:
    """A message that nobody could confirm."""
    [message] = await plan(1)
    sql = "update message set state = 'uncertain', settled_at = now() - interval '16 minutes' where id = $1"
    await db.execute(sql, message)
    await db.execute("update batch set done_at = now()")
    return message


async def test_P4_a_script_finds_what_needs_a_decision_and_decides(api: httpx.AsyncClient) -> None:
    message = await doubted()
    await plan(1, ref_id=2)
    found = (await api.get("/messages", params={"needs_decision": True})).json()["items"]
    assert [(each["id"], each["state"]) for each in found] == [(message, "uncertain")]
    waiting = (await api.get("/decisions")).json()
    assert [each["count"] for each in waiting["uncertain"]] == [1]
    answer = await api.post(f"/messages/{message}/resend")
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    assert (await api.get("/messages", params={"needs_decision": True})).json()["items"] == []


async def test_a_script_leaves_it_as_it_is(api: httpx.AsyncClient) -> None:
    answer = await api.post(f"/messages/{await doubted()}/leave")
    assert (answer.json()["state"], answer.json()["reason"]) == ("uncertain", "left_as_is")


async def test_a_script_cancels_and_is_told_when_it_is_too_late(api: httpx.AsyncClient) -> None:
    [message] = await plan(1)
    assert (await api.post(f"/messages/{message}/cancel")).json()["state"] == "cancelled"
    again = await api.post(f"/messages/{message}/cancel")
    assert (again.status_code, again.json()["current"]["state"]) == (409, "cancelled")


async def test_a_script_retries_what_failed_and_releases_what_is_held(api: httpx.AsyncClient) -> None:
    [failed] = await plan(1)
    await db.execute("update message set state = 'failed', reason = 'mailbox_full'")
    await db.execute("update batch set done_at = now()")
    [held] = await plan(1, ref_id=2, delay_minutes=5)
    assert (await api.post(f"/messages/{failed}/retry")).json()["state"] == "queued"
    assert (await api.post(f"/messages/{held}/release")).json()["state"] == "queued"


@pytest.mark.parametrize(("path", "status"), [("999999/cancel", 404), ("1/explode", 400)])
async def test_what_is_not_there_is_refused(api: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await api.post(f"/messages/{path}")).status_code == status


async def test_a_paused_sender_is_among_the_decisions(api: httpx.AsyncClient) -> None:
    await plan(3)
    await actions.pause_sender(await db.fetchval("select sender_id from organisation"), "535 no", SYSTEM)
    [sender] = (await api.get("/decisions")).json()["senders"]
    assert (sender["reason"], sender["waiting"]) == ("535 no", 3)

"""The pages of long work, as Alice sees them."""

from __future__ import annotations

from portal import db as database
from portal.jobs import actions, running
from tests import factories
from tests.clients import Client


async def test_alice_sees_how_far_her_task_is_and_stops_it(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    assert "No tasks yet" in (await client.get("/jobs")).words
    job_id = await actions.start("nobody_knows", alice.actor, what={}, items=[11, 12, 13, 14])
    await database.execute("update job set state = 'running', done = 2, refused = 1 where id = $1", job_id)
    await database.execute("update job_item set state = 'refused', reason = 'changed' where item_id = 12")
    page = await client.get(f"/jobs/{job_id}")
    assert page.one("progress").attrs["value"] == "3"
    assert "Somebody else has changed it meanwhile" in page.words
    assert page.one("#progress").attrs["data-live"] == "2"
    page = await client.post(f"/jobs/{job_id}/pause", {})
    assert "The task is paused. What is done stays done." in page.toasts
    page = await client.post(f"/jobs/{job_id}/cancel", {})
    assert "data-live" not in page.one("#progress").attrs
    assert page.texts("#progress header form") == []
    assert (await client.post(f"/jobs/{job_id}/resume", {})).status == 422
    assert (await client.post(f"/jobs/{job_id}/explode", {})).status == 404
    assert not await database.fetchval(running.DUE)
    assert f"/jobs/{job_id}" in (await client.get("/jobs")).links


async def test_what_was_stopped_leads_back_to_where_it_was_asked_for(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    ways = {"status": "/dossiers", "export": "/dossiers", "import": "/imports/7", "campaign_end": "/campaigns"}
    for kind, way in ways.items():
        what = {"import": 7, "title": {"en": "Labs"}}
        job_id = await actions.start(kind, alice.actor, what=what, items=[11])
        assert not (await client.get(f"/jobs/{job_id}")).all("#progress p a")
        page = await client.post(f"/jobs/{job_id}/cancel", {})
        assert page.one("#progress p a").attrs["href"] == way

"""Mailings by scripts: the same rules, with what was seen said again."""

from __future__ import annotations

import httpx

from portal import db as database
from portal.mailings import work
from tests import factories
from tests.api.conftest import alice, api  # noqa: F401 - fixtures


async def test_a_script_writes_plans_launches_and_stops_a_mailing(api: httpx.AsyncClient) -> None:  # noqa: F811
    await factories.organisation()
    await database.execute("update sender set verified = true")
    ana, bea = await factories.person("Ana"), await factories.person("Bea", email=None)
    template = await factories.template()
    wanted = {"name": "Reminder", "template": template.id, "picked": [ana.id, bea.id]}
    once = {"Idempotency-Key": "mailing-1"}
    answer = await api.post("/mailings", json=wanted, headers=once)
    made = answer.json()
    assert (await api.post("/mailings", json=wanted, headers=once)).json() == made
    here = f"/mailings/{made['id']}"
    plan = (await api.get(f"{here}/plan")).json()
    assert (plan["going"], plan["skipped"]) == (1, {"no_email": 1})
    rows = (await api.get(f"{here}/plan/rows", params={"in_state": "skipped"})).json()
    assert [row["record_id"] for row in rows["items"]] == [bea.id]
    seen = {"version": made["version"], "expected": 2, "seal": plan["seal"]}
    wrong = await api.post(f"{here}/launch", json=seen)
    assert (wrong.status_code, wrong.json()["current"]["going"]) == (409, 1)
    launched = await api.post(f"{here}/launch", json={**seen, "expected": 1})
    assert (launched.status_code, launched.json()["state"]) == (200, "starting")
    await work.sweep()
    running = (await api.get(here)).json()
    assert (running["state"], running["by_state"]["queued"], running["sent_twice"]) == ("running", 1, 0)
    assert (await api.post(f"{here}/pause")).json()["state"] == "paused"
    assert (await api.post(f"{here}/pause")).status_code == 409
    assert (await api.post(f"{here}/cancel")).json()["state"] == "cancelled"


async def test_a_script_changes_a_draft_from_the_version_it_has_seen(api: httpx.AsyncClient) -> None:  # noqa: F811
    made = (await api.post("/mailings", json={"name": "Reminder", "picked": []})).json()
    here = f"/mailings/{made['id']}"
    change = {"name": "Second reminder", "version": made["version"], "time_zone": "Europe/Paris"}
    changed = (await api.put(here, json={**change, "starts_at": "2098-05-01T09:00"})).json()
    assert (changed["name"], changed["audience"], changed["starts_at"]) == (
        "Second reminder",
        "picked",
        "2098-05-01T09:00",
    )
    assert (await api.put(here, json=change)).status_code == 409
    assert (await api.put(here, json={**change, "time_zone": "Mars"})).status_code == 422
    assert (await api.delete(here, params={"version": changed["version"]})).status_code == 204
    assert (await api.get(here)).status_code == 404

"""A script sets up phases and programmes, moves a closing date, copies and archives a call."""

from __future__ import annotations

import httpx

from tests import factories
from tests.factories import AccountRow

FULL = {"title": {"en": "Full project"}, "entry_status": "reserve_list", "submitted_status": "under_review"}


async def test_a_script_sets_up_a_second_phase(api: httpx.AsyncClient, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,))
    phases = f"/campaigns/{campaign.id}/phases"
    answer = await api.post(phases, json=FULL | {"opens_at": "2027-01-10T09:00"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["opens_at"], made["closes_at"], made["entry_status"]) == ("2027-01-10T09:00", None, "reserve_list")
    answer = await api.post(phases, json=FULL | {"entry_status": "lost"})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"entry_status": "This campaign has no such status."})
    changed = FULL | {"title": {"en": "Project"}, "version": made["version"]}
    answer = await api.put(f"{phases}/{made['id']}", json=changed)
    assert (answer.status_code, answer.json()["title"]["en"]) == (200, "Project")
    answer = await api.put(f"{phases}/{made['id']}", json=changed)
    assert (answer.status_code, answer.json()["current"]["version"]) == (409, 2)
    assert [each["id"] for each in (await api.get(phases)).json()["items"]] == [made["id"]]
    assert (await api.delete(f"{phases}/{made['id']}")).status_code == 204
    assert (await api.get(phases)).json()["items"] == []


async def test_a_script_changes_what_it_names_and_nothing_else(api: httpx.AsyncClient, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    programme = (await api.post("/programmes", json={"title": {"en": "Territories"}})).json()
    where = f"/campaigns/{campaign.id}"
    body = {"version": 1, "closes_at": "2098-01-01T12:00", "programme": programme["id"], "withdrawal": False}
    now = (await api.patch(where, json=body)).json()
    assert (now["closes_at"], now["programme"], now["withdrawal"]) == ("2098-01-01T12:00", programme["id"], False)
    assert (now["title"], now["published"], now["opens_at"]) == ({"en": "Rural Labs"}, True, "2026-01-01T00:00")
    answer = await api.patch(where, json=body)
    assert (answer.status_code, answer.json()["current"]["version"]) == (409, 2)
    answer = await api.patch(where, json={"version": 2, "programme": 4711})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"programme_id": "Choose one of the options."})
    answer = await api.get("/campaigns", params={"programme": programme["id"]})
    assert [each["id"] for each in answer.json()["items"]] == [campaign.id]
    assert [each["title"] for each in (await api.get("/programmes")).json()["items"]] == [{"en": "Territories"}]


async def test_a_script_copies_and_archives(api: httpx.AsyncClient, alice: AccountRow) -> None:
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    body = {"title": {"en": "Rural Labs 2027"}, "first_day": "2027-01-01"}
    copy = (await api.post(f"/campaigns/{campaign.id}/duplicate", json=body)).json()
    assert (copy["title"]["en"], copy["opens_at"], copy["published"]) == ("Rural Labs 2027", "2027-01-01T00:00", False)
    assert (await api.post(f"/campaigns/{campaign.id}/archive")).json()["archived"] is True
    assert [each["id"] for each in (await api.get("/campaigns")).json()["items"]] == [copy["id"]]
    answer = await api.get("/campaigns", params={"archived": "true"})
    assert [each["id"] for each in answer.json()["items"]] == [campaign.id]
    assert (await api.post(f"/campaigns/{campaign.id}/bring-back")).json()["archived"] is False

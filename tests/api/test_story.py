"""A script runs a call from nothing to the decision, as docs/api.md shows it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar import Litestar

from portal.accounts.actions import create_api_key
from tests import factories
from tests.api.conftest import script

CAMPAIGN = {
    "slug": "rural-labs",
    "title": {"en": "Rural Labs", "pl": "Wiejskie laboratoria"},
    "time_zone": "Europe/Warsaw",
    "opens_at": "2026-01-01T00:00",
    "closes_at": "2099-12-31T23:59",
    "locales": ["en", "es", "fr", "pl"],
    "published": True,
}
PERSON = {"email": "ana@example.org", "first_name": "Ana", "last_name": "Nowak", "locale": "pl"}
TEMPLATE = {
    "name": "Accepted at last",
    "category": "transactional",
    "variants": {
        "en": {"subject": "{{ campaign_title }}: accepted", "body": "<p>Dear {{ first_name }}</p>"},
        "fr": {"subject": "{{ campaign_title }} : retenu", "body": "<p>Bonjour {{ first_name }}</p>"},
    },
}


async def created(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
async def campaign(api: httpx.AsyncClient) -> dict[str, Any]:
    return await created(api, "/campaigns", CAMPAIGN)


@pytest.fixture
async def dossier(api: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, Any]:
    return await created(api, "/dossiers", {"campaign": campaign["id"], "person": PERSON, "answers": {}})


async def trigger_on_accepted(api: httpx.AsyncClient, campaign: dict[str, Any]) -> dict[str, Any]:
    template = await created(api, "/templates", TEMPLATE)
    body = {
        "name": "Tell the winners",
        "family": "manager",
        "template": template["id"],
        "to_status": "accepted",
        "from_status": None,
        "recipients": ["candidate"],
        "delay_minutes": 0,
        "active": True,
    }
    return await created(api, f"/campaigns/{campaign['id']}/triggers", body)


@pytest.mark.seed("B07")
async def test_B07_a_script_makes_a_reminder_with_conditions(api: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    template = await created(api, "/templates", TEMPLATE)
    body = {
        "family": "deadline",
        "template": template["id"],
        "from_status": "draft",
        "days_before": 7,
        "at_time": "09:00",
        "conditions": {"locales": ["pl"]},
    }
    made = await created(api, f"/campaigns/{campaign['id']}/triggers", body)
    assert {name: made[name] for name in body} == body
    body["conditions"] = {"answers": [{"key": "nothing", "is": ["x"]}]}
    refused = await api.post(f"/campaigns/{campaign['id']}/triggers", json=body | {"at_time": "noon"})
    assert refused.status_code == 422
    assert set(refused.json()["errors"]) == {"at_time", "answers"}


async def messages(api: httpx.AsyncClient, dossier: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await api.get("/messages", params={"dossier": dossier["id"]})).json()["items"])


@pytest.mark.seed("E13")
async def test_E13_a_new_campaign_has_its_statuses_and_its_acknowledgement(
    api: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    assert campaign["slug"] == "rural-labs"
    assert [(one["key"], one["protected"]) for one in campaign["statuses"][:2]] == [
        ("draft", True),
        ("submitted", True),
    ]
    triggers = (await api.get(f"/campaigns/{campaign['id']}/triggers")).json()["items"]
    assert [(one["family"], one["recipients"], one["active"]) for one in triggers] == [
        ("candidate", ["candidate"], True)
    ]


@pytest.mark.seed("E07")
async def test_E07_a_submitted_dossier_gets_its_acknowledgement_in_the_candidates_language(
    api: httpx.AsyncClient, dossier: dict[str, Any]
) -> None:
    assert (dossier["status"], dossier["version"]) == ("draft", 1)
    answer = await api.post(f"/dossiers/{dossier['id']}/submit")
    assert (answer.status_code, answer.json()["status"]) == (200, "submitted")
    [message] = await messages(api, dossier)
    assert (message["recipient"], message["locale"], message["lane"]) == ("ana@example.org", "pl", "urgent")
    assert (message["state"], message["reason"], message["origin"]["kind"]) == ("queued", None, "trigger")
    assert message["message_id"].startswith("<")
    assert dossier["number"] in message["subject"]


@pytest.mark.seed("E08")
async def test_E08_a_change_with_a_mode_is_a_change_by_hand_and_fires(
    api: httpx.AsyncClient, campaign: dict[str, Any], dossier: dict[str, Any]
) -> None:
    trigger = await trigger_on_accepted(api, campaign)
    submitted = (await api.post(f"/dossiers/{dossier['id']}/submit")).json()
    body = {"status": "accepted", "version": submitted["version"], "mode": "send"}
    answer = await api.post(f"/dossiers/{dossier['id']}/status", json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    latest = (await messages(api, dossier))[0]
    assert latest["origin"] == {"kind": "trigger", "id": trigger["id"]}
    assert (latest["locale"], latest["subject"]) == ("en", "Rural Labs: accepted")


@pytest.mark.seed("E11")
async def test_E11_a_change_without_a_mode_fires_nothing(
    api: httpx.AsyncClient, campaign: dict[str, Any], dossier: dict[str, Any]
) -> None:
    await trigger_on_accepted(api, campaign)
    submitted = (await api.post(f"/dossiers/{dossier['id']}/submit")).json()
    before = await messages(api, dossier)
    body = {"status": "accepted", "version": submitted["version"]}
    assert (await api.post(f"/dossiers/{dossier['id']}/status", json=body)).status_code == 200
    assert await messages(api, dossier) == before


async def test_whoever_saw_an_old_version_is_shown_the_dossier_as_it_is(
    api: httpx.AsyncClient, dossier: dict[str, Any]
) -> None:
    await api.post(f"/dossiers/{dossier['id']}/submit")
    body = {"status": "under_review", "version": 1, "mode": "send"}
    answer = await api.post(f"/dossiers/{dossier['id']}/status", json=body)
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["current"]["status"] == "submitted"


async def test_a_campaigns_own_status_is_added_once_and_then_changed(
    api: httpx.AsyncClient, campaign: dict[str, Any]
) -> None:
    path = f"/campaigns/{campaign['id']}/statuses"
    body = {"key": "shortlisted", "label": {"en": "Shortlisted"}, "public_label": {"en": "In review"}, "tone": "teal"}
    first = await created(api, path, body)
    again = await created(api, path, body | {"label": {"en": "Short-listed"}})
    assert (first["id"], again["label"]["en"]) == (again["id"], "Short-listed")


async def test_the_sum_of_all_messages_adds_up(api: httpx.AsyncClient, dossier: dict[str, Any]) -> None:
    await api.post(f"/dossiers/{dossier['id']}/submit")
    totals = (await api.get("/ledger/totals")).json()
    assert (totals["intended"], totals["by_state"]["queued"], totals["duplicates"], totals["balanced"]) == (
        1,
        1,
        0,
        True,
    )


async def test_people_are_added_found_and_not_doubled(api: httpx.AsyncClient) -> None:
    person = await created(api, "/people", {"kind": "contact", **PERSON})
    assert (await api.get(f"/people/{person['id']}")).json() == person
    found = (await api.get("/people", params={"kind": "contact", "q": "nowak"})).json()
    assert [one["id"] for one in found["items"]] == [person["id"]]
    again = await api.post("/people", json={"kind": "contact", **PERSON})
    assert (again.status_code, list(again.json()["errors"])) == (422, ["email"])


async def test_a_template_with_an_unknown_field_is_refused_with_line_column_and_suggestion(
    api: httpx.AsyncClient,
) -> None:
    variants = {"en": {"subject": "Hello", "body": "<p>Dear {{ first_nam }}</p>"}}
    answer = await api.post("/templates", json=TEMPLATE | {"variants": variants})
    assert answer.status_code == 422
    [sentence] = answer.json()["errors"].values()
    assert "first_nam”" in sentence and "“first_name”" in sentence and "1" in sentence


async def test_lists_page_by_cursor(api: httpx.AsyncClient, campaign: dict[str, Any]) -> None:
    for number in range(3):
        person = PERSON | {"email": f"ana{number}@example.org"}
        await created(api, "/dossiers", {"campaign": campaign["id"], "person": person})
    first = (await api.get("/dossiers", params={"limit": 2})).json()
    second = (await api.get("/dossiers", params={"limit": 2, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert (await api.get("/dossiers", params={"cursor": "nonsense"})).status_code == 422


async def test_what_the_api_does_not_know_it_refuses(api: httpx.AsyncClient) -> None:
    answer = await api.post("/people", json=PERSON | {"is_admin": True})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_key_opens_only_what_it_was_given(app: Litestar, alice: factories.AccountRow) -> None:
    async with script(app, await create_api_key(alice.email, ["dossier.see"])) as narrow:
        assert (await narrow.get("/dossiers")).status_code == 200
        assert (await narrow.get("/messages")).status_code == 403
    async with script(app, "cv_nonsense") as stranger:
        assert (await stranger.get("/dossiers")).status_code == 401


async def test_a_stranger_finds_nothing_of_a_foreign_campaign(
    app: Litestar, api: httpx.AsyncClient, campaign: dict[str, Any], dossier: dict[str, Any]
) -> None:
    dana = await factories.account("Dana", "manager")
    async with script(app, await create_api_key(dana.email)) as strange:
        for path in (
            f"/campaigns/{campaign['id']}",
            f"/dossiers/{dossier['id']}",
            f"/campaigns/{campaign['id']}/triggers",
        ):
            assert (await strange.get(path)).status_code == 404
        assert (await strange.get("/dossiers")).json()["items"] == []
        assert (await strange.post(f"/dossiers/{dossier['id']}/submit")).status_code == 404


async def test_the_description_names_every_verb(api: httpx.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()
    assert {"/api/v1/campaigns", "/api/v1/dossiers/{dossier_id}/status", "/api/v1/ledger/totals"} <= set(
        described["paths"]
    )
    assert not [path for path in described["paths"] if not path.startswith("/api/v1/")]


async def test_an_unknown_address_of_the_api_is_a_problem_not_a_page(api: httpx.AsyncClient) -> None:
    answer = await api.get("/nonsense")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

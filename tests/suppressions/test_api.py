"""Blocked addresses through the API: listed, added once, lifted by whoever may."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar

from portal.accounts.actions import create_api_key
from portal.people import consent, wishes
from tests import factories
from tests.api.conftest import alice, api, script

__all__ = ["alice", "api"]  # fixtures
HERE = "/suppressions"


@pytest.mark.seed("B08")
async def test_B08_a_script_lists_blocks_and_lifts(api: httpx.AsyncClient, app: Litestar) -> None:
    body = {"address": "press@paper.example", "scope": "all", "note": "their lawyer wrote"}
    once = {"Idempotency-Key": "stop-1"}
    made = await api.post(HERE, json=body, headers=once)
    assert (made.status_code, made.json()["reason"], made.json()["source"]) == (201, "by_hand", "api")
    assert (await api.post(HERE, json=body, headers=once)).json() == made.json()
    assert (await api.post(HERE, json=body)).status_code == 422
    assert (await api.post(HERE, json=body | {"address": "nonsense"})).status_code == 422
    ana = await factories.person(email="ana@people.example")
    adam = await factories.account("Adam", "administrator")
    await wishes.opt_out(ana.id, adam.actor, "reply")
    found = (await api.get(HERE, params={"scope": "optional"})).json()
    assert [(each["address"], each["person"]) for each in found["items"]] == [("ana@people.example", ana.id)]
    assert (await api.get(HERE, params={"q": "paper", "limit": 1})).json()["items"] == [made.json()]
    assert (await api.get(HERE, params={"cursor": "nonsense"})).status_code == 422
    gone = {"address": "PRESS@paper.example", "scope": "all"}
    assert [(await api.delete(HERE, params=gone)).status_code for _time in range(2)] == [204, 404]
    hers = {"address": "ana@people.example", "scope": "optional"}
    assert (await api.delete(HERE, params=hers | {"note": "she wrote"})).status_code == 422  # a manager
    async with script(app, await create_api_key(adam.email)) as administrator:
        assert (await administrator.delete(HERE, params=hers)).status_code == 422  # without a proof
        assert (await administrator.delete(HERE, params=hers | {"note": "she wrote"})).status_code == 204
    assert [each.wording for each in await consent.of_person(ana.id)] == ["she wrote", ""]

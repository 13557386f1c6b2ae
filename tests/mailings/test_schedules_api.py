"""Scheduled mailings through the API: made, changed, decided about, deleted; each refusal beside its field."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from litestar import Litestar

from portal import db as database
from portal.accounts.actions import create_api_key
from tests import factories as make
from tests.api.conftest import alice, api, script

__all__ = ["alice", "api"]  # fixtures
HERE = "/schedules"


async def body(owner: make.AccountRow) -> dict[str, object]:
    """A weekly one to all candidates."""
    await make.organisation()
    await make.dossier(await make.campaign(managers=(owner,)))
    sql = """insert into custom_view (module, name, owner_id, filters) values ('candidates', 'All', $1, '{}')
        returning id"""
    template = await make.template("News", category="optional", variants={"en": ("News", "<p>Hello</p>")})
    return {
        "name": "Monday news",
        "module": "candidates",
        "view": await database.fetchval(sql, owner.id),
        "template": template.id,
        "starts_at": "2099-03-23T02:30",
        "time_zone": "Madrid",
        "rule": "FREQ=WEEKLY;BYDAY=SU",
        "active": True,
    }


@pytest.mark.seed("Z27")
async def test_z27_a_script_schedules_changes_decides_and_deletes(
    api: httpx.AsyncClient, alice: make.AccountRow
) -> None:
    """The same rules as on the pages; its next runs are instants, across the change of clocks."""
    sent = await body(alice)
    once = {"Idempotency-Key": "news-1"}
    made = await api.post(HERE, json=sent, headers=once)
    assert made.status_code == 201, made.text
    assert (await api.post(HERE, json=sent, headers=once)).json() == made.json()
    found = made.json()
    assert found["next_runs"][:2] == ["2099-03-29T01:00:00Z", "2099-04-05T00:30:00Z"]
    one = f"{HERE}/{found['id']}"
    assert (await api.get(HERE)).json()["items"] == [(await api.get(one)).json()]
    changed = await api.put(one, json=sent | {"name": "Sunday news", "version": 1})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = await api.put(one, json=sent | {"version": 1})
    assert (stale.status_code, stale.json()["current"]["name"]) == (409, "Sunday news")
    sql = "insert into schedule_run (schedule_id, due_at, state, problem) values ($1, $2, 'late', 'late')"
    await database.execute(sql, found["id"], datetime(2026, 11, 1, 9, 0, 0, 123456, tzinfo=UTC))
    [run] = (await api.get(f"{one}/runs")).json()["items"]
    decided = await api.post(f"{one}/runs/{run['id']}", json={"decision": "send"})
    assert (decided.status_code, decided.json()["state"]) == (200, "started")
    assert (await api.post(f"{one}/runs/{run['id']}", json={"decision": "skip"})).status_code == 404
    assert [(await api.delete(one, params={"version": 2})).status_code for _time in range(2)] == [204, 404]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rule": "FREQ=YEARLY"}, "rule"),
        ({"starts_at": "2020-01-01T09:00", "rule": ""}, "starts_at"),
        ({"time_zone": "Atlantis"}, "time_zone"),
        ({"view": 999_999}, "view"),
        ({"sender": "account"}, "sender"),
        ({"days_before": 3}, "at_time"),
    ],
)
async def test_what_cannot_run_is_refused_by_field(
    api: httpx.AsyncClient, alice: make.AccountRow, changes: dict[str, object], field: str
) -> None:
    """422, with the field that has to be mended."""
    answer = await api.post(HERE, json=await body(alice) | changes)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), answer.text


@pytest.mark.seed("Z24")
async def test_z24_a_key_that_only_looks_schedules_nothing(
    api: httpx.AsyncClient, alice: make.AccountRow, app: Litestar
) -> None:
    """403 for whoever may see mailings and not write them."""
    sent = await body(alice)
    one = f"{HERE}/{(await api.post(HERE, json=sent)).json()['id']}"
    await database.execute("insert into role (key, name, rights) values ('looks', 'Looks', '{mailing.see}')")
    carol = await make.account("Carol", "looks")
    async with script(app, await create_api_key(carol.email)) as looks:
        assert (await looks.get(one)).status_code == 200
        assert (await looks.post(HERE, json=sent)).status_code == 403
        assert (await looks.put(one, json=sent | {"version": 1})).status_code == 403
        assert (await looks.delete(one, params={"version": 1})).status_code == 403

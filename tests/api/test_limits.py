"""The day's limits as JSON."""

import httpx
import pytest

from portal import db as database


@pytest.mark.seed("Z08")
async def test_Z08_a_script_reads_the_limits_of_the_day(api: httpx.AsyncClient) -> None:
    await database.execute("update organisation set mass_cap = 1000")
    await database.execute("insert into quota (pool, day, used) values ('organisation', limit_day(), 1000)")
    found = (await api.get("/limits")).json()
    assert found["time_zone"] == "UTC" and len(found["next_days"]) == 7
    pool = {"kind": "organisation", "id": None, "name": "", "cap": 1_000, "used": 1_000, "left": 0, "waiting": 0}
    assert found["pools"][0] == pool

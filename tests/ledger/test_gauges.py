"""What Prometheus scrapes of the register."""

from __future__ import annotations

import pytest

from portal import db
from portal.ledger import checks, gauges
from portal.metrics import registry


async def scraped() -> dict[str, float | None]:
    """The proof's metrics, as they would be scraped now."""
    await gauges.gather()
    names = ("messages_balanced", "messages_duplicates", "check_wrong", "check_lost", "check_doubled")
    return {name: registry.get_sample_value(f"convoca_{name}") for name in names}


@pytest.mark.usefixtures("db")
async def test_P12_the_proof_is_a_metric() -> None:
    sender = "insert into sender (address, bounce_domain) values ('a@b.example', 'b.example') returning id"
    sql = "insert into origin (kind, ref_id, sender_id, lane) values ('test', 1, $1, 0) returning id"
    origin = await db.fetchval(sql, await db.fetchval(sender))
    await db.execute(
        "insert into message (origin_id, address, state) values ($1, 'ana@people.example', 'skipped')", origin
    )
    await gauges.gather()
    assert registry.get_sample_value("convoca_check_timestamp_seconds") == 0
    found = await checks.check()
    well = {"messages_duplicates": 0, "check_wrong": 0, "check_doubled": 0}
    assert await scraped() == well | {"messages_balanced": 1, "check_lost": 0}
    assert found
    assert registry.get_sample_value("convoca_check_timestamp_seconds") == found.at.timestamp()
    assert registry.get_sample_value("convoca_check_oldest_timestamp_seconds") == found.oldest.timestamp()
    assert registry.get_sample_value("convoca_messages", {"state": "skipped"}) == 1
    await db.execute("update message set state = 'queued'")
    await checks.check()
    assert await scraped() == well | {"messages_balanced": 0, "check_lost": 1}

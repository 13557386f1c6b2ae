"""What Prometheus scrapes."""

from __future__ import annotations

import pytest

from portal import db
from portal.ledger import gauges
from portal.metrics import registry


@pytest.mark.usefixtures("db")
async def test_P12_the_proof_is_a_metric() -> None:
    sender = "insert into sender (address, bounce_domain) values ('a@b.example', 'b.example') returning id"
    sql = "insert into origin (kind, ref_id, sender_id, lane) values ('test', 1, $1, 0) returning id"
    origin = await db.fetchval(sql, await db.fetchval(sender))
    await db.execute(
        "insert into message (origin_id, address, state) values ($1, 'ana@people.example', 'skipped')", origin
    )
    await gauges.gather()
    assert registry.get_sample_value("convoca_messages", {"state": "skipped"}) == 1
    assert registry.get_sample_value("convoca_messages_balanced") == 1
    await db.execute("update message set state = 'queued'")
    await gauges.gather()
    assert registry.get_sample_value("convoca_messages_balanced") == 0

"""What Prometheus scrapes of sending: any web process answers for all workers, from the database."""

from __future__ import annotations

import re

import pytest

from portal import db as database
from portal.ledger.rules import Lane
from portal.monitor import gauges
from tests import factories
from tests.clients import Client
from tests.monitor.test_page import WORD, run
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("db")


async def scraped(client: Client) -> dict[str, float]:
    """Each sample of /metrics that is ours."""
    client.http._transport.client = ("127.0.0.1", 50_000)  # type: ignore[attr-defined]
    text = (await client.get("/metrics")).text
    return {match[1]: float(match[2]) for match in re.finditer(r"^(convoca_\S+(?: \S+)*?) (\S+)$", text, re.MULTILINE)}


async def test_metrics_say_what_waits_what_left_and_who_sends(client: Client) -> None:
    ids = await plan(5, Lane.mass, kind="mailing")
    await database.execute("update message set state = 'accepted', settled_at = now() where id = any ($1)", ids[:2])
    await database.execute("update message set state = 'uncertain', settled_at = now() where id = $1", ids[2])
    await database.execute("update batch set due_at = now() - interval '10 minutes'")
    await database.execute("update tally set minute = date_trunc('minute', now()) - interval '1 minute'")
    await run(WORD)
    await run(None, "silent:7")
    found = await scraped(client)
    sender = await database.fetchval("select s.address::text from sender s join organisation o on o.sender_id = s.id")
    expected = {
        f'convoca_lane_messages{{lane="mass",sender="{sender}",state="accepted"}}': 2,
        f'convoca_lane_messages{{lane="mass",sender="{sender}",state="queued"}}': 2,
        'convoca_lane_waiting{lane="mass"}': 2,
        'convoca_lane_waiting{lane="urgent"}': 0,
        'convoca_lane_sent_per_minute{lane="mass"}': 2,
        "convoca_uncertain": 1,
        "convoca_needs_decision": 0,
        "convoca_workers": 2,
        "convoca_workers_speaking": 1,
        'convoca_worker_sent_per_second{worker="sirius:4242"}': 1.5,
        'convoca_connections{state="open",worker="sirius:4242"}': 6,
        'convoca_claimed{lane="mass",worker="sirius:4242"}': 120,
        'convoca_domain_ended_total{domain="people.example",state="accepted",worker="sirius:4242"}': 90,
        'convoca_domain_waiting{domain="slow.example",worker="sirius:4242"}': 7,
        'convoca_flush_seconds_bucket{le="0.00025",worker="sirius:4242"}': 5,
        'convoca_flush_seconds_bucket{le="+Inf",worker="sirius:4242"}': 8,
        'convoca_flush_seconds_sum{worker="sirius:4242"}': 0.004,
        "convoca_messages_balanced": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 600 <= found['convoca_lane_oldest_due_seconds{lane="mass"}'] < 660


async def test_paused_origins_and_senders_need_a_decision(client: Client) -> None:
    await plan(1)
    await database.execute("update origin set gate = 'paused', gate_reason = 'policy'")
    await database.execute("update sender set paused = true where id = (select sender_id from organisation)")
    found = await scraped(client)
    names = ("paused_origins", "paused_senders", "needs_decision")
    assert [found[f"convoca_{name}"] for name in names] == [1, 1, 2]
    await database.execute("update origin set gate_reason = 'by_hand'")
    assert (await scraped(client))["convoca_paused_origins"] == 0


async def test_many_senders_are_fifty_names(client: Client) -> None:
    await factories.organisation()
    await database.execute(
        """with s as (insert into sender (address, bounce_domain)
            select 'sender' || n || '@b.example', 'b.example' from generate_series(1, 60) n returning id),
        o as (insert into origin (kind, ref_id, sender_id, lane) select 'test', id, id, 3 from s returning id)
        insert into message (origin_id, address, state)
        select id, 'ana' || n || '@people.example', 'skipped' from o, generate_series(1, 2) n"""
    )
    found = await scraped(client)
    flows = {name: count for name, count in found.items() if name.startswith("convoca_lane_messages")}
    assert len(flows) == gauges.SENDERS + 1
    assert flows['convoca_lane_messages{lane="mass",sender="*",state="skipped"}'] == 20

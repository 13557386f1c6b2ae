"""The register in figures for Prometheus: messages by state, and whether the totals add up (P12)."""

from __future__ import annotations

from prometheus_client import Gauge

from portal.ledger import queries
from portal.metrics import gatherers, registry

messages = Gauge("convoca_messages", "Messages of the register by state", ["state"], registry=registry)
duplicates = Gauge("convoca_messages_duplicates", "Messages that a mail server took more than once", registry=registry)
balanced = Gauge("convoca_messages_balanced", "1 while every intended message is accounted for", registry=registry)


async def gather() -> None:
    """Count anew, before a scrape."""
    totals = await queries.totals()
    for state, count in totals.by_state.items():
        messages.labels(state).set(count)
    duplicates.set(totals.duplicates)
    balanced.set(totals.balanced)


gatherers.append(gather)

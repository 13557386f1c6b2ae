"""The register in figures for Prometheus: messages by state, and whether the totals add up (P12)."""

from __future__ import annotations

from prometheus_client import Gauge

from portal.ledger import totals
from portal.metrics import gatherers, registry

messages = Gauge("convoca_messages", "Messages of the register by state", ["state"], registry=registry)
duplicates = Gauge("convoca_messages_duplicates", "Messages that a mail server took more than once", registry=registry)
balanced = Gauge("convoca_messages_balanced", "1 while every intended message is accounted for", registry=registry)
checked = Gauge("convoca_check_timestamp_seconds", "When the totals were last checked; 0: never", registry=registry)
oldest = Gauge(
    "convoca_check_oldest_timestamp_seconds", "Since when every row of the register has been counted", registry=registry
)
wrong = Gauge("convoca_check_wrong", "Totals that differ from their rows", registry=registry)
lost = Gauge("convoca_check_lost", "Queued messages that no batch holds", registry=registry)
doubled = Gauge("convoca_check_doubled", "Queued messages that more than one batch holds", registry=registry)


async def gather() -> None:
    """Ask for the kept totals and the last check, before a scrape."""
    kept, check = await totals.sums(), await totals.last_check()
    now = totals.judged(kept, check)
    for state, count in now.by_state.items():
        messages.labels(state).set(count)
    duplicates.set(now.duplicates)
    balanced.set(now.balanced)
    checked.set(check.at.timestamp() if check else 0)
    oldest.set(check.oldest.timestamp() if check else 0)
    for gauge, count in ((wrong, check.wrong), (lost, check.lost), (doubled, check.doubled)) if check else ():
        gauge.set(count)


gatherers.append(gather)

"""Sending in figures for Prometheus, from PostgreSQL alone: whichever web process is asked answers for all workers.

Labels are bounded: 4 lanes, SENDERS senders, the domains that a pulse names, the workers that are alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from portal.ledger.rules import Lane
from portal.metrics import gatherers, registry
from portal.monitor import queries
from portal.monitor.queries import Needs, WorkerRow
from portal.monitor.rules import Flow, sent_in, total
from portal.sending.pulse import BOUNDS

SENDERS = 50  # named; the others are one
OTHERS = "*"


class Sending(Collector):
    """What `gather` has found, for the scrape that follows."""

    def __init__(self) -> None:
        self.found: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        """The families of the last look."""
        return iter(self.found)

    def describe(self) -> list[Metric]:
        """None before the first look: names are checked by a test."""
        return []


sending = Sending()
registry.register(sending)


async def gather() -> None:
    """Ask PostgreSQL, before a scrape."""
    flows, runs = await queries.flows(), await queries.workers()
    now = datetime.now(UTC)
    sending.found = [
        *of_flows(flows),
        *of_lanes(flows, await queries.oldest(), now),
        *of_needs(await queries.needs()),
        *of_workers(runs, now),
        *of_domains(runs),
        flushes(runs),
    ]


def of_flows(flows: list[Flow]) -> list[Metric]:
    """Messages by lane, sender and state."""
    family = GaugeMetricFamily(
        "convoca_lane_messages", "Messages by lane, sender and state", labels=["lane", "sender", "state"]
    )
    named = busiest(flows)
    sums: dict[tuple[str, str, str], int] = {}
    for flow in flows:
        key = (Lane(flow.lane).name, flow.address if flow.sender_id in named else OTHERS, flow.state)
        sums[key] = sums.get(key, 0) + flow.total
    for key, count in sums.items():
        family.add_metric(key, count)
    return [family]


def busiest(flows: list[Flow]) -> set[int]:
    """The senders that are named."""
    sums: dict[int, int] = {}
    for flow in flows:
        sums[flow.sender_id] = sums.get(flow.sender_id, 0) + flow.total
    return set(sorted(sums, key=lambda sender: -sums[sender])[:SENDERS])


def of_lanes(flows: list[Flow], oldest: dict[int, datetime], now: datetime) -> list[Metric]:
    """What waits in each lane, for how long, and how much left in the last full minute."""
    waiting = GaugeMetricFamily("convoca_lane_waiting", "Messages that wait to be sent", labels=["lane"])
    age = GaugeMetricFamily(
        "convoca_lane_oldest_due_seconds", "Age of the oldest that is due and free", labels=["lane"]
    )
    rate = GaugeMetricFamily("convoca_lane_sent_per_minute", "Sent in the last full minute", labels=["lane"])
    for lane in Lane:
        since = oldest.get(lane)
        waiting.add_metric([lane.name], total(flows, "queued", lane=lane))
        age.add_metric([lane.name], max(0.0, (now - since).total_seconds()) if since else 0.0)
        rate.add_metric([lane.name], sent_in(flows, "last_minute", lane=lane))
    return [waiting, age, rate]


def of_needs(needs: Needs) -> list[Metric]:
    """What waits for a person."""
    figures = (
        ("convoca_uncertain", "Messages that were not confirmed and not left as they are", needs.uncertain),
        ("convoca_held", "Messages that are held by hand", needs.held),
        ("convoca_paused_origins", "Origins that a rule has paused", needs.paused_origins),
        ("convoca_paused_senders", "Senders on pause", needs.paused_senders),
        ("convoca_restored", "1 while everything is held after a restore", int(needs.restored_at is not None)),
        ("convoca_needs_decision", "What waits for a decision", needs.decisions),
    )
    return [GaugeMetricFamily(name, text, value=value) for name, text, value in figures]


def of_workers(runs: list[WorkerRow], now: datetime) -> list[Metric]:
    """Who is alive, and what their connections do."""
    alive = GaugeMetricFamily("convoca_workers", "Sending processes that are alive", value=len(runs))
    speaking = GaugeMetricFamily(
        "convoca_workers_speaking",
        "Those that have said something lately",
        value=sum(run.said is not None for run in runs),
    )
    labels = ["worker"]
    age = GaugeMetricFamily("convoca_worker_age_seconds", "Age of the process's run", labels=labels)
    rate = GaugeMetricFamily("convoca_worker_sent_per_second", "Sent a second, of late", labels=labels)
    pause = GaugeMetricFamily("convoca_route_pause_seconds", "Until the mail server is asked again", labels=labels)
    connections = GaugeMetricFamily("convoca_connections", "Connections to the mail server", labels=["worker", "state"])
    prefetched = GaugeMetricFamily("convoca_claimed", "Claimed and waiting for a connection", labels=["worker", "lane"])
    for run in runs:
        age.add_metric([run.worker], (now - run.started_at).total_seconds())
        if run.said:
            rate.add_metric([run.worker], run.said["per_second"])
            pause.add_metric([run.worker], run.said["route"]["pause"])
            for state in ("open", "idle", "opening", "cap"):
                connections.add_metric([run.worker, state], run.said["connections"][state])
            for lane in Lane:
                prefetched.add_metric([run.worker, lane.name], run.said["waiting"].get(str(int(lane)), 0))
    return [alive, speaking, age, rate, pause, connections, prefetched]


def of_domains(runs: list[WorkerRow]) -> list[Metric]:
    """How tries ended by receiving domain, since each run began; and which domains are held back."""
    ended = CounterMetricFamily("convoca_domain_ended", "Tries that ended", labels=["worker", "domain", "state"])
    slow = GaugeMetricFamily("convoca_domain_waiting", "Waiting aside for a slow domain", labels=["worker", "domain"])
    for run in runs:
        for domain, state, count in run.said["domains"] if run.said else ():
            ended.add_metric([run.worker, domain, state], count)
        for each in run.said["held_back"] if run.said else ():
            slow.add_metric([run.worker, each["domain"]], each["waiting"])
    return [ended, slow]


def flushes(runs: list[WorkerRow]) -> Metric:
    """How long the journal takes to allow dots."""
    family = HistogramMetricFamily("convoca_flush_seconds", "Latency of the journal's flushes", labels=["worker"])
    for run in runs:
        if run.said:
            counts, reached = [], 0
            for count in run.said["flushes"]:
                reached += count
                counts.append(reached)
            bounds = [str(bound / 1000) for bound in BOUNDS] + ["+Inf"]
            family.add_metric([run.worker], list(zip(bounds, counts, strict=True)), run.said["flush_seconds"])
    return family


gatherers.append(gather)

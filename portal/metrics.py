"""Our own Prometheus registry. Whoever counts something adds it here; `/metrics` prints it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

registry = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

gatherers: list[Callable[[], Awaitable[None]]] = []
"""Called before each scrape, for gauges that have to be asked for (rows by state)."""

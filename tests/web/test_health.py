"""What machines ask."""

from __future__ import annotations

import pytest
from prometheus_client import Gauge

from portal import metrics
from tests.clients import Client
from tests.web.small import small_app


async def fine() -> None:
    """Answers."""


async def broken() -> None:
    raise OSError("no route to host 10.1.2.3")


async def test_alive_without_asking_anybody() -> None:
    page = await Client(small_app(checks={"database": broken})).get("/health/live")
    assert (page.status, page.text) == (200, "alive\n")


async def test_ready_when_all_answer() -> None:
    page = await Client(small_app(checks={"database": fine, "valkey": fine})).get("/health/ready")
    assert (page.status, page.response.json()) == (200, {"database": "ok", "valkey": "ok"})


async def test_not_ready_says_which_and_no_more() -> None:
    page = await Client(small_app(checks={"database": fine, "valkey": broken})).get("/health/ready")
    assert (page.status, page.response.json()) == (503, {"database": "ok", "valkey": "down"})


async def test_metrics_are_gathered_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = Gauge("convoca_test_rows", "Rows.", registry=metrics.registry)

    async def count() -> None:
        gauge.set(7)

    monkeypatch.setattr(metrics, "gatherers", [count])
    here = Client(small_app(), address="127.0.0.1")
    page = await here.get("/metrics")
    proxied = await here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    others = [await here.get("/metrics", headers={name: "x"}) for name in ("Forwarded", "X-Real-IP", "Via")]
    assert [each.status for each in others] == [404, 404, 404]
    outside = await Client(small_app(), address="203.0.113.9").get("/metrics")
    metrics.registry.unregister(gauge)
    assert "convoca_test_rows 7.0" in page.text
    assert "process_cpu_seconds_total" in page.text
    assert (page.status, proxied.status, outside.status) == (200, 404, 404)


async def test_the_brands_colour_is_a_style_sheet_and_nothing_else_gets_in() -> None:
    client = Client(small_app())
    assert (await client.get("/brand/1f5c4d")).text == ":root { --brand: #1f5c4d; }\n"
    assert [(await client.get(f"/brand/{each}")).status for each in ("1f5c4", "zzzzzz", "1f5c4d;}*{x")] == [404] * 3


async def test_robots_and_the_mark() -> None:
    client = Client(small_app())
    robots, mark = await client.get("/robots.txt"), await client.get("/favicon.svg")
    assert "Disallow: /" in robots.text
    assert (mark.headers["content-type"], "currentColor" in mark.text) == ("image/svg+xml", False)

"""How often one address may try, counted in a real Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.clients import Client
from tests.web.small import small_app


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(valkey_url)
    yield client
    await client.aclose()


async def test_the_third_try_of_two_waits(valkey: Redis) -> None:
    client = Client(small_app(valkey=valkey), checked=False)
    statuses = [(await client.get("/seldom")).status for _ in range(3)]
    page = await client.get("/seldom")
    assert statuses == [200, 200, 429]
    assert page.h1 == "Too many attempts"
    assert 0 < int(page.headers["retry-after"]) <= 60


async def test_a_header_does_not_make_another_address(valkey: Redis) -> None:
    client = Client(small_app(valkey=valkey), checked=False)
    headers = [{"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}"} for n in range(3)]
    assert [(await client.get("/seldom", headers=each)).status for each in headers] == [200, 200, 429]


async def test_counts_are_forgotten_with_their_window(valkey: Redis) -> None:
    await Client(small_app(valkey=valkey), checked=False).get("/seldom")
    keys = await valkey.keys("limit:*")
    assert len(keys) == 1
    assert 0 < await valkey.ttl(keys[0]) <= 60


async def test_without_valkey_pages_go_on(caplog: pytest.LogCaptureFixture) -> None:
    nobody = Redis.from_url("redis://127.0.0.1:1")
    client = Client(small_app(valkey=nobody), checked=False)
    assert [(await client.get("/seldom")).status for _ in range(3)] == [200, 200, 200]
    assert "Valkey does not answer" in caplog.text

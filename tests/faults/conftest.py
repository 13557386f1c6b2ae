"""A nursery for the whole run, and servers of a test's own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from tests.faults.nursery import Nursery
from tests.faults.oracle import Oracle
from tests.faults.processes import postgres_in
from tests.faults.report import FINDINGS


@pytest.fixture(scope="session")
def nursery(_settings: None) -> Iterator[Nursery]:
    """Forks workers and clocks."""
    mine = Nursery()
    try:
        yield mine
    finally:
        mine.close()


@pytest.fixture
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Judges this test."""
    return Oracle(request.node.name, FINDINGS)


@pytest.fixture
async def own_server(fresh_database: str) -> AsyncIterator[tuple[Postgres, str]]:
    """A PostgreSQL of the test's own, durable, migrated, in use by portal.db; and its URL."""
    home = Path(tempfile.mkdtemp(prefix="convoca-crash-", dir="/var/tmp"))
    processes.open_to_servant(home)
    try:
        async with postgres_in(home, fresh_database) as served:
            yield served
    finally:
        processes.remove_folder(home)


@pytest.fixture
def own_valkey() -> Iterator[tuple[Valkey, str]]:
    """A Valkey of the test's own, and its URL."""
    home = Path(tempfile.mkdtemp(prefix="convoca-crash-", dir="/var/tmp"))
    processes.open_to_servant(home)
    server = Valkey(home)
    try:
        yield server, server.start()
    finally:
        server.stop()
        processes.remove_folder(home)

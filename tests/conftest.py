"""Real servers for the whole run, a database per need.

`db`: the shared database inside a transaction that is rolled back. `fresh_database`: a clone where commits are real.
`valkey_url`: an empty Valkey. PORTAL_DATABASE_URL and PORTAL_REDIS_URL replace the embedded servers.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis
from argon2 import PasswordHasher

from portal import db as database
from portal import migrate
from portal import settings as portal_settings
from portal.accounts import passwords
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.embedded.servers import Urls
from portal.embedded.valkey import Valkey
from setup import browser
from tests.clients import app, client, fresh_client, make_client, portal
from tests.nameserver import name_server

__all__ = ["app", "client", "fresh_client", "make_client", "portal"]

SECRET = "a secret of the tests, long enough to be accepted"
NAME = f"convoca_test_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters of tests/factories.py: signing in costs a tenth of a second otherwise."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class _RolledBack(Exception):
    """Ends the transaction of a test."""


@pytest.fixture(scope="session", autouse=True)
def _settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the developer's own: no .env, no data folder, no mail server, no name server."""
    data_dir = tmp_path_factory.mktemp("data")
    with name_server() as dns, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DNS", dns.place)
        patch.setitem(portal_settings.Settings.model_config, "env_file", None)
        patch.setenv("PORTAL_SECRET_KEY", os.environ.get("PORTAL_SECRET_KEY") or SECRET)
        patch.setenv("PORTAL_DATA_DIR", str(data_dir))
        for name in ("SMTP_URL", "BASE_URL", "BIND", "DEFAULT_LOCALE", "TIME_ZONE", "LOG", "LEASE_SECONDS"):
            patch.delenv(f"PORTAL_{name}", raising=False)
        patch.setattr(portal_settings, "_settings", None)
        yield


@pytest.fixture(scope="session")
def servers(_settings: None) -> Iterator[Urls]:
    """The URLs of both servers, which run as long as the tests."""
    given = portal_settings.settings()
    home = Path(tempfile.mkdtemp(prefix="convoca-tests-", dir="/var/tmp"))
    processes.open_to_servant(home)
    postgres, valkey = Postgres(home, durable=False), Valkey(home, durable=False)
    try:
        yield Urls(given.database_url or postgres.start(), valkey_database(given.redis_url or valkey.start(), 0))
    finally:
        postgres.stop()
        valkey.stop()
        processes.remove_folder(home)


@pytest.fixture(scope="session")
async def _databases(servers: Urls) -> AsyncIterator[None]:
    """A migrated template, and the database that most tests share."""
    template = _url(servers, f"{NAME}_template")
    await _command(servers, f"create database {NAME}_template")
    database.configure(template)
    await database.open_pool()
    await migrate.migrate()
    await database.close_pool()
    await _command(servers, f"create database {NAME} template {NAME}_template")
    await _use(_url(servers, NAME))
    portal_settings.use(database_url=_url(servers, NAME), redis_url=servers.redis)
    yield
    await database.close_pool()
    for name in (NAME, f"{NAME}_template"):
        await _command(servers, f"drop database {name} with (force)")


@pytest.fixture
async def db(_databases: None) -> AsyncIterator[None]:
    """The shared database; what the test writes is rolled back."""
    try:
        async with database.transaction():
            yield
            raise _RolledBack
    except _RolledBack:
        pass


@pytest.fixture
async def fresh_database(servers: Urls, _databases: None) -> AsyncIterator[str]:
    """A database of the test's own (13 ms), where commits are real. Its URL."""
    name = f"{NAME}_{next(_numbers)}"
    await _command(servers, f"create database {name} template {NAME}_template")
    await _use(_url(servers, name))
    portal_settings.use(database_url=_url(servers, name))
    yield _url(servers, name)
    await _use(_url(servers, NAME))
    portal_settings.use(database_url=_url(servers, NAME))
    await _command(servers, f"drop database {name} with (force)")


@pytest.fixture
def valkey_url(servers: Urls) -> str:
    """An empty Valkey."""
    with redis.Redis.from_url(servers.redis) as client:
        client.flushdb()
    return servers.redis


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium or Chrome. Without one, the test is skipped."""
    return browser.find() or pytest.skip(browser.SKIPPED)


def valkey_database(url: str, number: int) -> str:
    """The same server's database `number`, 0 or 1, of this process: several share a server that was given."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    database = 2 * process + number
    if url.startswith("unix://"):
        return f"{url.partition('?')[0]}?db={database}"
    return urlsplit(url)._replace(path=f"/{database}").geturl()


async def _command(servers: Urls, sql: str) -> None:
    connection = await asyncpg.connect(servers.database)
    await connection.execute(sql)
    await connection.close()


async def _use(url: str) -> None:
    await database.close_pool()
    database.configure(url)
    await database.open_pool()


def _url(servers: Urls, name: str) -> str:
    return urlsplit(servers.database)._replace(path=f"/{name}").geturl()

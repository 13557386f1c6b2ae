"""A database of its own for one contender, made in a PostgreSQL that is there or in one started for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from bench import children
from bench.baselines.meter import Progress, Task
from portal.embedded.postgres import Postgres


class Database:
    """One connection, used from code that waits. `url` leads to it, `root` is the pid of PostgreSQL's first process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.runner = asyncio.Runner()
        self.connection: asyncpg.Connection = self.runner.run(asyncpg.connect(url))
        self.root = int(children.stats()[self.value("select pg_backend_pid()")][children.PARENT])

    def value(self, query: str, *args: Any) -> Any:
        """The first column of the first row."""
        return self.runner.run(self.connection.fetchval(query, *args))

    def execute(self, query: str) -> None:
        """One statement or several."""
        self.runner.run(self.connection.execute(query))

    def copy(self, table: str, columns: list[str], rows: Any) -> None:
        """Many rows at once."""
        self.runner.run(self.connection.copy_records_to_table(table, columns=columns, records=rows))

    def progress(self, query: str) -> Callable[[], Progress]:
        """A look at how far a contender is: `query` gives (how many, the moment of the last or null)."""

        def look() -> Progress:
            row = self.runner.run(self.connection.fetchrow(query))
            assert row
            return Progress(row[0], row[1].timestamp() if row[1] else 0.0)

        return look

    def close(self) -> None:
        """Let the connection go."""
        self.runner.run(self.connection.close())
        self.runner.close()


@contextmanager
def database_of(task: Task) -> Iterator[Database]:
    """An empty database for the length of the block."""
    with server_for(task) as url:
        admin = Database(url)
        name = f"bench_{task.name}_{os.getpid()}"
        admin.execute(f"create database {name}")
        try:
            with opened(urlsplit(url)._replace(path=f"/{name}").geturl()) as mine:
                yield mine
        finally:
            admin.execute(f"drop database {name} with (force)")
            admin.close()


@contextmanager
def server_for(task: Task) -> Iterator[str]:
    """The URL of the PostgreSQL that we were given, else of one that runs for the length of the block."""
    if task.database:
        yield task.database
        return
    server = Postgres(task.folder)
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A connection for the length of the block."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def django_names(url: str) -> dict[str, str]:
    """A URL's parts as Django's DATABASES calls them."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or query.get("host", [""])[0],
        "PORT": str(parts.port or ""),
    }

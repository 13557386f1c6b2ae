"""PostgreSQL: one engine, a pool per event loop, and typed helpers that join the transaction under way.

Parameters are asyncpg's ($1, $2). jsonb comes and goes as Python objects. All instants are timestamptz, UTC.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

Row = TypeVar("Row", bound=msgspec.Struct)
Pools: TypeAlias = "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncpg.Pool[Any]]"
Connection = Any  # asyncpg's Connection or a pool's proxy of one
MAX_SIZE = 8
NO_POOL = "no pool is open in this event loop: await db.open_pool() first"
JSONB_VERSION = b"\x01"  # the first octet of jsonb's binary format


class LoopPoolEngine(PostgresEngine):
    """Piccolo's engine keeps one pool. A pool belongs to one loop, and there are several (web, workers, tests)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._pools: Pools = weakref.WeakKeyDictionary()
        super().__init__(*args, **kwargs)

    async def check_version(self) -> None:
        """Nothing: Piccolo would connect while this module is imported, before anybody said which database."""

    @property
    def pool(self) -> asyncpg.Pool[Any] | None:
        """The running loop's pool, or None."""
        try:
            return self._pools.get(asyncio.get_running_loop())
        except RuntimeError:
            return None

    @pool.setter
    def pool(self, value: asyncpg.Pool[Any] | None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if value is None:
            self._pools.pop(loop, None)
        else:
            self._pools[loop] = value


engine = LoopPoolEngine(config={"server_settings": {"application_name": "portal", "jit": "off"}}, extensions=())


def configure(url: str) -> None:
    """Say which database; before the first pool is opened."""
    engine.config["dsn"] = url


async def prepare(connection: Connection) -> None:
    """Set a connection up: jsonb and json as Python objects, in COPY too (which is why the codecs are binary).

    A str passes as it is, since Piccolo has encoded it already: a text as such must be encoded by the caller.
    """
    await connection.set_type_codec(
        "jsonb", encoder=_to_jsonb, decoder=_from_jsonb, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec(
        "json", encoder=_to_json, decoder=msgspec.json.decode, schema="pg_catalog", format="binary"
    )
    with contextlib.suppress(ValueError):  # before the first migration there is no citext
        await connection.set_builtin_type_codec("citext", schema="public", codec_name="text")


def _to_json(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _to_jsonb(value: Any) -> bytes:
    return JSONB_VERSION + _to_json(value)


def _from_jsonb(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])


async def open_pool(min_size: int = 1, max_size: int = MAX_SIZE) -> None:
    """Open the running loop's pool; nothing when it is open already."""
    if engine.pool is None:
        engine.pool = await asyncpg.create_pool(**engine.config, min_size=min_size, max_size=max_size, init=prepare)


async def close_pool() -> None:
    """Close the running loop's pool."""
    if (pool := engine.pool) is not None:
        engine.pool = None
        await pool.close()


async def new_connection(**server_settings: str) -> asyncpg.Connection[Any]:
    """A connection outside the pool, for those who listen or write their own protocol. The caller closes it."""
    settings = {**engine.config["server_settings"], **server_settings}
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**{**engine.config, "server_settings": settings})
    await prepare(connection)
    return connection


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All of the block or none of it. Nested, it is a savepoint: Piccolo alone would keep the inner writes.

    Not Piccolo's own: when its commit fails it keeps the connection and stays in the dead transaction. Piccolo's
    queries join this one. No `gather` inside, and no task that outlives it: they would share its connection.
    """
    if (current := engine.current_transaction.get()) is not None:
        async with current.connection.transaction():
            yield
        return
    async with _pool().acquire() as connection, connection.transaction():
        opened = PostgresTransaction(engine)
        opened.connection = connection
        token = engine.current_transaction.set(opened)
        try:
            yield
        finally:
            engine.current_transaction.reset(token)


def _pool() -> asyncpg.Pool[Any]:
    if (pool := engine.pool) is None:
        raise RuntimeError(NO_POOL)
    return pool


@asynccontextmanager
async def _connection() -> AsyncIterator[Connection]:
    if (current := engine.current_transaction.get()) is not None:
        yield current.connection
    else:
        async with _pool().acquire() as connection:
            yield connection


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """All rows of a query."""
    async with _connection() as connection:
        return list(await connection.fetch(sql, *args))


async def fetchrow(sql: str, *args: Any) -> asyncpg.Record | None:
    """The first row, or None."""
    async with _connection() as connection:
        row: asyncpg.Record | None = await connection.fetchrow(sql, *args)
    return row


async def fetchval(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with _connection() as connection:
        return await connection.fetchval(sql, *args)


async def fetch_as(kind: type[Row], sql: str, *args: Any) -> list[Row]:
    """All rows as Structs; the query's columns bear the fields' names."""
    return [kind(**row) for row in await fetch(sql, *args)]


async def fetch_nested(kind: type[Row], sql: str, *args: Any) -> list[Row]:
    """The same for Structs that hold others: what lies in jsonb and arrays is converted too."""
    return [msgspec.convert(dict(row), kind) for row in await fetch(sql, *args)]


async def one_as(kind: type[Row], sql: str, *args: Any) -> Row | None:
    """The first row as a Struct, or None."""
    row = await fetchrow(sql, *args)
    return None if row is None else kind(**row)


async def execute(sql: str, *args: Any) -> int:
    """Run a statement; the number of rows it touched (0 for statements that count none)."""
    async with _connection() as connection:
        tag = await connection.execute(sql, *args)
    last = tag.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_script(sql: str) -> None:
    """Run many statements at once (migrations): the simple protocol, without parameters."""
    async with _connection() as connection:
        await connection.execute(sql)


async def executemany(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once per row of parameters."""
    async with _connection() as connection:
        await connection.executemany(sql, list(rows))


async def copy_records(table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a table: the fastest way in."""
    async with _connection() as connection:
        await connection.copy_records_to_table(table, columns=list(columns), records=records)


async def notify(channel: str, payload: str = "") -> None:
    """NOTIFY: delivered when the transaction under way commits, never without it."""
    await execute("select pg_notify($1, $2)", channel, payload)

"""The helpers that everybody's queries go through."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest

from portal import db as database
from portal.campaigns.tables import Campaign


class Pair(msgspec.Struct):
    """Two columns."""

    a: int
    b: dict[str, Any] | None


async def test_jsonb_comes_and_goes_as_python_objects(db: None) -> None:
    assert await database.fetchval("select $1::jsonb", {"a": [1, None, "ł"]}) == {"a": [1, None, "ł"]}
    assert await database.fetchval("select $1::json", [1.5, True]) == [1.5, True]
    assert await database.fetchval("select $1::jsonb", None) is None
    assert await database.fetchval("select $1::jsonb[]", [{"a": 1}, {}]) == [{"a": 1}, {}]


async def test_citext_and_its_arrays_are_text(db: None) -> None:
    assert await database.fetchval("select 'Ana@Example.ORG'::citext = $1", "ana@example.org") is True
    assert await database.fetchval("select $1::citext[]", ["A", "b"]) == ["A", "b"]


async def test_rows_become_structs(db: None) -> None:
    rows = await database.fetch_as(Pair, "select 1 as a, '{\"x\": 2}'::jsonb as b union all select 2, null order by 1")

    assert rows == [Pair(1, {"x": 2}), Pair(2, None)]
    assert await database.one_as(Pair, "select 1 as a, null as b where false") is None


async def test_execute_counts_rows(db: None) -> None:
    await database.execute_script("create temporary table t (n int); insert into t values (1), (2), (3)")

    assert await database.execute("update t set n = n + 1 where n > $1", 1) == 2
    assert await database.execute("delete from t") == 3


async def test_copy_takes_jsonb_citext_and_arrays(db: None) -> None:
    await database.execute_script("create temporary table t (id int, doc jsonb, address citext, tags text[])")

    await database.copy_records(
        "t", ["id", "doc", "address", "tags"], [(1, {"a": 1}, "A@b", ["x"]), (2, None, "c@d", [])]
    )

    assert [tuple(row) for row in await database.fetch("select * from t order by id")] == [
        (1, {"a": 1}, "A@b", ["x"]),
        (2, None, "c@d", []),
    ]


async def test_piccolo_tables_with_jsonb_read_and_write_objects(db: None) -> None:
    campaign = Campaign(slug="rural", title={"en": "Rural Labs", "pl": "Łódź"})
    columns = {column._meta.name for column in Campaign._meta.columns}
    assert "title" in columns

    await campaign.save()

    loaded = await Campaign.objects().get(Campaign.slug == "rural")
    assert loaded is not None
    assert loaded.title == {"en": "Rural Labs", "pl": "Łódź"}
    assert (await Campaign.select(Campaign.title).where(Campaign.slug == "rural"))[0]["title"] == loaded.title


async def test_a_caught_exception_undoes_the_inner_writes_only(db: None) -> None:
    await database.execute_script("create temporary table t (n int)")
    async with database.transaction():
        await database.execute("insert into t values (1)")
        with pytest.raises(ZeroDivisionError):
            async with database.transaction():
                await database.execute("insert into t values (2)")
                raise ZeroDivisionError
        await database.execute("insert into t values (3)")

    assert [row["n"] for row in await database.fetch("select n from t order by n")] == [1, 3]


async def test_piccolo_queries_join_the_transaction(fresh_database: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await Campaign(slug="gone", title={}).save()
            assert await Campaign.count() == 1
            raise ZeroDivisionError

    assert await Campaign.count() == 0


async def test_a_commit_that_fails_leaves_the_pool_whole(fresh_database: str) -> None:
    await database.execute_script(
        "create table parent (id int primary key);"
        "create table child (id int references parent deferrable initially deferred)"
    )
    for _try in range(20):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with database.transaction():
                await database.execute("insert into child values (1)")

    assert await database.fetchval("select count(*) from child") == 0


async def test_notify_is_delivered_with_the_commit(fresh_database: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.new_connection(application_name="listener")
    await listener.add_listener("bell", lambda _connection, _pid, _channel, payload: heard.put_nowait(str(payload)))

    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await database.notify("bell", "never")
            raise ZeroDivisionError
    async with database.transaction():
        await database.notify("bell", "once")
        assert heard.empty()

    assert await asyncio.wait_for(heard.get(), 5) == "once"
    await listener.close()


async def test_a_connection_of_ones_own_knows_jsonb_too(db: None) -> None:
    connection = await database.new_connection(application_name="worker")

    assert await connection.fetchval("select $1::jsonb", [1]) == [1]
    assert await connection.fetchval("show application_name") == "worker"
    assert await connection.fetchval("show jit") == "off"
    await connection.close()


def test_each_loop_has_its_own_pool(servers: Any) -> None:
    database.configure(servers.database)

    async def one() -> int:
        with pytest.raises(RuntimeError, match="no pool is open"):
            await database.fetchval("select 1")
        await database.open_pool()
        pool = database.engine.pool
        assert await database.fetchval("select 1") == 1
        await database.close_pool()
        return id(pool)

    assert asyncio.run(one())
    assert asyncio.run(one())

"""The Piccolo tables say what the migrations made."""

from __future__ import annotations

import pytest
from piccolo.columns import (
    Array,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Numeric,
    SmallInt,
    Text,
    Time,
    Timestamp,
    Timestamptz,
)
from piccolo.columns.base import Column
from piccolo.columns.column_types import JSONB, BigInt, BigSerial, Serial
from piccolo.table import Table

from portal import db as database
from portal.piccolo_app import APP_CONFIG

COLUMNS = """
select column_name, data_type, is_nullable = 'YES' as nullable, is_generated = 'ALWAYS' as generated
from information_schema.columns where table_schema = 'public' and table_name = $1"""

TYPES: dict[type[Column], set[str]] = {
    Text: {"text", "USER-DEFINED"},  # citext
    Integer: {"integer", "bigint"},
    SmallInt: {"smallint"},
    BigInt: {"bigint"},
    Serial: {"integer"},
    BigSerial: {"bigint"},
    ForeignKey: {"integer", "bigint"},
    Boolean: {"boolean"},
    JSONB: {"jsonb"},
    Array: {"ARRAY"},
    Time: {"time without time zone"},
    Timestamp: {"timestamp without time zone"},
    Timestamptz: {"timestamp with time zone"},
    Bytea: {"bytea"},
    Numeric: {"numeric"},
}


@pytest.mark.parametrize("table", APP_CONFIG.table_classes, ids=lambda table: table._meta.tablename)
async def test_a_table_has_the_columns_that_the_migrations_made(db: None, table: type[Table]) -> None:
    rows = {row["column_name"]: row for row in await database.fetch(COLUMNS, table._meta.tablename)}
    columns = {column._meta.name: column for column in table._meta.columns}
    assert set(columns) == {name for name, row in rows.items() if not row["generated"]}
    for name, column in columns.items():
        assert rows[name]["data_type"] in TYPES[type(column)], f"{table.__name__}.{name}"
        assert rows[name]["nullable"] == column._meta.null, f"{table.__name__}.{name}: null or not"

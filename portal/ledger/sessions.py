"""Database sessions of the sending engine: outside the pool, with their own settings and their own patience."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from portal import db

Connection = Any  # asyncpg.Connection: its stubs do not know codecs' types

# A statement was not done, for reasons that pass: a deadlock with a migration, no room on the disk, no memory, a
# time-out, a standby that was promoted. The same answer as to a lost session: all of it is said again.
PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)
# A session that is terminated in mid-statement may leave the driver at a loss, which it says in its own way.
GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    *PASSING,
)

# Probes by index also while tables are small: a generic plan made on empty tables would scan them for ever after.
# A worker that sleeps inside a transaction must not hold its batch: five seconds.
SETTINGS = """
set jit = off; set plan_cache_mode = force_generic_plan;
set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
set idle_in_transaction_session_timeout = '5s'; set timezone = 'UTC'"""
PAUSE = 0.1


async def open_session(commit: str = "on") -> Connection:
    """A session whose commits are synchronous ("on") or not ("off"). Waits as long as PostgreSQL is away."""
    while True:
        try:
            connection = await db.new_connection()
            await connection.execute(f"set synchronous_commit = {commit}; {SETTINGS}")
            return connection
        except GONE:
            await asyncio.sleep(PAUSE)

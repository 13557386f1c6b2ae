"""Bring the database up to date: Piccolo's migrations, one migrator at a time."""

from __future__ import annotations

import contextlib
import io

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

from portal import db

MIGRATION_LOCK = 727_271


class MigrationFailed(Exception):
    """A migration did not run; what Piccolo printed is the message."""


async def migrate() -> None:
    """Run what has not run yet, all of it in one transaction; others who come meanwhile wait and find it done."""
    said = io.StringIO()
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        with contextlib.redirect_stdout(said):
            result = await ForwardsMigrationManager(app_name="portal").run()
    if not result.success:
        raise MigrationFailed(said.getvalue())

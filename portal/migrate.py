"""Bring the database up to date: Piccolo's migrations, one migrator at a time."""

from __future__ import annotations

import contextlib
import io

from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.tables import Migration

from portal import db

APP = "portal"
MIGRATION_LOCK = 727_271


class MigrationFailed(Exception):
    """A migration did not run; what Piccolo printed is the message."""


async def migrate() -> None:
    """Run what has not run yet, all of it in one transaction; others who come meanwhile wait and find it done."""
    if not await is_behind():
        return
    said = io.StringIO()
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        with contextlib.redirect_stdout(said):
            result = await ForwardsMigrationManager(app_name=APP).run()
        if not result.success:
            raise MigrationFailed(said.getvalue())


async def is_behind() -> bool:
    """Whether there are migrations that this database has not seen."""
    manager = ForwardsMigrationManager(app_name=APP)
    folder = manager.get_app_config(app_name=APP).resolved_migrations_folder_path
    known = manager.get_migration_modules(folder)
    if not await db.fetchval("select to_regclass('migration') is not null"):
        return bool(known)
    return not set(known) <= set(await Migration.get_migrations_which_ran(app_name=APP))

"""A migration is a SQL file; this makes Piccolo run it, in the transaction that the migrator has opened."""

from __future__ import annotations

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal import db

HERE = Path(__file__).parent


def migration(migration_id: str, name: str) -> MigrationManager:
    """Piccolo's manager for `name`.sql beside this module. Many statements; all of them or none."""
    manager = MigrationManager(migration_id=migration_id, app_name="portal", description=name)

    async def run() -> None:
        await db.execute_script((HERE / f"{name}.sql").read_text())

    manager.add_raw(run)
    return manager

"""Messages and what the sending engine needs."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.migrations.sql import migration

ID = "2026-11-22T09:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "0002_the_ledger"


async def forwards() -> MigrationManager:
    """Run 0002_the_ledger.sql."""
    return migration(ID, DESCRIPTION)

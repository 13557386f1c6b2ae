"""The sending engine at its limit."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.migrations.sql import migration

ID = "2026-11-22T10:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "0003_the_engine"


async def forwards() -> MigrationManager:
    """Run 0003_the_engine.sql."""
    return migration(ID, DESCRIPTION)

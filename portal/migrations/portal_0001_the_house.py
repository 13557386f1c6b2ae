"""Organisation, accounts, people, campaigns, dossiers, templates, triggers, history."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.migrations.sql import migration

ID = "2026-11-22T09:00:00:000001"
VERSION = "1.38.0"
DESCRIPTION = "0001_the_house"


async def forwards() -> MigrationManager:
    """Run 0001_the_house.sql."""
    return migration(ID, DESCRIPTION)

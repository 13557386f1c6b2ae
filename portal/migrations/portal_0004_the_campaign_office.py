"""The campaign office."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.migrations.sql import migration

ID = "2026-11-22T13:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "0004_the_campaign_office"


async def forwards() -> MigrationManager:
    """Run 0004_the_campaign_office.sql."""
    return migration(ID, DESCRIPTION)

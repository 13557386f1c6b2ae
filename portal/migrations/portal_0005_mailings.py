"""Mailings."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from portal.migrations.sql import migration

ID = "2026-11-22T16:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "0005_mailings"


async def forwards() -> MigrationManager:
    """Run 0005_mailings.sql."""
    return migration(ID, DESCRIPTION)

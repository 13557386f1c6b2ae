"""Waking the senders: by notification, in the transaction that makes something due; delivered at its commit."""

from __future__ import annotations

from portal import db
from portal.ledger.rules import Lane

CHANNEL = "ledger"
EVERY_LANE = "select pg_notify($1, lane::text) from unnest($2::int[]) lane"


async def notify_all() -> None:
    """Wake the senders for every lane."""
    await db.execute(EVERY_LANE, CHANNEL, list(Lane))

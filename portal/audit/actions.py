"""Looking at the audit log as a whole is recorded too."""

from __future__ import annotations

import msgspec

from portal import timeline
from portal.actor import Actor
from portal.audit.queries import Filters
from portal.timeline import Verdict


async def verify(by: Actor) -> Verdict:
    """Walk the chain. What was found is recorded."""
    verdict = await timeline.check()
    await timeline.record("audit", 0, "audit.verified", by, seal=verdict.seal, hash=verdict.hash, broken=verdict.broken)
    return verdict


async def exported(by: Actor, filters: Filters) -> None:
    """Somebody takes the log, or a part of it, away."""
    told = {name: value for name, value in msgspec.to_builtins(filters).items() if value}
    await timeline.record("audit", 0, "audit.exported", by, filters=told)

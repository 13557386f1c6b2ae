"""What administrators allow a minute and at once, and between how many runs it is shared: read once a second."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any

from portal.ledger.work import Run
from portal.sending.gates import Key
from portal.sending.lanes import Lanes
from portal.sending.limits import SLACK, Bucket

EVERY = 1.0  # seconds

# One statement is one snapshot: the living runs among whom limits are shared, and the limits. A run that was killed
# counts until its lease ends; until then its part is not used.
READ = """
select null::int as sender, null::text as domain, count(*)::int as per_minute, null::int as connections
    from run where ended_at is null and lease_until > now()
union all select id, null, per_minute, null from sender where per_minute is not null
union all select null, domain, per_minute, connections from domain_limit"""

Limit = tuple[Key, int | None, int | None]  # sender's id or domain, letters a minute, connections


class Allowances:
    """Keeps the gates of the lanes as the tables say."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.read_at = -inf
        self.begun = lanes.clock()
        self.limited: set[Key] = set()

    async def refresh(self, run: Run) -> None:
        """Look again when the last look was a second ago. May raise anything of sessions.GONE."""
        now = self.lanes.clock()
        if run.broken or now - self.read_at < EVERY:
            return
        async with run.claiming:
            rows = await run.claim_db.fetch(READ)
        self.read_at = now
        runs, limits = read(rows)
        self.apply(limits, runs, now)

    def apply(self, limits: list[Limit], runs: int, now: float) -> None:
        """Our part of each limit, and no gate where there is none (any more)."""
        for key, per_minute, connections in limits:
            gate = self.lanes.gate(key)
            gate.most = max(1, connections // runs) if connections else inf
            if per_minute is None:
                gate.bucket = None
            elif gate.bucket is None:
                gate.bucket = Bucket(per_minute / runs, now, starts=self.begun + SLACK)
            else:
                gate.bucket.share(per_minute / runs, now)
        keys = {key for key, *_limit in limits}
        for key in self.limited - keys:
            gate = self.lanes.gate(key)
            gate.bucket, gate.most = None, inf
        self.lanes.open_up(self.limited - keys)
        self.limited = keys


def read(rows: Iterable[Any]) -> tuple[int, list[Limit]]:
    """-> (living runs, at least this one; limits)."""
    runs, limits = 1, list[Limit]()
    for sender, domain, per_minute, connections in rows:
        if sender is None and domain is None:
            runs = max(1, per_minute)
        else:
            limits.append((sender if domain is None else domain, per_minute, connections))
    return runs, limits

"""How many letters may go: token buckets on a monotonic clock, one share each of a limit that several runs have. Pure.

A limit says how many in any minute. A run takes its part, limit / living runs; a smaller part counts at once, a larger
one only when all others must have noticed too. So all runs together stay within the limit, each of them beyond it by
one letter at most.
"""

from __future__ import annotations

MINUTE = 60.0
SLACK = 2.5  # seconds until every run has seen that there is one more or fewer: they look once a second
ALMOST = 1 - 1e-9  # a whole token, but for rounding


class Bucket:
    """Tokens come at `rate` a second, `burst` of them are kept: at most rate * t + burst in any t seconds."""

    __slots__ = ("at", "burst", "per_minute", "rate", "tokens", "wider_since")

    def __init__(self, per_minute: float, now: float, *, starts: float | None = None) -> None:
        """`starts`: when tokens begin to come (now). The one that is there at once is this run's one token beyond."""
        self.tokens, self.at = 1.0, now if starts is None else max(now, starts)
        self.wider_since: float | None = None
        self.apply(per_minute)

    def apply(self, per_minute: float) -> None:
        """A second's worth may come at once, and is missing from the rest: any minute has per_minute + 1 at most."""
        self.per_minute = per_minute
        self.burst = max(1.0, per_minute / MINUTE)
        self.rate = (per_minute - self.burst + 1) / MINUTE
        self.tokens = min(self.tokens, self.burst)

    def share(self, per_minute: float, now: float) -> None:
        """Our part, as seen now. Less of it counts at once, more of it when it has been so for SLACK seconds."""
        if per_minute <= self.per_minute:
            self.wider_since = None
            if per_minute < self.per_minute:
                self.fill(now)
                self.apply(per_minute)
        elif self.wider_since is None:
            self.wider_since = now
        elif now - self.wider_since >= SLACK:
            self.wider_since = None
            self.fill(now)
            self.apply(per_minute)

    def fill(self, now: float) -> None:
        """Tokens that came since the last look. A clock that jumps back brings none."""
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
            self.at = now

    def ready_at(self, now: float) -> float:
        """When a token is there: `now`, or a time to come."""
        self.fill(now)
        return now if self.tokens >= ALMOST else max(now, self.at) + (1 - self.tokens) / self.rate

    def take(self) -> None:
        """One token; only after `ready_at` said that it is there."""
        self.tokens -= 1

    def put_back(self) -> None:
        """The letter did not go after all."""
        self.tokens = min(self.burst, self.tokens + 1)

"""What a run of the bench is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Options:
    """The words of the command line. Zero or empty means: what the part thinks right."""

    parts: tuple[str, ...] = ("sending",)
    messages: int = 20_000  # of a measurement of the fast contenders; the slow ones get their share of it
    rounds: int = 3
    connections: int = 0  # 0: what `portal work` uses by itself
    contenders: tuple[str, ...] = ()
    recipients: int = 1_000_000  # of a mailing: parts plan and latency
    probes: int = 120
    rows: tuple[int, ...] = (10_000, 100_000, 1_000_000, 10_000_000)  # ledger sizes: parts claims and growth
    dossiers: int = 100_000  # of one campaign: part pages
    results: Path = field(default=RESULTS)

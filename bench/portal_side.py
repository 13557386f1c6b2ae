"""The portal as a contender: one worker process, the real ledger, the real letters."""

from __future__ import annotations

from pathlib import Path

from bench import children, mailing
from bench.mailing import Kind
from bench.rounds import Contender, Measured

WARM = 500  # letters before each measurement: connections are open then, as in the middle of a mailing


class Mailing:
    """Sends one mailing a round through the worker that runs."""

    def __init__(self, kind: Kind, count: int, pids: dict[str, int]) -> None:
        self.kind, self.count, self.pids = kind, count, pids
        self.number = 0

    async def prepare(self) -> None:
        """Plan; warm up."""
        warm = await mailing.plan(self.kind, min(WARM, self.count))
        self.number = await mailing.plan(self.kind, self.count)
        await mailing.send(warm)

    async def send(self) -> Measured:
        """From the opening of its gate until all of it is settled."""
        before = children.cpus(self.pids)
        seconds = await mailing.send(self.number)
        after = children.cpus(self.pids)
        return {
            "rate": self.count / seconds,
            "messages": self.count,
            "seconds": seconds,
            "cpu_us": {name: (after[name] - before[name]) / self.count * 1e6 for name in self.pids},
            "memory_mb": children.memory(self.pids["worker"])["rss"],
        }

    async def prove(self) -> Measured:
        """The rows."""
        return await mailing.proof(self.number, self.count)

    def contender(self, name: str) -> Contender:
        """As rounds want it."""
        return Contender(name, self.send, self.prepare, self.prove)


# ------------------------------------------------------------------------------------------------ what a letter weighs
class Sample:
    """Letters as they arrived in a folder: how many, their mean size on the wire, how many were signed."""

    def __init__(self, folder: Path) -> None:
        letters = [path.read_bytes() for path in sorted(folder.glob("*.eml"))]
        self.count = len(letters)
        self.bytes = round(sum(map(len, letters)) / max(1, len(letters)))
        self.signed = sum(letter.startswith(b"DKIM-Signature:") for letter in letters)
        for path in folder.glob("*.eml"):
            path.unlink()

    def row(self) -> dict[str, int]:
        """As it stands in the results."""
        return {"letters": self.count, "bytes": self.bytes, "signed": self.signed}

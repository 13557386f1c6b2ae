"""A mail server with a bad temper, repeatable by its seed; as a process of its own when tests must not slow it down.

    python -m tests.sending.chaos FILE --seed 7 --greylist 0.05 --cut 0.01     prints its port and serves until SIGTERM

FILE gets one line a letter: `+ id` arrived and was answered, `? id` arrived and the connection was cut instead,
`- id` was complete when the connection was cut, and thrown away.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import uvloop

from tests.sending.sink import TAKEN, Got, Sink, id_of, running

ROOT = Path(__file__).parent.parent.parent
MARK = 2  # characters before the id in a line of the file


@dataclass(frozen=True)
class Temper:
    """Shares from 0 to 1 of what goes wrong, and how slow it is (seconds)."""

    seed: int = 1
    greylist: float = 0.0  # 450 to RCPT
    later: float = 0.0  # 451 after the dot
    garbage: float = 0.0  # nonsense to RCPT
    cut: float = 0.0  # the connection is cut at any step before the dot
    lost: float = 0.0  # the letter is taken, the connection cut before the 250
    thrown: float = 0.0  # the letter is thrown away, the connection cut
    delay: float = 0.0  # before the reply to a dot
    slow: float = 0.0  # a share of letters for which `delay` is twenty times as long


@dataclass
class Chaos(Sink):
    """A sink that refuses, cuts and dawdles at random."""

    temper: Temper = Temper()
    cuts: int = 0  # after the dot: what the client cannot know
    file: int = -1
    kept: int = 0
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.dice.seed(self.temper.seed)
        self.answer = self.chance

    @property
    def count(self) -> int:
        """How many letters arrived."""
        return self.kept

    def wait(self, raw: bytes) -> float:
        """The delay, now and then a long one."""
        return self.temper.delay * (20 if self.temper.slow and self.dice.random() < self.temper.slow else 1)

    def chance(self, step: str, line: bytes) -> bytes | None:
        """Roll the dice for one step."""
        temper, roll = self.temper, self.dice.random()
        if step == "body":
            return None
        if step == "dot":
            return self.at_the_dot(roll, line)
        if roll < temper.cut:
            return b""
        if step == "rcpt" and roll < temper.cut + temper.greylist:
            return b"450 4.2.0 Greylisted"
        if step == "rcpt" and roll < temper.cut + temper.greylist + temper.garbage:
            return b"\xff\x00 what"
        return None

    def at_the_dot(self, roll: float, raw: bytes) -> bytes | None:
        """Taken without a word, thrown away without a word, put off, or accepted."""
        temper = self.temper
        if roll < temper.lost:
            return TAKEN
        if roll < temper.lost + temper.thrown:
            self.cuts += 1
            self.write("-", raw)
            return b""
        return b"451 4.3.0 Later" if roll < temper.lost + temper.thrown + temper.later else None

    def keep(self, letter: Got, *, answered: bool) -> None:
        """Into memory, or into the file: before its 250, so that no crash of ours forgets it."""
        self.kept += 1
        self.cuts += not answered
        if self.file < 0:
            super().keep(letter, answered=answered)
        else:
            self.write("+" if answered else "?", letter.raw)

    def write(self, mark: str, raw: bytes) -> None:
        """One line of the file."""
        if self.file >= 0:
            os.write(self.file, f"{mark} {id_of(raw)}\n".encode())


@dataclass
class Outside:
    """A mail server in another process, seen through its file."""

    port: int
    path: Path

    @property
    def lines(self) -> list[str]:
        """Whole lines only: the last one may be half written."""
        return self.path.read_text().rpartition("\n")[0].splitlines()

    @property
    def count(self) -> int:
        """How many letters arrived."""
        return sum(line[0] != "-" for line in self.lines)

    @property
    def ids(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(line[MARK:] for line in self.lines if line[0] != "-")

    @property
    def cuts(self) -> int:
        """Connections cut after a dot."""
        return sum(line[0] != "+" for line in self.lines)


@asynccontextmanager
async def outside(path: Path, temper: Temper = Temper()) -> AsyncIterator[Outside]:
    """The server as a process of its own, for the length of the block."""
    words = [word for each in fields(temper) for word in (f"--{each.name}", str(getattr(temper, each.name)))]
    command = [sys.executable, "-m", "tests.sending.chaos", str(path), *words]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield Outside(int(await asyncio.to_thread(process.stdout.readline)), path)
    finally:
        process.kill()
        process.communicate()


async def serve(path: str, temper: Temper) -> None:
    """Until our parent closes our standard input, by design or by its end."""
    sink = Chaos(temper=temper, file=os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    async with running(sink):
        print(sink.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    for each in fields(Temper):
        parser.add_argument(f"--{each.name}", type=int if each.name == "seed" else float, default=each.default)
    given = vars(parser.parse_args())
    path = given.pop("file")
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(path, Temper(**given)))


if __name__ == "__main__":
    main()

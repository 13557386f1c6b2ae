"""nodemailer with a pool of ten connections and Handlebars: one Node process, no database, nothing remembered."""

from __future__ import annotations

import subprocess
import threading
from typing import IO

import msgspec

from bench.baselines import meter
from bench.baselines.environment import HERE, NODE, node_program
from bench.baselines.meter import Measured, Progress, Task

EVERY = 0.002  # seconds between looks; a look reads a variable


def measure(task: Task) -> Measured:
    """The recipients are in memory before the clock starts. Raises Unavailable."""
    node, log, letters = node_program(), task.folder / "nodemailer.log", task.folder / "letters.json"
    recipients = list(task.letters.recipients(task.messages))
    letters.write_bytes(msgspec.json.encode([task.letters, recipients]))
    command = [*node, HERE / "programs" / "nodemailer.cjs", str(task.port), letters]
    environment = {"NODE_PATH": str(NODE / "node_modules"), "NODE_ENV": "production"}
    with meter.started(command, task.folder, environment, log, subprocess.PIPE) as process:
        assert process.stdout
        teller = Teller(process.stdout)
        return meter.clocked(process, teller.look, task, log, EVERY)


class Teller(threading.Thread):
    """Reads what the program tells: "<how many> <when, in ms>" a line."""

    def __init__(self, lines: IO[str]) -> None:
        super().__init__(daemon=True)
        self.lines, self.last = lines, Progress(0, 0.0)
        self.start()

    def run(self) -> None:
        """Until the program closes its output."""
        for line in self.lines:
            done, at = line.split()
            self.last = Progress(int(done), float(at) / 1000)

    def look(self) -> Progress:
        """The latest."""
        return self.last

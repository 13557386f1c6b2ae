"""Workers and clocks by the dozen: a process that has imported everything forks one in a few milliseconds.

    python -m tests.faults.nursery      orders as lines of JSON on standard input, one line of JSON back for each

When its standard input ends, everything it started is killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.embedded.processes import dies_with_us

ROOT = Path(__file__).parent.parent.parent


@dataclass(eq=False)
class Child:
    """A forked worker or clock: what tests use of subprocess.Popen."""

    nursery: Nursery
    pid: int
    status: int | None = None

    def poll(self) -> int | None:
        """Its exit status (-9: killed), None while it runs."""
        if self.status is None:
            self.status = self.nursery.order(poll=self.pid)
        return self.status

    def wait(self, timeout: float = 60) -> int:
        """Its exit status. TimeoutExpired when it does not end."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout)
            time.sleep(0.01)
        assert self.status is not None
        return self.status

    def send_signal(self, number: int) -> None:
        """Any signal, while it is ours: pids are used again."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The other end of the pipe."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.nursery"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, **words: Any) -> Any:
        """One order, one answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, what: str, own: dict[str, str], *, limits: dict[int, int], group: int = 0) -> Child:
        """`work` or `clock` with this environment and these limits (RLIMIT_*), in this process group (0: its own)."""
        return Child(self, self.order(start=what, own=own, limits=list(limits.items()), group=group))

    @property
    def size(self) -> int:
        """Octets of address space of a child that has done nothing yet (Linux)."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[0]) * resource.getpagesize()

    def close(self) -> None:
        """Kill what still runs."""
        self.process.communicate()


# ------------------------------------------------------------------------------------------------ in the nursery
def main() -> None:
    """Serve orders until the pipe is closed."""
    run = importlib.import_module("workers.run")
    gc.collect()
    gc.freeze()  # what all children share is not touched by their collectors
    watch = dies_with_us(signal.SIGKILL) or (lambda: None)
    statuses: dict[int, int | None] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            said = look(statuses, order["poll"])
        elif said := os.fork():
            statuses[said] = None
            with contextlib.suppress(OSError):  # both sides say it: whoever comes first
                os.setpgid(said, order["group"])
        else:
            watch()
            return live(run, order)
        print(json.dumps(said), flush=True)
    for pid in [pid for pid in statuses if look(statuses, pid) is None]:
        os.kill(pid, signal.SIGKILL)


def look(statuses: dict[int, int | None], pid: int) -> int | None:
    """The exit status of a child, None while it runs."""
    if statuses[pid] is None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        statuses[pid] = os.waitstatus_to_exitcode(status) if ended else None
    return statuses[pid]


def live(run: Any, order: dict[str, Any]) -> None:
    """The life of a child: its output is ours, not the pipe's."""
    os.setpgid(0, order["group"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.environ.update(order["own"])
    for limit, value in order["limits"]:
        resource.setrlimit(limit, (value, value))
    getattr(run, order["start"])()


if __name__ == "__main__":
    main()

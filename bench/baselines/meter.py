"""How fast a contender goes and what it costs, told from outside: its progress, and the CPU of all its processes.

The clock starts when a tenth of the messages has been sent. Start-up, imports, first connections and the compiling of
hot code are over by then: a service that runs all day does not pay for them again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import children
from bench.baselines.environment import Unavailable
from bench.material import Letters
from portal.embedded import processes

WARM_UP = 10  # one tenth
STALLED_SECONDS = 120.0
STOP_SECONDS = 15.0


class Task(msgspec.Struct, frozen=True):
    """What a contender is asked to do. `folder` is its own and goes away afterwards; `database` may be empty;
    `stop` is set when nobody waits for it any more."""

    name: str
    port: int
    messages: int
    letters: Letters
    database: str
    folder: Path
    stop: threading.Event


class Progress(msgspec.Struct, frozen=True):
    """How many have been sent, and when the last of them was (seconds since the epoch)."""

    done: int
    at: float


class Measured(msgspec.Struct, frozen=True):
    """Of the messages after the warm-up: how many, in how many seconds, with how many seconds of CPU each."""

    counted: int
    seconds: float
    cpu: float
    database: float = 0.0
    queue: float = 0.0

    def figures(self) -> dict[str, float]:
        """As `run` returns them: microseconds a message."""
        return {
            "rate": round(self.counted / self.seconds, 1),
            "cpu_us": self._each(self.cpu),
            "database_us": self._each(self.database),
            "queue_us": self._each(self.queue),
            "counted": self.counted,
            "seconds": round(self.seconds, 3),
        }

    def _each(self, seconds: float) -> float:
        return round(seconds / self.counted * 1e6, 1)


Look = Callable[[], Progress]


# ------------------------------------------------------------------------------------------------ its processes
@contextmanager
def started(
    command: Sequence[object], folder: Path, environment: Mapping[str, str], log: Path, output: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A contender in a session of its own, whose every process ends with the block. `output` as for Popen."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=file if output is None else output,
            stderr=file,
            text=True,
            cwd=folder,
            env=children.environment(**environment),
            start_new_session=True,
            preexec_fn=processes.dies_with_us(signal.SIGTERM),
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ask it to stop, insist after a while, and take its children along."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(
    command: Sequence[object], folder: Path, environment: Mapping[str, str], log: Path, seconds: float = 600
) -> None:
    """Run a step that is not measured. Raises Unavailable with its last words."""
    with started(command, folder, environment, log) as process:
        if process.wait(seconds):
            raise Unavailable(f"{Path(str(command[1])).name} failed: {last_words(log)}")


def last_words(log: Path) -> str:
    """The end of what a program said."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"


# ------------------------------------------------------------------------------------------------ the clock
def clocked(
    process: subprocess.Popen[str], look: Look, task: Task, log: Path, every: float, **servers: int
) -> Measured:
    """Watch a contender until all is sent. `servers`: the pids whose CPU is `database` and `queue`.

    Raises Unavailable when it ends too early or stands still.
    """
    watched = {"cpu": process.pid, **servers}
    begin = wait_for(task.messages // WARM_UP + 1, process, look, task, log, every)
    before = children.cpus(watched)
    final = wait_for(task.messages, process, look, task, log, every)
    spent = {name: after - before[name] for name, after in children.cpus(watched).items()}
    if final.done == begin.done:
        raise Unavailable(f"{task.messages} messages are too few to measure it: they went at once.")
    return Measured(final.done - begin.done, final.at - begin.at, **spent)


def wait_for(wanted: int, process: subprocess.Popen[str], look: Look, task: Task, log: Path, every: float) -> Progress:
    """The first look that finds so many sent."""
    seen, moved = 0, time.monotonic()
    while True:
        ended = process.poll() is not None  # asked before the look, so that the look sees all that it did
        progress = look()
        if progress.done >= wanted:
            return progress
        if ended:
            raise Unavailable(f"It ended after {progress.done} of {task.messages} messages: {last_words(log)}")
        if task.stop.is_set():
            raise Unavailable(f"It was interrupted after {progress.done} of {task.messages} messages.")
        if progress.done > seen:
            seen, moved = progress.done, time.monotonic()
        elif time.monotonic() - moved > STALLED_SECONDS:
            raise Unavailable(f"It stood still after {progress.done} of {task.messages} messages: {last_words(log)}")
        time.sleep(every)

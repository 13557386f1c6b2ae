"""The processes of a run: started so that they die with us, watched by their CPU and memory, ended one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.embedded.processes import dies_with_us, stop

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
ROOT = Path(__file__).parent.parent
# Of a process's fields behind its name (proc(5), /proc/pid/stat): the parent, and ticks in user and kernel mode.
PARENT, OWN, REAPED = 1, slice(11, 13), slice(13, 15)


def environment(**more: str) -> dict[str, str]:
    """Ours without what an operator has set for the portal, and `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "PG"))} | more


@contextlib.contextmanager
def child(
    command: Sequence[str | Path], env: Mapping[str, str], log: Path, **more: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of the block; Ctrl-C reaches us alone. What it says goes to `log`."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            **{"stdout": output, "stderr": output, **more},
            cwd=ROOT,
            env=dict(env),
            process_group=0,
            preexec_fn=dies_with_us(signal.SIGTERM),
        )
    try:
        yield process
    finally:
        stop(process, signal.SIGTERM, signal.SIGKILL)


def run(command: Sequence[str | Path], log: Path, **more: Any) -> tuple[float, float]:
    """Run a program to its end -> seconds, CPU seconds. Raises RuntimeError when it fails."""
    began = time.perf_counter()
    with child(command, environment(), log, **more) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}: {last_words(log)}")
    return seconds, usage.ru_utime + usage.ru_stime


def last_words(log: Path) -> str:
    """The end of a log, in one line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-4:])


# ------------------------------------------------------------------------------------------------ what they use
def cpu(pid: int, table: Mapping[int, Sequence[str]] | None = None) -> float:
    """CPU seconds of a process and all below it, those that have ended too."""
    table = stats() if table is None else table
    return (
        sum(sum(map(int, table[each][OWN])) + sum(map(int, table[each][REAPED])) for each in below(pid, table)) / TICK
    )


def cpus(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds by name, at one moment."""
    table = stats()
    return {name: cpu(pid, table) for name, pid in pids.items()}


def below(pid: int, table: Mapping[int, Sequence[str]] | None = None) -> set[int]:
    """A process and all below it."""
    table = stats() if table is None else table
    found = {pid} & table.keys()
    while more := {each for each, fields in table.items() if int(fields[PARENT]) in found} - found:
        found |= more
    return found


def stats() -> dict[int, list[str]]:
    """The fields behind the name, by process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    return found


def memory(pid: int) -> dict[str, float]:
    """MB of a process and all below it: `rss`, and `pss`, which counts shared pages once (0 where it is not told)."""
    rss = pss = 0
    for each in below(pid):
        with contextlib.suppress(OSError):
            rss += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * PAGE
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            pss += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return {"rss": round(rss / 1e6, 1), "pss": round(pss / 1e6, 1)}

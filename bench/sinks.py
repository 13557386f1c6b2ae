"""Where letters go: Debian's smtp-sink, which the figures of others are measured with too, or a sink of our own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import children

BACKLOG = "1024"
SYSTEM = ("/usr/sbin", "/usr/local/sbin", "/usr/lib/postfix/sbin")  # where Postfix puts it, often not in PATH
STARTS_WITHIN = 10.0


@dataclass(frozen=True)
class Sink:
    """A running sink. `process.stdout` speaks only with our own one (see sink.py)."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def program(name: str) -> str | None:
    """A program of Debian's postfix package, or None."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(SYSTEM))


@contextlib.contextmanager
def best(home: Path) -> Iterator[Sink]:
    """smtp-sink where it is installed, else our own."""
    if not (found := program("smtp-sink")):
        with own(home) as sink:
            yield sink
        return
    port = free_port()
    servant = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    command = [found, *servant, f"127.0.0.1:{port}", BACKLOG]
    with children.child(command, children.environment(), home / "sink.log") as process:
        wait_for(port, process)
        yield Sink("smtp-sink", port, process)


@contextlib.contextmanager
def own(home: Path, *words: str | Path) -> Iterator[Sink]:
    """bench/sink.py."""
    command = [sys.executable, "-m", "bench.sink", *words]
    with children.child(command, children.environment(), home / "sink.log", stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield Sink("bench.sink", int(process.stdout.readline()), process)


def free_port(beside: int = 0) -> int:
    """A port of loopback that nobody listens on, and nobody on the one that is `beside` higher."""
    while True:
        with socket.socket() as probe, socket.socket() as other, contextlib.suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            other.bind(("127.0.0.1", port + beside if beside else 0))
            return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when it listens. Raises RuntimeError when it ends or takes too long."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"The sink on port {port} does not answer.")

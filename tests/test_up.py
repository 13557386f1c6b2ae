"""`portal up` on a fresh machine: everything answers, another command finds it, nothing is left when it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from portal.embedded import servers
from portal.settings import MAILBOX_OFFSET, ROOT

PATIENCE = 120.0


class Up:
    """`portal up` with its own data folder and port."""

    def __init__(self, folder: Path, log: IO[str]) -> None:
        self.folder, self.port = folder, free_ports()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        self.environment = {**kept, "PORTAL_DATA_DIR": str(folder), "PORTAL_BIND": f"127.0.0.1:{self.port}"}
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal", "up"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def until_it_answers(self) -> None:
        """Wait for the line that says so."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line == f"Convoca answers at http://127.0.0.1:{self.port}\n", Path(self.log.name).read_text()

    def portal(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same data folder."""
        command = [sys.executable, "-m", "portal", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, input="")

    def processes(self) -> list[str]:
        """Our process and its children, and the servers of the folder."""
        said = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,command="], capture_output=True, text=True)
        mine = (str(self.process.pid), str(servers.home_of(self.folder)))
        return [line for line in said.stdout.splitlines() if mine[0] in line.split()[:2] or mine[1] in line]


def free_ports() -> int:
    """A port for the web that leaves one for the mailbox."""
    while True:
        with socket.socket() as web, socket.socket() as mailbox:
            web.bind(("127.0.0.1", 0))
            port = int(web.getsockname()[1])
            try:
                mailbox.bind(("127.0.0.1", port + MAILBOX_OFFSET))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Started; killed and forgotten afterwards."""
    with (tmp_path / "log").open("w") as log:
        started = Up(tmp_path / "data", log)
        yield started
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while started.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    servers.forget(tmp_path / "data")


def test_everything_starts_is_found_and_stops_with_ctrl_c(up: Up) -> None:
    up.until_it_answers()

    assert httpx.get(f"http://127.0.0.1:{up.port}/health/ready").status_code == 200
    with socket.create_connection(("127.0.0.1", up.port + MAILBOX_OFFSET)) as mailbox:
        assert mailbox.recv(100).startswith(b"220 ")
    created = up.portal("user", "create", "--email", "ana@example.org", "--name", "Ana", "--role", "manager")
    assert (created.returncode, created.stderr) == (0, "")

    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(PATIENCE) == 0
    assert up.processes() == []
    assert "Traceback" not in Path(up.log.name).read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_nothing_outlives_a_supervisor_that_is_killed(up: Up) -> None:
    up.until_it_answers()
    children = up.processes()
    assert len(children) == 7  # itself, mailbox, web, work, clock, PostgreSQL, Valkey

    up.process.kill()
    up.process.wait(PATIENCE)

    deadline = time.monotonic() + PATIENCE
    pids = [int(line.split()[0]) for line in children]
    while any(Path(f"/proc/{pid}/exe").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""One PostgreSQL server on a Unix socket, for one data folder."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from portal.embedded import processes
from portal.embedded.binaries import postgres_programs, postgres_version

USER = "convoca"
DATABASE = "postgres"
BUILTIN_LOCALES_SINCE = 17
READY_LINE = 7  # of postmaster.pid: cheaper than asking with pg_isready

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "cluster_name": "convoca",
}
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """Start with `start()`, which returns the URL; `stop()` stops it. `durable=False` is for tests: no fsync."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.data = home / "pgdata"
        self.log = home / "postgres.log"
        self.durable = durable
        self.sockets: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, making its database first if need be. Returns its URL. Raises ServerError."""
        programs = postgres_programs()
        processes.give_to_servant(self.data)
        self._end_forgotten()
        self._initialise(programs)
        self.sockets = processes.socket_folder()
        options = OPTIONS | ({} if self.durable else HASTY) | {"unix_socket_directories": str(self.sockets)}
        words = [f"--{name}={value}" for name, value in options.items()]
        command: list[str | Path] = [programs / "postgres", "-D", self.data, *words]
        self.process = processes.start(command, self.log, signal.SIGINT, _environment())
        try:
            processes.wait_until(self._is_ready, self.process, "PostgreSQL", self.log)
        except BaseException:
            self.stop()
            raise
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.sockets))}"

    def stop(self) -> None:
        """Stop the server. SIGINT: it ends sessions; with SIGTERM it would wait for them."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGINT, signal.SIGQUIT)
        if self.sockets is not None:
            processes.remove_folder(self.sockets)

    def _initialise(self, programs: Path) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        builtin = postgres_version(programs) >= BUILTIN_LOCALES_SINCE
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
        command: list[str | Path] = [programs / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8"]
        command += ["--no-instructions", *locale, "--locale=C" if builtin else "--locale=C.UTF-8"]
        command += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            command, cwd="/", env=_environment(), capture_output=True, text=True, **processes.identity()
        )
        if done.returncode:
            raise processes.ServerError(f"PostgreSQL could not make its database: {done.stderr.strip()}")

    def _end_forgotten(self) -> None:
        if lines := self._pid_file():
            processes.end_stranger(int(lines[0]), str(self.data), signal.SIGINT)

    def _is_ready(self) -> bool:
        lines = self._pid_file()
        if self.process is None or len(lines) <= READY_LINE:
            return False
        return lines[READY_LINE].strip() == "ready" and int(lines[0]) == self.process.pid

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []


def _environment() -> dict[str, str]:
    """Ours without PG*, which would change what the programs do."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}

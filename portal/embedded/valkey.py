"""One Valkey server on a Unix socket, for one data folder. What it keeps may be lost: rows are the truth."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from portal.embedded import processes
from portal.embedded.binaries import valkey_program

OPTIONS = (
    *("--port", "0", "--unixsocketperm", "700", "--daemonize", "no", "--set-proc-title", "no"),
    *("--save", "", "--appendfsync", "everysec"),
    *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
)


class Valkey:
    """Start with `start()`, which returns the URL; `stop()` stops it. `durable=False` keeps nothing on disk."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.data = home / "valkey"
        self.log = home / "valkey.log"
        self.durable = durable
        self.sockets: Path | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server. Returns its URL. Raises ServerError."""
        program = valkey_program()
        processes.give_to_servant(self.data)
        self._end_forgotten()
        self.sockets = processes.socket_folder()
        path = self.sockets / "valkey"
        append = "yes" if self.durable else "no"
        command: list[str | Path] = [
            program,
            *OPTIONS,
            "--unixsocket",
            path,
            "--dir",
            self.data,
            "--appendonly",
            append,
        ]
        self.process = processes.start(command, self.log, signal.SIGTERM, os.environ)
        (self.data / "pid").write_text(str(self.process.pid))
        try:
            processes.wait_until(lambda: processes.answers(path), self.process, "Valkey", self.log)
        except BaseException:
            self.stop()
            raise
        return f"unix://{path}?db=0"

    def stop(self) -> None:
        """Stop the server."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGTERM, signal.SIGKILL)
        if self.sockets is not None:
            processes.remove_folder(self.sockets)

    def _end_forgotten(self) -> None:
        try:
            pid = int((self.data / "pid").read_text())
        except (OSError, ValueError):
            return
        processes.end_stranger(pid, str(self.data), signal.SIGTERM)

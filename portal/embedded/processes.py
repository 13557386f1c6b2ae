"""A server as a child that dies with us: who it runs as, how it is started, watched and stopped."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SERVANTS = ("postgres", "_postgres", "nobody")
PR_SET_PDEATHSIG = 1
ROOTS_OWN = (Path("/var/lib/convoca"), Path("/var/tmp/convoca"))  # noqa: S108


class ServerError(Exception):
    """A server cannot be found or does not start. The message is one sentence for a person."""


# ------------------------------------------------------------------------------------------------ who it runs as
def servant() -> pwd.struct_passwd | None:
    """The account that servers of root run as, since PostgreSQL refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in SERVANTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError(
        "As root, PostgreSQL needs an account named postgres or nobody: make one, or set PORTAL_DATABASE_URL."
    )


def identity() -> dict[str, Any]:
    """The arguments of `subprocess` that drop to the servant."""
    account = servant()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def reaches(path: Path) -> bool:
    """Whether the servant can walk to `path`; always so when we run servers as ourselves."""
    if servant() is None:
        return True
    command = ["/bin/sh", "-c", 'test -x "$0"', str(path)]
    return subprocess.run(command, cwd="/", **identity()).returncode == 0


def give_to_servant(folder: Path) -> None:
    """Make a folder private to whoever runs the server."""
    folder.mkdir(parents=True, exist_ok=True)
    if (account := servant()) is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def open_to_servant(folder: Path) -> None:
    """Make a folder of ours that the servant, and nobody else, may walk through."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (account := servant()) is not None:
        os.chown(folder, -1, account.pw_gid)
        folder.chmod(0o710)


def roots_own_folder() -> Path:
    """A folder of root's that everybody can walk through, for what the servant cannot reach elsewhere."""
    for folder in ROOTS_OWN:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if folder.lstat().st_uid == 0 and not folder.is_symlink() and os.access(folder, os.W_OK):
                folder.chmod(0o755)
                return folder
    raise ServerError("Neither /var/lib nor /var/tmp can be written: set PORTAL_DATABASE_URL and PORTAL_REDIS_URL.")


def socket_folder() -> Path:
    """A new private folder with a short name: a socket's path may have 104 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="convoca-", dir="/tmp"))
    give_to_servant(folder)
    return folder


# ------------------------------------------------------------------------------------------------ start and stop
def dies_with_us(signum: int) -> Callable[[], None] | None:
    """What a child runs before its program, so that the kernel sends it `signum` when we are gone (Linux).

    The kernel watches the *thread* that started the child: start servers from the main thread.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # found before the fork
    parent = os.getpid()

    def watch() -> None:
        prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # we went between the fork and the call
            os._exit(1)

    return watch


def start(
    command: Sequence[str | Path], log: Path, stop_signal: int, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own: Ctrl-C reaches us alone, and we stop things in order."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=dict(env),
            process_group=0,
            preexec_fn=dies_with_us(stop_signal),
            **identity(),
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    """Wait for a server to answer. Raises ServerError with the end of its log when it stops or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None:
            raise ServerError(f"{name} did not start: {_last_words(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{name} did not answer within {START_SECONDS:.0f} seconds: {_last_words(log)}")
        time.sleep(0.01)


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return " / ".join(lines[-3:]) or f"see {log}"
    return f"see {log}"


def stop(process: subprocess.Popen[bytes], gently: int, firmly: int) -> None:
    """Ask a server to stop, insist after a while, and wait until it is gone."""
    for signum in (gently, firmly, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def end_stranger(pid: int, mark: str, signum: int) -> None:
    """End a server whose owner died without stopping it (no PR_SET_PDEATHSIG there, or it is still on its way out).

    Nothing happens unless the process's command line holds `mark`, the folder of our data: pids are used again.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while mark in command_line(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.1)


def command_line(pid: int) -> str:
    """The words that a process was started with; empty when there is no such process."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip()


def answers(path: Path) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def remove_folder(folder: Path) -> None:
    """Remove a folder and what is in it; nothing when it is gone already."""
    shutil.rmtree(folder, ignore_errors=True)

"""Both servers of one data folder: whoever comes first runs them, whoever comes later finds them.

Two locks make this safe, and the kernel frees them when a process dies in whatever way:
`servers.lock` is held by the owner as long as its servers run; `servers.users` is shared by those who borrow them,
and the owner waits for it before it stops the servers.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

STATE = "servers.json"
LOOK_EVERY = 0.05
Say = Callable[[str], None]


@dataclass(frozen=True)
class Urls:
    """Where the two servers answer."""

    database: str
    redis: str


class State(msgspec.Struct):
    """What the owner leaves for others: its pid, whether it stays (`portal up`), and the URLs."""

    owner: int
    stays: bool
    database: str
    redis: str


def say(sentence: str) -> None:
    """Tell the person at the terminal, not the program that reads our output."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def running(folder: Path, *, stays: bool = False, say: Say = say) -> Iterator[Urls]:
    """The servers of a data folder for the length of the block: those that run, or our own.

    `stays` is for `portal up`, which never borrows: it waits for a short command to end, and refuses (ServerError)
    when another one that stays is there. Call from the main thread: the kernel stops servers when that one ends.
    """
    processes.open_to_servant(folder)
    with (folder / "servers.lock").open("a") as lock, (folder / "servers.users").open("a") as users:
        if _mine_or_found(folder, lock.fileno(), users.fileno(), stays, say):
            with _own(folder, users.fileno(), stays, say) as urls:
                yield urls
        else:
            state = _state(folder)
            yield Urls(state.database, state.redis)


def home_of(folder: Path) -> Path:
    """Where the servers keep their files: in the data folder, or where root's servant can reach them."""
    home = folder / "servers"
    if home.exists() or processes.reaches(folder):
        return home
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return processes.roots_own_folder() / f"data-{name}"


def forget(folder: Path) -> None:
    """Delete the servers' data. Raises ServerError while they run."""
    processes.open_to_servant(folder)
    with (folder / "servers.lock").open("a") as lock:
        if not _try(lock.fileno(), fcntl.LOCK_EX):
            raise processes.ServerError(_occupied(folder))
        processes.remove_folder(home_of(folder))


# ------------------------------------------------------------------------------------------------ whose they are
def _mine_or_found(folder: Path, lock: int, users: int, stays: bool, say: Say) -> bool:
    """True: we hold the lock, nobody runs servers. False: somebody's servers answer, and know that we use them."""
    deadline = time.monotonic() + processes.START_SECONDS
    told = False
    while True:
        if _try(lock, fcntl.LOCK_EX):
            return True
        if stays and _read_state(folder, lambda state: state.stays):
            raise processes.ServerError(_occupied(folder))
        if not stays and _try(users, fcntl.LOCK_SH):
            if _read_state(folder, _answers):
                return False
            fcntl.flock(users, fcntl.LOCK_UN)
        if stays and not told:
            say("Waiting for another command of this data folder to end.")
            told = True
        if not stays and time.monotonic() > deadline:
            raise processes.ServerError(f"The servers of {folder} belong to another command and do not answer.")
        time.sleep(LOOK_EVERY)


@contextmanager
def _own(folder: Path, users: int, stays: bool, say: Say) -> Iterator[Urls]:
    home = home_of(folder)
    processes.open_to_servant(home)
    _sweep_sockets(folder)
    postgres, valkey = Postgres(home), Valkey(home)
    try:
        urls = Urls(postgres.start(), valkey.start())
        _write_state(folder, State(os.getpid(), stays, urls.database, urls.redis))
        yield urls
        _wait_for_users(users, say)
    finally:
        with _uninterrupted():
            (folder / STATE).unlink(missing_ok=True)
            valkey.stop()
            postgres.stop()


def _wait_for_users(users: int, say: Say) -> None:
    """Nobody who found our servers loses them. A second Ctrl-C ends the waiting."""
    if not _try(users, fcntl.LOCK_EX):
        say("Another command still uses these servers: waiting for it. Press Ctrl-C to stop them at once.")
        fcntl.flock(users, fcntl.LOCK_EX)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Impatient signals must not leave a server behind; stopping takes seconds at most."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _occupied(folder: Path) -> str:
    state = _read_state(folder, lambda _state: True)
    owner = f" (process {state.owner})" if state else ""
    return f"Convoca already runs for the data folder {folder}{owner}: stop it first, or set PORTAL_DATA_DIR."


# ------------------------------------------------------------------------------------------------ the state file
def _write_state(folder: Path, state: State) -> None:
    part = folder / f"{STATE}.part"
    part.write_bytes(msgspec.json.encode(state))
    part.replace(folder / STATE)


def _state(folder: Path) -> State:
    return msgspec.json.decode((folder / STATE).read_bytes(), type=State)


def _read_state(folder: Path, wanted: Callable[[State], bool]) -> State | None:
    with suppress(OSError, msgspec.DecodeError):
        state = _state(folder)
        return state if wanted(state) else None
    return None


def _answers(state: State) -> bool:
    return all(processes.answers(path) for path in _sockets(state))


def _sockets(state: State) -> tuple[Path, Path]:
    postgres = state.database.partition("?host=")[2]
    return Path(postgres) / ".s.PGSQL.5432", Path(state.redis.removeprefix("unix://").partition("?")[0])


def _sweep_sockets(folder: Path) -> None:
    """Remove the socket folders of an owner that was killed."""
    if state := _read_state(folder, lambda _state: True):
        for path in _sockets(state):
            if path.parent.name.startswith("convoca-"):
                processes.remove_folder(path.parent)
        (folder / STATE).unlink(missing_ok=True)

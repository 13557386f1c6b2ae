"""What a user would pick instead of the portal, each measured as its own documentation recommends for bulk sending.

`run` sends into a mail server that is already there (a sink on loopback) and says how fast it went and what it cost.
README.md beside this file says what each contender does, with which settings, and what flatters whom.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

from bench.baselines import dramatiq_task, nodemailer, post_office
from bench.baselines.environment import Unavailable
from bench.baselines.meter import Measured, Task
from bench.material import Letters, letters
from portal.embedded import processes

CONTENDERS: dict[str, Callable[[Task], Measured]] = {
    "dramatiq_task": dramatiq_task.measure,
    "post_office": post_office.measure,
    "nodemailer": nodemailer.measure,
}
TROUBLE = (Unavailable, processes.ServerError, OSError, subprocess.SubprocessError, asyncpg.PostgresError)


def names() -> list[str]:
    """The contenders, slowest first."""
    return list(CONTENDERS)


def run(name: str, port: int, messages: int, material: Letters | None = None, database: str = "") -> dict[str, Any]:
    """Send `messages` letters to 127.0.0.1:`port` with one contender, and wait until they are there.

    `database` is the URL of a PostgreSQL on this machine, in which the contender gets a database of its own for the
    length of the call; without one, those who need it get a server of their own.

    -> name, ready, why; and if ready: rate (messages a second), cpu_us, database_us and queue_us (microseconds of CPU a
    message: its processes, PostgreSQL's, the queue's), messages, counted (after the warm-up), seconds.
    The first tenth of the messages is warm-up, and nothing before or during it is counted.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as thread:  # whoever calls may run an event loop; the database wants one of its own
        try:
            return thread.submit(measured, name, port, messages, material or letters(), database, stop).result()
        finally:
            stop.set()  # Ctrl-C


def measured(
    name: str, port: int, messages: int, material: Letters, database: str, stop: threading.Event
) -> dict[str, Any]:
    """What `run` returns, from a thread without an event loop."""
    folder = Path(tempfile.mkdtemp(prefix="convoca-bench-", dir="/var/tmp"))
    processes.open_to_servant(folder)
    try:
        found = CONTENDERS[name](Task(name, port, messages, material, database, folder, stop))
    except TROUBLE as trouble:
        return {"name": name, "ready": False, "why": str(trouble) or type(trouble).__name__}
    finally:
        processes.remove_folder(folder)
    return {"name": name, "ready": True, "why": "", "messages": messages, **found.figures()}

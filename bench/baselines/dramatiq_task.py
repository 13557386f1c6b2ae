"""One Dramatiq task a message: two worker processes, a row read and written for each letter."""

from __future__ import annotations

import contextlib

import msgspec

from bench.baselines import meter
from bench.baselines.database import Database, database_of
from bench.baselines.environment import HERE, python_program
from bench.baselines.meter import Measured, Task
from portal.embedded.valkey import Valkey

PROCESSES, THREADS = 2, 8  # `dramatiq`'s own 8 threads
EVERY = 0.1  # seconds between looks; a look reads the whole table
TABLE = """
create table letter (
    id bigint primary key,
    address text not null,
    locale text not null,
    values jsonb not null,
    state text not null default 'queued',
    sent_at timestamptz
)
"""
SENT = "select count(*), max(sent_at) from letter where state = 'sent'"


def measure(task: Task) -> Measured:
    """Rows and tasks are there before the workers start, and cost nothing. Raises Unavailable."""
    python, log = python_program(), task.folder / "dramatiq.log"
    queue = Valkey(task.folder, durable=False)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(database_of(task))
        stack.callback(queue.stop)
        environment = settings(task, database, queue.start())
        fill(database, task)
        programs = HERE / "programs"
        meter.finish([python, "dramatiq_enqueue.py", task.messages], programs, environment, log)
        words = ["--processes", PROCESSES, "--threads", THREADS]
        command = [python, "-m", "dramatiq", "dramatiq_app", *map(str, words)]
        worker = stack.enter_context(meter.started(command, programs, environment, log))
        assert queue.process
        look = database.progress(SENT)
        return meter.clocked(worker, look, task, log, EVERY, database=database.root, queue=queue.process.pid)


def settings(task: Task, database: Database, queue: str) -> dict[str, str]:
    """What the worker's module reads from its environment."""
    templates = task.folder / "templates.json"
    templates.write_bytes(msgspec.json.encode(task.letters.templates))
    return {
        "BENCH_DATABASE": database.url,
        "BENCH_QUEUE": queue,
        "BENCH_PORT": str(task.port),
        "BENCH_SENDER": task.letters.sender,
        "BENCH_TEMPLATES": str(templates),
    }


def fill(database: Database, task: Task) -> None:
    """A row for each letter."""
    database.execute(TABLE)
    people = task.letters.recipients(task.messages)
    rows = [(n, who.address, who.locale, msgspec.json.encode(who.values).decode()) for n, who in enumerate(people)]
    database.copy("letter", ["id", "address", "locale", "values"], rows)
    database.execute("analyze letter")

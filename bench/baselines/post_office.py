"""django-post_office: letters queued with `send_many`, sent by `send_queued_mail --processes 2`."""

from __future__ import annotations

import msgspec

from bench.baselines import meter
from bench.baselines.database import database_of, django_names
from bench.baselines.environment import HERE, python_program
from bench.baselines.meter import Look, Measured, Progress, Task

PROCESSES = 2
BATCH, SMALL_BATCH = 500, 100  # letters fetched at once; 100 is its default, 500 costs it less
BATCHES = 4  # fewer than so many batches would be too few to measure
EVERY = 0.05  # seconds between looks; letters are marked as sent a batch at a time
SENT = "select count(*), max(last_updated) from post_office_email where status = 0"


def measure(task: Task) -> Measured:
    """The queue is filled before the command starts, and costs nothing. Raises Unavailable."""
    python, log, programs = python_program(), task.folder / "post_office.log", HERE / "programs"
    batch = BATCH if task.messages >= BATCH * BATCHES else SMALL_BATCH
    people = task.folder / "letters.json"
    recipients = list(task.letters.recipients(task.messages))
    people.write_bytes(msgspec.json.encode([task.letters, recipients]))
    with database_of(task) as database:
        environment = {
            "DJANGO_SETTINGS_MODULE": "post_office_settings",
            "BENCH_DATABASE": msgspec.json.encode(django_names(database.url)).decode(),
            "BENCH_PORT": str(task.port),
            "BENCH_BATCH": str(batch),
            "PYTHONPATH": str(programs),
        }
        meter.finish([python, "-m", "django", "migrate"], programs, environment, log)
        meter.finish([python, "post_office_queue.py", people], programs, environment, log)
        database.execute("analyze")
        words = ["--processes", str(PROCESSES), "--lockfile", str(task.folder / "post_office")]
        command = [python, "-m", "django", "send_queued_mail", *words]
        with meter.started(command, programs, environment, log) as process:
            look = whole_batches(database.progress(SENT), batch, task.messages)
            return meter.clocked(process, look, task, log, EVERY, database=database.root)


def whole_batches(look: Look, batch: int, messages: int) -> Look:
    """A look that sees a batch when both processes are through with it.

    Each marks its half when the whole half is sent: between the two, most of what counts as waiting has been sent.
    """
    last = Progress(0, 0.0)

    def looked() -> Progress:
        nonlocal last
        now = look()
        if now.done % batch == 0 or now.done == messages:
            last = now
        return last

    return looked

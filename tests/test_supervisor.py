"""Several programs as one: restarted with patience, stopped in order."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import supervisor
from portal.settings import ROOT
from portal.supervisor import GaveUp, Program, Supervisor

LIVES = "import signal, sys, time; print('{name} up', flush=True); time.sleep(60)"
POLITE = (
    "import signal, sys, time\n"
    "def end(*_): print('{name} ends', flush=True); sys.exit()\n"
    "signal.signal(signal.SIGTERM, end); print('{name} up', flush=True); time.sleep(60)"
)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('no', flush=True)); {then}"


class Output:
    """What the supervisor writes."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: bytes) -> None:
        self.lines.append(line.decode().rstrip("\n"))

    async def has(self, wanted: str, times: int = 1) -> None:
        """Wait until a line has been written so many times."""
        async with asyncio.timeout(20):
            while self.lines.count(wanted) < times:
                await asyncio.sleep(0.01)


def program(name: str, code: str, *, needed_by_others: bool = False, patience: float = 20) -> Program:
    """A Python program."""
    return Program(name, [sys.executable, "-c", code.format(name=name)], needed_by_others, patience)


@pytest.fixture
def output() -> Output:
    """Empty."""
    return Output()


@pytest.fixture
def make(output: Output, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Supervisor]:
    """A supervisor without pauses."""
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervisor, "TELL_AFTER", 0.2)
    return lambda *programs: Supervisor(programs, os.environ, write=output)


async def test_a_signal_stops_all_of_them_the_needed_one_last(make: Callable[..., Supervisor], output: Output) -> None:
    run = asyncio.create_task(
        make(program("mail", POLITE, needed_by_others=True), program("web", POLITE), program("work", POLITE)).run()
    )
    for line in ("mail | mail up", "web  | web up", "work | work up"):
        await output.has(line)

    os.kill(os.getpid(), signal.SIGINT)
    await run

    assert sorted(output.lines[3:5]) == ["web  | web ends", "work | work ends"]
    assert output.lines[5:] == ["mail | mail ends"]


async def test_one_that_dies_starts_again(make: Callable[..., Supervisor], output: Output) -> None:
    watched = make(program("web", LIVES))
    run = asyncio.create_task(watched.run())
    await output.has("web | web up")

    watched.children["web"].kill()
    await output.has("web | web up", 2)

    assert output.lines[1] == "web | ended (SIGKILL), starts again in 0.01 s"
    watched.ending.set()
    await run


async def test_one_that_dies_five_times_within_a_minute_ends_all(make: Callable[..., Supervisor]) -> None:
    watched = make(program("web", LIVES), program("work", "print('no way'); raise SystemExit(3)"))

    with pytest.raises(GaveUp) as gave_up:
        await watched.run()

    assert str(gave_up.value) == "work ended (status 3) for the 5th time within a minute: no way"
    assert watched.children["web"].returncode == -signal.SIGTERM


async def test_a_wrong_setting_is_not_tried_again(make: Callable[..., Supervisor], output: Output) -> None:
    with pytest.raises(GaveUp, match=r"web ended \(status 2\): PORTAL_X is wrong"):
        await make(program("web", "print('PORTAL_X is wrong'); raise SystemExit(2)")).run()

    assert output.lines == ["web | PORTAL_X is wrong"]


async def test_a_second_signal_ends_the_patience(make: Callable[..., Supervisor], output: Output) -> None:
    watched = make(program("work", STUBBORN.format(then="print('up', flush=True); [time.sleep(9) for _ in '12345']")))
    run = asyncio.create_task(watched.run())
    await output.has("work | up")

    os.kill(os.getpid(), signal.SIGTERM)
    await output.has("work | is finishing what it has begun; Ctrl-C again stops it at once")
    assert not run.done()
    os.kill(os.getpid(), signal.SIGINT)
    await run

    assert watched.children["work"].returncode == -signal.SIGKILL


async def test_patience_has_an_end(make: Callable[..., Supervisor], output: Output) -> None:
    code = STUBBORN.format(then="print('up', flush=True); [time.sleep(9) for _ in '12345']")
    watched = make(program("work", code, patience=0.1))
    run = asyncio.create_task(watched.run())
    await output.has("work | up")

    watched.ending.set()
    await run

    assert watched.children["work"].returncode == -signal.SIGKILL


async def test_what_runs_beside_ends_with_them(make: Callable[..., Supervisor], output: Output) -> None:
    seen = asyncio.Event()

    async def beside() -> None:
        seen.set()
        await asyncio.sleep(60)

    watched = make(program("web", LIVES))
    run = asyncio.create_task(watched.run(beside))
    await seen.wait()
    watched.ending.set()
    await run


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_children_do_not_outlive_a_supervisor_that_is_killed() -> None:
    code = """
import asyncio, os, sys
from portal.supervisor import Program, Supervisor
child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
asyncio.run(Supervisor([Program("web", child)], os.environ, prefixed=False).run())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert parent.stderr
    child = int(parent.stderr.readline())

    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and "zombie" not in Path(f"/proc/{child}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)

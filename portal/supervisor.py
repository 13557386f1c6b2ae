"""Several programs as one: started, restarted with patience, and stopped together, in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.processes import dies_with_us

MOST_DEATHS = 5
WITHIN = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
STOP_SECONDS = 20.0
TELL_AFTER = 3.0
USAGE = 2  # this exit status means a wrong setting: trying again changes nothing
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """A child: its name in the logs and its command. Those that are `needed_by_others` stop last.

    `patience`: seconds between the request to end and SIGKILL.
    """

    name: str
    command: Sequence[str | Path]
    needed_by_others: bool = False
    patience: float = STOP_SECONDS


class GaveUp(Exception):
    """A program could not be kept alive. The message is one sentence that says which and why."""


class Supervisor:
    """`await Supervisor(programs, environment).run()` returns when a signal asked for the end and all have ended.

    A second signal ends the patience with those that are still at work.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        environment: Mapping[str, str],
        *,
        prefixed: bool = True,
        write: Callable[[bytes], object] | None = None,
    ) -> None:
        self.programs, self.environment = programs, dict(environment)
        self.width = max(len(program.name) for program in programs) if prefixed else 0
        self.write = write or _to_standard_error
        self.ending = asyncio.Event()
        self.at_once = asyncio.Event()
        self.children: dict[str, asyncio.subprocess.Process] = {}

    async def run(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """Keep the programs alive until a signal comes; `meanwhile` runs beside them. Raises GaveUp."""
        loop = asyncio.get_running_loop()
        for number in STOPS:
            loop.add_signal_handler(number, self._on_signal)
        keepers = [asyncio.create_task(self._keep(program)) for program in self.programs]
        beside = asyncio.create_task(_call(meanwhile))
        end = asyncio.create_task(self.ending.wait())
        try:
            await asyncio.wait([end, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.ending.set()
            beside.cancel()
            await self._stop_all()
            await asyncio.gather(end, beside, return_exceptions=True)
            for number in STOPS:
                loop.remove_signal_handler(number)
        results = await asyncio.gather(*keepers, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _on_signal(self) -> None:
        if self.ending.is_set():
            self.at_once.set()
        self.ending.set()

    # -------------------------------------------------------------------------------------------- keeping one alive
    async def _keep(self, program: Program) -> None:
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while not self.ending.is_set():
            status, last_words = await self._live(program)
            if self.ending.is_set():
                return
            deaths.append(time.monotonic())
            how = f"{program.name} ended ({_in_words(status)})"
            if status == USAGE:
                raise GaveUp(f"{how}: {last_words}")
            if len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < WITHIN:
                raise GaveUp(f"{how} for the {MOST_DEATHS}th time within a minute: {last_words}")
            pause = min(FIRST_PAUSE * 2 ** (_recent(deaths) - 1), LONGEST_PAUSE)
            self._say(program.name, f"ended ({_in_words(status)}), starts again in {pause:g} s")
            await self._pause(pause)

    async def _live(self, program: Program) -> tuple[int, str]:
        """One life of a program. Returns its exit status and the last line that it wrote."""
        child = await asyncio.create_subprocess_exec(
            *map(str, program.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment,
            process_group=0,  # Ctrl-C reaches us alone: we stop them in order
            preexec_fn=dies_with_us(signal.SIGTERM),
        )
        self.children[program.name] = child
        if self.ending.is_set():
            _signal(child, signal.SIGTERM)
        last_words = await self._copy(program.name, child)
        return await child.wait(), last_words

    async def _copy(self, name: str, child: asyncio.subprocess.Process) -> str:
        """Copy what a child writes, line by line."""
        assert child.stdout
        rest, last = b"", b""
        while chunk := await child.stdout.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._line(name, line)
                last = line if line.strip() else last
        if rest:
            self._line(name, rest)
        return (rest or last).decode(errors="replace").strip()

    def _say(self, name: str, words: str) -> None:
        self._line(name, words.encode())

    def _line(self, name: str, line: bytes) -> None:
        prefix = f"{name:<{self.width}} | ".encode() if self.width else b""
        self.write(prefix + line + b"\n")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.ending.wait(), seconds)
        except TimeoutError:
            return

    # -------------------------------------------------------------------------------------------- stopping all
    async def _stop_all(self) -> None:
        """Those that others need (the mailbox, while workers are in mid-letter) go last."""
        for last in (False, True):
            programs = [program for program in self.programs if program.needed_by_others is last]
            await asyncio.gather(*(self._stop(each) for each in programs if each.name in self.children))

    async def _stop(self, program: Program) -> None:
        child = self.children[program.name]
        _signal(child, signal.SIGTERM)
        ended = asyncio.create_task(child.wait())
        at_once = asyncio.create_task(self.at_once.wait())
        await asyncio.wait([ended, at_once], timeout=TELL_AFTER, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done() and not at_once.done():
            self._say(program.name, "is finishing what it has begun; Ctrl-C again stops it at once")
            await asyncio.wait([ended, at_once], timeout=program.patience, return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        if not ended.done():
            _signal(child, signal.SIGKILL)
        await ended


def _recent(deaths: Sequence[float]) -> int:
    return sum(1 for death in deaths if deaths[-1] - death < WITHIN)


def _signal(child: asyncio.subprocess.Process, number: int) -> None:
    """SIGTERM to the child, which knows its own children; SIGKILL to its whole group, so that none stays."""
    if child.returncode is not None:
        return
    try:
        if number == signal.SIGKILL:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
    except ProcessLookupError:
        return


def _in_words(status: int) -> str:
    return f"status {status}" if status >= 0 else signal.Signals(-status).name


async def _call(meanwhile: Callable[[], Awaitable[None]] | None) -> None:
    if meanwhile is not None:
        await meanwhile()


def _to_standard_error(line: bytes) -> None:
    sys.stderr.buffer.write(line)
    sys.stderr.buffer.flush()

"""The yardsticks: Debian's smtp-source, a pipelined client in C, OpenSSL's signatures. None of them keeps a ledger."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import children, sinks
from bench.rounds import Contender, Measured, Send

SOURCE = Path(__file__).parent / "pipelined.c"
COMPILERS = ("cc", "gcc", "clang")
CONNECTIONS = 10  # as many as performance figures of others are given for; both are fastest with 4 to 20


class NotHere(Exception):
    """A contender cannot run on this machine. The message is one sentence."""


@dataclass(frozen=True)
class Yardstick:
    """What a source sends: `messages` letters of `size` bytes into the sink, from `connections` connections."""

    home: Path
    sink: sinks.Sink
    messages: int
    size: int
    connections: int = CONNECTIONS

    def measured(self, seconds: float, own: float, sink: float) -> Measured:
        """As rounds want it."""
        cost = {"own": own / self.messages * 1e6, "sink": sink / self.messages * 1e6}
        return {"rate": self.messages / seconds, "messages": self.messages, "seconds": seconds, "cpu_us": cost}


# ------------------------------------------------------------------------------------------------ smtp-source
def smtp_source(yard: Yardstick, head: int) -> Contender:
    """`smtp-source -d`: connections reused, never pipelined. `head`: bytes of its header. Raises NotHere."""
    program = program_of("smtp-source")
    words = ["-s", yard.connections, "-m", yard.messages, "-l", yard.size - head]
    return Contender(
        "smtp_source", measuring(yard, [program, "-d", "-N", *map(str, words), f"127.0.0.1:{yard.sink.port}"])
    )


def program_of(name: str) -> str:
    """Its path. Raises NotHere."""
    if not (program := sinks.program(name)):
        raise NotHere(f"{name} is not installed (Debian's package postfix has it)")
    return program


def one_letter(port: int, size: int, home: Path) -> None:
    """Send a letter whose body has `size` bytes with smtp-source: its header's size is what is left."""
    children.run([program_of("smtp-source"), "-l", str(size), f"127.0.0.1:{port}"], home / "source.log")


# ------------------------------------------------------------------------------------------------ in C
def pipelined(yard: Yardstick) -> Contender:
    """The client of pipelined.c, compiled here. Raises NotHere without a compiler."""
    words = [yard.sink.port, yard.connections, yard.messages, yard.size]
    return Contender("pipelined_c", measuring(yard, [compiled(yard.home), *map(str, words)]))


def compiled(folder: Path) -> Path:
    """pipelined.c as a program in a folder. Raises NotHere."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise NotHere("there is no C compiler")
    program = folder / "pipelined"
    done = subprocess.run([compiler, "-O2", "-o", program, SOURCE], capture_output=True, text=True)
    if done.returncode:
        raise NotHere(f"pipelined.c does not compile: {done.stderr.strip()[-300:]}")
    return program


def measuring(yard: Yardstick, command: list[str | Path]) -> Send:
    """Run a source to its end: its whole life counts, from start to exit."""

    async def send() -> Measured:
        before = children.cpu(yard.sink.process.pid)
        seconds, own = children.run(command, yard.home / "source.log")
        return yard.measured(seconds, own, children.cpu(yard.sink.process.pid) - before)

    return send


# ------------------------------------------------------------------------------------------------ openssl
def openssl() -> Contender:
    """RSA-2048 signatures a CPU second of one core, by `openssl speed`. Raises NotHere."""
    program = shutil.which("openssl")
    if program is None:
        raise NotHere("openssl is not installed")

    async def send() -> Measured:
        return signatures(program)

    return Contender("openssl", send)


def signatures(program: str) -> Measured:
    """What `openssl speed` says: signatures a second of CPU time."""
    done = subprocess.run([program, "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True)
    rate = signed_a_second(done.stdout)
    return {"rate": rate, "cpu_us": {"own": 1e6 / rate}}


def signed_a_second(said: str) -> float:
    """The figure under `sign/s`: newer versions have more columns. Raises RuntimeError when it is not there."""
    lines = [line.split() for line in said.splitlines()]
    heads = [[word for word in line if word.endswith("/s")] for line in lines if "sign/s" in line]
    rows = [line for line in lines if line[:1] == ["rsa"]]
    if not heads or not rows:
        raise RuntimeError(f"openssl speed said nothing about signatures: {said[-200:]!r}")
    return float(rows[-1][-len(heads[-1]) :][heads[-1].index("sign/s")])

"""The part *sending*: messages a second of the whole sender beside the yardsticks and what others would have picked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench import baselines, children, mailing, rounds, sinks, sources
from bench.baselines import environment
from bench.house import House, open_house
from bench.mailing import Kind
from bench.options import Options
from bench.portal_side import Mailing, Sample
from bench.rounds import Contender, Measured, Round

KINDS: dict[str, Callable[[House], Awaitable[Kind]]] = {
    "letters": mailing.plain,
    "conditions": mailing.conditional,
    "ed25519": mailing.ed25519,
    "rsa": mailing.rsa,
}
SIGNED = ("ed25519", "rsa")
YARDSTICKS = ("smtp_source", "pipelined_c", "openssl")
BASELINES = ("nodemailer", "post_office", "dramatiq_task")
# What a contender sends of --messages: a round of the slow ones would last for minutes.
SHARE = {"rsa": 0.3, "nodemailer": 0.25, "post_office": 0.1, "dramatiq_task": 0.03}
ALL = (*KINDS, *YARDSTICKS, *BASELINES)
SAMPLE = 40  # letters of each kind that are weighed
BODY = 1_000  # bytes of the letter that smtp-source's header is weighed with


@dataclass
class Part:
    """What is known before the first round: the portal, its kinds of letter and what they weigh."""

    options: Options
    house: House
    kinds: dict[str, Kind]
    samples: dict[str, Sample] = field(default_factory=dict)
    head: int = 0  # bytes of smtp-source's header
    missing: dict[str, str] = field(default_factory=dict)  # why a contender does not take part

    @property
    def names(self) -> list[str]:
        """Who was asked to take part."""
        return [name for name in ALL if not self.options.contenders or name in self.options.contenders]

    def count(self, name: str) -> int:
        """Messages of one measurement of a contender."""
        return max(20, round(self.options.messages * SHARE.get(name, 1)))


async def run(options: Options, say: rounds.Say) -> dict[str, Any]:
    """All rounds. Raises RuntimeError when a process does not do what it should."""
    async with prepared(options) as part:
        with sinks.best(part.house.home) as sink:
            async with part.house.worker(sink.port, options.connections) as worker:
                pids = {"worker": worker.pid, "postgres": part.house.postgres_pid, "sink": sink.process.pid}
                made = list(contenders(part, sink, pids))
                for name, why in part.missing.items():
                    say(f"{name} does not take part: {why}")
                played = await rounds.interleave(made, options.rounds, say)
                return result(part, sink, played)


@contextlib.asynccontextmanager
async def prepared(options: Options) -> AsyncIterator[Part]:
    """Servers, templates, and the letters weighed in a sink of our own."""
    async with open_house() as house:
        part = Part(options, house, {})
        for name, make in KINDS.items():
            if name in part.names:
                part.kinds[name] = await make(house)
        await weigh(part)
        yield part


async def weigh(part: Part) -> None:
    """Send some letters of each kind, and one of smtp-source, to a sink that keeps them."""
    kept = part.house.home / "letters"
    kept.mkdir()
    with sinks.own(part.house.home, "--keep", kept) as sink:
        async with part.house.worker(sink.port, part.options.connections):
            for name, kind in part.kinds.items():
                await mailing.send(await mailing.plan(kind, SAMPLE))
                part.samples[name] = Sample(kept)
                check(name, part.samples[name])
        with contextlib.suppress(sources.NotHere):
            sources.one_letter(sink.port, BODY, part.house.home)
            part.head = Sample(kept).bytes - BODY


def check(name: str, sample: Sample) -> None:
    """That letters are what they are called. Raises RuntimeError."""
    if sample.count != SAMPLE or sample.signed != (SAMPLE if name in SIGNED else 0):
        raise RuntimeError(f"Of {SAMPLE} letters of {name} {sample.count} arrived, {sample.signed} of them signed.")


# ------------------------------------------------------------------------------------------------ who takes part
def contenders(part: Part, sink: sinks.Sink, pids: dict[str, int]) -> Iterator[Contender]:
    """Those of `part.names` that can run here; for the others `part.missing` says why not."""
    for name in part.names:
        try:
            if name in part.kinds:
                yield Mailing(part.kinds[name], part.count(name), pids).contender(name)
            else:
                yield outsider(part, sink, name)
        except sources.NotHere as why:
            part.missing[name] = str(why)


def outsider(part: Part, sink: sinks.Sink, name: str) -> Contender:
    """A yardstick or a baseline. Raises NotHere."""
    yard = sources.Yardstick(part.house.home, sink, part.count(name), wire_size(part))
    if name == "smtp_source":
        return sources.smtp_source(yard, part.head)
    if name == "pipelined_c":
        return sources.pipelined(yard)
    return sources.openssl() if name == "openssl" else baseline(part, name, sink)


def wire_size(part: Part) -> int:
    """Bytes of a letter on the wire, its final dot excepted: what the yardsticks send too."""
    return next(iter(part.samples.values())).bytes if part.samples else 10_000


def baseline(part: Part, name: str, sink: sinks.Sink) -> Contender:
    """What somebody would pick instead, with its packages (bench/baselines). Raises NotHere without them."""
    try:
        (environment.node_program if name == "nodemailer" else environment.python_program)()
    except environment.Unavailable as why:
        raise sources.NotHere(str(why)) from why

    async def send() -> Measured:
        before = children.cpu(sink.process.pid)
        found: Measured = baselines.run(name, sink.port, part.count(name), database=part.house.database)
        spent = children.cpu(sink.process.pid) - before
        return found | {"cpu_us": baseline_cost(found) | {"sink": spent / part.count(name) * 1e6}}

    return Contender(name, send)


def baseline_cost(found: Measured) -> dict[str, float]:
    """CPU microseconds a message under our names."""
    names = {"own": "cpu_us", "postgres": "database_us", "queue": "queue_us"}
    return {ours: float(found.get(theirs) or 0) for ours, theirs in names.items()}


# ------------------------------------------------------------------------------------------------ the result
def result(part: Part, sink: sinks.Sink, played: list[Round]) -> dict[str, Any]:
    """Everything that was measured, as it stands in sending.json."""
    return {
        "cores": os.cpu_count(),
        "sink": sink.name,
        "connections": {"portal": part.options.connections or "as portal work", "others": sources.CONNECTIONS},
        "letters": {name: sample.row() for name, sample in part.samples.items()},
        "missing": missing(part, played),
        "rounds": [each.row() for each in played],
        "played": played,
    }


def missing(part: Part, played: list[Round]) -> dict[str, str]:
    """Why a contender has no rate: it was not asked for, cannot run here, or said so when it was called."""
    found = {name: "it was not asked for" for name in ALL if name not in part.names} | part.missing
    for each in played:
        found |= {name: str(said["why"]) for name, said in each.results.items() if not said.get("ready", True)}
    return found

"""Contenders side by side: every one once a round, the order turned round each time, ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import quiet
from bench.quiet import Quiet

Measured = dict[str, Any]  # `rate` (messages a second), `cpu_us` by process, and whatever proves it
Send = Callable[[], Awaitable[Measured]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """Somebody who sends. Only `send` is measured; `prepare` plans before it, `prove` looks at the rows after it."""

    name: str
    send: Send
    prepare: Callable[[], Awaitable[None]] | None = None
    prove: Send | None = None


@dataclass
class Round:
    """What each contender did, and how quiet it was meanwhile."""

    number: int
    order: list[str]
    results: dict[str, Measured] = field(default_factory=dict)
    spans: dict[str, Quiet] = field(default_factory=dict)

    def is_quiet(self, *names: str) -> bool:
        """Whether it was quiet during these measurements."""
        return all(self.spans[name].quiet for name in names)

    def row(self) -> dict[str, Any]:
        """As it stands in the results."""
        measured = {name: result | self.spans[name].row() for name, result in self.results.items()}
        return {
            "round": self.number,
            "order": self.order,
            **quiet.worst([*self.spans.values()]).row(),
            "results": measured,
        }


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios. `value` counts quiet rounds only and is None when there was none."""

    value: float | None
    noisy: float | None  # of all rounds, for want of a better one
    quiet_rounds: int
    rounds: int


async def interleave(contenders: Sequence[Contender], count: int, say: Say) -> list[Round]:
    """`count` rounds; every second one in the opposite order, so that none profits from what ran before it."""
    rounds = []
    for number in range(1, count + 1):
        order = list(contenders) if number % 2 else list(reversed(contenders))
        rounds.append(await one_round(number, order, say))
    return rounds


async def one_round(number: int, order: Sequence[Contender], say: Say) -> Round:
    """Each contender once."""
    made = Round(number, [each.name for each in order])
    for each in order:
        if each.prepare:
            await each.prepare()
        before = quiet.now()
        result = await each.send()
        made.results[each.name], made.spans[each.name] = result, quiet.between(before, quiet.now())
        if each.prove:
            result["proof"] = await each.prove()
        say(f"round {number}: {each.name}: {describe(result, made.spans[each.name])}")
    return made


def describe(result: Measured, span: Quiet) -> str:
    """One measurement in one line."""
    if not result.get("ready", True):
        return str(result["why"])
    cost = ", ".join(f"{name} {value:.0f}" for name, value in result.get("cpu_us", {}).items())
    noise = "quiet" if span.quiet else f"steal {span.steal:.2f}, foreign CPU {span.foreign:.2f}"
    proof = result.get("proof", {"holds": True})
    wrong = "" if proof["holds"] else f"; THE PROOF FAILS: {proof}"
    return f"{result['rate']:,.0f}/s; CPU us a message: {cost}; {noise}{wrong}"


def ratio(rounds: Sequence[Round], above: str, below: str) -> Ratio | None:
    """The rate of one contender by that of another. None when no round has both."""
    pairs = [(each, rate_of(each, above), rate_of(each, below)) for each in rounds]
    found = [(each.is_quiet(above, below), a / b) for each, a, b in pairs if a and b]
    if not found:
        return None
    still = [value for is_quiet, value in found if is_quiet]
    middle = statistics.median(still) if still else None
    return Ratio(middle, statistics.median(value for _, value in found), len(still), len(found))


def rate_of(made: Round, name: str) -> float:
    """Messages a second, 0 when it did not send."""
    return float(made.results.get(name, {}).get("rate") or 0)


def middle(rounds: Sequence[Round], name: str, *keys: str) -> float | None:
    """The median over the rounds of one figure of a contender: over quiet rounds when there are any."""
    with_it = [each for each in rounds if rate_of(each, name)]
    chosen = [each for each in with_it if each.is_quiet(name)] or with_it
    values = [figure(each.results[name], keys) for each in chosen]
    return statistics.median(values) if values else None


def figure(result: Measured, keys: Sequence[str]) -> float:
    """A number within a result."""
    found: Any = result
    for key in keys:
        found = found[key]
    return float(found)

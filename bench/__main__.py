"""The bench: python -m bench [part ...] [--messages N] ..., or make bench ARGS="...". README.md says how to read it."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from bench import report, sending
from bench.options import RESULTS, Options

PARTS = ("sending", "plan", "claims", "growth", "latency", "start", "pages", "mailings")
MODULES = {"plan": "planning"}
SECRET = "the secret of the bench, which protects nothing"


def options(words: list[str]) -> Options:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description="What the portal does a second, and what it costs.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)} or all; sending by itself")
    parser.add_argument("--messages", type=int, default=20_000, help="of a measurement (sending)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=0, help="of the worker; 0: as it takes by itself")
    parser.add_argument("--only", default="", help=f"contenders (sending): {','.join(sending.ALL)}")
    parser.add_argument("--recipients", type=int, default=1_000_000, help="of a mailing (plan, latency, mailings)")
    parser.add_argument("--probes", type=int, default=120, help="acknowledgements (latency)")
    parser.add_argument("--rows", default="10000,100000,1000000,10000000", help="sizes of the ledger (claims, growth)")
    parser.add_argument("--dossiers", type=int, default=100_000, help="of one campaign (pages)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the files of JSON")
    given = parser.parse_args(words)
    only = tuple(filter(None, given.only.split(",")))
    if unknown := set(only) - set(sending.ALL):
        parser.error(f"--only: there is no contender {', '.join(sorted(unknown))}")
    if unknown := set(given.parts) - {*PARTS, "all"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return Options(
        parts=PARTS if "all" in given.parts else tuple(dict.fromkeys(given.parts or ["sending"])),
        messages=given.messages,
        rounds=given.rounds,
        connections=given.connections,
        contenders=only,
        recipients=given.recipients,
        probes=given.probes,
        rows=tuple(int(each) for each in given.rows.split(",")),
        dossiers=given.dossiers,
        results=given.results,
    )


async def run(given: Options) -> None:
    """Part after part; each leaves its file and prints its table."""
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)  # so that everything is stopped
    for part in given.parts:
        await (run_sending(given) if part == "sending" else run_other(part, given))


async def run_sending(given: Options) -> None:
    """Rounds, then two tables."""
    found = await sending.run(given, say)
    played = found.pop("played")
    made = report.sending(found, played, given.results)
    path = report.write("sending", made, given.results)
    letters = ", ".join(f"{name} {row['bytes']:,} bytes" for name, row in found["letters"].items())
    say(f"\nSink: {found['sink']}. A letter on the wire: {letters}.\n")
    say(report.table(report.contenders_table(played)))
    say("\n" + report.table(report.ratios_table(made["about_ratios"])))
    for reason in report.reasons(made["about_ratios"]):
        say(f"  {reason}")
    say(f"\n{path}")


async def run_other(part: str, given: Options) -> None:
    """A part in a module of its own: `run(options)` and `table(result)`."""
    module: Any = importlib.import_module(f"bench.{MODULES.get(part, part)}")
    found = await module.run(given)
    path = report.write(part, found, given.results)
    report.refresh(given.results)
    say("\n" + report.table(module.table(found)) + f"\n\n{path}")


def say(words: str) -> None:
    """To the person at the terminal."""
    print(words, flush=True)


def main() -> None:
    """Ends with 130 on Ctrl-C, with 1 and a sentence when something did not work; all processes have ended then."""
    given = options(sys.argv[1:])
    os.environ["PORTAL_SECRET_KEY"] = SECRET
    try:
        asyncio.run(run(given))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    except RuntimeError as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()

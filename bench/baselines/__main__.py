"""One contender alone: `.venv/bin/python -m bench.baselines post_office --messages 500`; without a name, all of them.

Into Debian's smtp-sink, whose counter must agree; with `--check` into a mail server that reads every letter instead
and compares it with the portal's.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys

from bench.baselines import names, run
from bench.baselines.sinks import Reader, listening
from bench.material import letters


def main() -> int:
    """A line of JSON for each contender; 1 if one could not run or did not deliver what it should."""
    parser = argparse.ArgumentParser(prog="python -m bench.baselines")
    parser.add_argument("name", nargs="?", choices=names())
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything that was started ends
    wanted = [asked.name] if asked.name else names()
    done = [measure(name, asked.messages, asked.check) for name in wanted]  # all of them, whatever the first ones do
    return int(not all(done))


def measure(name: str, messages: int, check: bool) -> bool:
    """Whether it delivered. Prints its figures, with what the mail server says about them."""
    material = letters()
    with listening(check) as sink:
        figures = run(name, sink.port, messages, material)
    wrong = sink.differences(material, messages) if isinstance(sink, Reader) else []
    print(json.dumps(figures | {"arrived": sink.count, "wrong": wrong[:10]}, ensure_ascii=False), flush=True)
    return bool(figures["ready"]) and sink.count == messages and not wrong


if __name__ == "__main__":
    sys.exit(main())

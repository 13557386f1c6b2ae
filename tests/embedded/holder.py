"""A command that uses the servers of a folder until its input closes: `python -m tests.embedded.holder DIR`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from portal.embedded.processes import ServerError
from portal.embedded.servers import running


def main() -> None:
    """Print the URLs, wait, stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with running(Path(sys.argv[1]), stays="stays" in sys.argv) as urls:
            print(urls.database, urls.redis, flush=True)
            sys.stdin.read()
    except ServerError as refused:
        print(f"refused: {refused}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

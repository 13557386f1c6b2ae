"""`portal work` with another number of connections than usual: python -m bench.worker CONNECTIONS"""

from __future__ import annotations

import functools
import sys

from portal.sending.engine import Engine
from workers import process, run

if __name__ == "__main__":
    process.Engine = functools.partial(Engine, size=int(sys.argv[1]))  # type: ignore[assignment,misc]
    run.work()

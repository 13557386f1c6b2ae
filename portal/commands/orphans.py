"""A supervised process ends when its supervisor is gone, even where it waits for a database that ended with it."""

from __future__ import annotations

import os
import signal
import threading
import time

LOOK_EVERY = 0.5
GRACE_SECONDS = 10.0


def end_with_parent() -> None:
    """Watch from a thread: first SIGTERM to ourselves (Linux has sent one, macOS has not), then SIGKILL."""
    threading.Thread(target=_watch, args=(os.getppid(),), name="orphans", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)

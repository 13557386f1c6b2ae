"""Where uploaded lists lie until they are brought in: under random names, no longer than needed."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from pathlib import Path

from portal.settings import settings

RANDOM = re.compile(r"[0-9a-f]{32}")


def path_of(stored_as: str) -> Path:
    """The file behind a random name. Raises ValueError for anything that was not made here."""
    if not RANDOM.fullmatch(stored_as):
        raise ValueError(stored_as)
    return settings().data_dir / "imports" / stored_as


async def keep(data: bytes) -> str:
    """Write the bytes; returns the random name."""
    stored_as = secrets.token_hex(16)
    await asyncio.to_thread(_write, path_of(stored_as), data)
    return stored_as


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


async def load(stored_as: str) -> bytes | None:
    """The bytes, or None when they are gone."""
    try:
        return await asyncio.to_thread(path_of(stored_as).read_bytes)
    except FileNotFoundError:
        return None


def forget(stored_as: str) -> None:
    """Remove the bytes; twice is once."""
    path_of(stored_as).unlink(missing_ok=True)

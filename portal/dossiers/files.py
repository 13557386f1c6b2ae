"""Documents of dossiers: where the bytes lie. What is taken, portal.documents says.

Bytes are written once, under a random name in the data folder, before the form is judged: a refused form loses no
document. Until a dossier has it, a note beside it (`pending/<random>.json`) says what it is; whoever knows the random
name may claim it. What nobody claims within a day is swept away.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from portal.documents import MAX_BYTES, Unfit, accept, clean_name, disposition, judge
from portal.settings import settings

__all__ = [
    "MAX_BYTES",
    "Kept",
    "Unfit",
    "accept",
    "claimed",
    "clean_name",
    "disposition",
    "drop",
    "judge",
    "keep",
    "let_go",
    "path_of",
    "pending",
    "stale_pending",
]

PENDING_HOURS = 24
RANDOM = re.compile(r"[0-9a-f]{32}")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A document whose bytes are stored. `size` in octets."""

    stored_as: str
    name: str
    media_type: str
    size: int
    sha256: bytes


# ------------------------------------------------------------------------------------------------ where they lie
def path_of(stored_as: str) -> Path:
    """Where the bytes of a stored document lie. Refuses anything but our own random names."""
    if not RANDOM.fullmatch(stored_as):
        raise ValueError("not a stored document's name")
    return _folder() / stored_as[:2] / stored_as


async def keep(name: str, data: bytes, groups: Collection[str] = (), most: int = MAX_BYTES) -> Kept:
    """Store a document that nobody owns yet. `groups`, `most`: as `judge` takes them. Raises Unfit."""
    return await asyncio.to_thread(_keep, name, data, groups, most)


def _keep(name: str, data: bytes, groups: Collection[str], most: int) -> Kept:
    media_type = judge(data, groups, most)
    kept = Kept(
        stored_as=secrets.token_hex(16),
        name=clean_name(name, media_type),
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
    )
    for path, content in ((path_of(kept.stored_as), data), (_note(kept.stored_as), msgspec.json.encode(kept))):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
    return kept


def pending(stored_as: str) -> Kept | None:
    """A document kept earlier that no dossier has yet; None for anything else."""
    if not RANDOM.fullmatch(stored_as):
        return None
    try:
        return msgspec.json.decode(_note(stored_as).read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def claimed(stored_as: str) -> None:
    """A dossier has it now (call after the commit): nobody else can claim it, the sweep spares it."""
    _note(stored_as).unlink(missing_ok=True)


def drop(stored_as: str) -> None:
    """Forget the bytes of a document that was replaced or removed (call after the commit)."""
    path_of(stored_as).unlink(missing_ok=True)


def let_go(stored_as: str) -> None:
    """Have the sweep look at it in a day, and forget it if no dossier has it then. Nobody can claim it.

    Called before the commit that removes it: whoever dies before `drop` leaves no document behind.
    """
    note = _note(stored_as)
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    note.write_bytes(b"{}")


def stale_pending(now: float | None = None) -> list[str]:
    """Documents kept more than a day ago that still bear their note."""
    latest = (now or time.time()) - PENDING_HOURS * 3600
    return [note.stem for note in _notes() if note.stat().st_mtime < latest and RANDOM.fullmatch(note.stem)]


def _notes() -> list[Path]:
    folder = _folder() / "pending"
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def _note(stored_as: str) -> Path:
    return _folder() / "pending" / f"{stored_as}.json"


def _folder() -> Path:
    return Path(settings().data_dir) / "files"

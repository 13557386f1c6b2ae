"""The key of a portal that was given none: made once, kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(folder: Path) -> str:
    """The data folder's own key, made once, readable by its owner only."""
    path = folder / "secret_key"
    try:
        if not path.exists():
            _keep(path, secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as refused:
        raise ValueError(f"PORTAL_DATA_DIR is wrong: {folder} cannot be used ({refused.strerror}).") from refused


def _keep(path: Path, secret: str) -> None:
    """Two processes that start at once get the same key: the link succeeds for one, with the whole key in it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()

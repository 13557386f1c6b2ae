"""The contenders' own packages, in `.bench/`: never among those of the portal. Installed on first use, then left alone.

`python_program()` and `node_program()` say what to start, and raise `Unavailable` where that cannot be had: no network,
no npm. Versions are exact and come with their hashes (requirements.txt and package-lock.json beside this file).
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from setup import frontend

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = ROOT / ".bench"
VENV = FOLDER / "venv"
NODE = FOLDER / "node"
STAMP = ".installed"
INSTALL_SECONDS = 600


class Unavailable(Exception):
    """A contender cannot run here. The message is one sentence that says why."""


def python_program() -> Path:
    """The Python that has aiosmtplib, Dramatiq and django-post_office. Raises Unavailable."""
    with turn():
        if stamp_of(VENV) != digest("requirements.txt", sys.version):
            install_python()
            (VENV / STAMP).write_text(digest("requirements.txt", sys.version))
    return VENV / "bin" / "python"


def node_program() -> list[str]:
    """The command that starts Node, beside `NODE / "node_modules"` with nodemailer. Raises Unavailable."""
    npm, node = npm_and_node()
    with turn():
        if stamp_of(NODE) != digest("package-lock.json"):
            install_node(npm)
            (NODE / STAMP).write_text(digest("package-lock.json"))
    return node


def is_installed() -> bool:
    """Whether both environments are there as they should be, so that nothing would be fetched."""
    return stamp_of(VENV) == digest("requirements.txt", sys.version) and stamp_of(NODE) == digest("package-lock.json")


def install_python() -> None:
    """A virtual environment by the uv that set-up installed; then by the system's certificates."""
    shutil.rmtree(VENV, ignore_errors=True)
    uv = [sys.executable, "-m", "uv"]
    wanted = ["--require-hashes", "--python", VENV / "bin" / "python", "-r", HERE / "requirements.txt"]
    said = attempt([*uv, "venv", "--quiet", "--python", sys.executable, VENV])
    said = said or attempt([*uv, "pip", "install", "--quiet", *wanted])
    if said and attempt([*uv, "pip", "install", "--quiet", "--system-certs", *wanted]):
        raise Unavailable(f"Its Python packages could not be installed: {said}")


def npm_and_node() -> tuple[list[str], list[str]]:
    """The system's npm and node, else those of the wheel that set-up uses. Raises Unavailable."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return [npm], [node]
    if wheel := frontend.wheel():
        return wheel, wheel[:1]
    raise Unavailable("Node.js and its npm are not installed here.")


def install_node(npm: list[str]) -> None:
    """`npm ci` in a folder of its own. Nothing of a package is run."""
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, NODE / name)
    words = ("ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")
    if said := attempt([*npm, *words], NODE):
        raise Unavailable(f"Its Node packages could not be installed: {said}")


def attempt(command: Sequence[object], folder: Path = ROOT) -> str:
    """Run a command: nothing if it worked, else the last words of what it said."""
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    said = re.sub(r"https?://\S+", "its registry", " / ".join(lines[-3:]))  # an address belongs in no result
    return "" if done.returncode == 0 else said or f"exit status {done.returncode}"


def stamp_of(folder: Path) -> str:
    """What was installed there; nothing where nothing was."""
    stamp = folder / STAMP
    return stamp.read_text() if stamp.exists() else ""


def digest(name: str, *more: str) -> str:
    """Changes with a file beside this one, the place of `.bench`, and whatever else is said."""
    return hashlib.sha256("\0".join([(HERE / name).read_text(), str(FOLDER), *more]).encode()).hexdigest()


@contextmanager
def turn() -> Iterator[None]:
    """One installer at a time."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

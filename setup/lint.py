"""Everything that can be said about the project without running it: `.venv/bin/python setup/lint.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = (
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "--quiet", "."],
    ["mypy"],
    ["importlinter.cli", "lint"],
    ["djlint", "templates", "--lint", "--quiet"],
    ["portal", "catalogs", "check"],
)


def main() -> int:
    """Run all checks; the number that found something."""
    failed = 0
    for module, *arguments in CHECKS:
        print(f"== {module} {' '.join(arguments)}", flush=True)
        failed += subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))

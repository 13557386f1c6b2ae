"""Everything that can be said about the project without running it: `.venv/bin/python setup/lint.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CHECKS = (
    ["-m", "ruff", "check", "."],
    ["-m", "ruff", "format", "--check", "."],
    ["-m", "mypy"],
    ["-c", IMPORTS],
    ["-m", "djlint", "templates", "--lint", "--quiet"],
    ["-m", "portal", "catalogs", "check"],
)


def main() -> int:
    """Run all checks; the number that found something."""
    failed = 0
    for check in CHECKS:
        print("==", *("import-linter" if word is IMPORTS else word for word in check[1:]), flush=True)
        failed += subprocess.run([sys.executable, *check], cwd=ROOT).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))

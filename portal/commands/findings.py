"""What the doctor says: one line for each thing it looked at."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One line: what was looked at, how it is, and whether somebody has to do something."""

    subject: str
    words: str
    is_fine: bool = True


class ToDo(Exception):
    """A check's sentence that says what to do."""

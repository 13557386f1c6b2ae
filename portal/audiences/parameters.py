"""Values beside a statement that is being made. Pure."""

from __future__ import annotations

from typing import Any


class Parameters:
    """The values of a statement, numbered from $1."""

    def __init__(self, *values: Any) -> None:
        self.values: list[Any] = list(values)

    def add(self, value: Any, cast: str) -> str:
        """A value's place in the statement, with its type."""
        self.values.append(value)
        return f"${len(self.values)}::{cast}"

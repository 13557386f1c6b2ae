"""How an action says no. Known refusals are values that a page or the API can show; everything else is a bug."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The user can mend it. Messages are whole sentences, already in the reader's language.

    `Refused("...")` is about the whole, `Refused("...", field="slug")` about a field; `Refused(errors={"slug": "..."})`
    about several.
    """

    def __init__(self, message: str = "", *, field: str | None = None, errors: dict[str, str] | None = None) -> None:
        super().__init__(message or "; ".join((errors or {}).values()))
        self.message = message if field is None else ""
        self.errors: dict[str, str] = dict(errors or {})
        if field is not None:
            self.errors[field] = message

    @property
    def sentences(self) -> str:
        """All that it says, for where no field stands to say it beside."""
        return self.message or " ".join(self.errors.values())


class Stale(Exception):
    """Somebody was faster: the row has another version now. `theirs` is what it says today."""

    def __init__(self, theirs: Any = None, *, by: str = "", at: Any = None) -> None:
        super().__init__("changed meanwhile")
        self.theirs, self.by, self.at = theirs, by, at


class Missing(Exception):
    """No such row for this actor. Whether it exists for others is nobody's business: pages answer 404."""

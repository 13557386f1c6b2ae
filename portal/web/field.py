"""The base of all kinds of form fields (fields.py)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

from portal.i18n import _, ngettext

T = TypeVar("T")
Words = Callable[[], str]  # a text in the reader's language, looked up when it is needed
Options = Sequence[tuple[Any, str]]  # (value, label); the value's str() is what the browser sends

SHORT = 200
LARGEST = 2**31 - 1  # PostgreSQL's int
YEARS = range(1900, 3000)  # whatever the zone, these have an instant; year 1 and year 9999 have none in some


class Invalid(Exception):
    """What was typed cannot be read. The message is a whole sentence, shown beside the field."""


class Owner(Protocol):
    """What a descriptor needs of its form."""

    values: dict[str, Any]


class Field(Generic[T]):
    """One named part of a form. `missing` is the sentence when it is required and empty."""

    many = False

    def __init__(self, empty: T, *, required: bool = True, missing: Words | None = None) -> None:
        self.empty, self.required, self._missing = empty, required, missing
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, form: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, form: Owner, owner: type) -> T: ...
    def __get__(self, form: Owner | None, owner: type) -> Field[T] | T:
        if form is None:
            return self
        value: T = form.values.get(self.name, self.empty)
        return value

    def names(self, name: str) -> list[str]:
        """The names under which a browser sends this field."""
        return [name]

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> T:
        """The typed value of what was sent; raises `Invalid`."""
        text = clean(first_text(sent.get(name, [])))
        if text:
            return self.parse(text, options)
        if self.required:
            raise Invalid(self.say_missing())
        return self.empty

    def parse(self, text: str, options: Options) -> T:
        """The typed value of a text that is not empty; raises `Invalid`."""
        raise NotImplementedError

    def say_missing(self) -> str:
        """The sentence for a required field that was left empty."""
        return self._missing() if self._missing else _("Fill in this field.")

    def show(self, name: str, value: T) -> dict[str, list[Any]]:
        """A typed value as a browser would send it, to fill in the form."""
        return {name: ["" if value is None else str(value)]}


def first_text(values: Sequence[Any]) -> str:
    """The one value of a field that is sent once; files do not count."""
    return values[0] if values and isinstance(values[0], str) else ""


def clean(text: str) -> str:
    """Composed characters (NFC), plain line ends, no blanks around, no control characters."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs")).strip()


def too_long(limit: int) -> str:
    """The sentence for a text that does not fit."""
    return ngettext("Use at most {n} character.", "Use at most {n} characters.", limit).format(n=limit)

"""Kinds of form fields: from what a browser sends to a typed value, or to a sentence that says what to mend.

A field is a descriptor: `name = Text()` on a form class makes `form.name` a `str`. What could not be read leaves the
kind's empty value there; the form knows the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from litestar.datastructures import UploadFile

from portal.addresses import valid_email
from portal.i18n import LOCALES, _, language_name
from portal.web.field import LARGEST, SHORT, YEARS, Field, Invalid, Options, Words, clean, first_text, too_long

__all__ = [
    "Choice",
    "Choices",
    "Day",
    "Email",
    "Field",
    "File",
    "Flag",
    "IdChoice",
    "Ids",
    "Integer",
    "Invalid",
    "Moment",
    "Options",
    "Secret",
    "Text",
    "Texts",
    "Words",
]


class Text(Field[str]):
    """One line, or with `lines=True` several."""

    def __init__(
        self, *, longest: int = SHORT, lines: bool = False, required: bool = True, missing: Words | None = None
    ) -> None:
        super().__init__("", required=required, missing=missing)
        self.longest, self.lines = longest, lines

    def parse(self, text: str, options: Options) -> str:
        text = text if self.lines else " ".join(text.split())
        if len(text) > self.longest:
            raise Invalid(too_long(self.longest))
        return text


class Secret(Field[str]):
    """A password: taken as typed, blanks and all, and never shown again."""

    def __init__(self, *, longest: int = SHORT, required: bool = True, missing: Words | None = None) -> None:
        super().__init__("", required=required, missing=missing)
        self.longest = longest

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> str:
        text = first_text(sent.get(name, []))
        if not text and self.required:
            raise Invalid(self.say_missing())
        if len(text) > self.longest:
            raise Invalid(too_long(self.longest))
        return text

    def show(self, name: str, value: str) -> dict[str, list[Any]]:
        return {}


def not_an_address() -> str:
    """The sentence for anything but one e-mail address."""
    return _("Enter an address such as name@example.org.")


class Email(Field[str]):
    """One e-mail address."""

    def __init__(self, *, required: bool = True, missing: Words | None = None) -> None:
        super().__init__("", required=required, missing=missing or not_an_address)

    def parse(self, text: str, options: Options) -> str:
        if not valid_email(text):
            raise Invalid(not_an_address())
        return text


class Integer(Field[int]):
    """A whole number between `least` and `most`."""

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = LARGEST,
        empty: int = 0,
        required: bool = True,
        missing: Words | None = None,
    ) -> None:
        super().__init__(empty, required=required, missing=missing or (lambda: _("Enter a whole number.")))
        self.least, self.most = least, most

    def parse(self, text: str, options: Options) -> int:
        digits = text.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").removeprefix("+")
        if not digits.removeprefix("-").isdecimal() or not digits.isascii() or len(digits) > 20:
            raise Invalid(_("Enter a whole number."))
        if not self.least <= int(digits) <= self.most:
            raise Invalid(_("Enter a number from {least} to {most}.").format(least=self.least, most=self.most))
        return int(digits)


class Flag(Field[bool]):
    """A checkbox. With `required=True` it has to be ticked."""

    def __init__(self, *, required: bool = False, missing: Words | None = None) -> None:
        super().__init__(False, required=required, missing=missing)

    def parse(self, text: str, options: Options) -> bool:
        return True

    def show(self, name: str, value: bool) -> dict[str, list[Any]]:
        return {name: ["1"]} if value else {}


class Choice(Field[str]):
    """One of the options: of `options`, or of those the form was given at request time."""

    def __init__(self, *options: str, required: bool = True, missing: Words | None = None) -> None:
        super().__init__("", required=required, missing=missing or (lambda: _("Choose one of the options.")))
        self.options: Options = [(each, each) for each in options]

    def parse(self, text: str, options: Options) -> str:
        if text not in {str(value) for value, _label in options or self.options}:
            raise Invalid(_("Choose one of the options."))
        return text


class IdChoice(Field[int]):
    """One row of those the form was given at request time, by its id; 0 when nothing was chosen."""

    def __init__(self, *, required: bool = True, missing: Words | None = None) -> None:
        super().__init__(0, required=required, missing=missing or (lambda: _("Choose one of the options.")))

    def parse(self, text: str, options: Options) -> int:
        for value, _label in options:
            if text == str(value):
                return int(value)
        raise Invalid(_("Choose one of the options."))

    def show(self, name: str, value: int) -> dict[str, list[Any]]:
        return {name: [str(value) if value else ""]}


class Choices(Field[list[str]]):
    """Any number of the options (checkboxes of one name)."""

    many = True

    def __init__(self, *options: str, required: bool = False, missing: Words | None = None) -> None:
        super().__init__([], required=required, missing=missing or (lambda: _("Choose at least one.")))
        self.options: Options = [(each, each) for each in options]

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[str]:
        chosen = list(dict.fromkeys(each for each in sent.get(name, []) if isinstance(each, str) and each))
        if not set(chosen) <= {str(value) for value, _label in options or self.options}:
            raise Invalid(_("Choose one of the options."))
        if self.required and not chosen:
            raise Invalid(self.say_missing())
        return chosen

    def show(self, name: str, value: list[str]) -> dict[str, list[Any]]:
        return {name: [str(each) for each in value]}


class Ids(Field[list[int]]):
    """Any number of rows by their ids (ticks in a list). Whether they may be seen is for the query to say."""

    many = True

    def __init__(self, *, required: bool = False, missing: Words | None = None) -> None:
        super().__init__([], required=required, missing=missing or (lambda: _("Choose at least one.")))

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[int]:
        texts = [each for each in sent.get(name, []) if isinstance(each, str)]
        if not all(each.isascii() and each.isdecimal() and len(each) < 19 for each in texts):
            raise Invalid(_("Choose one of the options."))
        if self.required and not texts:
            raise Invalid(self.say_missing())
        return list(dict.fromkeys(int(each) for each in texts))

    def show(self, name: str, value: list[int]) -> dict[str, list[Any]]:
        return {name: [str(each) for each in value]}


class Moment(Field[datetime | None]):
    """A date and time on a wall clock, without zone (`<input type="datetime-local">`)."""

    def __init__(self, *, required: bool = True, missing: Words | None = None) -> None:
        super().__init__(None, required=required, missing=missing or (lambda: _("Enter a date and a time.")))

    def parse(self, text: str, options: Options) -> datetime:
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise Invalid(_("Enter a date and a time.")) from None
        if value.tzinfo is not None or value.year not in YEARS:
            raise Invalid(_("Enter a date and a time."))
        return value

    def show(self, name: str, value: datetime | None) -> dict[str, list[Any]]:
        return {name: [value.strftime("%Y-%m-%dT%H:%M") if value else ""]}


class Day(Field[date | None]):
    """A date (`<input type="date">`)."""

    def __init__(self, *, required: bool = True, missing: Words | None = None) -> None:
        super().__init__(None, required=required, missing=missing or (lambda: _("Enter a date.")))

    def parse(self, text: str, options: Options) -> date:
        try:
            value = date.fromisoformat(text)
        except ValueError:
            raise Invalid(_("Enter a date.")) from None
        if value.year not in YEARS:
            raise Invalid(_("Enter a date."))
        return value

    def show(self, name: str, value: date | None) -> dict[str, list[Any]]:
        return {name: [value.isoformat() if value else ""]}


class Texts(Field[dict[str, str]]):
    """One text in several languages: sent as `title.es`, `title.fr` ...; read as `{"es": "...", "fr": "..."}`.

    Empty languages are left out. Required: at least one language (or, with `locales`, each of these).
    """

    def __init__(
        self, *, longest: int = SHORT, lines: bool = False, required: bool = True, missing: Words | None = None
    ) -> None:
        super().__init__({}, required=required, missing=missing or (lambda: _("Write it in at least one language.")))
        self.longest, self.lines = longest, lines

    def names(self, name: str) -> list[str]:
        return [f"{name}.{locale}" for locale in LOCALES]

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> dict[str, str]:
        texts = {}
        for locale in LOCALES:
            text = clean(first_text(sent.get(f"{name}.{locale}", [])))
            text = text if self.lines else " ".join(text.split())
            if len(text) > self.longest:
                words = {"language": language_name(locale), "reason": too_long(self.longest)}
                # NOTE: {language}: e.g. Polish. {reason}: a whole sentence, e.g. Use at most 200 characters.
                raise Invalid(_("{language}: {reason}").format(**words))
            if text:
                texts[locale] = text
        if self.required and not texts:
            raise Invalid(self.say_missing())
        return texts

    def show(self, name: str, value: dict[str, str]) -> dict[str, list[Any]]:
        return {f"{name}.{locale}": [value.get(locale, "")] for locale in LOCALES}


class File(Field[UploadFile | None]):
    """An uploaded file, in memory or spooled; size and type are for the action to check. Needs multipart."""

    def __init__(self, *, required: bool = True, missing: Words | None = None) -> None:
        super().__init__(None, required=required, missing=missing or (lambda: _("Choose a file.")))

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> UploadFile | None:
        for value in sent.get(name, []):
            if isinstance(value, UploadFile) and value.filename:
                return value
        if self.required:
            raise Invalid(self.say_missing())
        return None

    def show(self, name: str, value: UploadFile | None) -> dict[str, list[Any]]:
        return {}

"""Which translations may be served."""

from __future__ import annotations

import pytest
from babel.messages.plurals import get_plural

from portal.catalogs.rules import PLURAL_FORMS, Entry, fields, problems


def rules_broken(entry: Entry, locale: str = "pl") -> list[str]:
    return [rule for rule, _words in problems(entry, locale)]


@pytest.mark.parametrize(
    ("entry", "broken"),
    [
        (Entry(("Save",), ("Zapisz",)), []),
        (Entry(("Save",), ("",)), ["missing"]),
        (Entry(("Save",), ("Zapisz",), fuzzy=True), ["fuzzy"]),
        (Entry(("Dear {name}",), ("Szanowni {imie}",)), ["fields"]),
        (Entry(("Dear {name}",), ("Szanowni",)), ["fields"]),
        (Entry(("Dear {name}",), ("Szanowni {name",)), ["fields"]),
        (Entry(("<a>See</a>",), ("<a>Zobacz",)), ["markup"]),
        (Entry(("See",), ("Zo\x07bacz",)), ["control"]),
        (Entry(("{n} e-mail", "{n} e-mails"), ("{n} wiadomość", "{n} wiadomości", "{n} wiadomości")), []),
        (Entry(("{n} e-mail", "{n} e-mails"), ("{n} wiadomość", "{n} wiadomości")), ["plurals"]),
        (Entry(("One e-mail", "{n} e-mails"), ("{n} a", "{n} b", "{n} c")), []),
        (Entry(("{n} e-mail", "{n} e-mails"), ("jedna", "{n} b", "{n} c")), ["fields"]),
    ],
)
def test_an_entry_is_served_only_when_nothing_is_wrong_with_it(entry: Entry, broken: list[str]) -> None:
    assert rules_broken(entry) == broken


def test_fields_are_compared_whatever_their_order() -> None:
    assert fields("{b} of {a}") == fields("{a}: {b}") == ["a", "b"]


@pytest.mark.parametrize("locale", ["en", "es", "fr", "pl"])
def test_the_plural_headers_are_those_that_new_catalogs_get(locale: str) -> None:
    assert PLURAL_FORMS[locale] == get_plural(locale).plural_forms

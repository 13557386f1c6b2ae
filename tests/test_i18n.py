"""Which language a reader gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from portal import i18n


@pytest.mark.parametrize(
    ("header", "wishes", "locale"),
    [
        ("", (), "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", (), "fr"),
        ("en;q=0.2, pl;q=0.8", (), "pl"),
        ("de,it", (), "en"),
        ("es;q=0, pl", (), "pl"),
        ("es", ("pl",), "pl"),
        ("es", (None, "xx"), "es"),
        ("es;q=nonsense, fr;q=0.1", (), "fr"),
    ],
)
def test_a_reader_gets_the_language_wished_for(header: str, wishes: tuple[str | None, ...], locale: str) -> None:
    assert i18n.negotiate(header, *wishes) == locale


@given(st.text())
def test_no_header_breaks_the_negotiation(header: str) -> None:
    assert i18n.negotiate(header) in i18n.LOCALES


def test_texts_of_people_fall_back_to_a_language_that_has_words() -> None:
    texts = {"es": "Ayudas", "pl": "", "de": "Hilfe"}
    assert i18n.text_in(texts, "es") == "Ayudas"
    assert i18n.text_in(texts, "pl", "es") == "Ayudas"
    assert i18n.text_in({"de": "Hilfe"}, "pl") == "Hilfe"
    assert i18n.text_in(None, "pl") == ""


def test_the_language_ends_with_its_block() -> None:
    with i18n.use("pl", "Europe/Warsaw"):
        assert (i18n.current_locale.get(), i18n.current_zone.get()) == ("pl", "Europe/Warsaw")
        with i18n.use("unknown"):
            assert (i18n.current_locale.get(), i18n.current_zone.get()) == ("en", "Europe/Warsaw")
    assert i18n.current_locale.get() == "en"


def _compile(folder: Path, text: str, stamp: int) -> None:
    catalog = Catalog(locale="pl")
    catalog.add("Save", text)
    path = folder / "pl" / "LC_MESSAGES" / "portal.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    os.utime(path, ns=(stamp, stamp))


def test_a_changed_catalog_is_served_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogs = i18n.Catalogs(tmp_path)
    assert catalogs.of("pl").gettext("Save") == "Save"
    monkeypatch.setattr(i18n, "CHECK_EVERY", 0.0)
    _compile(tmp_path, "Zapisz", 1_000_000_000)
    assert catalogs.of("pl").gettext("Save") == "Zapisz"
    _compile(tmp_path, "Zachowaj", 2_000_000_000)
    assert catalogs.of("pl").gettext("Save") == "Zachowaj"

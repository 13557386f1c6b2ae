"""The catalogs as files: locales/portal.pot, locales/<locale>/LC_MESSAGES/portal.po and the compiled .mo beside it."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polib
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from portal.catalogs.rules import PLURAL_FORMS, Entry
from portal.i18n import DOMAIN, FOLDER, LOCALES

POT = FOLDER / f"{DOMAIN}.pot"


def po_path(locale: str) -> Path:
    """Where a language's catalog lies."""
    return FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def mo_path(locale: str) -> Path:
    """Where its compiled form lies; never committed."""
    return po_path(locale).with_suffix(".mo")


def read(path: Path, locale: str | None = None) -> Catalog:
    """A catalog file as Babel's Catalog."""
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def entries(locale: str) -> list[Entry]:
    """The living entries of a language, without the obsolete ones. Empty when there is no such file yet."""
    if not po_path(locale).exists():
        return []
    return [_entry(found) for found in polib.pofile(str(po_path(locale))) if not found.obsolete]


def _entry(found: polib.POEntry) -> Entry:
    plural = bool(found.msgid_plural)
    texts = tuple(found.msgstr_plural[index] for index in sorted(found.msgstr_plural)) if plural else (found.msgstr,)
    ids = (found.msgid, found.msgid_plural) if plural else (found.msgid,)
    return Entry(ids, texts, found.msgctxt, found.fuzzy, found.linenum or 0)


def write(path: Path, catalog: Catalog) -> None:
    """Write a catalog, whole or not at all. Lines are not wrapped and carry no line numbers: small diffs."""
    catalog.header_comment = ""
    catalog.project, catalog.version = "Convoca", "1"
    catalog.msgid_bugs_address, catalog.last_translator, catalog.language_team = "", "", ""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # a moving date is noise in diffs
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        write_po(file, catalog, width=0, sort_output=True, omit_header=False, include_lineno=False)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def compile_one(locale: str) -> bool:
    """Make the .mo of a language; fuzzy entries are left out. Returns False when it was new enough already."""
    source, target = po_path(locale), mo_path(locale)
    if not source.exists() or (target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns):
        return False
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        write_mo(file, read(source, locale), use_fuzzy=False)
    os.chmod(file.name, 0o644)
    os.replace(file.name, target)
    return True


def headers_differ() -> list[str]:
    """Languages whose Plural-Forms header is not ours."""
    written = {locale: polib.pofile(str(po_path(locale))).metadata for locale in LOCALES if po_path(locale).exists()}
    return [locale for locale, header in written.items() if header.get("Plural-Forms") != PLURAL_FORMS[locale]]

"""How far the translations are."""

from __future__ import annotations

import msgspec

from portal.catalogs import files
from portal.i18n import LOCALES


class Progress(msgspec.Struct, frozen=True):
    """A language's catalog in numbers: entries, those without translation, those to review."""

    locale: str
    total: int
    missing: int
    fuzzy: int

    @property
    def done(self) -> int:
        """Entries that are served."""
        return self.total - self.missing - self.fuzzy


def progress() -> list[Progress]:
    """One row per language, read from the files."""
    return [_progress(locale) for locale in LOCALES]


def _progress(locale: str) -> Progress:
    found = files.entries(locale)
    fuzzy = sum(entry.fuzzy for entry in found)
    missing = sum(not entry.fuzzy and not all(entry.texts) for entry in found)
    return Progress(locale, len(found), missing, fuzzy)

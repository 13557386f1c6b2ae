"""Languages: which one a reader gets, and gettext through context variables.

One process serves all languages at once: `_()` and its sisters read the current locale from a context variable, so
they can be installed once, in templates too. A changed .mo file is noticed within `CHECK_EVERY` seconds.
"""

from __future__ import annotations

import gettext as stdlib_gettext
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from babel import Locale

LOCALES = ("es", "fr", "pl", "en")
AUTONYMS = {"es": "español", "fr": "français", "pl": "polski", "en": "English"}
BABEL_NAMES = {"en": "en_GB"}  # Babel's plain "en" is American
FOLDER = Path(__file__).parent.parent / "locales"
DOMAIN = "portal"
CHECK_EVERY = 1.0

current_locale: ContextVar[str] = ContextVar("current_locale", default="en")
current_zone: ContextVar[str] = ContextVar("current_zone", default="UTC")


@contextmanager
def use(locale: str, zone: str | None = None) -> Iterator[None]:
    """Speak `locale` (and, if given, read clocks in `zone`) within the block."""
    locale_token = current_locale.set(locale if locale in LOCALES else "en")
    zone_token = current_zone.set(zone or current_zone.get())
    try:
        yield
    finally:
        current_locale.reset(locale_token)
        current_zone.reset(zone_token)


# ------------------------------------------------------------------------------------------------ catalogs
class Catalogs:
    """The compiled catalogs, read again when their file changes. The standard library's cache never does."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._loaded: dict[str, tuple[int, stdlib_gettext.NullTranslations]] = {}
        self._checked: dict[str, float] = {}

    def of(self, locale: str) -> stdlib_gettext.NullTranslations:
        """The catalog of a locale; an empty one (texts stay English) while it is not compiled."""
        now = time.monotonic()
        if now - self._checked.get(locale, -CHECK_EVERY) >= CHECK_EVERY:
            self._checked[locale] = now
            self._refresh(locale)
        return self._loaded[locale][1]

    def _refresh(self, locale: str) -> None:
        path = self.folder / locale / "LC_MESSAGES" / f"{DOMAIN}.mo"
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            self._loaded[locale] = (0, stdlib_gettext.NullTranslations())
            return
        if self._loaded.get(locale, (0,))[0] != stamp:
            with path.open("rb") as file:
                self._loaded[locale] = (stamp, stdlib_gettext.GNUTranslations(file))


catalogs = Catalogs()


def gettext(message: str) -> str:
    """The text in the current locale."""
    return catalogs.of(current_locale.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The text for a whole number `n`; the result still holds its fields (`{n}`)."""
    return catalogs.of(current_locale.get()).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """The text whose English alone would not tell which word is meant."""
    return catalogs.of(current_locale.get()).pgettext(context, message)


def npgettext(context: str, singular: str, plural: str, n: int) -> str:
    """`ngettext` with a context."""
    return catalogs.of(current_locale.get()).npgettext(context, singular, plural, n)


_ = gettext


# ------------------------------------------------------------------------------------------------ which language
def babel_locale(locale: str | None = None) -> Locale:
    """Babel's locale for one of ours; the current one by default."""
    name = locale or current_locale.get()
    return Locale.parse(BABEL_NAMES.get(name, name))


def negotiate(accept_language: str, *wishes: str | None, default: str = "en") -> str:
    """The first wish that is one of ours (account, cookie ...), else what the browser asks for, else `default`."""
    for wish in wishes:
        if wish in LOCALES:
            return wish
    for language in _by_quality(accept_language):
        if language in LOCALES:
            return language
    return default if default in LOCALES else "en"


def _by_quality(header: str) -> list[str]:
    """Language codes of an Accept-Language header, best first (RFC 9110 12.5.4). Tolerant of nonsense."""
    ranked: list[tuple[float, int, str]] = []
    for part in header[:400].split(","):
        tag, _semicolon, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.partition("q=")[2] or 1)
        except ValueError:
            continue
        if quality > 0:
            ranked.append((-quality, len(ranked), tag.split("-")[0].strip().lower()))
    return [language for _quality, _place, language in sorted(ranked)]


def text_in(texts: Mapping[str, str] | None, locale: str | None = None, *fallbacks: str) -> str:
    """A text that people wrote in several languages, in `locale` (the current one by default).

    Falls back to `fallbacks` in turn, then to any language that has words, then to "".
    """
    texts = texts or {}
    for wanted in (locale or current_locale.get(), *fallbacks, *LOCALES):
        if texts.get(wanted):
            return texts[wanted]
    return next((text for text in texts.values() if text), "")


def autonym(locale: str) -> str:
    """A language's name in itself: "polski"."""
    return AUTONYMS.get(locale, locale)


def language_name(locale: str) -> str:
    """A language's name in the current language: "Polish"."""
    return str(babel_locale(locale).get_language_name(babel_locale()) or locale)

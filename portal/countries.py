"""Countries by their ISO 3166 codes, named in each language."""

from __future__ import annotations

import unicodedata
from functools import cache

from babel import Locale

from portal.i18n import LOCALES, babel_locale

# Babel names more than countries: unions, test areas, islands that belong to a country with a code of its own.
NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
KNOWN = frozenset(str(code) for code in Locale("en").territories)
CODES = frozenset(code for code in KNOWN if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES)


def country_name(code: str) -> str:
    """A country's name in the current language; the code itself where there is none."""
    return str(babel_locale().territories.get(code, code))


def all_names() -> dict[str, dict[str, str]]:
    """code -> name by locale, of every country: what lists from elsewhere may say."""
    territories = {locale: Locale.parse(locale).territories for locale in LOCALES}
    return {code: {locale: str(names.get(code, code)) for locale, names in territories.items()} for code in CODES}


def countries() -> list[tuple[str, str]]:
    """(code, name) of every country, sorted as the current language's readers look for them."""
    return _sorted(str(babel_locale()))


@cache
def _sorted(locale: str) -> list[tuple[str, str]]:
    names = Locale.parse(locale).territories
    return sorted(((code, str(names.get(code, code))) for code in CODES), key=lambda pair: _plain(pair[1]))


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.replace("Ł", "L").replace("ł", "l"))
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()

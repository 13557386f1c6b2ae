"""Time zones by name: which there are, and which one somebody means who types a city."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from portal.formats import zone_city
from portal.i18n import current_locale, use

REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The zones that are places, and UTC; in order. Old aliases such as GB or EST are left out."""
    places = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return ("UTC", *places)


def meant(text: str) -> str | None:
    """The zone somebody means: its name, whatever the capitals, or a city in the reader's language or in English."""
    wanted = _plain(text)
    for name in names():
        if wanted in (_plain(name), _plain(name.rpartition("/")[2])):
            return name
    return next((name for name, city in cities() if wanted == _plain(city)), None)


def cities() -> tuple[tuple[str, str], ...]:
    """(name, city) of every zone, the city in the reader's language: ("Europe/Warsaw", "Varsovia")."""
    return _cities(current_locale.get())


@lru_cache(maxsize=8)
def _cities(locale: str) -> tuple[tuple[str, str], ...]:
    with use(locale):
        return tuple((name, zone_city(name)) for name in names())


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())

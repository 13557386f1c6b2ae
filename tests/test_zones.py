"""Time zones by name and by city."""

import pytest

from portal import zones
from portal.i18n import use


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("europe/madrid", "Europe/Madrid"),
        ("  madrid ", "Europe/Madrid"),
        ("New York", "America/New_York"),
        ("america/argentina/buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_its_name_and_by_its_city(text: str, name: str | None) -> None:
    assert zones.meant(text) == name


@pytest.mark.parametrize(
    ("locale", "city"), [("pl", "Warszawa"), ("fr", "Varsovie"), ("es", "Varsovia"), ("pl", "warsaw")]
)
def test_a_city_may_be_typed_in_ones_own_language(locale: str, city: str) -> None:
    with use(locale):
        assert zones.meant(city) == "Europe/Warsaw"


def test_old_aliases_are_not_offered() -> None:
    assert "UTC" in zones.names()
    assert not {"GB", "EST", "Etc/GMT+5", "posixrules"} & set(zones.names())

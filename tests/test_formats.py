"""Numbers, dates and lists read as people of each language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from portal import formats, i18n

NOW = datetime(2026, 11, 22, 9, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "four", "five", "decimal"),
    [
        ("en", "1,284", "12,500", "1.5"),
        ("es", "1284", "12.500", "1,5"),
        ("fr", "1\u202f284", "12\u202f500", "1,5"),
        ("pl", "1284", "12\u00a0500", "1,5"),
    ],
)
def test_numbers_are_grouped_as_each_language_groups_them(locale: str, four: str, five: str, decimal: str) -> None:
    with i18n.use(locale):
        assert (formats.number(1284), formats.number(12500), formats.number(1.5)) == (four, five, decimal)


@pytest.mark.parametrize(
    ("locale", "long", "first", "table"),
    [
        ("en", "30 November 2026", "1 December 2026", "30 Nov 2026"),
        ("es", "30 de noviembre de 2026", "1 de diciembre de 2026", "30 nov 2026"),
        ("fr", "30\u00a0novembre 2026", "1er\u00a0décembre 2026", "30 nov. 2026"),
        ("pl", "30 listopada 2026\u00a0r.", "1 grudnia 2026\u00a0r.", "30.11.2026"),
    ],
)
def test_dates_are_written_out_and_short_in_tables(locale: str, long: str, first: str, table: str) -> None:
    with i18n.use(locale):
        assert formats.date_long(date(2026, 11, 30)) == long
        assert formats.date_long(date(2026, 12, 1)) == first
        assert formats.date_table(date(2026, 11, 30)) == table


def test_a_wall_time_stays_and_an_instant_is_read_on_the_readers_clock() -> None:
    with i18n.use("en", "Europe/Madrid"):
        assert formats.date_time(datetime(2026, 11, 30, 23, 59)) == "30 November 2026, 23:59"
        assert formats.date_time(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == "1 December 2026, 00:59"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today, 09:42"), (-1, "yesterday, 09:42"), (1, "tomorrow, 09:42"), (-3, "on Thursday"),
        (3, "in 3 days"), (-7, "15 Nov 2026"), (7, "29 Nov 2026"),
    ],
)  # fmt: skip
def test_near_dates_are_said_far_ones_written(days: int, words: str) -> None:
    with i18n.use("en"):
        assert formats.when(NOW + timedelta(days=days), NOW) == words


def test_spanish_lists_avoid_two_i_sounds() -> None:
    with i18n.use("es"):
        assert formats.list_and(["Ana", "Inés"]) == "Ana e Inés"
        assert formats.list_and(["agua", "hielo"]) == "agua y hielo"
        assert formats.list_and(["madre", "hija"]) == "madre e hija"


def test_a_zone_is_a_city_in_the_readers_language() -> None:
    with i18n.use("fr"):
        assert formats.zone_city("Europe/Warsaw") == "Varsovie"
    with i18n.use("en"):
        assert formats.zone_words("Europe/Madrid") == "local time: Madrid"


def test_a_day_heads_its_part_of_the_timeline() -> None:
    with i18n.use("es"):
        assert formats.day_heading(NOW - timedelta(days=2), NOW) == "Viernes, 20 de noviembre"
    with i18n.use("en"):
        assert formats.day_heading(NOW - timedelta(days=400), NOW) == "Saturday 18 October 2025"


@pytest.mark.parametrize(("octets", "words"), [(12, "1\u00a0kB"), (350_000, "350\u00a0kB"), (2_400_000, "2.4\u00a0MB")])
def test_sizes_of_files_are_read_as_in_a_file_manager(octets: int, words: str) -> None:
    with i18n.use("en"):
        assert formats.file_size(octets) == words


@pytest.mark.parametrize(("minutes", "words"), [(35, "35 min"), (300, "5 h"), (3 * 1440, "3 days")])
def test_durations_use_one_unit(minutes: int, words: str) -> None:
    with i18n.use("en"):
        assert formats.duration(timedelta(minutes=minutes)) == words

"""When a call is open, and the names that are made from its title."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.campaigns import rules

ZONES = (
    "Europe/Madrid",
    "Europe/Warsaw",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)
MINUTES = st.integers(0, 366 * 24 * 60).map(lambda n: datetime(2026, 1, 1) + timedelta(minutes=n))


def call(**fields: Any) -> Any:
    given_ = {"published": True, "time_zone": "Europe/Madrid", "opens_at": None, "closes_at": None}
    return SimpleNamespace(**{**given_, **fields})


def at(text: str, zone: str = "Europe/Madrid") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# ------------------------------------------------------------------------------------------------ open or closed
@pytest.mark.seed("E17")
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-10-31T23:59", "not_yet_open"),
        ("2026-11-01T00:00", "open"),
        ("2026-12-15T23:58:59", "open"),
        ("2026-12-15T23:59", "closed"),
    ],
)
def test_E17_a_call_opens_and_closes_by_itself_at_its_local_time(now: str, expected: str) -> None:
    grants = call(opens_at=datetime(2026, 11, 1), closes_at=datetime(2026, 12, 15, 23, 59))
    assert rules.state(grants, at(now)) == expected
    assert rules.is_open(grants, at(now)) == (expected == "open")


def test_an_unpublished_call_is_not_published_whatever_the_hour() -> None:
    assert rules.state(call(published=False), at("2026-11-22T12:00")) == "not_published"


def test_without_dates_a_published_call_is_always_open() -> None:
    assert rules.state(call(), datetime(1999, 1, 1, tzinfo=UTC)) == "open"


def test_the_same_wall_time_is_another_instant_in_another_zone() -> None:
    closing = datetime(2026, 12, 15, 23, 59)
    assert rules.instant(closing, "Europe/Madrid") == datetime(2026, 12, 15, 22, 59, tzinfo=UTC)
    assert rules.instant(closing, "America/New_York") == datetime(2026, 12, 16, 4, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "skipped", "end"),
    [
        ("Europe/Madrid", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),
    ],
)
def test_a_time_the_clocks_skip_counts_at_the_end_of_the_gap(zone: str, skipped: str, end: str) -> None:
    assert rules.instant(datetime.fromisoformat(skipped), zone) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_time_the_clocks_show_twice_counts_at_the_first() -> None:
    assert rules.instant(datetime(2026, 10, 25, 2, 30), "Europe/Madrid") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
@given(wall=MINUTES)
@example(wall=datetime(2026, 3, 29, 2, 30))
@example(wall=datetime(2026, 10, 25, 2, 30))
def test_an_instant_shows_its_wall_time_or_the_end_of_a_gap_and_never_a_second_occurrence(
    zone: str, wall: datetime
) -> None:
    there = rules.instant(wall, zone)
    shown = there.astimezone(ZoneInfo(zone))
    assert shown.fold == 0
    before = (there - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown.replace(tzinfo=None) == wall or before < wall < shown.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ZONES)
@given(opens=MINUTES, minutes=st.integers(1, 100_000), later=st.integers(0, 200_000))
def test_a_call_is_never_open_again_once_it_has_closed(zone: str, opens: datetime, minutes: int, later: int) -> None:
    grants = call(time_zone=zone, opens_at=opens, closes_at=opens + timedelta(minutes=minutes))
    closing = rules.instant(grants.closes_at, zone)
    assert rules.state(grants, closing + timedelta(minutes=later)) == "closed"
    assert rules.state(grants, rules.instant(opens, zone) - timedelta(minutes=later + 1)) == "not_yet_open"


# ------------------------------------------------------------------------------------------------ names for machines
@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Rural Labs", "rural-labs"),
        ("Granty Solidarnościowe: Żółta Łódź 2027", "granty-solidarnosciowe-zolta-lodz-2027"),
        ("Appel à projets « L’Été »", "appel-a-projets-lete"),
        ("¿¡…!?", "call"),
    ],
)
def test_an_address_is_suggested_from_the_title(title: str, slug: str) -> None:
    assert rules.suggested_slug(title) == slug


def test_a_taken_address_gets_the_first_free_number() -> None:
    assert rules.suggested_slug("Rural Labs", {"rural-labs", "rural-labs-2"}) == "rural-labs-3"


@given(st.text(max_size=300), st.sets(st.sampled_from(["call", "a", "a-2"])))
def test_a_suggested_address_always_fits_and_is_free(title: str, taken: set[str]) -> None:
    slug = rules.suggested_slug(title, taken)
    assert rules.slug_fits(slug)
    assert slug not in taken


@pytest.mark.parametrize("slug", ["", "Rural", "rural--labs", "-rural", "rural-", "rural labs", "żółw", "a" * 61])
def test_an_address_with_anything_but_small_letters_digits_and_single_hyphens_does_not_fit(slug: str) -> None:
    assert not rules.slug_fits(slug)


@pytest.mark.parametrize(
    ("title", "prefix"), [("Rural Labs", "RL"), ("Fellowships", "FEL"), ("2027", "D"), ("Łódź 2027 świeci", "LS")]
)
def test_a_prefix_is_suggested_from_the_initials(title: str, prefix: str) -> None:
    assert rules.suggested_prefix(title) == prefix


@given(st.text(max_size=80))
def test_a_suggested_prefix_always_fits_and_is_free(title: str) -> None:
    first = rules.suggested_prefix(title)
    assert rules.prefix_fits(first)
    assert rules.prefix_fits(rules.suggested_prefix(title, {first}))


@given(st.text(max_size=80), st.sets(st.just("project_title")))
def test_a_suggested_key_can_be_a_merge_field_and_is_free(label: str, taken: set[str]) -> None:
    key = rules.suggested_key(label, taken)
    assert key[0].isalpha()
    assert key.isascii()
    assert key.replace("_", "a").isalnum()
    assert key not in taken


# ------------------------------------------------------------------------------------------------ choices
OLD = [{"key": "yes", "label": {"en": "Yes", "fr": "Oui"}}, {"key": "no", "label": {"en": "No", "fr": "Non"}}]


def keys(lines: list[str]) -> list[str]:
    return [each["key"] for each in rules.merged_choices(OLD, {"en": lines}, "en")]


def test_new_choices_get_keys_from_their_words_and_a_label_per_language() -> None:
    made = rules.merged_choices([], {"en": ["North", "South"], "es": ["Norte", "Sur"], "pl": []}, "en")
    assert made == [
        {"key": "north", "label": {"en": "North", "es": "Norte"}},
        {"key": "south", "label": {"en": "South", "es": "Sur"}},
    ]


def test_a_reworded_choice_keeps_its_key_and_so_the_answers_given() -> None:
    assert keys(["Yes, of course", "No"]) == ["yes", "no"]


def test_moved_choices_keep_their_keys() -> None:
    assert keys(["No", "Yes"]) == ["no", "yes"]


def test_a_choice_put_in_between_gets_a_key_of_its_own() -> None:
    assert keys(["Yes", "Perhaps", "No"]) == ["yes", "perhaps", "no"]


def test_a_replaced_choice_never_takes_a_key_that_moved() -> None:
    assert keys(["No", "Perhaps"]) == ["no", "perhaps"]


@given(st.lists(st.sampled_from(["Yes", "No", "Perhaps", "yes", "??"]), max_size=6))
def test_keys_of_choices_are_unique(lines: list[str]) -> None:
    assert len(set(keys(lines))) == len(lines)


def test_languages_must_have_as_many_lines_as_the_default_one_or_none() -> None:
    lines = {"en": ["North", "South"], "es": ["Norte"], "fr": []}
    assert rules.uneven_locale(lines, "en") == "es"
    assert rules.uneven_locale({**lines, "es": ["Norte", "Sur"]}, "en") is None

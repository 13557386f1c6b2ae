"""Which language a letter goes out in, and colours that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.emails.rules import READABLE, contrast, luminance, missing_locales, pick_locale, readable_on, text_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("available", "wishes", "fallback", "expected"),
    [
        ({"en", "pl"}, ("pl", "es", "fr"), "en", ("pl", False)),
        ({"en", "es"}, ("pl", "es", "fr"), "en", ("es", True)),
        ({"en", "fr"}, ("pl", "es", "fr"), "en", ("fr", True)),
        ({"en"}, ("pl", "es", "fr"), "en", ("en", True)),
        ({"pl", "fr"}, ("es", "es", "es"), "en", ("fr", True)),
    ],
)
def test_the_letter_comes_in_the_recipients_language_else_the_campaigns_else_the_houses(
    available: set[str], wishes: tuple[str, ...], fallback: str, expected: tuple[str, bool]
) -> None:
    assert pick_locale(available, wishes, fallback) == expected


def test_missing_languages_are_named_in_order() -> None:
    assert missing_locales({"fr"}, ("es", "fr", "pl")) == ["es", "pl"]


def test_black_on_white_is_the_largest_contrast() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0
    assert luminance("#ffffff") == pytest.approx(1)


@given(COLOURS, st.sampled_from(["#ffffff", "#1d2127"]))
def test_any_brand_colour_can_be_read(colour: str, ground: str) -> None:
    assert contrast(readable_on(colour, ground), ground) >= READABLE
    assert contrast(text_on(colour), colour) >= 4.3


def test_a_colour_that_can_be_read_stays() -> None:
    assert readable_on("#1f5c4d", "#ffffff") == "#1f5c4d"

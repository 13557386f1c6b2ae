"""Colours, web addresses and the domain of the first sender."""

import pytest

from portal.organisation import rules


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#1F5C4D", "#1f5c4d"), (" #1f5c4d ", "#1f5c4d"), ("1f5c4d", None), ("green", None), ("#1f5c4d;x", None)],
)
def test_a_colour_has_six_digits(text: str, colour: str | None) -> None:
    assert rules.colour(text) == colour


@pytest.mark.parametrize(
    ("brand", "readable"), [("#1f5c4d", True), ("#767676", True), ("#777777", False), ("#ffff00", False)]
)
def test_white_words_must_be_readable_on_the_brand_colour(brand: str, readable: bool) -> None:
    assert rules.readable(brand) == readable


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("passerelle.example", "https://passerelle.example"),
        ("http://passerelle.example/a?b=c", "http://passerelle.example/a?b=c"),
        ("javascript:alert(1)", None),
        ("ftp://passerelle.example", None),
        ("https://user:secret@passerelle.example", None),
        ("https://localhost", None),
        ("https://a b.example", None),
        ("https://[::1", None),
    ],
)
def test_a_web_address_is_http_and_has_a_domain(text: str, address: str | None) -> None:
    assert rules.web_address(text) == address


@pytest.mark.parametrize(
    ("base_url", "domain"),
    [
        ("https://calls.passerelle.example/", "calls.passerelle.example"),
        ("http://127.0.0.1:8000", "localhost.localdomain"),
        ("http://localhost:8000", "localhost.localdomain"),
    ],
)
def test_the_first_sender_is_at_the_portals_own_host(base_url: str, domain: str) -> None:
    assert rules.mail_domain(base_url) == domain

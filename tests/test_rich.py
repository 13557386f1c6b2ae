"""Texts with a few marks: what they become, and that nothing else comes out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rich import plain, rich

HERE = '<a href="https://a.example/x_y" rel="noopener noreferrer">here</a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Plain & <b>", "Plain &amp; &lt;b&gt;"),
        ("**Bold** and _leaning_, snake_case_word", "<strong>Bold</strong> and <em>leaning</em>, snake_case_word"),
        ("See [here](https://a.example/x_y).", f"See {HERE}."),
        ("Two\nlines", "Two<br>lines"),
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("Bring:\n- a\n- b", "<p>Bring:</p><ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("", ""),
    ],
)
def test_marks_become_elements(text: str, html: str) -> None:
    assert rich(text) == html


@given(st.text(alphabet="ab*_[]()<>\"'&;:/.-#\n 1htps", max_size=200))
def test_only_a_few_elements_come_out_and_links_lead_somewhere_safe(text: str) -> None:
    tags = re.findall(r"<[^>]*>", str(rich(text)))
    allowed = (
        r"</?(?:p|br|ul|ol|li|strong|em|a)>|<a href=\"(?:https?://|mailto:)[^\"<>]*\" rel=\"noopener noreferrer\">"
    )
    assert [tag for tag in tags if not re.fullmatch(allowed, tag)] == []


def test_the_words_alone() -> None:
    assert plain("I accept the **[rules](https://a.example)**") == "I accept the rules"

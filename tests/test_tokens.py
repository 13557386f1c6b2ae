"""Links that open one thing for whoever holds them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal import tokens


@given(st.integers(min_value=1, max_value=10**17))
def test_a_token_opens_what_it_was_made_for(number: int) -> None:
    assert tokens.verify("dossier", tokens.sign("dossier", number)) == number


def test_a_token_opens_nothing_else() -> None:
    token = tokens.sign("dossier", 12)
    assert tokens.verify("opt_out", token) is None
    assert tokens.verify("dossier", token.replace("12-", "13-")) is None
    assert tokens.verify("dossier", token.replace("12-", "012-")) is None
    assert tokens.verify("dossier", token.upper()) is None


@given(st.text(max_size=60))
def test_nonsense_is_no_token(text: str) -> None:
    assert tokens.verify("dossier", text) is None


def test_every_flipped_character_spoils_it() -> None:
    token = tokens.sign("dossier", 12)
    for place in range(3, len(token)):
        other = "a" if token[place] != "a" else "b"
        assert tokens.verify("dossier", token[:place] + other + token[place + 1 :]) is None

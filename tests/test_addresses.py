"""Which e-mail addresses we accept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.addresses import domain_to_ascii, valid_email


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org",
        "ana.maria+grants@sub.example.org",
        "o'neill@example.ie",
        "user_name-1@xn--w-uga1v8h.pl",
        "zażółć@żółw.pl",
        "ñandú@correo.example",
        f"{'a' * 64}@example.org",
    ],
)
def test_written_to(address: str) -> None:
    assert valid_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@",
        "@example.org",
        "ana@localhost",
        "ana@example",
        "ana@example.org.",
        "ana@.example.org",
        "ana@exa mple.org",
        "ana@-example.org",
        "ana@example.1",
        "ana@127.0.0.1",
        "ana@[127.0.0.1]",
        "ana..maria@example.org",
        ".ana@example.org",
        "ana.@example.org",
        '"ana"@example.org',
        "Ana <ana@example.org>",
        "ana@example.org, bob@example.org",
        "ana@example.org;bob@example.org",
        "ana(comment)@example.org",
        "ana@example.org\r\nBcc: bob@example.org",
        "ana\n@example.org",
        "ana@example.org\n",
        "ana\x00@example.org",
        "ana\u2028@example.org",
        f"{'a' * 65}@example.org",
        f"{'ż' * 33}@example.org",
        f"ana@{'a' * 64}.org",
        f"ana@{'a.' * 125}example.org",
        "ana@exa\u202emple.org",
    ],
)
def test_not_written_to(address: str) -> None:
    assert not valid_email(address)


@given(st.text(max_size=60), st.sampled_from(["\r", "\n", "\0", " ", "\t", "\x7f", "\u2028", "<", ">", ",", ";", ":"]))
def test_no_address_carries_a_separator(text: str, separator: str) -> None:
    assert not valid_email(f"{text}{separator}@example.org")
    assert not valid_email(f"ana@{text}{separator}.org")


def test_a_domain_is_compared_as_dns_writes_it() -> None:
    assert domain_to_ascii("żółw.pl") == "xn--w-uga1v8h.pl"
    assert domain_to_ascii("ŻÓŁW.pl") == domain_to_ascii("XN--W-uga1v8h.PL") == "xn--w-uga1v8h.pl"

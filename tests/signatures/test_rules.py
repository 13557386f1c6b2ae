"""What DNS must say about our keys, and what it says."""

from __future__ import annotations

from datetime import date

import pytest

from portal.signatures import rules

KEY = "MCowBQYDK2VwAyEA"


def test_selectors_say_the_month_and_follow_each_other() -> None:
    today = date(2026, 11, 22)

    assert rules.next_selector(today, ()) == "c202611a"
    assert rules.next_selector(today, {"c202611a", "c202611b", "mail"}) == "c202611c"
    with pytest.raises(ValueError):
        rules.next_selector(today, {f"c202611{letter}" for letter in rules.LETTERS})


def test_long_values_are_split_into_strings_that_dns_can_hold() -> None:
    value = rules.record_value("rsa", "A" * 392)
    strings = rules.quoted(value).split(" ")

    assert [len(each) - 2 for each in (rules.quoted("v" * 600)).split(" ")] == [255, 255, 90]
    assert len(rules.quoted("v=DKIM1; k=ed25519; p=short").split('" "')) == 1
    assert "".join(" ".join(strings).split('" "')).strip('"') == value


@pytest.mark.parametrize(
    ("records", "seen"),
    [
        ([f"v=DKIM1; k=ed25519; p={KEY}"], "published"),
        ([f"v=DKIM1;k=ed25519;p={KEY[:5]} {KEY[5:]};"], "published"),
        ([f"k=ed25519; p={KEY}"], "published"),
        ([f"v=DKIM1; p={KEY}"], "different"),  # without k= it is RSA
        (["v=DKIM1; k=ed25519; p="], "different"),  # revoked
        (["v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEB"], "different"),
        ([f"v=DKIM1; k=ed25519; p={KEY}", "v=DKIM1; k=rsa; p=MIIB"], "several"),
        (["some other text", f"v=DKIM1; k=ed25519; p={KEY}"], "published"),
        (["some other text"], "missing"),
        ([], "missing"),
    ],
)
def test_a_record_is_compared_with_our_key(records: list[str], seen: str) -> None:
    assert rules.seen(records, "ed25519", KEY) == seen


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        (["v=spf1 include:mail.example -all"], None),
        (["other", "V=SPF1 mx ~all"], None),
        ([], "missing"),
        (["v=spf10 -all"], "missing"),
        (["v=spf1 -all", "v=spf1 mx -all"], "several"),
        (["v=spf1 mx +all"], "open"),
        (["v=spf1 all"], "open"),
    ],
)
def test_spf_is_there_once_and_keeps_somebody_out(records: list[str], problem: str | None) -> None:
    assert rules.spf_problem(records) == problem


def test_a_dmarc_policy_counts_when_there_is_one() -> None:
    assert rules.dmarc(["v=DMARC1; p=Reject; aspf=s"]) == {"v": "dmarc1", "p": "reject", "aspf": "s"}
    assert rules.dmarc(["v=spf1 -all"]) is None
    assert rules.dmarc(["v=DMARC1; p=none", "v=DMARC1; p=reject"]) is None


def test_alignment_is_relaxed_unless_the_policy_is_strict() -> None:
    both = ("bounces.example.org", "news.example.org", "example.org")

    assert rules.aligned(*both, strict=False)
    assert not rules.aligned(*both, strict=True)
    assert rules.aligned("example.org", "example.org", "example.org", strict=True)
    assert not rules.aligned("example.com", "example.org", "example.org", strict=False)
    assert not rules.aligned("badexample.org", "news.example.org", "example.org", strict=False)


def test_the_nearest_domain_above_signs_but_never_a_top_level_one() -> None:
    assert rules.signer("a.news.example.org", {"example.org", "news.example.org"}) == "news.example.org"
    assert rules.signer("example.org", {"org", "news.example.org"}) is None
    assert rules.upwards("a.b.example.org") == ["a.b.example.org", "b.example.org", "example.org"]

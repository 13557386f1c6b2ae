"""Secrets at rest: only our keys open them, only for their purpose, and keys can be changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal import db as database
from portal import sealed, settings

FORMER = "the key before that is long enough as well"
TODAY = "the key of today, which is long enough, too"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The settings of the other tests."""
    before = settings.settings()
    yield
    settings.use(secret_key=before.secret_key, secret_key_before=before.secret_key_before)


def turn_key(secret: str, *before: str) -> None:
    settings.use(secret_key=secret, secret_key_before=",".join(before))


def test_what_is_sealed_is_opened_for_its_purpose_only() -> None:
    value = sealed.seal(b"a private key", "dkim")

    assert sealed.unseal(value, "dkim") == b"a private key"
    with pytest.raises(sealed.Unreadable):
        sealed.unseal(value, "smtp")


def test_nothing_of_the_secret_is_seen_and_no_two_are_alike() -> None:
    first, second = sealed.seal(b"canary canary", "dkim"), sealed.seal(b"canary canary", "dkim")

    assert b"canary" not in first + second
    assert first[5:] != second[5:] and len(first) == len(b"canary canary") + 33


@pytest.mark.parametrize("at", [0, 1, 4, 5, 16, 17, 30, -1])
def test_a_flipped_bit_anywhere_is_found(at: int) -> None:
    value = bytearray(sealed.seal(b"a private key", "dkim"))
    value[at] ^= 1

    with pytest.raises(sealed.Unreadable):
        sealed.unseal(bytes(value), "dkim")


def test_a_former_key_opens_what_it_sealed_as_long_as_it_is_named() -> None:
    turn_key(FORMER)
    value = sealed.seal(b"old", "dkim")
    turn_key(TODAY, "another former key that is long enough", FORMER)

    assert sealed.unseal(value, "dkim") == b"old"
    assert not sealed.is_sealed_today(value)
    turn_key(TODAY)
    with pytest.raises(sealed.Unreadable):
        sealed.unseal(value, "dkim")


def test_a_former_key_may_have_a_comma_in_it() -> None:
    turn_key("half of a key, and another half of it")
    value = sealed.seal(b"old", "dkim")
    turn_key(TODAY, "half of a key, and another half of it")

    assert sealed.unseal(value, "dkim") == b"old"


INSERT = "insert into dkim_key (domain, selector, algorithm, public_key, secret) values ('a.org', $1, 'rsa', '', $2)"
SECRETS = "select secret from dkim_key order by selector"


async def test_rotation_seals_everything_anew_once(db: None) -> None:
    turn_key(FORMER)
    await database.execute(INSERT, "a", sealed.seal(b"first", "dkim"))
    turn_key(TODAY, FORMER)
    await database.execute(INSERT, "b", sealed.seal(b"second", "dkim"))

    assert await sealed.rotate() == 1
    assert await sealed.rotate() == 0

    turn_key(TODAY)
    opened = [sealed.unseal(row["secret"], "dkim") for row in await database.fetch(SECRETS)]
    assert opened == [b"first", b"second"]


async def test_rotation_changes_nothing_when_one_cannot_be_opened(db: None) -> None:
    turn_key(FORMER)
    await database.execute(INSERT, "a", sealed.seal(b"first", "dkim"))
    turn_key("a key that was lost, long enough as it was")
    await database.execute(INSERT, "b", sealed.seal(b"second", "dkim"))
    before = await database.fetch(SECRETS)
    turn_key(TODAY, FORMER)

    with pytest.raises(sealed.Unreadable):
        await sealed.rotate()
    assert await database.fetch(SECRETS) == before

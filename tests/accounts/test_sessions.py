"""Sessions: begun at sign-in, ended by time, by hand, and with the account."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from portal import db as database
from portal.accounts import actions, passwords, queries, sessions
from portal.outcomes import Missing, Refused
from tests import factories

pytestmark = pytest.mark.usefixtures("db")


async def age(secret: str, column: str, by: timedelta) -> None:
    """Make a session older than it is."""
    sql = f"update session set {column} = {column} - $2::interval where id_hash = $1"
    assert await database.execute(sql, sessions.hashed(secret), by) == 1


async def test_signing_in_opens_a_session_whose_cookie_is_stored_nowhere() -> None:
    alice = await factories.account("Alice")
    secret = await actions.sign_in(alice.email.upper(), factories.PASSWORD, "192.0.2.7", "Firefox")
    visit = await sessions.find(secret)
    assert visit is not None
    assert (visit.id, visit.name, visit.toasts, visit.stale) == (alice.id, "Alice", [], False)
    dump = await database.fetchval("select string_agg(session::text, ' ') from session")
    assert secret not in dump
    assert secret.encode().hex() not in dump


async def test_signing_in_ends_the_session_the_browser_came_with() -> None:
    alice = await factories.account("Alice")
    before = await actions.sign_in(alice.email, factories.PASSWORD)
    after = await actions.sign_in(alice.email, factories.PASSWORD, replacing=before)
    assert after != before
    assert await sessions.find(before) is None


async def test_a_planted_cookie_is_never_adopted() -> None:
    alice = await factories.account("Alice")
    secret = await actions.sign_in(alice.email, factories.PASSWORD, replacing="planted-by-dana")
    assert secret != "planted-by-dana"
    assert await sessions.find("planted-by-dana") is None


@pytest.mark.parametrize(
    ("column", "just_alive", "over"),
    [
        ("seen_at", timedelta(minutes=29), timedelta(minutes=31)),
        ("created_at", timedelta(hours=11, minutes=59), timedelta(hours=12, minutes=1)),
    ],
)
async def test_a_session_ends_when_it_is_idle_or_old(column: str, just_alive: timedelta, over: timedelta) -> None:
    alice = await factories.account("Alice")
    secret = await actions.sign_in(alice.email, factories.PASSWORD)
    await age(secret, column, just_alive)
    assert await sessions.find(secret) is not None
    await database.execute("update session set seen_at = now(), created_at = now()")
    await age(secret, column, over)
    assert await sessions.find(secret) is None


async def test_seen_at_is_written_at_most_once_a_minute() -> None:
    alice = await factories.account("Alice")
    secret = await actions.sign_in(alice.email, factories.PASSWORD)
    await age(secret, "seen_at", timedelta(seconds=50))
    before = await database.fetchval("select seen_at from session")
    await sessions.find(secret)
    assert await database.fetchval("select seen_at from session") == before
    await age(secret, "seen_at", timedelta(seconds=20))
    await sessions.find(secret)
    assert await database.fetchval("select seen_at = now() from session")


async def test_switching_an_account_off_ends_its_sessions_and_stops_its_keys() -> None:
    alice, adam = await factories.account("Alice"), await factories.account("Adam", "administrator")
    secret = await actions.sign_in(alice.email, factories.PASSWORD)
    key = await actions.create_api_key(alice.email)
    await actions.switch(alice.id, False, adam.actor)
    assert await sessions.find(secret) is None
    assert await sessions.find_key(key) is None
    with pytest.raises(Refused):
        await actions.sign_in(alice.email, factories.PASSWORD)


async def test_alice_signs_another_of_her_sessions_out_but_not_bobs() -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    here = await actions.sign_in(alice.email, factories.PASSWORD, agent="here")
    there = await actions.sign_in(alice.email, factories.PASSWORD, agent="there")
    bobs = await actions.sign_in(bob.email, factories.PASSWORD)
    listed = await queries.sessions_of(alice.id, sessions.hashed(here))
    assert [(row.agent, row.current) for row in listed] == [("here", True), ("there", False)]
    await actions.end_session(alice.actor, listed[1].handle)
    assert await sessions.find(there) is None
    with pytest.raises(Missing):
        await actions.end_session(alice.actor, sessions.hashed(bobs).hex())
    assert await sessions.find(bobs) is not None


async def test_signing_out_ends_the_session() -> None:
    alice = await factories.account("Alice")
    secret = await actions.sign_in(alice.email, factories.PASSWORD)
    await sessions.end_session(secret)
    assert await sessions.find(secret) is None


async def test_ended_sessions_and_old_answers_are_forgotten() -> None:
    alice = await factories.account("Alice")
    kept, old = await sessions.open_session(alice.id), await sessions.open_session(alice.id)
    await age(old, "seen_at", timedelta(minutes=31))
    sql = "insert into idempotency (account_id, key, request, created_at) values ($1, $2, '', now() - $3::interval)"
    for key, hours in (("new", 23), ("old", 25)):
        await database.execute(sql, alice.id, key, timedelta(hours=hours))
    assert await actions.forget_old() == {"sessions": 1, "tries": 0, "links": 0, "idempotency": 1}
    assert await sessions.find(kept) is not None
    assert await database.fetchval("select array_agg(key) from idempotency") == ["new"]


async def test_unknown_disabled_and_wrong_cost_one_verification_each_and_sound_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alice = await factories.account("Alice")
    gone = await factories.account("Gone", active=False)
    verified: list[str] = []

    def counting(stored: str, password: str) -> bool:
        verified.append(stored)
        return real(stored, password)

    real = passwords._verify
    monkeypatch.setattr(passwords, "_verify", counting)
    said = set()
    tries = [(alice.email, "wrong"), (gone.email, factories.PASSWORD), ("nobody@example.org", factories.PASSWORD)]
    for number, (email, password) in enumerate(tries, 1):
        with pytest.raises(Refused) as refused:
            await actions.sign_in(email, password)
        said.add((refused.value.message, str(refused.value.errors)))
        assert len(verified) == number
    assert said == {("This e-mail address and password do not go together.", "{}")}
    assert verified[2] == passwords.NOBODY


def test_an_unknown_address_is_compared_under_todays_parameters() -> None:
    assert not PasswordHasher().check_needs_rehash(passwords.NOBODY)

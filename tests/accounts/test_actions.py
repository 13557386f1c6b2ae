"""Accounts, their passwords and keys."""

import pytest
from argon2 import PasswordHasher

from portal import db as database
from portal.accounts import actions, passwords, queries, sessions
from portal.outcomes import Missing, Refused, Stale
from tests import factories

pytestmark = pytest.mark.usefixtures("db")
GOOD = "Wq7-moss-lantern"


async def happened(account_id: int) -> list[str]:
    """What the history says about an account."""
    sql = "select what from timeline_event where subject = 'account' and subject_id = $1 order by id"
    return [row["what"] for row in await database.fetch(sql, account_id)]


async def test_an_account_can_sign_in_and_holds_the_rights_of_its_roles() -> None:
    account_id = await actions.create_user("Celina@Example.org", "Celina", ["translator"], "pl", GOOD)
    account = await queries.by_email("celina@example.org")
    assert account is not None
    assert (account.id, account.name, account.roles, account.locale) == (account_id, "Celina", ["translator"], "pl")
    assert queries.actor_of(account).rights == {"home.see", "catalog.see"}
    assert await actions.sign_in("celina@example.org", GOOD)
    assert await happened(account_id) == ["account.created", "account.signed_in"]


async def test_everything_wrong_with_a_new_account_is_said_at_once() -> None:
    with pytest.raises(Refused) as refused:
        await actions.create_user("nowhere", " ", ["pope"], "en", "short")
    assert refused.value.errors == {
        "email": "Enter an address such as name@example.org.",
        "name": "Enter the name of the person.",
        "roles": "Choose one or more of these roles: administrator, manager, evaluator, translator.",
        "password": "Enter at least 12 characters.",
    }


async def test_a_password_that_many_people_use_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        await actions.create_user("a@example.org", "Alice", ["manager"], "en", "iloveyou1234")
    assert list(refused.value.errors) == ["password"]


async def test_an_address_signs_in_once_whatever_its_capitals() -> None:
    alice = await factories.account("Alice")
    with pytest.raises(Refused) as refused:
        await actions.create_user(alice.email.upper(), "Alice", ["manager"], "en", GOOD)
    assert refused.value.errors == {"email": "Somebody signs in with this e-mail address already."}


async def test_a_new_password_ends_every_session_and_begins_one() -> None:
    alice = await factories.account("Alice")
    old = [await sessions.open_session(alice.id) for _ in range(2)]
    new = await actions.change_password(alice.actor, factories.PASSWORD, GOOD)
    assert [await sessions.find(secret) for secret in old] == [None, None]
    assert await sessions.find(new) is not None
    with pytest.raises(Refused):
        await actions.sign_in(alice.email, factories.PASSWORD)
    assert await actions.sign_in(alice.email, GOOD)
    assert await happened(alice.id) == ["account.password_changed", "account.signed_in"]


@pytest.mark.parametrize(
    ("current", "new", "field"), [("wrong", GOOD, "current"), (factories.PASSWORD, "aaaaaaaaaaaaaaa", "new")]
)
async def test_a_password_changes_only_with_the_current_one(current: str, new: str, field: str) -> None:
    alice = await factories.account("Alice")
    secret = await sessions.open_session(alice.id)
    with pytest.raises(Refused) as refused:
        await actions.change_password(alice.actor, current, new)
    assert list(refused.value.errors) == [field]
    assert await sessions.find(secret) is not None


async def test_a_hash_made_with_old_parameters_is_renewed_when_its_owner_signs_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())
    alice = await factories.account("Alice")
    assert passwords.needs_rehash(factories.PASSWORD_HASH)
    await actions.sign_in(alice.email, factories.PASSWORD)
    stored = await database.fetchval("select password_hash from account where id = $1", alice.id)
    assert not passwords.needs_rehash(stored)
    assert await actions.sign_in(alice.email, factories.PASSWORD)


async def test_a_profile_is_changed_once_from_what_was_seen() -> None:
    alice = await factories.account("Alice")
    await actions.change_profile(alice.actor, "Alicia", "es", "Europe/Madrid", 1)
    account = await queries.by_id(alice.id)
    assert account is not None
    assert (account.name, account.locale, account.time_zone, account.version) == ("Alicia", "es", "Europe/Madrid", 2)
    with pytest.raises(Stale):
        await actions.change_profile(alice.actor, "Ali", "en", "UTC", 1)
    with pytest.raises(Refused) as refused:
        await actions.change_profile(alice.actor, "Ali", "de", "Mars/Olympus", 2)
    assert set(refused.value.errors) == {"locale", "time_zone"}


async def test_a_key_opens_what_its_account_may_until_it_is_revoked() -> None:
    alice = await factories.account("Alice")
    key = await actions.create_api_key(alice.email, by=alice.actor)
    use = await sessions.find_key(key)
    assert use is not None
    actor = queries.actor_of(use, use.rights, by_key=True)
    assert (actor.kind, actor.account_id, actor.rights) == ("api", alice.id, alice.actor.rights)
    (row,) = await queries.keys_of(alice.id)
    assert key.startswith("cv_")
    assert row.hint == key[:8]
    assert key not in await database.fetchval("select string_agg(api_key::text, ' ') from api_key")
    assert await actions.revoke_api_key(alice.actor, row.id) == row.hint
    assert await sessions.find_key(key) is None
    assert await queries.keys_of(alice.id) == []


async def test_a_key_can_be_narrower_than_its_account_and_never_wider() -> None:
    bob = await factories.account("Bob", "evaluator")
    use = await sessions.find_key(await actions.create_api_key(bob.email, ["dossier.see"]))
    assert use is not None
    assert queries.actor_of(use, use.rights, by_key=True).rights == {"dossier.see"}
    with pytest.raises(Refused) as refused:
        await actions.create_api_key(bob.email, ["account.manage"])
    assert list(refused.value.errors) == ["rights"]


async def test_a_key_loses_the_rights_that_its_account_loses() -> None:
    alice = await factories.account("Alice")
    key = await actions.create_api_key(alice.email, ["template.edit", "dossier.see"])
    await database.execute("update account set roles = '{evaluator}' where id = $1", alice.id)
    use = await sessions.find_key(key)
    assert use is not None
    assert queries.actor_of(use, use.rights, by_key=True).rights == {"dossier.see"}


async def test_nobody_revokes_the_key_of_somebody_else() -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    key = await actions.create_api_key(alice.email)
    (row,) = await queries.keys_of(alice.id)
    with pytest.raises(Missing):
        await actions.revoke_api_key(bob.actor, row.id)
    assert await sessions.find_key(key) is not None


async def test_used_at_is_written_at_most_once_a_minute() -> None:
    alice = await factories.account("Alice")
    key = await actions.create_api_key(alice.email)
    await sessions.find_key(key)
    await database.execute("update api_key set used_at = now() - interval '50 seconds'")
    await sessions.find_key(key)
    assert await database.fetchval("select used_at < now() from api_key")
    await database.execute("update api_key set used_at = now() - interval '70 seconds'")
    await sessions.find_key(key)
    assert await database.fetchval("select used_at = now() from api_key")


@pytest.mark.parametrize("key", ["", "cv_", "cv_" + "x" * 43, "Bearer"])
async def test_a_made_up_key_opens_nothing(key: str) -> None:
    assert await sessions.find_key(key) is None


async def test_secrets_never_reach_the_history() -> None:
    alice = await factories.account("Alice")
    key = await actions.create_api_key(alice.email)
    await actions.change_password(alice.actor, factories.PASSWORD, GOOD)
    sql = "select string_agg(details::text, ' ') from timeline_event where subject_id = $1"
    told = await database.fetchval(sql, alice.id)
    assert key not in told
    assert GOOD not in told

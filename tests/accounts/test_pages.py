"""Signing in and one's own account, as the browser sees them."""

from collections.abc import Callable

import pytest

from portal import db as database
from portal.accounts import actions, passwords, sessions
from tests import factories
from tests.clients import Client

NEW_PASSWORD = "Wq7-moss-lantern"


async def test_alice_signs_in_and_goes_where_she_wanted_to_go(client: Client) -> None:
    alice = await factories.account("Alice")
    page = await client.get("/account")
    assert page.path == "/login?next=/account"
    page = await client.post("/login", {"email": alice.email, "password": factories.PASSWORD, "next": "/account"})
    assert (page.path, page.h1) == ("/account", "Your account")


@pytest.mark.parametrize(
    "next",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/logout", "/login?next=/"],
)
async def test_signing_in_never_leads_to_another_site(client: Client, next: str) -> None:
    alice = await factories.account("Alice")
    form = {"email": alice.email, "password": factories.PASSWORD, "next": next}
    page = await client.post("/login", form, follow=False)
    assert (page.status, page.headers["location"]) == (303, "/")


async def test_a_wrong_password_keeps_the_address_and_shows_no_password(client: Client) -> None:
    alice = await factories.account("Alice")
    page = await client.post("/login", {"email": alice.email, "password": "not hers at all", "next": ""})
    assert page.status == 422
    assert page.errors == ["This e-mail address and password do not go together."]
    assert page.one("#email").attrs["value"] == alice.email
    assert "not hers at all" not in page.text


async def test_unknown_and_known_accounts_get_the_same_page(client: Client) -> None:
    alice = await factories.account("Alice")
    pages = []
    for email in (alice.email, "nobody@example.org"):
        page = await client.post("/login", {"email": email, "password": "wrong wrong wrong", "next": ""})
        pages.append((page.status, page.text.replace(email, "…")))
    assert pages[0] == pages[1]


async def test_the_cookie_is_for_this_site_and_no_script(client: Client) -> None:
    alice = await factories.account("Alice")
    page = await client.post("/login", {"email": alice.email, "password": factories.PASSWORD, "next": ""}, follow=False)
    cookies = [each for each in page.headers.get_list("set-cookie") if each.startswith("session=")]
    assert len(cookies) == 1
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookies[0].split("; "))


async def test_an_account_is_locked_after_twenty_tries_whether_somebody_has_it_or_not(
    make_client: Callable[..., Client], db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, verified = await factories.account("Alice"), []
    monkeypatch.setattr(passwords, "_verify", lambda stored, password: bool(verified.append(stored)))
    for email in (alice.email, "nobody@example.org"):
        statuses = []
        for part in range(3):  # from several addresses: each alone has tried too little to be locked itself
            client = make_client()
            form = {"email": email if part else email.upper(), "password": "wrong wrong wrong", "next": ""}
            statuses += [(await client.post("/login", form)).status for _ in range(7)]
        assert statuses == [422] * 20 + [429]
    assert len(verified) == 40
    await database.execute("update sign_in_failure set at = at - interval '61 minutes'")
    monkeypatch.undo()
    assert await actions.sign_in(alice.email, factories.PASSWORD)


async def test_an_address_is_locked_after_twenty_tries_at_different_accounts(client: Client) -> None:
    form = {"password": "wrong wrong wrong", "next": ""}
    statuses = [(await client.post("/login", form | {"email": f"a{n}@example.org"})).status for n in range(21)]
    assert statuses == [422] * 20 + [429]


async def test_the_right_password_forgives_the_wrong_ones_before(client: Client) -> None:
    alice = await factories.account("Alice")
    for password in ("wrong wrong wrong", factories.PASSWORD):
        await client.post("/login", {"email": alice.email, "password": password, "next": ""})
    rows = await database.fetch("select subject from sign_in_failure")
    assert [row["subject"].partition(":")[0] for row in rows] == ["address"]  # that of the wrong one


async def test_an_account_without_a_password_signs_in_with_none(client: Client) -> None:
    alice = await factories.account("Alice")
    await database.execute("update account set password_hash = null where id = $1", alice.id)
    for password in (factories.PASSWORD, "None", "null"):
        page = await client.post("/login", {"email": alice.email, "password": password, "next": ""})
        assert page.errors == ["This e-mail address and password do not go together."]


async def test_signing_out_ends_the_session_on_the_server(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    secret = client.http.cookies["session"]
    page = await client.post("/logout")
    assert page.path == "/login"
    assert await sessions.find(secret) is None


async def test_signing_in_again_gives_another_session(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    before = client.http.cookies["session"]
    await client.post("/login", {"email": alice.email, "password": factories.PASSWORD, "next": ""})
    assert client.http.cookies["session"] != before
    assert await sessions.find(before) is None


async def test_alice_changes_her_name_language_and_clock(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    form = (await client.get("/account")).form("/account")
    page = await client.post("/account", form | {"name": "Alicia", "locale": "es", "time_zone": "madrid"})
    assert page.toasts == ["Saved."]
    assert page.one("html").attrs["lang"] == "es"
    sql = "select name, locale, time_zone from account where id = $1"
    row = await database.fetchrow(sql, alice.id)
    assert row is not None
    assert tuple(row) == ("Alicia", "es", "Europe/Madrid")


async def test_a_time_zone_that_does_not_exist_is_refused_beside_its_field(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    form = (await client.get("/account")).form("/account")
    page = await client.post("/account", form | {"time_zone": "Atlantis"})
    assert page.status == 422
    assert page.errors == ["Enter the name of a time zone, such as Europe/Madrid."]
    assert page.one("#time-zone").attrs["value"] == "Atlantis"


async def test_two_windows_on_one_profile_are_compared_before_the_second_is_saved(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    form = (await client.get("/account")).form("/account")
    await client.post("/account", form | {"name": "First"})
    page = await client.post("/account", form | {"name": "Second"})
    assert page.status == 409
    assert [("First" in page.words, "Second" in page.words)] == [(True, True)]
    page = await client.post("/account", page.form("/account"))
    assert page.toasts == ["Saved."]
    assert await database.fetchval("select name from account where id = $1", alice.id) == "Second"


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_browser_signed_in(
    client: Client, make_client: Callable[..., Client]
) -> None:
    alice = await factories.account("Alice")
    other = make_client()
    await other.sign_in(alice.email)
    await client.sign_in(alice.email)
    page = await client.post("/account/password", {"current": factories.PASSWORD, "new": NEW_PASSWORD})
    assert page.toasts == ["Password changed. Your other sessions have ended."]
    assert (await other.get("/account")).path == "/login?next=/account"
    assert await actions.sign_in(alice.email, NEW_PASSWORD)


async def test_a_weak_new_password_is_refused_and_never_shown(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.post("/account/password", {"current": factories.PASSWORD, "new": "abcdefghijklm"})
    assert (page.status, len(page.errors)) == (422, 1)
    assert "abcdefghijklm" not in page.text


async def test_a_session_elsewhere_is_signed_out_from_here(client: Client, make_client: Callable[..., Client]) -> None:
    alice = await factories.account("Alice")
    other = make_client()
    await other.sign_in(alice.email)
    await client.sign_in(alice.email)
    form = (await client.get("/account")).form("/account/sessions/end")
    page = await client.post("/account/sessions/end", form)
    assert page.toasts == ["Session ended."]
    assert (await other.get("/account")).path == "/login?next=/account"
    page = await client.post("/account/sessions/end", form)
    assert (page.status, page.toasts) == (200, [])


async def test_a_key_is_shown_once_and_opens_the_api_until_it_is_revoked(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.post("/account/keys", {"reach": "see"})
    key = page.texts("#api-key")[0]
    use = await sessions.find_key(key)
    assert use is not None
    assert use.rights == sorted(right for right in alice.actor.rights if right.endswith(".see"))
    page = await client.get("/account")
    assert key not in page.text
    assert key[:8] in page.words
    asked = await client.get(f"/account/keys/{use.key_id}/revoke")
    assert asked.h1 == f"Revoke the key {key[:8]}…?"
    page = await client.post(f"/account/keys/{use.key_id}/revoke")
    assert page.toasts == [f"The key {key[:8]}… opens nothing any more."]
    assert await sessions.find_key(key) is None


async def test_the_api_is_opened_by_keys_and_not_by_the_cookie(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    assert (await client.get("/api/v1/messages")).status == 401
    key = await actions.create_api_key(alice.email)
    assert (await client.get("/api/v1/messages", headers={"Authorization": f"Bearer {key}"})).status == 200
    assert (await client.get("/api/v1/messages", headers={"Authorization": f"Bearer {key}x"})).status == 401


async def test_a_key_opens_no_page(client: Client) -> None:
    alice = await factories.account("Alice")
    key = await actions.create_api_key(alice.email)
    page = await client.get("/account", headers={"Authorization": f"Bearer {key}"})
    assert page.path == "/login?next=/account"


async def test_nobody_asks_about_the_key_of_somebody_else(client: Client) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    await actions.create_api_key(alice.email)
    key_id = await database.fetchval("select id from api_key")
    await client.sign_in(bob.email)
    assert (await client.get(f"/account/keys/{key_id}/revoke")).status == 404
    assert (await client.post(f"/account/keys/{key_id}/revoke")).status == 404


async def test_the_language_chosen_on_a_page_is_kept_with_the_account(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    await client.post("/language", {"locale": "pl", "next": "/account"})
    assert await database.fetchval("select locale from account where id = $1", alice.id) == "pl"

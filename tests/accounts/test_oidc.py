"""Single sign-on, against a provider that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from portal import db as database
from portal import settings as portal_settings
from portal.accounts import oidc, queries
from tests import factories
from tests.accounts.provider import CLIENT, SECRET, Provider, provider
from tests.accounts.test_factors import require, with_factor
from tests.clients import Client, Page

CALLBACK = "/login/oidc/callback"


@pytest.fixture
def there() -> Iterator[Provider]:
    """The provider that the settings name."""
    before = portal_settings.settings()
    names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name")
    with provider() as server:
        values = dict(zip(names, (server.issuer, CLIENT, SECRET, "Passerelle ID"), strict=True))
        portal_settings.use(**values)
        yield server
    portal_settings.use(**{name: getattr(before, name) for name in names})


async def come(client: Client, there: Provider, next: str = "", **changed: str) -> Page:
    """Away to the provider, and back."""
    away = await client.get(f"/login/oidc?next={next}", follow=False)
    assert away.status == 303, away.text
    address = away.headers["location"]
    assert address.startswith(f"{there.issuer}/authorize?tenant=1&")
    back = there.visit(address) | changed
    return await client.get(CALLBACK + "?" + "&".join(f"{name}={value}" for name, value in back.items()))


def claims(email: str, **more: Any) -> dict[str, Any]:
    return {"email": email, "email_verified": True} | more


async def test_alice_signs_in_elsewhere_and_is_known_by_her_subject_from_then_on(
    client: Client, there: Provider
) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email.upper())
    assert "Sign in with Passerelle ID" in (await client.get("/login")).words
    assert (await come(client, there, "/account")).h1 == "Your account"
    await client.post("/logout")
    there.claims = claims("another@team.example")
    await database.execute("update account set email = 'renamed@team.example' where id = $1", alice.id)
    page = await come(client, there, "/account")
    assert "renamed@team.example" in page.words
    assert "signed in through single sign-on" in page.words


@pytest.mark.parametrize("wrong", [{"email_verified": False}, {"email": "stranger@team.example"}, {"email": ""}])
async def test_nobody_gets_in_by_an_address_that_is_not_verified_or_not_known(
    client: Client, there: Provider, wrong: dict[str, Any]
) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email) | wrong
    page = await come(client, there)
    assert page.errors == ["Nobody has an account here with this sign-in. Ask an administrator to invite you."]
    account = await queries.by_id(alice.id)
    assert account and "session" not in client.http.cookies


async def test_an_address_does_not_take_over_an_account_that_is_linked(client: Client, there: Provider) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email, sub="first")
    await come(client, there)
    await client.post("/logout")
    there.claims = claims(alice.email, sub="second")
    assert (await come(client, there)).status == 422


async def test_whoever_is_switched_off_stays_out(client: Client, there: Provider) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email)
    await come(client, there)
    await client.post("/logout")
    await database.execute("update account set active = false where id = $1", alice.id)
    assert (await come(client, there)).status == 422


@pytest.mark.parametrize(("amr", "asked"), [(["pwd"], True), (["pwd", "mfa"], False)])
async def test_a_second_factor_is_asked_for_unless_the_provider_has(
    client: Client, there: Provider, amr: list[str], asked: bool
) -> None:
    bob, _secret, _codes = await with_factor("Bob", "evaluator")
    alice = await factories.account("Alice", "manager")
    await require("manager")
    for who, heading in ((bob, "Enter your code"), (alice, "Set up a second factor")):
        there.claims = claims(who.email, sub=who.name, amr=amr)
        page = await come(client, there)
        assert (page.h1 == heading) is asked
        await client.post("/logout")


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"exp": int(time.time()) - 3_600},
        {"sub": None},
    ],
    ids=lambda forged: next(iter(forged)),
)
async def test_a_token_that_is_not_ours_opens_nothing(client: Client, there: Provider, forged: dict[str, Any]) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email) | forged
    assert (await come(client, there)).errors[0].startswith("Single sign-on does not work at the moment.")
    assert "session" not in client.http.cookies


@pytest.mark.parametrize("how", ["another key", "our secret"])
async def test_a_token_of_another_key_opens_nothing(client: Client, there: Provider, how: str) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email)
    if how == "our secret":
        there.signs, there.algorithm = OctKey.import_key(SECRET), "HS256"
    else:
        there.signs = RSAKey.generate_key(2048, parameters={"kid": "one"})
    assert (await come(client, there)).status == 422
    assert "session" not in client.http.cookies


async def test_an_answer_without_its_beginning_in_this_browser_opens_nothing(client: Client, there: Provider) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email)
    assert (await come(client, there, state="another")).status == 422
    address = (await client.get("/login/oidc", follow=False)).headers["location"]
    back = there.visit(address)
    client.http.cookies.clear()
    assert (await client.get(f"{CALLBACK}?code={back['code']}&state={back['state']}")).path == "/login"
    assert (await client.get(f"{CALLBACK}?error=access_denied")).path == "/login"


def test_a_ticket_is_sealed_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = oidc.Ticket("state", "nonce", "verifier", "/account", time.time())
    assert oidc.ticket_of(ticket.in_cookie()) == ticket
    old = oidc.Ticket("state", "nonce", "verifier", "", time.time() - 601)
    for cookie in (old.in_cookie(), ticket.in_cookie()[:-4] + "AAAA", "", None, "é", "%%%"):
        assert oidc.ticket_of(cookie) is None


async def test_a_provider_that_is_down_leaves_the_password(client: Client, there: Provider) -> None:
    there.down = True
    page = await client.get("/login/oidc")
    assert page.errors == ["Single sign-on does not work at the moment. Try again, or sign in with your password."]


async def test_without_a_provider_the_page_offers_none(client: Client) -> None:
    assert "Sign in with" not in (await client.get("/login")).words
    assert (await client.get("/login/oidc")).path == "/login"


async def test_single_sign_on_leads_only_to_own_pages(client: Client, there: Provider) -> None:
    alice = await factories.account("Alice")
    there.claims = claims(alice.email)
    assert (await come(client, there, "https://evil.example/")).path == "/"

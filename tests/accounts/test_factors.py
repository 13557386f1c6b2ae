"""The second factor: set up, asked for, used once, lost."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import pytest

from portal import db as database
from portal import sealed
from portal.accounts import actions, factors, sessions
from portal.outcomes import Refused
from tests import factories
from tests.clients import Client, Page
from tests.factories import AccountRow

MARGIN = 3  # seconds of a step after which no older code is made: it would be too old by the time it arrives
OWN, DOOR = "/account/second-factor", "/login/second-factor"


async def with_factor(name: str = "Alice", *roles: str) -> tuple[AccountRow, str, list[str]]:
    """An account with a second factor, whose first code is a minute old: (account, secret, recovery codes)."""
    alice = await factories.account(name, *roles)
    await factors.begin(alice.id)
    secret = await factors.pending_secret(alice.id)
    assert secret
    codes = await factors.confirm(alice.actor, code_of(secret))
    await database.execute("update account set totp_step = totp_step - 2 where id = $1", alice.id)
    return alice, secret, codes


def code_of(secret: str, *, before: int = 0) -> str:
    """What the app shows now, or so many steps ago."""
    left = factors.STEP - time.time() % factors.STEP
    if before and left < MARGIN:
        time.sleep(left)
    return pyotp.TOTP(secret).at(int(time.time()) - before * factors.STEP)


async def password(client: Client, email: str, next: str = "") -> Page:
    """The first step of signing in."""
    return await client.post("/login", {"email": email, "password": factories.PASSWORD, "next": next})


async def in_two_steps(client: Client, email: str, code: str) -> None:
    await password(client, email)
    assert (await client.post(DOOR, {"code": code, "next": ""})).path == "/"


async def require(*roles: str) -> None:
    await factories.organisation()
    await database.execute("update organisation set second_factor = $1", list(roles))


async def test_alice_sets_up_a_second_factor_and_is_asked_for_it(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.post(f"{OWN}/begin")
    secret = page.texts("code")[0].replace(" ", "")
    assert page.one("img").attrs["src"].startswith("data:image/svg+xml")
    assert (await client.post(f"{OWN}/confirm", {"code": "000000", "next": ""})).status == 422
    page = await client.post(f"{OWN}/confirm", {"code": code_of(secret, before=1), "next": ""})
    assert (page.h1, len(page.texts("#codes li"))) == ("Your recovery codes", 10)
    await client.post("/logout")
    page = await password(client, alice.email, "/templates")
    assert (page.h1, page.path) == ("Enter your code", f"{DOOR}?next=%2Ftemplates")
    page = await client.post(DOOR, {"code": code_of(secret), "next": "/templates"})
    assert page.path == "/templates"


async def test_half_a_session_opens_nothing(client: Client) -> None:
    alice, _secret, _codes = await with_factor()
    await password(client, alice.email)
    assert (await client.get("/account")).path == "/login?next=/account"
    half = client.http.cookies["session"]
    assert await sessions.find(half) is None
    await database.execute("update session set created_at = created_at - interval '11 minutes'")
    assert (await client.get(DOOR)).path == "/login"


async def test_the_session_is_another_after_the_second_step(client: Client) -> None:
    alice, secret, _codes = await with_factor()
    await password(client, alice.email)
    half = client.http.cookies["session"]
    await client.post(DOOR, {"code": code_of(secret), "next": ""})
    assert client.http.cookies["session"] != half
    assert await sessions.find_half(half) is None


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_a_code_that_was_used_opens_nothing(kind: str) -> None:
    alice, secret, codes = await with_factor()
    code = code_of(secret) if kind == "app" else codes[3].upper()
    for expected in (kind, None):
        assert await factors.passes(alice.id, code) == expected
    half = await actions.sign_in(alice.email, factories.PASSWORD)
    with pytest.raises(Refused):
        await actions.complete(half, code)


@pytest.mark.usefixtures("db")
async def test_an_older_code_is_refused_after_a_newer_one() -> None:
    alice, secret, _codes = await with_factor()
    await database.execute("update account set totp_step = totp_step - 5 where id = $1", alice.id)
    assert await factors.passes(alice.id, code_of(secret)) == "app"
    assert await factors.passes(alice.id, code_of(secret, before=1)) is None
    assert factors.matching_step(secret, code_of(secret, before=3)) is None


async def test_twenty_wrong_codes_lock_the_account_and_the_address(client: Client) -> None:
    alice, secret, _codes = await with_factor()
    await password(client, alice.email)
    statuses = [(await client.post(DOOR, {"code": f"{n:06}", "next": ""})).status for n in range(20)]
    assert statuses == [422] * 20
    assert (await client.post(DOOR, {"code": code_of(secret), "next": ""})).status == 429
    subjects = await database.fetch("select distinct subject from sign_in_failure where subject !~ '^email'")
    assert {row["subject"].partition(":")[0] for row in subjects} == {"account", "address"}
    assert (await password(client, alice.email)).status == 429
    sql = "select count(*) from timeline_event where what = 'account.locked' and subject_id = $1"
    assert await database.fetchval(sql, alice.id) == 1


async def test_a_role_that_needs_a_second_factor_sets_one_up_before_anything_else(client: Client) -> None:
    await require("manager")
    alice = await factories.account("Alice", "manager")
    page = await password(client, alice.email, "/templates")
    assert page.h1 == "Set up a second factor"
    assert (await client.get("/templates")).path == "/login?next=/templates"
    page = await client.post(f"{DOOR}/begin", {"next": "/templates"})
    secret = page.texts("code")[0].replace(" ", "")
    page = await client.post(f"{DOOR}/confirm", {"code": code_of(secret), "next": "/templates"})
    assert page.h1 == "Your recovery codes"
    assert page.links == ["/templates"]
    assert (await client.get("/templates")).h1 == "Templates"


async def test_whoever_removes_a_needed_factor_sets_up_another_at_once(client: Client) -> None:
    alice, secret, _codes = await with_factor("Alice", "manager")
    await in_two_steps(client, alice.email, code_of(secret, before=1))
    await require("manager")
    page = await client.post(f"{OWN}/remove", {"code": code_of(secret), "next": ""})
    assert page.h1 == "Set up a second factor"
    assert (await client.get("/account")).path == "/login?next=/account"


async def test_new_recovery_codes_end_the_ones_before(client: Client) -> None:
    alice, secret, codes = await with_factor()
    await in_two_steps(client, alice.email, code_of(secret, before=1))
    page = await client.post(f"{OWN}/codes", {"code": code_of(secret), "next": ""})
    assert not set(page.texts("#codes li")) & set(codes)
    assert await factors.passes(alice.id, codes[0]) is None
    assert await factors.passes(alice.id, page.texts("#codes li")[0]) == "recovery"


@pytest.mark.usefixtures("db")
async def test_secrets_and_codes_are_stored_as_nobody_can_read_them() -> None:
    alice, secret, codes = await with_factor()
    dump: Any = await database.fetchval(
        """select (select string_agg(a::text, ' ') from account a) || (select string_agg(c::text, ' ')
        from recovery_code c) || (select string_agg(e::text, ' ') from timeline_event e)"""
    )
    for hidden in (secret, secret.encode().hex(), *codes, codes[0].replace("-", "").encode().hex()):
        assert hidden not in dump
    value = await database.fetchval("select totp_secret from account where id = $1", alice.id)
    assert sealed.unseal(value, "totp").decode() == secret
    assert await sealed.rotate() == 0

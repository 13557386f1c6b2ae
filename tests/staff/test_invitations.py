"""Invitations and forgotten passwords: letters with links that work once, for a while, for nobody who reads tables."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from portal import db as database
from portal.accounts import actions as accounts
from portal.accounts import factors, links, sessions
from portal.ledger.claims import COLUMNS, FROM
from portal.ledger.work import Parcel
from portal.sending.letters import Composer
from portal.settings import settings
from portal.staff import actions, doors
from tests import factories
from tests.accounts.test_factors import code_of, with_factor
from tests.clients import Client
from tests.factories import AccountRow

PASSWORD = "Wq7-moss-lantern"
LINK = re.compile(r"http://\S+/(?:welcome|reset)/[\w-]+")
INVITATION = {"email": "eve@team.example", "name": "Eve", "locale": "es", "roles": ["evaluator"]}


async def adam(client: Client) -> AccountRow:
    """An administrator, signed in, of an organisation that can write."""
    await factories.organisation()
    account = await factories.account("Adam", "administrator")
    await client.sign_in(account.email)
    return account


async def letters() -> list[str]:
    """The letters in the queue as they go to the mail server, the latest first."""
    rows = await database.fetch(f"select {COLUMNS} from {FROM} where m.state = 'queued' order by m.id desc")
    composer, found = Composer(settings().secret_key.encode()), []
    for parcel in [Parcel(*row) for row in rows]:
        await composer.prepare([parcel])
        made = composer.compiled(parcel)
        found.append(made.plain(made.filled(composer.values(parcel))))
    return found


async def link() -> str:
    """Where the latest letter leads, as a path."""
    found = LINK.search((await letters())[0])
    assert found
    return found[0].removeprefix(settings().base_url)


async def test_adam_invites_eve_who_chooses_a_password_and_is_signed_in(
    client: Client, make_client: Callable[..., Client]
) -> None:
    await adam(client)
    page = await client.post("/settings/accounts", INVITATION)
    assert page.toasts == ["Invitation sent to eve@team.example."]
    eve, path = make_client(locale="es"), await link()
    page = await eve.get(path)
    form = page.form(path) | {"password": PASSWORD, "name": "Eva"}
    page = await eve.post(path, form)
    assert (page.path, page.one("html").attrs["lang"]) == ("/", "es")
    assert (await eve.get(path)).status == 404
    assert (await make_client().post(path, form)).status == 404
    row = await database.fetchrow("select name, roles, locale from account where email = 'eve@team.example'")
    assert row and tuple(row) == ("Eva", ["evaluator"], "es")


async def test_looking_at_a_link_does_not_use_it_up(client: Client, make_client: Callable[..., Client]) -> None:
    await adam(client)
    await client.post("/settings/accounts", INVITATION)
    path, scanner = await link(), make_client()
    for _time in range(3):
        assert (await scanner.get(path)).h1 == "Welcome to Convoca"
        assert (await scanner.http.head(path)).status_code < 500
    assert await links.find(path.rpartition("/")[2], "invitation") is not None


async def test_an_invitation_signs_nobody_in_around_the_second_factor(
    client: Client, make_client: Callable[..., Client]
) -> None:
    await adam(client)
    await database.execute("update organisation set second_factor = '{evaluator}'")
    await client.post("/settings/accounts", INVITATION)
    eve, path = make_client(), await link()
    page = await eve.post(path, (await eve.get(path)).form(path) | {"password": PASSWORD})
    assert page.h1 == "Set up a second factor"
    assert (await eve.get("/account")).path == "/login?next=/account"


async def test_nobody_reads_a_link_in_the_tables_or_on_the_pages(client: Client) -> None:
    await adam(client)
    await client.post("/settings/accounts", INVITATION)
    token = (await link()).rpartition("/")[2]
    for table in ("letter", "account_link", "timeline_event", "message"):
        dump = await database.fetchval(f"select string_agg(t::text, ' ') from {table} t")
        assert token not in dump and token.encode().hex() not in dump
    message_id = await database.fetchval("select max(id) from message")
    for path in (f"/messages/{message_id}", f"/messages/{message_id}/letter", f"/messages/{message_id}/raw"):
        assert token not in (await client.get(path)).text


async def test_an_invitation_is_sent_again_or_withdrawn(client: Client) -> None:
    await adam(client)
    page = await client.post("/settings/accounts", INVITATION)
    own, first = page.path, await link()
    page = await client.post(f"{own}/invite-again")
    second = await link()
    assert first != second
    assert (await client.get(first)).status == 404
    page = await client.post(f"{own}/withdraw")
    assert page.toasts == ["Invitation withdrawn."]
    assert (await client.get(second)).status == 404
    assert await database.fetchval("select count(*) from account where email = 'eve@team.example'") == 0


async def test_without_a_sender_nobody_is_invited(client: Client) -> None:
    account = await factories.account("Adam", "administrator")
    await client.sign_in(account.email)
    page = await client.post("/settings/accounts", INVITATION)
    assert page.status == 422
    assert page.errors[0].startswith("No letter can leave yet")
    assert await database.fetchval("select count(*) from account") == 1


# ------------------------------------------------------------------------------------------------ forgotten
async def test_a_forgotten_password_is_replaced_and_every_session_ends(
    client: Client, make_client: Callable[..., Client]
) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    old = await sessions.open_session(alice.id)
    asked = await client.post("/login/forgotten", {"email": alice.email.upper()})
    path = await link()
    assert (await client.post(path, {"password": "short"})).status == 422
    page = await client.post(path, {"password": PASSWORD})
    assert (page.path, "Your new password is saved." in page.words) == ("/login?done=reset", True)
    assert await sessions.find(old) is None
    assert (await client.post(path, {"password": PASSWORD})).status == 404
    assert await accounts.sign_in(alice.email, PASSWORD)
    unknown = await make_client().post("/login/forgotten", {"email": "nobody@team.example"})
    assert (unknown.status, unknown.words) == (asked.status, asked.words)
    assert await database.fetchval("select count(*) from message") == 1


async def test_a_new_password_does_not_go_around_the_second_factor(client: Client) -> None:
    await factories.organisation()
    alice, secret, _codes = await with_factor()
    await actions.ask_reset(alice.email)
    await client.post(await link(), {"password": PASSWORD})
    page = await client.post("/login", {"email": alice.email, "password": PASSWORD, "next": ""})
    assert page.h1 == "Enter your code"
    page = await client.post("/login/second-factor", {"code": code_of(secret), "next": ""})
    assert page.path == "/"
    assert (await factors.standing(alice.id)).since is not None


async def test_a_link_leads_to_the_configured_address_whatever_the_host_says(client: Client) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    await client.post("/login/forgotten", {"email": alice.email}, headers=headers)
    assert "evil.example" not in (await letters())[0]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("how", ["old", "later", "off"])
async def test_a_link_ends(how: str) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    await actions.ask_reset(alice.email)
    token = (await link()).rpartition("/")[2]
    if how == "old":
        await database.execute("update account_link set expires_at = now() - interval '1 second'")
    elif how == "later":
        await actions.ask_reset(alice.email)
    else:
        await accounts.switch(alice.id, False, alice.actor)
    with pytest.raises(doors.Missing):
        await doors.reset(token, PASSWORD)


@pytest.mark.usefixtures("db")
async def test_nobody_writes_to_an_account_that_is_switched_off() -> None:
    await factories.organisation()
    alice = await factories.account("Alice", active=False)
    await actions.ask_reset(alice.email)
    assert await letters() == []

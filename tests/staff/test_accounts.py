"""What administrators do with colleagues' accounts and roles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from portal import db as database
from portal.accounts import actions as accounts
from portal.accounts import queries as account_rows
from portal.accounts import sessions
from portal.accounts.rules import EVERYBODY, RIGHTS
from portal.accounts.words import right_words
from portal.campaigns import team
from portal.outcomes import Refused
from portal.staff import actions, roles, rules
from portal.triggers.people import colleagues_of
from portal.triggers.queries import rules_of
from tests import factories
from tests.accounts.test_factors import with_factor
from tests.clients import Client
from tests.factories import AccountRow

HERE = "/settings/accounts"


async def adam(client: Client) -> AccountRow:
    account = await factories.account("Adam", "administrator")
    await client.sign_in(account.email)
    return account


async def test_adam_finds_a_colleague_and_gives_another_role(client: Client) -> None:
    await adam(client)
    bob = await factories.account("Bob", "evaluator")
    page = await client.get(f"{HERE}?q=bob")
    assert page.texts("tbody th a") == ["Bob"]
    form = (await client.get(f"{HERE}/{bob.id}")).form(f"{HERE}/{bob.id}")
    assert form["roles"] == "evaluator"
    page = await client.post(f"{HERE}/{bob.id}", form | {"roles": ["manager", "translator"]})
    assert page.toasts == ["Saved."]
    assert "changed the roles: Manager, Translator" in page.words
    page = await client.post(f"{HERE}/{bob.id}", form | {"roles": ["evaluator"]})
    assert page.status == 409


async def test_bob_leaves_and_alice_takes_over(client: Client) -> None:
    await adam(client)
    alice, bob = await factories.account("Alice"), await factories.account("Bob")
    campaign = await factories.campaign(managers=(bob,))
    both = await factories.campaign(managers=(alice, bob))
    template = await factories.template()
    await database.execute("update template set owner_id = $1", bob.id)
    await accounts.create_api_key(bob.email)
    session = await sessions.open_session(bob.id)
    page = await client.get(f"{HERE}/{bob.id}/deactivate")
    assert "1 campaign is left without a manager" in page.words
    assert "1 API key is revoked for good." in page.words
    page = await client.post(f"{HERE}/{bob.id}/deactivate", {"heir": alice.id})
    assert page.toasts == ["Account deactivated."]
    sql = "select account_id from campaign_member where campaign_id = $1 and role = 'manager' order by 1"
    assert [row[0] for row in await database.fetch(sql, campaign.id)] == [alice.id, bob.id]
    assert [row[0] for row in await database.fetch(sql, both.id)] == [alice.id, bob.id]
    assert await database.fetchval("select owner_id from template where id = $1", template.id) == alice.id
    assert await sessions.find(session) is None
    assert await account_rows.keys_of(bob.id) == []
    with pytest.raises(Refused):
        await accounts.sign_in(bob.email, factories.PASSWORD)
    await client.post(f"{HERE}/{bob.id}/reactivate")
    assert await accounts.sign_in(bob.email, factories.PASSWORD)


async def test_the_last_administrator_stays(client: Client) -> None:
    me = await adam(client)
    form = (await client.get(f"{HERE}/{me.id}")).form(f"{HERE}/{me.id}")
    page = await client.post(f"{HERE}/{me.id}", form | {"roles": ["manager"]})
    assert page.errors == ["This is the last administrator. Make somebody else an administrator first."]
    page = await client.post(f"{HERE}/{me.id}/deactivate", {"heir": ""})
    assert page.status == 422
    eve = await factories.account("Eve", "administrator")
    await database.execute("update account set password_hash = null where id = $1", eve.id)  # invited only
    with pytest.raises(Refused):
        await actions.change(me.id, "Adam", ["manager"], 1, eve.actor)


async def test_of_two_administrators_who_deactivate_each_other_one_stays(fresh_database: str) -> None:
    first, second = await factories.account("Adam", "administrator"), await factories.account("Ada", "administrator")
    done = await asyncio.gather(
        actions.deactivate(first.id, None, second.actor),
        actions.deactivate(second.id, None, first.actor),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["NoneType", "Refused"]
    assert await database.fetchval("select count(*) from account where active") == 1


async def test_a_lost_phone_is_helped_by_an_administrator(client: Client) -> None:
    await adam(client)
    alice, _secret, _codes = await with_factor()
    session = await sessions.open_session(alice.id)
    page = await client.post(f"{HERE}/{alice.id}/remove-factor")
    assert page.toasts == ["Second factor removed, signed out everywhere."]
    assert await sessions.find(session) is None
    half = await accounts.sign_in(alice.email, factories.PASSWORD)
    assert await sessions.find(half) is not None


async def test_requiring_a_factor_signs_out_who_has_none(client: Client, make_client: Callable[..., Client]) -> None:
    await factories.organisation()
    await adam(client)
    alice, bob = await factories.account("Alice"), (await with_factor("Bob"))[0]
    without, having = await sessions.open_session(alice.id), await sessions.open_session(bob.id)
    page = await client.post(f"{HERE}/second-factor", {"roles": ["administrator"]})
    assert page.errors == ["Set up your own second factor first."]
    page = await client.post(f"{HERE}/second-factor", {"roles": ["manager"]})
    assert page.toasts == ["Saved."]
    assert await sessions.find(without) is None
    assert await sessions.find(having) is not None


async def test_a_colleague_is_added_to_a_campaign_and_taken_off(client: Client) -> None:
    await adam(client)
    bob, campaign = await factories.account("Bob", "evaluator"), await factories.campaign()
    form = {"campaign": campaign.id, "role": "evaluator"}
    page = await client.post(f"{HERE}/{bob.id}/campaigns", form)
    assert page.toasts == ["Added to the campaign."]
    page = await client.post(f"{HERE}/{bob.id}/campaigns", form | {"role": "manager"})
    assert page.toasts == ["This account has no manager’s rights. Add it as an evaluator, or ask an administrator."]
    page = await client.post(f"{HERE}/{bob.id}/campaigns/remove", form)
    assert page.toasts == ["Taken off the campaign."]


# ------------------------------------------------------------------------------------------------ roles
async def test_a_role_of_single_permissions_opens_just_these(
    client: Client, make_client: Callable[..., Client]
) -> None:
    await adam(client)
    eve = await factories.account("Eve", "translator")
    page = await client.post("/settings/roles/new", {"name": "Press", "rights": ["template.see"], "version": ""})
    assert page.toasts == ["Role created."]
    (press,) = await account_rows.roles()
    visitor = make_client()
    await visitor.sign_in(eve.email)
    assert (await visitor.get("/templates")).status == 403
    form = (await client.get(f"{HERE}/{eve.id}")).form(f"{HERE}/{eve.id}")
    await client.post(f"{HERE}/{eve.id}", form | {"roles": ["translator", press.key]})
    assert (await visitor.get("/templates")).status == 200
    assert (await visitor.get("/people/candidates")).status == 403
    await client.post(f"/settings/roles/{press.id}", {"name": "Press", "rights": ["person.see"], "version": 1})
    assert (await visitor.get("/templates")).status == 403
    assert (await visitor.get("/people/candidates")).status == 200
    page = await client.post(f"/settings/roles/{press.id}/delete")
    assert page.errors == ["Accounts have this role. Take it away from them first."]


@pytest.mark.usefixtures("db")
async def test_nobody_gives_more_than_they_hold() -> None:
    await factories.organisation()
    adam, bob = await factories.account("Adam", "administrator"), await factories.account("Bob", "evaluator")
    await roles.create("Hosts", ["account.manage", "role.edit", "campaign.see"], adam.actor)
    eve = await factories.account("Eve", "hosts")
    held = await account_rows.by_id(eve.id)
    assert held
    host = account_rows.actor_of(held)
    for wanted in (["administrator"], ["manager"], ["evaluator", "manager"]):
        with pytest.raises(Refused):
            await actions.change(bob.id, "Bob", wanted, 1, host)
        with pytest.raises(Refused):
            await actions.invite(actions.Invitation("new@team.example", "New", wanted, "en"), host)
    with pytest.raises(Refused):
        await roles.create("Kings", ["organisation.edit"], host)
    for verb in (actions.send_reset, actions.remove_factor, actions.end_sessions):
        with pytest.raises(Refused):
            await verb(adam.id, host)
    with pytest.raises(Refused):
        await actions.deactivate(adam.id, None, host)


@pytest.mark.usefixtures("db")
async def test_whoever_has_a_role_of_single_permissions_joins_teams() -> None:
    adam = await factories.account("Adam", "administrator")
    await roles.create("Jury", ["campaign.see", "dossier.see"], adam.actor)
    assert await account_rows.roles_with("dossier.see") == ["administrator", "manager", "evaluator", "jury"]
    eve, campaign = await factories.account("Eve", "jury"), await factories.campaign()
    await team.add(adam.actor, campaign.id, eve.id, "evaluator")
    with pytest.raises(Refused):
        await team.add(adam.actor, campaign.id, eve.id, "manager")
    await factories.trigger(campaign, recipients=("role:jury",))
    (colleague,) = await colleagues_of(campaign.id, await rules_of(campaign.id))
    assert (colleague.name, colleague.sees) == ("Eve", True)


def test_every_permission_has_words_and_can_be_given() -> None:
    listed = [right for _heading, rights in right_words() for right, _words in rights]
    assert sorted(listed) == sorted(RIGHTS - EVERYBODY)


@pytest.mark.parametrize(
    ("name", "key"), [("Press office", "press_office"), ("Ósma rola", "sma_rola"), ("7", "role_7"), ("ł", "role")]
)
def test_a_role_gets_a_key_that_no_other_has(name: str, key: str) -> None:
    assert rules.key_of(name, []) == key
    assert rules.key_of(name, [key, f"{key}_2"]) == f"{key}_3"

"""Z31: the kinds of optional mail that people choose among, and the templates that are of one."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.emails import queries as templates
from portal.people import topics
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow

HERE = "/settings/organisation/topics"
CALLS = {"en": "New calls", "es": "Convocatorias", "fr": "Appels", "pl": "Nabory"}


@pytest.fixture
async def adam(db: None, client: Client) -> AccountRow:
    await factories.organisation()
    account = await factories.account("Adam", "administrator")
    await client.sign_in(account.email)
    return account


@pytest.mark.seed("Z31")
async def test_Z31_an_administrator_keeps_the_kinds_in_four_languages_and_in_order(
    adam: AccountRow, client: Client
) -> None:
    assert "There are no kinds yet." in (await client.get(HERE)).words
    form = (await client.get(f"{HERE}/new")).form(f"{HERE}/new")
    page = await client.post(f"{HERE}/new", form | {"name.fr": "Appels"})
    assert (page.status, page.errors) == (422, ["Enter the name in English."])
    for names in (CALLS, {"en": "Quarterly letter"}):
        page = await client.post(f"{HERE}/new", form | {f"name.{each}": words for each, words in names.items()})
    assert page.texts("tbody th a") == ["New calls", "Quarterly letter"]
    first, second = [each.id for each in await topics.listed()]
    assert (await client.post(f"{HERE}/{second}/up")).texts("tbody th a") == ["Quarterly letter", "New calls"]
    assert (await client.post(f"{HERE}/{second}/up")).texts("tbody th a") == ["Quarterly letter", "New calls"]
    form = (await client.get(f"{HERE}/{first}")).form(f"{HERE}/{first}")
    assert (await client.post(f"{HERE}/{first}", form | {"name.en": "Calls"})).toasts == ["Saved."]
    assert (await client.post(f"{HERE}/{first}", form | {"name.en": "Openings"})).status == 409


@pytest.mark.seed("Z31")
async def test_Z31_a_kind_in_use_is_not_deleted_and_its_opt_outs_are_counted(adam: AccountRow, client: Client) -> None:
    topic_id = await topics.create(adam.actor, CALLS, {})
    template = await factories.template(category="optional")
    await database.execute("update template set topic_id = $2 where id = $1", template.id, topic_id)
    own = f"{HERE}/{topic_id}/delete"
    assert "1 template is of this kind. Give it another kind first." in (await client.get(own)).words
    assert (await client.post(own, {"opted_out": "0"})).status == 422
    await database.execute("update template set topic_id = null")
    await database.execute("insert into topic_opt_out (address, topic_id) values ('a@people.example', $1)", topic_id)
    assert (await client.post(own, {"opted_out": "0"})).status == 409
    page = await client.get(own)
    assert "1 person has opted out of it. That is forgotten too." in page.words
    assert (await client.post(own, page.form(own))).toasts == ["Kind of e-mail deleted."]
    assert await topics.listed() == []


@pytest.mark.seed("Z31")
async def test_Z31_an_optional_template_is_of_a_kind_and_a_necessary_one_of_none(
    adam: AccountRow, client: Client
) -> None:
    topic_id = await topics.create(adam.actor, CALLS, {})
    template = await factories.template()
    own = f"/templates/{template.id}"
    form = (await client.get(own)).form(own)
    await client.post(own, form | {"category": "optional", "topic_id": str(topic_id)})
    now = await templates.current(template.id)
    assert (now.category, now.topic_id) == ("optional", topic_id)
    form = (await client.get(own)).form(own)
    assert form["topic_id"] == str(topic_id)
    await client.post(own, form | {"category": "transactional"})
    assert (await templates.current(template.id)).topic_id is None
    page = await client.post(own, form | {"topic_id": "987654"})
    assert page.status == 422


async def test_alice_does_not_keep_the_kinds(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    assert (await client.get(HERE)).status == 403

"""The library: whose a template is, who sees it, where it is used, what it is for."""

from __future__ import annotations

import pytest

from portal import db
from portal.emails import actions, library, queries
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.emails.library import Filters
from portal.emails.shelving import Place, describe
from portal.outcomes import Missing, Refused
from portal.triggers import queries as triggers
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow

DRAFT = Draft(name="Receipt", category="transactional", texts={"en": Text("Subject", "", "<p>Hello</p>")})


async def own_template(owner: AccountRow, name: str = "Receipt") -> int:
    """A template that is not shared."""
    template_id = await actions.create(Draft(name=name, category="transactional", texts=DRAFT.texts), owner.actor)
    await describe(template_id, Place(shared=False, owner_id=owner.id), owner.actor)
    return template_id


async def test_ones_own_template_is_seen_by_its_owner_and_administrators(db: None) -> None:
    alice, bea = await factories.account("Alice"), await factories.account("Bea")
    adam = await factories.account("Adam", "administrator")
    template_id = await own_template(alice)
    assert [row.name for row in await library.templates(alice.actor)] == ["Receipt"]
    assert [row.name for row in await library.templates(adam.actor)] == ["Receipt"]
    assert await library.templates(bea.actor) == []
    with pytest.raises(Missing):
        await library.one(bea.actor, template_id)


async def test_a_campaign_that_uses_it_shows_it_but_nobody_else_changes_it(db: None) -> None:
    alice, bea = await factories.account("Alice"), await factories.account("Bea")
    template_id = await own_template(alice)
    version = await queries.current(template_id)
    campaign = await factories.campaign(managers=(bea,))
    await factories.trigger(campaign, factories.TemplateRow(template_id, version.id))
    row = await library.one(bea.actor, template_id)
    assert (row.editable, row.owner) == (False, "Alice")
    with pytest.raises(Refused, match="only its owner can change it"):
        await actions.save(template_id, DRAFT, 1, bea.actor)
    with pytest.raises(Refused, match="Only the owner"):
        await describe(await actions.create(DRAFT, alice.actor), Place(shared=False, owner_id=bea.id), bea.actor)


async def test_a_copy_is_ones_own_work_and_starts_at_version_1(client: Client) -> None:
    alice = await factories.account("Alice")
    template = await factories.template("Receipt")
    await client.sign_in(alice.email)
    page = await client.post(f"/templates/{template.id}/copy")
    assert (page.h1, page.toasts) == ("Receipt (copy)", ["Template copied: Receipt (copy)"])
    row = await library.one(alice.actor, int(page.path.rpartition("/")[2]))
    assert (row.owner_id, row.number, row.locales) == (alice.id, 1, ["en"])


async def test_the_library_is_narrowed_by_label_owner_language_and_use(db: None) -> None:
    alice = await factories.account("Alice")
    receipt = await own_template(alice)
    await describe(receipt, Place(note="After submitting", labels=("2027", "Decisions", "decisions"),
                                  owner_id=alice.id), alice.actor)  # fmt: skip
    used = await factories.template("Rejection", variants={"es": ("Asunto", "<p>Hola</p>")})
    await factories.trigger(await factories.campaign(managers=(alice,)), used)

    async def names(**filters: object) -> list[str]:
        return [row.name for row in await library.templates(alice.actor, Filters(**filters))]  # type: ignore[arg-type]

    assert await library.labels(alice.actor) == ["2027", "decisions"]
    assert await names(label="decisions") == await names(q="SUBMITTING") == await names(whose="mine") == ["Receipt"]
    assert await names(lacks="es") == await names(unused=True) == ["Receipt"]
    assert await names(lacks="en") == ["Rejection"]
    assert await names(whose="private") == await names(archived=True) == []


async def test_the_page_says_which_automatic_e_mails_use_it(client: Client) -> None:
    alice = await factories.account("Alice")
    template = await factories.template("Receipt")
    mine = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    await factories.trigger(mine, template, name="Tell the winners")
    await factories.trigger(await factories.campaign(title={"en": "Secret call"}), template, name="Hidden")
    await client.sign_in(alice.email)
    page = await client.get(f"/templates/{template.id}/about")
    assert page.texts("tbody tr") == ["Tell the winners Accepted Rural Labs Active"]
    assert "Other campaigns: 1" in page.words and "Secret call" not in page.words
    sent = page.form(f"/templates/{template.id}/about") | {"labels": "winners, 2027", "note": "For the jury"}
    page = await client.post(f"/templates/{template.id}/about", sent)
    assert page.toasts == ["Saved."]
    assert await db.fetchval("select labels from template where id = $1", template.id) == ["2027", "winners"]
    assert "winners" in (await client.get("/templates?label=winners", target="rows")).words


async def test_automatic_e_mails_use_shared_templates_only(db: None) -> None:
    alice = await factories.account("Alice")
    template_id = await own_template(alice)
    assert template_id not in {each.id for each in await triggers.templates_offered()}
    await describe(template_id, Place(shared=True, owner_id=alice.id), alice.actor)
    assert template_id in {each.id for each in await triggers.templates_offered()}

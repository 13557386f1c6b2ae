"""The criteria builder and views, as Alice works with them."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.accounts.actions import create_api_key
from portal.audiences import sources
from portal.audiences.sources import Chosen
from portal.outcomes import Refused
from tests import factories
from tests.audiences.test_sources import members
from tests.clients import Client, Page
from tests.factories import AccountRow, CampaignRow


@pytest.fixture
async def alice(client: Client) -> AccountRow:
    """A manager, signed in."""
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    return alice


async def rule(client: Client, address: str, **parts: str | list[str]) -> Page:
    """A new view's page with its first rule typed: a field is chosen, then its comparison and value appear."""
    page = await client.get(address)
    form = page.form("/views/new") | {"c.do": "add:"}
    page = await client.post("/views/new", form)
    page = await client.post("/views/new", page.form("/views/new") | {"c.0.field": parts["field"], "c.do": "count"})
    typed = {f"c.0.{name}": value for name, value in parts.items() if name != "field"}
    return await client.post("/views/new", page.form("/views/new") | typed | {"c.do": "count"})


async def save(client: Client, page: Page, name: str) -> int:
    """Save what the builder shows. The view's id."""
    page = await client.post("/views/new", page.form("/views/new") | {"name": name})
    assert page.toasts == ["View saved."], page.errors
    return int(await database.fetchval("select id from custom_view where name = $1", name))


@pytest.mark.seed("Z10")
async def test_Z10_a_filter_of_the_list_becomes_a_view_that_counts_and_narrows_alike(
    client: Client, alice: AccountRow
) -> None:
    ana, ben = await factories.person("Ana", locale="fr"), await factories.person("Ben", locale="fr")
    await factories.person("Cleo", locale="pl")
    page = await client.get("/people/candidates?locale=fr")
    [link] = [each for each in page.links if each.startswith("/views/new")]
    page = await rule(client, link, field="name", op="contains", value="an")
    assert page.texts(".criteria-n b") == ["1 person"] and "Ana Nowak" in page.words
    view_id = await save(client, page, "French ones")
    page = await client.get(f"/people/candidates?view={view_id}&locale=fr")
    assert page.texts("tbody th a") == ["Ana Nowak"] and page.texts(".views a[aria-current]") == ["French ones"]
    assert await members(alice.actor, Chosen(module="candidates", view_id=view_id)) == [ana.id]
    await database.execute("update person set first_name = 'Bana' where id = $1", ben.id)
    assert await members(alice.actor, Chosen(module="candidates", view_id=view_id)) == [ana.id, ben.id]


@pytest.mark.seed("Z19")
async def test_Z19_records_are_chosen_by_a_views_criteria_or_ticked_across_pages(
    client: Client, alice: AccountRow
) -> None:
    campaign, other = await two_calls(alice)
    ana, ben = await factories.person("Ana"), await factories.person("Ben")
    for who, call, status in ((ana, campaign, "accepted"), (ben, campaign, "accepted"), (ben, other, "submitted")):
        await factories.dossier(call, who, status)
    wanted = {
        "join": "all",
        "items": [
            {"field": "campaign", "op": "is", "value": [str(campaign.id)]},
            {"field": "status", "op": "is", "value": ["accepted"]},
            {"field": "applied", "op": "is_not", "value": [str(other.id)]},
        ],
    }
    assert await members(alice.actor, Chosen(module="candidates", criteria=wanted)) == [ana.id]
    page = await client.get(f"/people/candidates?q=Ana&id={ben.id}&id={ana.id}")
    assert page.texts("[data-ticked]") == ["Ticked: 2"]
    ticks = page.all("form[data-ticks] input[name=id]")
    assert [each.attrs["value"] for each in ticks] == [str(ben.id), str(ana.id)] and "checked" in ticks[1].attrs
    assert "/mailings/new" in [each.attrs.get("formaction") for each in page.all(".bulk button")]
    bob = await factories.account("Bob", "evaluator")
    await client.sign_in(bob.email)
    page = await client.get("/people/candidates")
    assert "Mass mail" not in page.words


@pytest.mark.seed("Z21")
async def test_Z21_criteria_ask_about_the_company_of_a_person(client: Client, alice: AccountRow) -> None:
    form = (await client.get("/people/new?kind=contact")).form("/people/new?kind=contact")
    sent = {"first_name": "Marc", "email": "marc@farm.example", "company": "Alpha Farm", "tags": "Press, vip"}
    page = await client.post("/people/new?kind=contact", form | sent)
    assert page.toasts == ["Record created."] and "Alpha Farm" in page.words
    company = await database.fetchval("select id from company where name = 'Alpha Farm'")
    path = f"/people/companies/{company}"
    page = await client.get(f"{path}/edit")
    assert "Marc" in (await client.get(path)).words
    sent = page.form(f"{path}/edit") | {"sector": "Organic farming", "country": "FR"}
    assert (await client.post(f"{path}/edit", sent)).toasts == ["Saved."]
    assert (await client.post(f"{path}/edit", sent)).status == 409
    await factories.person("Eva", kind="contact")
    page = await rule(client, "/views/new?module=contacts", field="company_sector", op="contains", value="farming")
    assert page.texts(".criteria-n b") == ["1 person"]
    view_id = await save(client, page, "Farms")
    assert (await client.get(f"/people/contacts?view={view_id}")).texts("tbody th a") == ["Marc"]
    assert (await client.get("/people/contacts?tag=VIP")).texts("tbody th a") == ["Marc"]
    assert (await client.get("/people/companies?q=alpha&country=FR")).texts("tbody th a") == ["Alpha Farm"]


async def two_calls(alice: AccountRow) -> tuple[CampaignRow, CampaignRow]:
    """Two campaigns of hers."""
    return await factories.campaign(managers=(alice,)), await factories.campaign(managers=(alice,))


async def test_a_frozen_view_keeps_whom_it_listed(client: Client, alice: AccountRow) -> None:
    ana = await factories.person("Ana", locale="fr")
    page = await rule(client, "/views/new?module=candidates", field="locale", op="is", value=["fr"])
    view_id = await save(client, page, "French ones")
    assert (await client.post(f"/views/{view_id}/freeze", {})).toasts == ["The view is frozen: 1 person."]
    ben = await factories.person("Ben", locale="fr")
    chosen = Chosen(module="candidates", view_id=view_id)
    assert await members(alice.actor, chosen) == [ana.id]
    assert (await client.get(f"/people/candidates?view={view_id}")).texts("tbody th a") == ["Ana Nowak"]
    without = {"items": [{"field": "view", "op": "not_in", "value": [str(view_id)]}]}
    assert await members(alice.actor, Chosen(module="candidates", criteria=without)) == [ben.id]
    assert (await client.post(f"/views/{view_id}/live", {})).toasts == ["The view is live again."]
    assert await members(alice.actor, chosen) == [ana.id, ben.id]


async def test_what_is_wrong_with_criteria_is_said_beside_the_rule(client: Client, alice: AccountRow) -> None:
    campaign, _other = await two_calls(alice)
    await factories.question(campaign.id, "region")
    field = f"answer.{campaign.id}.region"
    page = await rule(client, f"/views/new?module=dossiers&campaign={campaign.id}", field=field, op="is", value="North")
    view_id = await save(client, page, "Northern ones")
    page = await client.post(
        f"/views/{view_id}", (await client.get(f"/views/{view_id}")).form(f"/views/{view_id}") | {"c.do": "add:"}
    )
    form = page.form(f"/views/{view_id}") | {"c.1.field": "withdrawn", "c.do": "count"}
    page = await client.post(f"/views/{view_id}", form)
    page = await client.post(f"/views/{view_id}", page.form(f"/views/{view_id}") | {"c.1.op": "yes", "c.do": "add:"})
    form = page.form(f"/views/{view_id}") | {"c.2.field": "withdrawn", "c.do": "count"}
    page = await client.post(f"/views/{view_id}", form)
    page = await client.post(f"/views/{view_id}", page.form(f"/views/{view_id}") | {"c.2.op": "no", "c.do": "count"})
    assert page.texts(".criteria .error") == ["This rule and one above it can never hold together, so nobody is found."]
    await database.execute("delete from question where key = 'region'")
    page = await client.get(f"/views/{view_id}")
    assert "does not exist any more" in page.texts(".criteria .error")[0]
    with pytest.raises(Refused, match="Northern ones"):
        await sources.source(alice.actor, Chosen(module="dossiers", campaign_id=campaign.id, view_id=view_id))


async def test_a_view_never_depends_on_itself(client: Client, alice: AccountRow) -> None:
    key = {"Authorization": f"Bearer {await create_api_key(alice.email)}"}

    async def view(name: str, criteria: dict[str, object]) -> int:
        body = {"name": name, "module": "candidates", "criteria": criteria}
        return int((await client.http.post("/api/v1/views", json=body, headers=key)).json()["id"])

    first = await view("First", {"items": [{"field": "locale", "op": "is", "value": ["fr"]}]})
    second = await view("Second", {"items": [{"field": "view", "op": "not_in", "value": [str(first)]}]})
    body = {"version": 1, "criteria": {"items": [{"field": "view", "op": "in", "value": [str(second)]}]}}
    answer = await client.http.patch(f"/api/v1/views/{first}", json=body, headers=key)
    assert answer.status_code == 422 and "depends on itself" in answer.text
    page = await client.get(f"/views/{first}")
    assert "Second" in page.texts("[aria-labelledby=used-h]")[0]


async def test_scripts_see_and_change_what_criteria_ask_about(client: Client, alice: AccountRow) -> None:
    key = {"Authorization": f"Bearer {await create_api_key(alice.email)}"}
    body = {"kind": "contact", "email": "marc@farm.example", "company": "Alpha", "tags": ["VIP"], "owner_id": alice.id}
    made = (await client.http.post("/api/v1/people", json=body, headers=key)).json()
    assert (made["company"], made["tags"], made["owner_id"]) == ("Alpha", ["vip"], alice.id)
    where = f"/api/v1/people/{made['id']}"
    changed = await client.http.patch(where, json={"version": made["version"], "phone": "+33 1"}, headers=key)
    assert (changed.json()["phone"], changed.json()["tags"]) == ("+33 1", ["vip"])
    assert (await client.http.patch(where, json={"version": made["version"]}, headers=key)).status_code == 409
    view = {
        "name": "VIPs",
        "module": "contacts",
        "criteria": {"items": [{"field": "tags", "op": "has", "value": "vip"}]},
    }
    view_id = (await client.http.post("/api/v1/views", json=view, headers=key)).json()["id"]
    found = await client.http.get(f"/api/v1/people?kind=contact&view={view_id}", headers=key)
    assert [each["id"] for each in found.json()["items"]] == [made["id"]]
    assert (await client.http.get(f"/api/v1/views/{view_id}/count", headers=key)).json() == {"n": 1, "exact": True}

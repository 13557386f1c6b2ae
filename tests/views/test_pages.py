"""Saved views, as Alice keeps them and her colleagues find them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from portal import db as database
from portal.accounts.actions import create_api_key
from tests import factories
from tests.clients import Client, Page


def views_of(page: Page) -> list[str]:
    return page.texts(".views a")


async def save(client: Client, address: str, **fields: str) -> Page:
    """Save what a list shows, by its own link."""
    page = await client.get(address)
    [link] = [each for each in page.links if each.startswith("/views/new")]
    form = (await client.get(link)).form("/views/new")
    return await client.post("/views/new", form | fields)


async def test_alice_keeps_a_view_with_filters_order_and_columns(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    await factories.dossier(campaign, status="accepted", number="YES-1")
    await factories.dossier(campaign, status="rejected", number="NO-1")
    await client.sign_in(alice.email)
    path = f"/campaigns/{campaign.id}/dossiers"
    asked = f"{path}?status=accepted&status=submitted&sort=name&column=email&id=1&cursor=x"
    page = await save(client, asked, name="To be told")
    assert (page.path.partition("?")[0], page.toasts) == (path, ["View saved."])
    kept = parse_qs(urlsplit(page.path).query)
    assert kept.pop("view") and kept == {"status": ["accepted", "submitted"], "sort": ["name"], "column": ["email"]}
    assert views_of(page) == ["All", "To be told"] and "YES-1" in page.words and "NO-1" not in page.words
    assert views_of(await client.get("/dossiers")) == []
    assert (await save(client, path, name=" ")).errors == ["Fill in this field."]


async def test_a_list_opens_with_the_view_that_was_chosen_for_it_and_all_is_one_click_away(client: Client) -> None:
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    await factories.dossier(campaign, status="rejected", number="NO-1")
    await client.sign_in(alice.email)
    path = f"/campaigns/{campaign.id}/dossiers"
    for name in ("First", "Second"):
        await save(client, f"{path}?status=accepted&view=0", name=name, opens_first="1")
    page = await client.get(path)
    assert page.texts(".views a[aria-current]") == ["Second"] and "NO-1" not in page.words
    page = await client.get(page.links[page.links.index(f"{path}?view=0")])
    assert page.texts(".views a[aria-current]") == ["All"] and "NO-1" in page.words
    assert await database.fetchval("select count(*) from custom_view where opens_first") == 1


async def test_a_word_of_the_query_that_no_filter_knows_breaks_no_page_of_views(client: Client) -> None:
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    page = await client.get("/views/new?status=accepted&path=elsewhere")
    page = await client.post("/views/new", page.form("/views/new") | {"name": "Odd", "shared": "1"})
    assert (page.status, page.path.partition("?")[0], page.toasts) == (200, "/dossiers", ["View saved."])
    page = await client.get("/views")
    assert page.status == 200 and "Odd" in page.words


async def test_colleagues_use_a_shared_view_and_only_its_owner_changes_it(
    client: Client, make_client: Callable[..., Client]
) -> None:
    alice, bob = await factories.account("Alice"), await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,))
    await client.sign_in(alice.email)
    path = f"/campaigns/{campaign.id}/dossiers"
    await save(client, f"{path}?q=x", name="Ours", shared="1")
    await save(client, f"{path}?q=y", name="Mine")
    view_id = await database.fetchval("select id from custom_view where name = 'Ours'")
    hers = await database.fetchval("select id from custom_view where name = 'Mine'")
    his = make_client()
    await his.sign_in(bob.email)
    assert views_of(await his.get(path)) == ["All", "Ours"]
    assert "Ours" in (await his.get("/views")).words
    assert (await his.get(f"/views/{view_id}")).path == f"{path}?view={view_id}&q=x"
    form = (await client.get(f"/views/{view_id}")).form(f"/views/{view_id}")
    assert [(await his.post(f"/views/{each}", form)).status for each in (view_id, hers)] == [404, 404]
    assert (await his.post(f"/views/{view_id}/delete", {})).status == 404
    dana = make_client()
    await dana.sign_in((await factories.account("Dana")).email)
    assert (await dana.get(f"/views/{view_id}")).status == 404
    await client.post(f"/views/{view_id}", form | {"name": "Everybody’s"})
    page = await client.post(f"/views/{view_id}", form | {"name": "Late"})
    assert page.status == 409 and "Everybody’s" in page.words
    page = await client.post(f"/views/{hers}/delete", {})
    assert page.toasts == ["View “Mine” deleted."]


async def test_scripts_keep_views_too(client: Client) -> None:
    alice, dana = await factories.account("Alice"), await factories.account("Dana")
    campaign = await factories.campaign(managers=(alice,))
    keys = [await create_api_key(each.email) for each in (alice, dana)]
    own, others = [{"Authorization": f"Bearer {key}"} for key in keys]
    body = {"name": "Told", "campaign": campaign.id, "filters": {"status": ["accepted"], "cursor": "x"}}
    made = (await client.http.post("/api/v1/views", json=body, headers=own)).json()
    assert (made["filters"], made["own"], made["version"]) == ({"status": ["accepted"]}, True, 1)
    assert (await client.http.post("/api/v1/views", json=body, headers=others)).status_code == 404
    where = f"/api/v1/views/{made['id']}"
    assert (await client.http.get(where, headers=others)).status_code == 404
    changed = await client.http.patch(where, json={"version": 1, "shared": True}, headers=own)
    assert changed.json()["shared"] and changed.json()["filters"] == {"status": ["accepted"]}
    assert (await client.http.patch(where, json={"version": 1}, headers=own)).status_code == 409
    listed = (await client.http.get("/api/v1/views?module=dossiers", headers=own)).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert (await client.http.delete(f"{where}?version=2", headers=own)).status_code == 204

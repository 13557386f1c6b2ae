"""Keys that sign letters, as administrators see them."""

from __future__ import annotations

import base64

from portal import db as database
from portal import sealed
from portal.sending import dkim
from portal.signatures import actions, queries, rules
from tests import factories
from tests.clients import Client
from tests.nameserver import NameServer

HERE = "/settings/signatures"


async def adam_signs_in(client: Client) -> factories.Actor:
    """Adam the administrator, of an organisation that writes from one domain."""
    await factories.organisation("Passerelle")
    adam = await factories.account("Adam", "administrator")
    await client.sign_in(adam.email)
    return adam.actor


async def our_domain() -> str:
    return (await queries.sender_domains())[0]


async def test_adam_is_told_that_letters_are_not_signed(client: Client) -> None:
    await adam_signs_in(client)

    page = await client.get(HERE)

    assert (page.h1, await our_domain() in page.words) == ("Signatures of letters", True)
    assert "Letters are not signed" in page.words
    assert HERE in [link.attrs["href"] for link in (await client.get("/settings/organisation")).all("main a, header a")]


async def test_adam_makes_a_key_and_copies_its_record(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(HERE)).form(HERE)

    page = await client.post(HERE, form | {"algorithm": "rsa"})

    assert page.toasts == ["Key made. Publish its record in DNS, then activate it."]
    (key,) = await queries.keys()
    assert (key.domain, key.state) == (await our_domain(), "new")
    assert [button.attrs["data-copy"] for button in page.all("[data-copy]")] == [key.name, key.value, key.line]


async def test_a_selector_that_is_taken_is_said_beside_its_field(client: Client) -> None:
    by = await adam_signs_in(client)
    await actions.make(await our_domain(), "ed25519", by, "mail")
    form = (await client.get(HERE)).form(HERE)

    page = await client.post(HERE, form | {"selector": "mail"})

    assert (page.status, page.errors) == (422, ["The domain has a key with this selector already."])


async def test_activating_asks_dns_first(client: Client, dns: NameServer) -> None:
    by = await adam_signs_in(client)
    key = await actions.make(await our_domain(), "ed25519", by, "mail")

    refused = await client.post(f"{HERE}/{key.id}/activate")
    assert (refused.status, refused.texts("[role=alert]")) == (
        422,
        [f"DNS has no record at {key.name} yet. Publish it, or wait until name servers have seen it."],
    )
    dns.records[key.name, "TXT"] = [rules.quoted(key.value)]
    page = await client.post(f"{HERE}/{key.id}/activate")

    assert page.toasts == [f"Letters from {key.domain} are signed with mail."]
    assert "Letters are signed" in page.words


async def test_check_dns_shows_what_dns_says(client: Client, dns: NameServer) -> None:
    by = await adam_signs_in(client)
    domain = await our_domain()
    for selector in ("a", "b", "c"):
        await actions.make(domain, "ed25519", by, selector)
    first, second, _third = sorted(await queries.keys(), key=lambda key: key.selector)
    dns.records[first.name, "TXT"] = [rules.quoted(first.value)]
    dns.records[second.name, "TXT"] = [rules.quoted(first.value)]

    assert (await client.get(HERE)).texts("td[data-label=DNS]") == ["not checked"] * 3
    assert (await client.get(f"{HERE}/dns")).texts("td[data-label=DNS]") == ["Not found", "Different", "Published"]


async def test_retiring_the_last_key_says_what_follows(client: Client, dns: NameServer) -> None:
    by = await adam_signs_in(client)
    key = await actions.make(await our_domain(), "ed25519", by, "mail")
    await actions.activate(key.id, by, unseen=True)

    asked = await client.get(f"{HERE}/{key.id}/retire")
    assert "leave unsigned" in asked.words
    page = await client.post(f"{HERE}/{key.id}/retire", asked.form(f"{HERE}/{key.id}/retire"))

    assert page.toasts == [f"mail of {key.domain} signs no more."]
    assert "Letters are not signed" in page.words and "may be deleted from" in page.words
    assert (await client.get(f"{HERE}/0/retire")).status == 404


async def test_no_page_shows_a_private_key(client: Client, dns: NameServer) -> None:
    by = await adam_signs_in(client)
    await actions.make(await our_domain(), "ed25519", by, "mail")
    secret = await database.fetchval("select secret from dkim_key")
    private = sealed.unseal(secret, dkim.PURPOSE)

    shown = (await client.get(HERE)).text + (await client.get(f"{HERE}/dns")).text
    for form in (private[-32:].hex(), base64.b64encode(private[-32:]).decode(), base64.b64encode(private).decode()):
        assert form not in shown
        assert base64.b64encode(secret).decode() not in shown


async def test_only_administrators_see_it(client: Client) -> None:
    await factories.organisation()
    await client.sign_in((await factories.account("Alice", "manager")).email)

    assert (await client.get(HERE)).status == 403

"""Settings of the organisation, as administrators see them."""

from portal.emails import queries as emails
from portal.organisation import queries
from tests import factories
from tests.clients import Client
from tests.dossiers.documents import drawn

HERE = "/settings/organisation"
BRAND = "/settings/brand"


async def adam_signs_in(client: Client) -> None:
    """Adam the administrator, of an organisation with a sender."""
    await factories.organisation("Passerelle")
    await client.sign_in((await factories.account("Adam", "administrator")).email)


async def test_adam_describes_the_organisation(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(HERE)).form(HERE)
    wanted = {
        "name": "Fondation Passerelle",
        "website": "passerelle.example",
        "time_zone": "paris",
    }
    page = await client.post(HERE, form | wanted)
    assert page.toasts == ["Saved."]
    us = await queries.current()
    assert (us.name, us.website, us.time_zone) == ("Fondation Passerelle", "https://passerelle.example", "Europe/Paris")


async def test_a_colour_that_white_words_vanish_on_is_refused(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(BRAND)).form(BRAND)
    page = await client.post(BRAND, form | {"brand_colour": "#ffff00"})
    assert (page.status, page.errors) == (422, ["White words cannot be read on this colour. Choose a darker one."])


async def test_two_administrators_are_shown_each_others_words(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(HERE)).form(HERE)
    await client.post(HERE, form | {"name": "Theirs"})
    page = await client.post(HERE, form | {"name": "Mine"})
    assert page.status == 409
    assert "Theirs" in page.words
    await client.post(HERE, page.form(HERE))
    assert (await queries.current()).name == "Mine"


async def test_adam_adds_a_sender_and_says_that_it_may_be_used(client: Client) -> None:
    await adam_signs_in(client)
    page = await client.post(
        f"{HERE}/senders", {"address": "calls@passerelle.example", "name": "Calls", "daily_cap": ""}
    )
    assert page.toasts == ["Address added: calls@passerelle.example"]
    (sender,) = [each for each in await queries.senders() if each.address == "calls@passerelle.example"]
    assert (sender.usable, sender.daily_cap) == (False, None)
    await client.post(f"{HERE}/senders/{sender.id}/verify")
    sender = await queries.sender(sender.id) or sender
    assert sender.usable


async def test_pausing_a_sender_says_what_follows_and_resuming_undoes_it(client: Client) -> None:
    await adam_signs_in(client)
    (sender,) = await queries.senders()
    asked = await client.get(f"{HERE}/senders/{sender.id}/pause")
    assert asked.h1 == f"Pause {sender.address}?"
    assert "not even acknowledgements of receipt" in asked.words
    page = await client.post(f"{HERE}/senders/{sender.id}/pause")
    assert page.toasts == [f"Paused: {sender.address}. Its e-mails wait."]
    assert [each.paused for each in await queries.senders()] == [True]
    page = await client.post(f"{HERE}/senders/{sender.id}/resume")
    assert page.toasts == [f"Resumed: {sender.address}. What waited leaves now."]
    assert [each.paused for each in await queries.senders()] == [False]


async def test_a_senders_page_tells_who_did_what_to_it(client: Client) -> None:
    await adam_signs_in(client)
    (sender,) = await queries.senders()
    for verb in ("pause", "resume"):
        await client.post(f"{HERE}/senders/{sender.id}/{verb}")
    page = await client.get(f"{HERE}/senders/{sender.id}")
    assert [text.rpartition(" it ")[0] for text in page.texts(".checks li")] == ["Adam resumed", "Adam paused"]


async def test_a_senders_limit_can_be_nought_or_none(client: Client) -> None:
    await adam_signs_in(client)
    (sender,) = await queries.senders()
    path = f"{HERE}/senders/{sender.id}"
    for typed, cap in (("0", 0), ("", None), ("250", 250)):
        await client.post(path, (await client.get(path)).form(path) | {"daily_cap": typed})
        assert [each.daily_cap for each in await queries.senders()] == [cap]


async def test_a_manager_neither_sees_nor_changes_the_organisation(client: Client) -> None:
    sender_id = await factories.organisation()
    await client.sign_in((await factories.account("Alice")).email)
    assert (await client.get(HERE)).status == 403
    for path in (HERE, f"{HERE}/senders", f"{HERE}/senders/{sender_id}/pause", f"{HERE}/senders/{sender_id}/verify"):
        assert (await client.post(path)).status == 403
    assert [each.paused for each in await queries.senders()] == [False]


async def test_a_sender_that_does_not_exist_is_not_found(client: Client) -> None:
    await adam_signs_in(client)
    assert (await client.get(f"{HERE}/senders/999999")).status == 404
    for verb in ("pause", "resume", "verify"):
        assert (await client.post(f"{HERE}/senders/999999/{verb}")).status == 404


async def test_P4_adam_decides_what_goes_again_by_itself(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(HERE)).form(HERE)
    assert form["resend_uncertain"] == "receipts"
    await client.post(HERE, form | {"resend_uncertain": "necessary"})
    assert (await queries.current()).resend_uncertain == "necessary"
    form = (await client.get(HERE)).form(HERE)
    page = await client.post(HERE, form | {"resend_uncertain": "everything"})
    assert (page.status, page.errors) == (422, ["Choose one of the options."])


async def test_a_senders_limit_a_minute(client: Client) -> None:
    await adam_signs_in(client)
    (sender,) = await queries.senders()
    path = f"{HERE}/senders/{sender.id}"
    for typed, per_minute in (("60", 60), ("", None)):
        await client.post(path, (await client.get(path)).form(path) | {"per_minute": typed})
        assert [each.per_minute for each in await queries.senders()] == [per_minute]
    page = await client.post(path, (await client.get(path)).form(path) | {"per_minute": "0"})
    assert (page.status, page.errors) == (422, ["Enter a number from 1 to 1000000."])


async def test_receiving_domains_are_added_changed_and_removed(client: Client) -> None:
    await adam_signs_in(client)
    domains = f"{HERE}/domains"
    page = await client.post(domains, {"domain": "Slow.example", "per_minute": "600", "connections": ""})
    assert page.toasts == ["Domain added: slow.example"]
    path = f"{domains}/slow.example"
    await client.post(path, (await client.get(path)).form(path) | {"per_minute": "", "connections": "3"})
    assert await queries.domain_limits() == [queries.DomainLimit("slow.example", None, 3)]
    page = await client.post(path, (await client.get(path)).form(path) | {"per_minute": "", "connections": ""})
    assert (page.status, page.errors) == (422, ["Enter at least one of the two limits."])
    page = await client.post(domains, {"domain": "slow.example", "per_minute": "1", "connections": ""})
    assert (page.status, page.errors) == (422, ["This domain is in the list already."])
    page = await client.post(f"{path}/remove")
    assert page.toasts == ["Domain removed: slow.example"]
    assert (await client.get(path)).status == 404


async def test_letters_show_logo_colour_address_and_footer_as_soon_as_they_are_saved(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(BRAND)).form(BRAND)
    wanted = {
        "brand_colour": "#205080",
        "postal_address": "4 quai de la Fosse\n44000 Nantes",
        "footer.en": "Charity 12",
    }
    page = await client.post(BRAND, form | wanted, files={"logo": ("us.png", drawn(size=(480, 120)), "image/png")})
    assert page.toasts == ["Saved. Letters that leave from now on look like this."]
    shown = await emails.brand()
    assert (shown.colour, shown.footer, shown.postal_address) == (
        "#205080",
        (("en", "Charity 12"),),
        wanted["postal_address"],
    )
    assert shown.logo and (shown.logo.width, shown.logo.height) == (240, 60)
    client.checked = False
    letter = (await client.get(f"{BRAND}/letter?locale=en")).text
    assert f'src="{shown.logo.path}"' in letter and "Charity 12" in letter and "#205080" in letter
    assert "Charity 12" not in (await client.get(f"{BRAND}/letter?locale=pl")).text


async def test_what_is_being_chosen_is_shown_and_not_kept(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(BRAND)).form(BRAND)
    client.checked = False
    tried = await client.post(f"{BRAND}/letter", form | {"footer.es": "NIF <1>", "locale": "es"})
    assert "NIF &lt;1&gt;" in tried.text
    assert (await emails.brand()).footer == ()


async def test_a_logo_that_is_no_picture_is_refused_and_the_old_one_stays(client: Client) -> None:
    await adam_signs_in(client)
    form = (await client.get(BRAND)).form(BRAND)
    page = await client.post(BRAND, form, files={"logo": ("x.png", b"<svg/>", "image/png")})
    assert page.status == 422 and page.texts("#logo-error") == page.errors
    await client.post(BRAND, form, files={"logo": ("us.png", drawn(size=(480, 120)), "image/png")})
    page = await client.post(BRAND, (await client.get(BRAND)).form(BRAND) | {"without_logo": "1"})
    assert (await emails.brand()).logo is None

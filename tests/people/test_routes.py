"""Alice the manager looks people up and respects what they refused; Bob the evaluator sees his own candidates."""

from __future__ import annotations

import pytest

from portal import db as database
from portal import timeline
from portal.people import queries, wishes
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow


@pytest.fixture
async def alice(client: Client) -> AccountRow:
    """Alice, signed in."""
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


# ------------------------------------------------------------------------------------------------ lists
async def test_lists_of_candidates_and_contacts_say_what_reaches_them(alice: AccountRow, client: Client) -> None:
    ana = await factories.person("Ana", "Nowak")
    jan = await factories.person("Jan", "Kos")
    await factories.person("Eva", "Roy", email=None)
    await factories.person("Marc", "Petit", kind="contact")
    await wishes.opt_out(ana.id, alice.actor)
    sql = "insert into suppression (address, scope, reason) values ($1, 'all', 'suppressed_bounce')"
    await database.execute(sql, jan.email)
    page = await client.get("/people/candidates")
    assert page.texts("tbody th a") == ["Eva Roy", "Jan Kos", "Ana Nowak"]
    assert page.texts("tbody td:nth-child(5)") == ["No address", "Blocked", "Opted out"]
    page = await client.get("/people/contacts")
    assert page.texts("tbody th a") == ["Marc Petit"]
    assert page.texts("tbody td:nth-child(5)") == ["Receives all"]


async def test_filters_are_shown_and_can_be_taken_away(alice: AccountRow, client: Client) -> None:
    await factories.person("Ana", "Nowak", locale="pl")
    await factories.person("Jan", "Kos", locale="fr")
    page = await client.get("/people/candidates?q=nowak&locale=pl")
    assert page.texts("tbody th a") == ["Ana Nowak"]
    assert page.texts(".chip > span") == ["Search: nowak", "Language: Polish"]
    assert "/people/candidates?q=nowak" in page.links
    part = await client.get("/people/candidates?q=nobody", target="rows")
    assert part.texts(".empty h2") == ["Nothing matches these filters"]


async def test_a_long_list_pages_to_older_people_and_back(alice: AccountRow, client: Client) -> None:
    for n in range(queries.PAGE + 1):
        await factories.person(f"P{n}", "Nowak")
    first = await client.get("/people/candidates?q=nowak")
    assert len(first.all("tbody tr")) == queries.PAGE
    second = await client.get(first.one("a[rel=next]").attrs["href"] or "")
    assert second.texts("tbody th a") == ["P0 Nowak"]
    assert second.all("a[rel=next]") == []
    back = await client.get(second.one("a[rel=prev]").attrs["href"] or "")
    assert back.texts("tbody th a") == first.texts("tbody th a")


async def test_empty_lists_say_what_they_are_for(alice: AccountRow, client: Client) -> None:
    assert (await client.get("/people/candidates")).texts(".empty h2") == ["There are no candidates yet."]
    assert (await client.get("/people/contacts")).texts(".empty h2") == ["There are no contacts yet."]


# ------------------------------------------------------------------------------------------------ a new person
async def test_alice_adds_a_contact_by_hand(alice: AccountRow, client: Client) -> None:
    where = "/people/new?kind=contact"
    form = (await client.get(where)).form(where)
    page = await client.post(where, form | {"first_name": "Marc", "email": "marc@example.org", "locale": "fr"})
    assert (page.h1, page.toasts) == ("Marc", ["Record created."])
    assert page.texts("[aria-labelledby=facts] dd")[:3] == ["marc@example.org", "French", "Contact"]


async def test_an_address_that_somebody_has_is_said_with_a_link(alice: AccountRow, client: Client) -> None:
    ana = await factories.person("Ana", "Nowak", email="ana@example.org")
    where = "/people/new?kind=candidate"
    form = (await client.get(where)).form(where)
    page = await client.post(where, form | {"first_name": "Anna", "email": "ANA@example.org"})
    assert (page.status, page.errors) == (422, ["This address belongs to “Ana Nowak” already."])
    assert f"/people/{ana.id}" in page.links
    assert page.form(where)["first_name"] == "Anna"


async def test_numbers_and_signs_that_no_column_holds_find_nobody(alice: AccountRow, client: Client) -> None:
    await factories.person("Ana", "Nowak")
    assert (await client.get("/people/99999999999999999999999")).status == 404
    assert (await client.get("/people/candidates?q=nowak%00")).texts("tbody th a") == ["Ana Nowak"]


async def test_a_kind_that_does_not_exist_is_not_found(alice: AccountRow, client: Client) -> None:
    assert (await client.get("/people/new?kind=company")).status == 404


# ------------------------------------------------------------------------------------------------ one person
async def test_the_page_shows_facts_dossiers_and_history(alice: AccountRow, client: Client) -> None:
    campaign = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    ana = await factories.person("Ana", "Nowak", locale="pl")
    dossier = await factories.dossier(campaign, ana)
    await wishes.opt_out(ana.id, alice.actor)
    page = await client.get(f"/people/{ana.id}")
    assert page.h1 == "Ana Nowak"
    assert page.texts("[aria-labelledby=dossiers] tbody th") == [dossier.number]
    assert page.texts("[aria-labelledby=dossiers] tbody td")[:2] == ["Rural Labs", "Submitted"]
    assert page.texts(".timeline p") == [f"{ana.email}: opted out of optional e-mail. By Alice"]
    assert page.texts("[aria-labelledby=messages] p") == ["Nothing has been sent to this person."]


async def test_what_happened_in_a_foreign_campaign_is_not_told(alice: AccountRow, client: Client) -> None:
    campaign = await factories.campaign()
    ana = await factories.person("Ana", "Nowak")
    dossier = await factories.dossier(campaign, ana)
    ids = {"dossier_id": dossier.id, "person_id": ana.id}
    await timeline.record("dossier", dossier.id, "dossier.submitted", alice.actor, campaign_id=campaign.id, **ids)
    await timeline.record("dossier", dossier.id, "dossier.created", alice.actor, **ids)
    page = await client.get(f"/people/{ana.id}")
    assert page.texts(".timeline p") == []
    assert page.texts("[aria-labelledby=dossiers] p") == ["No dossiers that you may see."]


async def test_alice_edits_the_record_and_the_slower_one_compares(alice: AccountRow, client: Client) -> None:
    ana = await factories.person("Ana", "Nowak")
    where = f"/people/{ana.id}/edit"
    form = (await client.get(where)).form(where)
    page = await client.post(where, form | {"last_name": "Kowalska"})
    assert (page.h1, page.toasts) == ("Ana Kowalska", ["Saved."])
    page = await client.post(where, form | {"last_name": "Lis"})
    assert (page.status, page.texts(".compare ins")) == (409, ["Kowalska", "Lis"])
    page = await client.post(where, page.form(where))
    assert page.h1 == "Ana Lis"


@pytest.mark.seed("Z31")
async def test_Z31_alice_opts_a_person_out_and_in_again(alice: AccountRow, client: Client) -> None:
    ana = await factories.person("Ana", "Nowak")
    own = f"/people/{ana.id}"
    assert (await client.get(f"{own}/opt-out")).h1 == "Send no more optional e-mail to Ana Nowak?"
    page = await client.post(f"{own}/opt-out")
    assert page.texts("[aria-labelledby=reach] .status") == ["Opted out of optional e-mail"]
    assert ", by Alice. Source: entered by hand" in page.words
    assert "Only the person can opt in again, or an administrator" in page.words
    assert [link for link in page.links if link.startswith("/suppressions/lift")] == []
    adam = await factories.account("Adam", "administrator")
    await client.sign_in(adam.email)
    lift = next(link for link in (await client.get(own)).links if link.startswith("/suppressions/lift"))
    form = (await client.get(lift)).form("/suppressions/lift")
    assert (await client.post("/suppressions/lift", form)).status == 422
    page = await client.post("/suppressions/lift", form | {"note": "Phoned on Monday"})
    assert (page.path == own, page.toasts) == (True, [f"{ana.email} is written to again."])
    assert page.texts("[aria-labelledby=reach] .status") == ["Receives all"]
    assert page.texts("[aria-labelledby=consents] p")[1:2] == ["Wants optional e-mail"]
    assert "Phoned on Monday" in page.words
    file = await client.get(f"{own}/consents.csv")
    assert "Wants optional e-mail,Phoned on Monday,English,entered by hand" in file.text


@pytest.mark.seed("B08")
async def test_B08_a_blocked_address_says_why_and_who_may_lift_it(alice: AccountRow, client: Client) -> None:
    ana, jan = await factories.person("Ana", "Nowak"), await factories.person("Jan", "Kos")
    sql = "insert into suppression (address, scope, reason, source) values ($1, 'all', $2, 'bounce')"
    await database.execute(sql, ana.email, "suppressed_bounce")
    await database.execute(sql, jan.email, "complaint")
    page = await client.get(f"/people/{ana.id}")
    assert page.texts("[aria-labelledby=reach] .status") == ["Address blocked after a bounce"]
    assert "Whoever decides about addresses may unblock it once the mailbox works again." in page.words
    assert "what is said here holds for candidates and contacts alike" in page.words
    lift = next(link for link in page.links if link.startswith("/suppressions/lift"))
    page = await client.get(lift)
    assert page.h1 == f"Write to {ana.email} again?"
    page = await client.post("/suppressions/lift", page.form("/suppressions/lift"))
    assert page.toasts == [f"{ana.email} is written to again."]
    page = await client.get(f"/people/{jan.id}")
    assert "Only the person can undo it, or an administrator with a note" in page.words
    assert [link for link in page.links if link.startswith("/suppressions/lift")] == []
    form = {"address": jan.email, "scope": "all", "reason": "complaint", "note": "she said so"}
    assert (await client.post("/suppressions/lift", form)).status == 422


async def test_bob_sees_his_candidates_without_the_manager_s_buttons(client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    campaign = await factories.campaign(evaluators=(bob,))
    ana, jan = await factories.person("Ana", "Nowak"), await factories.person("Jan", "Kos")
    await factories.dossier(campaign, ana)
    await client.sign_in(bob.email)
    page = await client.get("/people/candidates")
    assert page.texts("tbody th a") == ["Ana Nowak"]
    page = await client.get(f"/people/{ana.id}")
    assert [link for link in page.links if link.startswith(f"/people/{ana.id}/")] == []
    assert page.texts("main h2") == ["Dossiers", "Facts", "What reaches this person"]
    assert (await client.get(f"/people/{jan.id}")).status == 404
    for place in ("edit", "opt-out"):
        assert (await client.get(f"/people/{ana.id}/{place}")).status == 403
    assert (await client.get("/people/new?kind=candidate")).status == 403

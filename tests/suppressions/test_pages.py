"""B08: one truth about addresses that are not written to: found, blocked by hand or from a list, written to again."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.actor import SYSTEM
from portal.ledger import actions as ledger
from portal.people import wishes
from portal.suppressions.reading import ranges
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow

HERE = "/suppressions"


@pytest.fixture
async def alice(db: None, client: Client) -> AccountRow:
    await factories.organisation()
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


async def listed() -> list[tuple[str, str, str, str]]:
    sql = "select address::text, scope, reason, note from suppression order by address, scope"
    return [tuple(row) for row in await database.fetch(sql)]


def csv(*lines: str) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("stop.csv", "\n".join(lines).encode(), "text/csv")}


@pytest.mark.seed("B08")
async def test_B08_an_address_nobody_knows_is_blocked_by_hand_and_lifted(alice: AccountRow, client: Client) -> None:
    assert "No address is blocked." in (await client.get(HERE)).words
    page = await client.get(f"{HERE}/new")
    sent = page.form(f"{HERE}/new") | {"address": "Press@Paper.example", "scope": "all", "note": "their lawyer wrote"}
    page = await client.post(f"{HERE}/new", sent)
    assert page.toasts == ["Blocked: Press@Paper.example"]
    assert await listed() == [("Press@Paper.example", "all", "by_hand", "their lawyer wrote")]
    page = await client.post(f"{HERE}/new", sent | {"address": "press@paper.EXAMPLE"})
    assert (page.status, page.errors) == (422, ["This address is on the list already."])
    lift = next(link for link in (await client.get(HERE)).links if link.startswith(f"{HERE}/lift"))
    page = await client.post(f"{HERE}/lift", (await client.get(lift)).form(f"{HERE}/lift"))
    assert (page.toasts, await listed()) == (["Press@Paper.example is written to again."], [])
    page = await client.get(lift)  # somebody was faster
    assert page.toasts == ["This address is written to."]


@pytest.mark.seed("B08")
async def test_B08_the_list_is_searched_narrowed_and_exported(alice: AccountRow, client: Client) -> None:
    ana = await factories.person("Ana", "Nowak", email="ana@people.example")
    await wishes.opt_out(ana.id, alice.actor)
    await ledger.suppress("bounced@old.example", "all", "suppressed_bounce", "550 5.1.1 gone", SYSTEM)
    await ledger.suppress("=cmd@old.example", "all", "by_hand", "by_hand", SYSTEM, note="=1+1")
    for query, found in (
        ("", 3), ("?q=PEOPLE", 1), ("?q=%25", 0), ("?reason=suppressed_bounce", 1), ("?scope=all", 2),
        ("?scope=all&reason=opted_out", 0), ("?reason=nothing&cursor=nothing", 3),
    ):  # fmt: skip
        assert len((await client.get(HERE + query)).all("tbody tr")) == found, query
    page = await client.get(f"{HERE}?q=ana")
    assert page.texts("tbody td:nth-child(2)") == ["Opted out of optional e-mail"]
    assert f"/people/{ana.id}" in page.links
    file = await client.post(f"{HERE}/export?scope=all")
    lines = file.text.removeprefix("\ufeff").splitlines()
    assert [line.split(",")[0] for line in lines] == ["E-mail address", "bounced@old.example", "'=cmd@old.example"]
    assert "'=1+1" in lines[2]


async def test_the_list_pages_by_key_however_many_share_a_moment(alice: AccountRow, client: Client) -> None:
    sql = """insert into suppression (address, scope, reason)
        select 'p' || n || '@people.example', 'all', 'by_hand' from generate_series(1, 120) n"""
    await database.execute(sql)
    seen: list[str] = []
    page = await client.get(HERE)
    while True:
        seen += page.texts("tbody th")
        older = page.all("a[rel=next]")
        if not older:
            break
        page = await client.get(older[0].attrs["href"] or "")
    assert (len(seen), len(set(seen))) == (120, 120)


@pytest.mark.seed("B08")
async def test_B08_a_list_comes_in_whole_and_keeps_what_was_there(alice: AccountRow, client: Client) -> None:
    ana = await factories.person(email="ana@people.example")
    await wishes.opt_out(ana.id, alice.actor)
    rows = ("Imię;E-mail", "Ana;ANA@people.example", "Jan;jan@people.example", "Jan;Jan@people.example")
    page = await client.post(f"{HERE}/import", {"scope": "optional", "note": "old tool"}, files=csv(*rows))
    assert page.toasts == ["1 address blocked. 1 was blocked already."]
    assert await listed() == [
        ("ana@people.example", "optional", "opted_out", ""),
        ("jan@people.example", "optional", "by_hand", "old tool"),
    ]
    page = await client.post(f"{HERE}/import", {"scope": "all"}, files=csv("eva@people.example", "ola@people.example"))
    assert page.toasts == ["2 addresses blocked."]


@pytest.mark.seed("B08")
async def test_B08_20000_invalid_addresses_are_named_by_row_and_nothing_is_half_imported(
    alice: AccountRow, client: Client
) -> None:
    rows = ("email", "good@people.example", *(f"wrong {n}" for n in range(20_000)), "fine@people.example", "", "no,")
    page = await client.post(f"{HERE}/import", {"scope": "all"}, files=csv(*rows))
    assert (page.status, await listed()) == (422, [])
    assert page.texts("#wrong-h") == ["20,001 rows without a valid address"]
    assert page.texts("tbody tr:first-child td") == ["3", "wrong 0"]
    assert page.texts("section[aria-labelledby=wrong-h] > p") == ["The other lines: 203–20002, 20005"]


async def test_lists_that_cannot_be_read_say_why(alice: AccountRow, client: Client) -> None:
    for rows, words in (
        (("name", "Ana"), "No column is called “E-mail”. Name the column of the addresses so."),
        (("email", *(f"p{n}@people.example" for n in range(50_001))), "A list can have at most 50,000 rows."),
        (("",), "The file is empty."),
    ):
        page = await client.post(f"{HERE}/import", {"scope": "all"}, files=csv(*rows))
        assert (page.status, words in " ".join(page.errors)) == (422, True), page.errors
    assert await listed() == []


def test_lines_are_named_as_ranges() -> None:
    assert ranges([1, 2, 3, 5, 7, 8]) == "1–3, 5, 7–8"
    assert ranges([]) == ""


async def test_bob_neither_sees_nor_changes_the_list(client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    await client.sign_in(bob.email)
    assert (await client.get(HERE)).status == 403
    for path in ("new", "import", "lift", "export"):
        assert (await client.post(f"{HERE}/{path}")).status == 403

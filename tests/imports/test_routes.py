"""Alice brings a list in through the browser: file, columns, check, button with the number, outcome."""

from __future__ import annotations

import pytest

from portal import db as database
from portal.imports import queries
from portal.jobs import running
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow
from workers.jobs import WHOLE

POLISH = "adres;imię;nazwisko\nzaneta@people.example;Żaneta;Łoś\nnobody;X;Y\n".encode("cp1250")


@pytest.fixture
async def alice(fresh_client: Client) -> AccountRow:
    """Alice, signed in."""
    account = await factories.account("Alice")
    await fresh_client.sign_in(account.email)
    return account


async def test_alice_brings_contacts_in_from_a_polish_spreadsheet(alice: AccountRow, fresh_client: Client) -> None:
    assert (await fresh_client.get("/imports")).texts(".empty h2") == ["No imports yet"]
    page = await fresh_client.get("/imports/new?kind=contacts")
    form = page.form("/imports/new")
    page = await fresh_client.post("/imports/new", form, files={"file": ("lista.csv", POLISH, "text/csv")})
    assert page.h1 == "lista.csv"
    assert page.texts("tbody td")[:3] == ["zaneta@people.example", "Żaneta", "Łoś"]
    where = page.path
    form = page.form(where)
    assert (form["encoding"], form["delimiter"], form["column_first_name"]) == ("cp1250", "semicolon", "2")
    page = await fresh_client.post(where, form)
    assert page.status == 422
    assert page.texts(".errors a") == ["Choose the column with the e-mail addresses."]
    page = await fresh_client.post(where, form | {"column_email": "1", "locale": "pl"})
    assert page.one("#stand").attrs["data-live"] == "1"
    await running.work({}, WHOLE, 60)
    page = await fresh_client.get(where)
    assert page.texts(".sum dd") == ["1", "1"]
    assert "This is no e-mail address" in page.words
    assert "nobody" in (await fresh_client.get(f"{where}/problems.csv")).text
    assert (await fresh_client.get("/jobs")).texts("td.num")[:2] == ["2 / 2", "0"]
    page = await fresh_client.post(f"{where}/run", page.form(f"{where}/run"))
    await running.work({}, WHOLE, 60)
    assert (await fresh_client.get("/jobs")).texts("td.num")[:2] == ["1 / 2", "1"]
    page = await fresh_client.get(where)
    assert page.texts(".sum dd") == ["1", "1"]
    assert "This is no e-mail address" in page.words  # what was left out can still be mended
    assert "/people/contacts" in page.links
    assert await database.fetchval("select last_name from person where locale = 'pl'") == "Łoś"


async def test_a_wrong_file_is_said_beside_the_field(alice: AccountRow, fresh_client: Client) -> None:
    form = (await fresh_client.get("/imports/new")).form("/imports/new")
    for data, sentence in (
        (b"", "The file is empty."),
        (b"PK\x03\x04xx", "The workbook cannot be opened. Save it anew as XLSX or CSV and try again."),
        (b'a;b\n1;"2', "The quotation marks of line 2 do not fit. Mend them, or save the table as XLSX."),
    ):
        page = await fresh_client.post("/imports/new", form, files={"file": ("list.csv", data, "text/csv")})
        assert (page.status, page.texts(".error")) == (422, [sentence])


async def test_two_people_at_one_import_lose_nothing(alice: AccountRow, fresh_client: Client) -> None:
    form = (await fresh_client.get("/imports/new")).form("/imports/new")
    page = await fresh_client.post(
        "/imports/new", form, files={"file": ("a.csv", b"email\na@people.example", "text/csv")}
    )
    where = page.path
    form = page.form(where)
    await fresh_client.post(where, form)
    page = await fresh_client.post(where, form)
    assert page.status == 409
    assert "The import has changed since you opened this page" in page.words


async def test_a_list_can_be_put_away(alice: AccountRow, fresh_client: Client) -> None:
    form = (await fresh_client.get("/imports/new")).form("/imports/new")
    page = await fresh_client.post(
        "/imports/new", form, files={"file": ("a.csv", b"email\na@people.example", "text/csv")}
    )
    where = f"{page.path}/put-away"
    page = await fresh_client.post(where, (await fresh_client.get(where)).form(where))
    assert "This list was discarded." in page.words
    assert (await fresh_client.get(where)).status == 404
    assert (await queries.latest(alice.actor, None)).items[0].state == "cancelled"


async def test_evaluators_import_nothing(fresh_client: Client) -> None:
    bob = await factories.account("Bob", "evaluator")
    await fresh_client.sign_in(bob.email)
    assert (await fresh_client.get("/imports")).status == 403

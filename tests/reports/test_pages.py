"""Reports: what became of the e-mails, for those who may see them, as pages and as files."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from python_calamine import CalamineWorkbook

from portal import db as database
from portal.actor import SYSTEM
from portal.ledger import actions
from portal.ledger.rules import Intent, Lane
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow
from tests.sending.helpers import letter, plan

pytestmark = pytest.mark.usefixtures("db")

HERE = "/reports"


@pytest.fixture
async def alice(db: None, client: Client) -> AccountRow:
    """A manager, signed in."""
    await factories.organisation()
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


async def mailing(name: str, campaign_id: int, count: int) -> int:
    """A mailing to so many, and to two more who get nothing."""
    sql = "insert into mailing (name, state, campaign_id, started_at) values ($1, 'finished', $2, now()) returning id"
    number = int(await database.fetchval(sql, name, campaign_id))
    await plan(count, Lane.mass, kind="mailing", ref_id=number, optional=True)
    row = await database.fetchrow("select o.sender_id, l.version_id from message m join letter l using (id) "
                                  "join origin o on o.id = m.origin_id limit 1")  # fmt: skip
    assert row
    left_out = [
        Intent(address=f"{reason}@people.example", locale="en", optional=True, occurrence=2, state="skipped",
               reason=reason, letter=letter(row["version_id"]))
        for reason in ("opted_out", "complaint")
    ]  # fmt: skip
    await actions.post("mailing", number, row["sender_id"], Lane.mass, left_out)
    sql = "update origin set campaign_id = $1 where kind = 'mailing' and ref_id = $2"
    await database.execute(sql, campaign_id, number)
    return number


async def end(number: int, state: str, count: int, reason: str | None = None) -> None:
    """So many queued messages of a mailing end like this."""
    sql = """update message set state = $1, reason = $2, settled_at = now() where id in (
        select m.id from message m join origin o on o.id = m.origin_id
        where o.kind = 'mailing' and o.ref_id = $3 and m.state = 'queued' order by m.id limit $4)"""
    await database.execute(sql, state, reason, number, count)


async def test_alice_sees_what_became_of_a_mailing_and_why(alice: AccountRow, client: Client) -> None:
    rural = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    number = await mailing("Closing reminder", rural.id, 10)
    await end(number, "accepted", 6)
    await end(number, "failed", 3, "refused")
    await end(number, "uncertain", 1, "worker_lost")
    await actions.suppress("person0@people.example", "optional", "opted_out", "letter", SYSTEM)
    await actions.suppress("person7@people.example", "all", "suppressed_bounce", "550 5.1.1", SYSTEM)
    await actions.suppress("stranger@people.example", "optional", "opted_out", "letter", SYSTEM)
    page = await client.get(f"{HERE}?by=mailing")
    [row] = page.texts("tbody tr")
    assert row.startswith("Closing reminder today, ") and row.endswith(" 12 6 3 1 2 0 1 1")
    assert page.texts("tbody th details p") == [
        "Skipped – Address blocked: reported as spam: 1, Opted out of optional e-mail: 1",
        "Not delivered – Refused by the recipient’s mail server: 3",
    ]
    assert page.one(f'tbody a[href="/mailings/{number}"]')
    page = await client.get(f"{HERE}?by=campaign")
    assert page.texts("tbody tr") == ["Rural Labs 12 6 3 1 2 0 1 1"]
    page = await client.get(HERE)
    month = f"{datetime.now(UTC):%B %Y}"
    assert page.texts("tbody tr") == [f"{month} 12 6 3 1 2 0 1 1"]
    assert "Sent: 6. Not delivered: 3. Not confirmed: 1." in page.texts("svg title")[0]


async def test_nobody_sees_the_figures_of_others_campaigns(alice: AccountRow, client: Client) -> None:
    secret = await factories.campaign(managers=(), title={"en": "A secret"})
    await mailing("Secret news", secret.id, 4)
    for query in ("?by=campaign", "?by=mailing", "", f"?by=mailing&campaign={secret.id}"):
        page = await client.get(HERE + query)
        assert "ecret" not in page.words and page.texts("tfoot td")[-8:] in ([], ["0"] * 8), query
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    page = await client.get(f"{HERE}?by=campaign")
    assert page.texts("tbody tr") == ["A secret 6 0 0 0 2 0 0 0"]


async def test_a_period_and_a_campaign_narrow_it(alice: AccountRow, client: Client) -> None:
    rural = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    urban = await factories.campaign(managers=(alice,), title={"en": "Urban Labs"})
    await mailing("Old news", rural.id, 3)
    await database.execute("update tally set minute = '2020-02-10 12:00+00'")
    await mailing("New news", urban.id, 5)
    page = await client.get(f"{HERE}?by=mailing&since=2020-02-01&until=2020-02-29")
    assert [row.partition(" ")[0] for row in page.texts("tbody tr")] == ["Old"]
    assert page.texts(".chip > span") == ["From 1 Feb 2020", "Until 29 Feb 2020"]
    page = await client.get(f"{HERE}?since=2020-02-01&until=2020-02-29")
    assert page.texts("tbody tr") == ["10 Feb 2020 5 0 0 0 2 0 0 0"]
    page = await client.get(f"{HERE}?by=mailing&since=2020-01-01&campaign={urban.id}")
    assert [row.partition(" ")[0] for row in page.texts("tbody tr")] == ["New"]
    page = await client.get(f"{HERE}?since=never&campaign=x&by=y")
    assert page.status == 200 and not page.texts(".chip")


async def test_the_files_have_the_same_rows(alice: AccountRow, client: Client) -> None:
    rural = await factories.campaign(managers=(alice,), title={"en": "Rural Labs"})
    await mailing("=1+1", rural.id, 3)
    page = await client.get(f"{HERE}/file?file=csv&by=mailing")
    lines = page.text.splitlines()
    assert lines[0].startswith("\ufeffMailing,Intended,Sent,Not delivered,")
    assert lines[1].startswith("'=1+1,5,0,0,0,2,0,0,0,")
    page = await client.get(f"{HERE}/file?file=xlsx&by=campaign")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(page.response.content)).get_sheet_by_index(0).to_python()
    assert rows[1][:3] == ["Rural Labs", 5, 0]
    assert (await client.get(f"{HERE}/file?file=exe")).status == 404


async def test_an_evaluator_sees_no_reports(client: Client) -> None:
    await client.sign_in((await factories.account("Bob", "evaluator")).email)
    assert (await client.get(HERE)).status == 403

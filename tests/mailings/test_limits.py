"""The page of the day's limits: today's use, what waits, what the next days hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import db as database
from portal.ledger.rules import Lane
from portal.mailings import limits
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("db")

HERE = "/mailings/limits"
USED = "insert into quota (pool, day, used) values ($1, limit_day(), $2)"
MAILING = """
insert into mailing (name, state, campaign_id, launched_by, created_by, expected, due_at)
values ($1, $2, $3, $4, $4, $5, $6) returning id"""


@pytest.fixture
async def alice(db: None, client: Client) -> AccountRow:
    """A manager, signed in, in a house with limits: 1,000 a day together, 400 for one colleague."""
    await factories.organisation()
    await database.execute("update organisation set mass_cap = 1000, account_cap = 400")
    account = await factories.account("Alice")
    await client.sign_in(account.email)
    return account


async def running(name: str, account: AccountRow, count: int, campaign_id: int | None = None) -> int:
    """A mailing of which so many wait for tomorrow."""
    mailing = int(await database.fetchval(MAILING, name, "running", campaign_id, account.id, count, None))
    await plan(count, Lane.mass, kind="mailing", ref_id=mailing)
    sql = "update origin set account_id = $1, campaign_id = $2 where kind = 'mailing' and ref_id = $3"
    await database.execute(sql, account.id, campaign_id, mailing)
    sql = """update batch set waits_for = 'limit', due_at = limit_reset() where origin_id = (
        select id from origin where kind = 'mailing' and ref_id = $1)"""
    await database.execute(sql, mailing)
    return mailing


@pytest.mark.seed("Z08")
@pytest.mark.seed("Z09")
@pytest.mark.seed("B10")
async def test_B10_Z08_Z09_alice_sees_what_is_used_what_waits_and_the_next_days(
    alice: AccountRow, client: Client
) -> None:
    await database.execute(USED, "organisation", 700)
    await database.execute(USED, f"account:{alice.id}", 400)
    mailing = await running("Closing reminder", alice, 300)
    foreign = await factories.campaign(managers=())
    await running("A secret", await factories.account("Maria"), 20, foreign.id)
    soon = datetime.now(UTC) + timedelta(days=2)
    await database.execute(MAILING, "Spring news", "scheduled", None, alice.id, 500, soon)
    page = await client.get(HERE)
    today = page.texts("section[aria-labelledby=today-h] tbody tr")
    assert today[0] == "All mass mail 700 700 / 1,000 300 320"
    assert "Mass mail started by Alice 400 400 / 400 Daily limit reached 300" in today
    waits = page.texts("section[aria-labelledby=waits-h] tbody tr")
    assert [each.partition(" in ")[0].partition(" tomorrow")[0] for each in waits] == [
        "Closing reminder 300",
        "From another campaign 20",
    ]
    assert page.one(f'section[aria-labelledby=waits-h] a[href="/mailings/{mailing}"]')
    assert "A secret" not in page.words
    coming = page.texts("section[aria-labelledby=coming-h] tbody tr")
    assert any(each.startswith("Spring news 500") and "100 wait for their limit" in each for each in coming)
    numbers = [each.split()[-3] for each in page.texts("section[aria-labelledby=days-h] tbody tr")]
    assert (sum(map(int, numbers)), max(map(int, numbers))) == (820, 400)


@pytest.mark.seed("B10")
async def test_B10_the_forecast_of_a_mailing_knows_what_is_used_and_the_senders_own_limit(alice: AccountRow) -> None:
    sender = await factories.organisation()
    await database.execute("update sender set daily_cap = 900, per_minute = 60 where id = $1", sender)
    await database.execute(USED, f"account:{alice.id}", 150)
    today = await limits.house()
    found = await limits.forecast_of(700, sender, alice.id, today.resets_at)
    assert [n for _day, n in found.by_day] == [400, 300]
    found = await limits.forecast_of(700, sender, None, today.resets_at)
    assert [n for _day, n in found.by_day] == [700]
    assert found.ends_at == today.resets_at + timedelta(minutes=700 / 60)


async def test_without_any_limit_the_page_says_so(client: Client) -> None:
    await factories.organisation()
    await client.sign_in((await factories.account("Alice")).email)
    page = await client.get(HERE)
    assert page.texts("section[aria-labelledby=today-h] tbody tr") == ["All mass mail 0 No limit 0"]
    assert page.texts("section[aria-labelledby=coming-h] .quiet") == ["Nothing is under way or planned."]

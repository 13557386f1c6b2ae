"""Alice watches while mail leaves; Bob and Celina have no such page."""

from __future__ import annotations

from typing import Any

import pytest

from portal import db as database
from portal.ledger import checks
from portal.ledger.rules import Lane
from tests import factories
from tests.clients import Client
from tests.sending.helpers import plan

pytestmark = pytest.mark.usefixtures("db")

WORD: dict[str, Any] = {
    "ended": [[3, 1, "accepted", 90]],
    "domains": [["people.example", "accepted", 90]],
    "per_second": 1.5,
    "connections": {"open": 6, "idle": 1, "opening": 0, "cap": 8, "most": 10},
    "waiting": {"3": 120},
    "held_back": [{"domain": "slow.example", "waiting": 7, "slow": True, "per_minute": None, "pause": 0.0}],
    "flushes": [5, 3] + [0] * 12,
    "flush_seconds": 0.004,
    "flushed": 16,
    "route": {"failures": 0, "pause": 0.0},
}


async def run(said: dict[str, Any] | None, worker: str = "sirius:4242", age: int = 0) -> None:
    """A sending process that is alive, and its last word `age` seconds ago."""
    await database.execute("insert into life default values on conflict do nothing")
    run_id = await database.fetchval(
        """insert into run (worker, life, lease_until)
        select $1, id, now() + interval '1 minute' from life returning id""",
        worker,
    )
    if said:
        sql = "insert into pulse (run_id, at, said) values ($1, now() - make_interval(secs => $2), $3)"
        await database.execute(sql, run_id, float(age), said)


@pytest.fixture
async def alice(client: Client) -> Client:
    alice = await factories.account("Alice", "manager")
    await client.sign_in(alice.email)
    return client


async def test_without_a_process_alice_reads_what_to_do(alice: Client) -> None:
    page = await alice.get("/sending")
    assert page.h1 == "Sending"
    [note] = page.texts(".note")
    assert note.startswith("Nothing is being sent: no sending process is running.")
    assert "portal up" in note
    assert page.texts(".pages span")[0] == "Nothing waits: everything that was due has left."


async def test_alice_sees_what_leaves_what_waits_and_who_sends(alice: Client) -> None:
    ids = await plan(6, Lane.mass, kind="mailing")
    await database.execute("update message set state = 'accepted', settled_at = now() where id = any ($1)", ids[:2])
    await database.execute("update message set state = 'uncertain', settled_at = now() where id = $1", ids[2])
    await run(WORD)
    await checks.check()
    page = await alice.get("/sending")
    assert page.texts(".note") == []
    assert page.texts(".figure") == ["90 e-mails a minute"]
    assert page.texts(".pages span")[:2] == ["3 e-mails wait", "less than a minute left at this pace"]
    assert page.texts("#figures-h ~ .sum dd") == ["2", "3", "1", "0"]
    assert page.texts("section[aria-labelledby=lanes-h] tbody tr")[3] == "Mailing 3 under a minute 0"
    assert page.texts("section[aria-labelledby=workers-h] tbody td") == ["Sending", "6 / 8", "90"]
    assert page.texts("section[aria-labelledby=workers-h] tbody th")[0].startswith("sirius process 4242, since today")
    assert page.texts("section[aria-labelledby=slow-h] tbody tr") == [
        "slow.example Slow, gets a share of the connections 7"
    ]
    assert page.texts("#chart-numbers tbody td") == ["2", "0", "1"]
    assert page.texts("section[aria-labelledby=proof-h] dd") == ["6", "2", "1", "3", "0"]
    assert page.texts("section[aria-labelledby=proof-h] .pages span")[1].startswith("Checked: ")


async def test_what_needs_a_decision_is_counted_as_on_its_own_page(alice: Client) -> None:
    """Unconfirmed ones too, one decision for each of their origins; and what a process holds is due."""
    ids = await plan(3, Lane.mass, kind="mailing")
    sql = "update message set state = 'uncertain', settled_at = now() - interval '1 hour' where id = any ($1)"
    await database.execute(sql, ids[:2])
    await database.execute("update batch set due_at = now() + interval '1 hour'")
    await run(WORD | {"per_second": 0.0})
    page = await alice.get("/sending")
    assert page.texts("#figures-h ~ .sum dd") == ["0", "1", "2", "1"]
    assert page.texts(".pages span")[1] != "none is due yet"
    assert "/messages/decisions" in page.links


async def test_a_process_that_fell_silent_and_one_that_waits_are_told_apart(alice: Client) -> None:
    down = {"open": 0, "idle": 0, "opening": 1, "cap": 8, "most": 10}
    await run(WORD, "silent:1", age=11)
    await run(WORD | {"per_second": 0, "connections": down, "route": {"failures": 3, "pause": 20.4}}, "waiting:2")
    page = await alice.get("/sending")
    rows = page.texts("section[aria-labelledby=workers-h] tbody td")
    assert rows == [
        "No news for some seconds",
        "0 / 0",
        "0",
        "Waiting for the mail server next try in 20 s",
        "0 / 8",
        "0",
    ]


async def test_the_mail_server_is_away_and_alice_reads_that_nothing_is_lost(alice: Client) -> None:
    down = {"open": 0, "idle": 0, "opening": 0, "cap": 8, "most": 10}
    await run(WORD | {"per_second": 0, "connections": down, "route": {"failures": 3, "pause": 20.4}})
    page = await alice.get("/sending")
    note = "The mail server cannot be used right now. Nothing is lost: next try in 20 s."
    assert page.texts(".note") == [note]


async def test_a_sender_says_its_limit_and_its_pause(alice: Client) -> None:
    sender_id = await factories.organisation()
    await database.execute("update sender set paused = true, daily_cap = 500, per_minute = 30 where id = $1", sender_id)
    await database.execute(
        "insert into quota (pool, day, used) values ('sender:' || $1::int, current_date, 120)", sender_id
    )
    page = await alice.get("/sending")
    row = page.texts("section[aria-labelledby=senders-h] tbody tr")[0]
    assert row.endswith("On pause 0 0 120 / 500 30 a minute")
    assert page.texts("#figures-h ~ .sum dt a") == ["needs a decision"]


async def test_a_failed_check_is_on_both_pages(alice: Client) -> None:
    await plan(3)
    await database.execute("update batch set hi = hi - 1")
    await checks.check()
    page = await alice.get("/sending")
    assert page.texts("section[aria-labelledby=proof-h] .note")[0].startswith("The sum does not add up.")
    page = await alice.get("/")
    assert page.texts(".todo li")[0] == "1 The sum of the messages does not add up Queued, but in no batch: 1 See"


async def test_an_old_check_says_that_it_is_old(alice: Client) -> None:
    await checks.check()
    await database.execute("update totals_check set at = at - interval '6 minutes'")
    page = await alice.get("/sending")
    assert page.texts("section[aria-labelledby=proof-h] .note")[0].startswith("The last check is some time ago.")


async def test_the_chart_has_its_period_in_the_address(alice: Client) -> None:
    for name, words in (("hour", "Last hour"), ("day", "24 hours"), ("week", "7 days")):
        page = await alice.get(f"/sending?period={name}")
        assert page.texts(".segments [aria-current]") == [words]
        assert len(page.texts(".chart .axis li")) == 5
        assert page.one("#now").attrs["hx-get"] == f"/sending?period={name}"
        assert page.texts("#chart-numbers tbody td") == ["Nothing has left in this time."]


async def test_the_live_part_is_what_htmx_asks_for(alice: Client) -> None:
    part = await alice.get("/sending?period=day", target="now")
    assert part.one("#now").attrs["data-live"] == "2"
    assert part.texts("h1") == []


@pytest.mark.parametrize(("name", "role"), [("Bob", "evaluator"), ("Celina", "translator")])
async def test_others_have_no_such_page(client: Client, name: str, role: str) -> None:
    await client.sign_in((await factories.account(name, role)).email)
    page = await client.get("/")
    assert "Sending" not in page.texts("#nav a")
    assert (await client.get("/sending")).status == 403

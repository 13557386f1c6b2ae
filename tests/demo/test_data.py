"""The demonstration: made by the portal's own verbs, the same every time, with everything one wants to see."""

from __future__ import annotations

import pytest

from portal import db, timeline
from portal.demo import data
from portal.ledger import queries as ledger

COUNTS = """
select (select count(*) from campaign) as campaigns, (select count(*) from dossier) as dossiers,
       (select count(*) from account) as accounts,
       (select count(*) from suppression where reason = 'opted_out') as opted_out,
       (select count(distinct locale) from dossier) as languages"""

# Nothing is later than now, nothing overtakes anything: created, submitted, moved, told.
OVERTAKEN = """
select (select count(*) from dossier where submitted_at < created_at or changed_at < submitted_at or changed_at > now())
     + (select count(*) from status_change a join status_change b on b.dossier_id = a.dossier_id and b.id > a.id
        where b.at < a.at)
     + (select count(*) from message where settled_at < created_at or created_at > now())
     + (select count(*) from message m join origin o on o.id = m.origin_id join status_change c on c.id = m.occurrence
        where o.kind = 'trigger' and m.created_at <> c.at)
     + (select count(*) from message m join origin o on o.id = m.origin_id join dossier d on d.id = m.dossier_id
        where o.kind = 'return_link' and m.created_at <> d.created_at)"""


@pytest.fixture
async def loaded(fresh_database: str) -> None:
    await data.load()


async def test_the_demonstration_has_a_past_and_a_present(loaded: None) -> None:
    counts = await db.fetchrow(COUNTS)
    assert dict(counts or {}) == {"campaigns": 2, "dossiers": 300, "accounts": 5, "opted_out": 1, "languages": 4}
    assert await db.fetchval(OVERTAKEN) == 0
    totals = await ledger.totals()
    assert (totals.duplicates, totals.balanced) == (0, True)
    assert totals.by_state["accepted"] > 300
    assert {"failed", "held", "queued", "skipped"} <= totals.by_state.keys()
    assert await db.fetchval("select count(*) from mailbox_letter") == totals.by_state["accepted"]
    await timeline.seal()
    assert (await timeline.check()).broken is None
    await data.load()
    assert dict(await db.fetchrow(COUNTS) or {}) == dict(counts or {})

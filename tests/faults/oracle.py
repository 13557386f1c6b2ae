"""The oracle: what the mail server got, as a multiset of Message-IDs, against the rows of the ledger."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Protocol

from portal import db
from portal.ledger import queries

ROWS = "select message_id::text, state::text from message"
# What the triggers added up against what is there.
TALLIED = """
select count(*) from (select origin_id, state, sum(n) as n from tally group by 1, 2 having sum(n) <> 0) t
full join (select origin_id, state, count(*) as n from message group by 1, 2) m using (origin_id, state)
where t.n is distinct from m.n"""
TWICE = """
select count(*) from (select message_id from attempt where state = 'accepted' group by 1 having count(*) > 1) x"""
MAY_HAVE_ARRIVED = ("accepted", "uncertain")


class Server(Protocol):
    """A mail server that counted."""

    @property
    def ids(self) -> Counter[str]:
        """How often each Message-ID arrived."""


@dataclass
class Finding:
    """One fault test as a line of the report."""

    test: str
    messages: int
    faults: int
    duplicates: int
    lost: int
    uncertain: int
    bound: int
    uncertain_arrived: int
    seconds: float

    @property
    def line(self) -> str:
        """For the table at the end of a run."""
        return " | ".join(str(value) for value in asdict(self).values())


@dataclass
class Oracle:
    """`await oracle.judge(...)` when all is quiet. Findings are kept for the report."""

    test: str
    findings: list[Finding] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def judge(
        self, server: Server, intended: int, *, uncertain: int = 0, faults: int = 0, unsent: int | None = 0
    ) -> dict[str, int]:
        """Nothing lost, nothing twice, doubt within its bound (`uncertain`), totals that add up. Returns the states.

        `unsent`: how many are neither accepted nor in doubt (paused, cancelled, beyond a limit); None: any number.
        """
        rows = {row[0]: row[1] for row in await db.fetch(ROWS)}
        ids, states = server.ids, Counter(rows.values())
        twice = [each for each, times in ids.items() if times > 1]
        lost = [each for each, state in rows.items() if state == "accepted" and each not in ids]
        denied = [each for each in ids if rows.get(each) not in MAY_HAVE_ARRIVED]
        doubted = [each for each, state in rows.items() if state == "uncertain"]
        elsewhere = intended - states["accepted"] - states["uncertain"]
        self.findings.append(
            Finding(
                self.test,
                intended,
                faults,
                len(twice),
                len(lost) + intended - len(rows),
                len(doubted),
                uncertain,
                sum(each in ids for each in doubted),
                round(time.monotonic() - self.began, 1),
            )
        )
        assert len(rows) == intended
        assert not twice, f"{len(twice)} letters arrived more than once"
        assert not lost, f"{len(lost)} letters are said to be sent and never arrived"
        assert not denied, f"{len(denied)} letters arrived although their rows say otherwise"
        assert len(doubted) <= uncertain, f"{len(doubted)} uncertain, at most {uncertain} allowed"
        assert unsent is None or elsewhere == unsent, f"{dict(states)}"
        await balanced(intended)
        return dict(states)


async def balanced(intended: int) -> None:
    """The ledger's own proof agrees: every message in one state, every queued one in one open batch (P12)."""
    totals = await queries.totals()
    assert (totals.intended, totals.duplicates, totals.balanced) == (intended, 0, True), totals
    assert await db.fetchval(TALLIED) == 0, "the tally differs from the rows"
    assert await db.fetchval(TWICE) == 0, "a message has two accepted tries"

"""The flusher: permission for dots, asked by all connections and given in one statement.

The rule of the house: a final dot is written only after its intent is in the journal. One coroutine writes the
intents and outcomes of all connections as one row; the same statement looks at the gate, the sender, suppression,
the day and the message itself. (run_id, seq) is the fence: who takes a run over writes the next number first.

    connection     MAIL RCPT DATA -> 354      ask            granted: letter, dot, next MAIL RCPT DATA -> 250
    flusher                             \\-> flush (async commit) -/                                        \\-> outcome
    settler        every 0.3 s: outcomes -> message, attempt, batch, quota; journal trimmed (synchronous commit)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import date
from time import perf_counter

from portal.ledger import runs
from portal.ledger.claims import why_not
from portal.ledger.rules import NO_DOT
from portal.ledger.sessions import GONE
from portal.ledger.work import Asker, Fact, Run, RunLost, Work, columns_of

AT_ONCE = 10  # dots that are answered before the loop looks at the network again
SETTLE_AT = 1000  # facts that wait before the settler is woken ahead of its time

# What may go: the message is still queued at this very try, its origin's gate is open, its sender is not paused,
# no suppression covers it, and the day whose quota was reserved is still the day.
MAY_GO = """message m
    join origin o on o.id = m.origin_id and o.gate = 'open' join sender s on s.id = o.sender_id and not s.paused"""

# One row: the intents it stores and returns are the dots that may be written now. No row: this run was sealed.
FLUSH = f"""
insert into journal (run_id, seq, intents, ended, tries, codes, replies)
select $1, $2, array(
    select w.id from unnest($3::bigint[], $4::smallint[], $5::date[]) w(id, try, day), {MAY_GO}
    where m.id = w.id and m.attempts = w.try and m.state = 'queued' and (w.day is null or w.day = (select limit_day()))
    and not exists (select from suppression x where x.address = m.address::citext
                    and (x.scope = 'all' or m.optional))), $6, $7, $8, $9
where exists (select from run where id = $1 and ended_at is null)
on conflict do nothing returning intents"""

Ask = tuple[Asker, Work]


class Journal:
    """All that connections say to PostgreSQL goes through here. No dot without a committed intent."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.asks: list[Ask] = []
        self.ends: list[Fact] = []
        self.flushing = False
        self.granted: deque[Ask] = deque()  # on record: their dots may be written
        self.answerable = asyncio.Event()
        self.flushed: Callable[[float, int], None] = lambda seconds, dots: None  # whoever keeps figures

    def ask(self, connection: Asker, work: Work) -> None:
        """A connection has its 354 and wants to write the dot."""
        self.asks.append((connection, work))
        self.run.flush_wanted.set()

    def ended(self, work: Work, code: int, reply: str) -> None:
        """How a dot (or a refusal before it) ended."""
        self.ends.append((work, code, reply))
        self.run.flush_wanted.set()

    @property
    def is_quiet(self) -> bool:
        """Nothing asked, nothing on the wire, nothing to write down."""
        return not (self.run.open or self.asks or self.ends or self.granted or self.flushing)

    async def flush_forever(self) -> None:
        """The next flush starts when the last one returned: a natural group commit."""
        while True:
            await self.run.flush_wanted.wait()
            self.run.flush_wanted.clear()
            self.flushing = True
            if self.run.broken:
                await runs.recover(self.run)
            await self.flush()
            self.flushing = False

    async def flush(self) -> None:
        """One journal row for all that was said since the last. Raises RunLost when the run was taken over."""
        if not self.asks and not self.ends:
            return
        asks, ends, self.asks, self.ends = self.asks, self.ends, [], []
        self.run.seq += 1
        try:
            granted = await self.insert(asks, ends)
        except GONE:
            await self.unheard(asks, ends)
            return
        if granted is None:
            self.ends = ends + self.ends
            self.granted.clear()  # no dot any more
            raise RunLost
        self.run.unconfirmed.append((self.run.id, self.run.seq, granted, *columns_of(ends)))
        self.journalled(ends)
        self.run.require_lease()
        await self.answer(asks, set(granted))

    async def insert(self, asks: list[Ask], ends: list[Fact]) -> list[int] | None:
        """The dots that may be written; None when this run was sealed."""
        days: list[date | None] = [work.batch.day for _connection, work in asks]
        wanted = [work.id for _connection, work in asks], [work.attempt for _connection, work in asks], days
        started = perf_counter()
        granted = await self.run.flush_db.fetchval(FLUSH, self.run.id, self.run.seq, *wanted, *columns_of(ends))
        self.flushed(perf_counter() - started, len(asks))
        return None if granted is None else list(granted)

    async def unheard(self, asks: list[Ask], ends: list[Fact]) -> None:
        """Was it committed? Unknown. Repeat its outcomes under the same number, say that no dot followed, ask again."""
        self.run.unconfirmed.append((self.run.id, self.run.seq, [], *columns_of(ends)))
        self.journalled(ends)
        await runs.recover(self.run)
        self.ends = [(work, NO_DOT, "") for _connection, work in asks] + self.ends
        self.asks = asks + self.asks
        self.run.flush_wanted.set()

    def journalled(self, ends: list[Fact]) -> None:
        """These outcomes are (as good as) in the journal: the settler may have them."""
        for work, code, reply in ends:
            self.run.open.pop(work.id, None)
            if code != NO_DOT:
                self.run.fact(work, code, reply)
        if len(self.run.facts) >= SETTLE_AT:
            self.run.settle_wanted.set()

    async def answer(self, asks: list[Ask], allowed: set[int]) -> None:
        """Put down whose dots may go, and tell the others why not."""
        refused = [ask for ask in asks if ask[1].id not in allowed]
        for connection, work in asks:
            if work.id in allowed:
                self.run.open[work.id] = self.run.seq
                self.granted.append((connection, work))
        self.answerable.set()
        if refused:
            await self.refuse(refused)

    async def answer_forever(self) -> None:
        """Let dots go, a few at a time: meanwhile PostgreSQL is asked about the next. Raises RunLost."""
        while True:
            await self.answerable.wait()
            self.answerable.clear()
            while self.granted:
                self.answer_some(AT_ONCE)
                await asyncio.sleep(0)

    def answer_some(self, count: int) -> None:
        """Let so many dots go, while the lease holds. Raises RunLost."""
        self.run.require_lease()
        for _ in range(min(count, len(self.granted))):
            connection, work = self.granted.popleft()
            connection.granted(work)

    async def refuse(self, refused: list[Ask]) -> None:
        """Ask for the reason. When even that fails the message goes back: the next flush recovers."""
        try:
            reasons = await why_not(self.run.flush_db, [work for _connection, work in refused])
        except GONE:
            reasons = {}
            self.run.broke()
        for connection, work in refused:
            connection.refused(work, reasons.get(work.id, "another day"))

"""How a page of messages is found among any number of them: every filter walks along an index that leads to few rows.

The rows of a page are the latest that fulfil all conditions. There is no one index for that, and walking back from the
newest message until fifty are found takes seconds when they are rare or old. So a search is made of ways: statements
that each find the latest `limit` of a part of the messages, from a part of an index that is known to be small. Their
union is cut once more. Each way yields ids; what a page shows is read for these alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from portal.ledger.rules import WAIT_FOR_PROOF_MINUTES
from portal.lists import Cursor, Keyset, literal
from portal.scope import sees_dossier

ORDER = Keyset(("m.id", int))
RECENT = 5_000  # messages that are read to find text anywhere in an address, a name or a subject
KIN = 1_000  # people or dossiers of a name whose messages are looked at
SHORTEST = 3  # letters of a word that the indexes on trigrams can look for
BATCHES, ORIGINS = 100, 1_000  # of these at most, the latest first
ENDED = ("failed", "uncertain", "skipped", "held", "cancelled")  # states that the small index on `attention` has

# Administrators: all. Others: messages of dossiers of their campaigns; with `message.see`, those without a dossier too.
SEEN = f"($1::bool or m.dossier_id is null and $3::bool or {sees_dossier('d')})"
JOINS = """join origin o on o.id = m.origin_id left join dossier d on d.id = m.dossier_id
    left join letter l on l.id = m.id"""
TABLES = f"message m {JOINS}"
LATEST = f"(select * from message order by id desc limit {RECENT}) m {JOINS}"

# What nobody could confirm within a quarter of an hour (P4) and nobody has decided about.
UNCONFIRMED = f"""(m.attention = 'uncertain' and m.reason is distinct from 'left_as_is'
    and m.settled_at < now() - make_interval(mins => {WAIT_FOR_PROOF_MINUTES}))"""

# The state that people see and what it waits for, of a single message: by its number in the view.
SHOWN = """(case when m.state <> 'queued' then m.state::text = {state}
    else (select n.shown from message_now n where n.id = m.id) = {state} end)"""
REASON = """(case when m.state <> 'queued' then m.reason = {reason}
    else exists (select from message_now n where n.id = m.id and {reason} in (n.reason, n.waits_for)) end)"""

# The campaign that an origin serves; null for letters about none.
SERVES = """coalesce(o.campaign_id, (select t.campaign_id from trigger t where o.kind = 'trigger' and t.id = o.ref_id),
    case when o.kind = 'return_link' then o.ref_id::int end)"""

# ------------------------------------------------------------------------------------------------ ways
# Straight along the index that the condition names (or, without one, back from the newest message).
STRAIGHT = "select m.id from {tables} where {condition} and {all} order by {order} limit {limit}"

# All rows of a condition that few fulfil. `offset 0`: not back from the newest until enough are found.
FEW = """
select m.id from (select m.id from {tables} where {condition} and {all} offset 0) m order by {order} limit {limit}"""

# Origin by origin.
OF_ORIGINS = """
select m.id from (select o.id from origin o where {condition} order by o.id desc limit {most}) x cross join lateral (
    select m.id from {tables} where m.origin_id = x.id and {all} order by {order} limit {limit}) m
order by {order} limit {limit}"""

# What waits is found from its batches: state and reason are theirs, as in the view message_now. A page of it lies in
# the latest few batches, for the last message of an open batch nearly always waits.
WAITING = """
select m.id from (
    select b.* from (
        select b.*, case when o.gate = 'cancelled' then 'cancelled' when o.gate = 'paused' then 'held'
                when b.run_id is not null then 'sending' when s.paused then 'held'
                when b.waits_for <> 'retry' and b.due_at > now() then 'held'
                when (select e.held_since is not null from epoch e) then 'held' else 'queued' end as shown,
            case when o.gate = 'paused' then case o.gate_reason when '' then 'paused' when 'policy' then 'paused_policy'
                    else o.gate_reason end
                when o.gate = 'cancelled' then coalesce(nullif(o.gate_reason, ''), 'with_origin')
                when b.run_id is null and s.paused then 'sender_paused'
                when b.run_id is null and (select e.held_since is not null from epoch e) then 'restored'
                else b.waits_for end as why,
            coalesce(b.lo, b.ids[1]) as first, coalesce(b.hi, b.ids[cardinality(b.ids)]) as last
        from batch b join origin o on o.id = b.origin_id join sender s on s.id = o.sender_id
        where b.done_at is null) b
    where {batches} order by {nearest} limit {most}) b
cross join lateral (
    (select m.id from {tables} where m.origin_id = b.origin_id and m.attempts = b.attempt and m.state = 'queued'
        and m.id between b.lo and b.hi and {all} order by {order} limit {limit})
    union all
    (select m.id from {tables} where m.origin_id = b.origin_id and m.attempts = b.attempt and m.state = 'queued'
        and m.id = any (b.ids) and {all} order by {order} limit {limit})) m
order by {order} limit {limit}"""

# Parts of 65,536 ids that have such messages at all, as the tally knows, the nearest first.
SENT = """
select m.id from (
    select part, part::bigint << 16 as lo from tally where state = 'accepted' group by part having sum(n) > 0
    order by part {direction}) p
cross join lateral (
    select m.id from {tables} where m.state = 'accepted' and m.id between p.lo and p.lo + 65535 and {all}
    order by {order} limit {limit}) m
order by p.part {direction}, {order} limit {limit}"""


class MessageFilters(msgspec.Struct, frozen=True):
    """What a list of messages is narrowed to. `state` as shown.

    `text`: the beginning of an address, words of a person's or dossier's name, number or address; among the latest
    5,000 messages any part of an address, name or subject. `since` (included) and `until` (excluded): when planned.
    `needs_decision`: nobody could confirm it in time.
    """

    text: str = ""
    state: str = ""
    reason: str = ""
    campaign_id: int | None = None
    dossier_id: int | None = None
    person_id: int | None = None
    origin_kind: str = ""
    origin_ref: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    needs_decision: bool = False


class Search:
    """One page: `sql` finds its ids with `parameters`. The first three are the actor's (queries.visible)."""

    def __init__(
        self, actor: tuple[bool, int, bool], filters: MessageFilters, cursor: Cursor | None, limit: int
    ) -> None:
        self.filters, self.cursor = filters, cursor
        self.everywhere = actor[0]
        self.parameters: list[Any] = list(actor)
        self.down = ORDER.order(cursor) == "m.id desc"
        page = ORDER.condition(cursor, first=len(self.parameters) + 1)
        self.parameters += ORDER.parameters(cursor)
        self.all = " and ".join([SEEN, page, *self.conditions()])
        self.terms = {"tables": TABLES, "all": self.all, "order": ORDER.order(cursor), "limit": limit}

    def sql(self) -> str:
        """The ids of the page."""
        union = " union ".join(f"({way})" for way in self.ways())
        return f"select m.id from ({union}) m order by {self.terms['order']} limit {self.terms['limit']}"

    def given(self, value: Any) -> str:
        """A parameter."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def conditions(self) -> Iterator[str]:
        """What every message must fulfil, besides text, state and reason."""
        columns = {
            "d.campaign_id =": self.filters.campaign_id,
            "m.dossier_id =": self.filters.dossier_id,
            "m.person_id =": self.filters.person_id,
            "o.kind =": self.filters.origin_kind,
            "o.ref_id =": self.filters.origin_ref,
            "m.created_at >=": self.filters.since,
            "m.created_at <": self.filters.until,
        }
        for column, value in columns.items():
            if value not in ("", None):
                yield f"{column} {self.given(value)}"
        if self.filters.needs_decision:
            yield UNCONFIRMED

    def ways(self) -> Iterator[str]:
        """The ways that together find everything, by the filter that leads to the fewest rows."""
        filters = self.filters
        if filters.person_id or filters.dossier_id or filters.text.strip():
            yield from self.of_somebody()
        elif filters.reason:
            yield from self.of_reason(self.given(filters.reason))
        elif filters.needs_decision or filters.state in (*ENDED, "queued", "sending"):
            yield from self.of_state(filters.state or "uncertain")
        elif filters.campaign_id or filters.origin_kind or filters.origin_ref or not self.everywhere:
            yield from self.of_origins("m.state = 'accepted'" if filters.state else "true")
        elif filters.state:
            yield SENT.format(**self.terms, direction="desc" if self.down else "asc")
        else:
            yield self.way(STRAIGHT, "true")

    def way(self, form: str, condition: str, **terms: Any) -> str:
        """One way."""
        return form.format(**{**self.terms, "condition": condition, **terms})

    # -------------------------------------------------------------------------------------------- text
    def of_somebody(self) -> Iterator[str]:
        """Messages of one person or dossier are few, and so are those that a text leads to."""
        filters = self.filters
        also = [SHOWN.format(state=self.given(filters.state))] if filters.state else []
        also += [REASON.format(reason=self.given(filters.reason))] if filters.reason else []
        text = filters.text.strip()
        if filters.person_id or filters.dossier_id:
            yield self.way(FEW, " and ".join([*also, self.anywhere(text) if text else "true"]))
            return
        yield self.way(FEW, " and ".join([*also, self.anywhere(text)]), tables=LATEST)
        if len(text) >= SHORTEST and " " not in text:
            first, last = self.given(text.lower()), self.given(text.lower() + "\U0010ffff")
            yield self.way(
                STRAIGHT, " and ".join([*also, f"lower(m.address) ~>=~ {first} and lower(m.address) ~<~ {last}"])
            )
        if any(len(word) >= SHORTEST for word in text.split()):
            kin = " and ".join(f"search like folded({self.given(pattern(word))})" for word in text.split()[:5])
            for column, table in (("person_id", "person"), ("dossier_id", "dossier")):
                some = f"m.{column} = any (array(select id from {table} where {kin} limit {KIN}))"
                yield self.way(FEW, " and ".join([*also, some]))

    def anywhere(self, text: str) -> str:
        """The text is somewhere in what a list shows of a message."""
        shown = "folded(m.address || ' ' || coalesce(l.to_name, '') || ' ' || coalesce(l.subject, ''))"
        return f"{shown} like folded({self.given(pattern(text))})"

    # -------------------------------------------------------------------------------------------- states
    def of_state(self, state: str) -> Iterator[str]:
        """Ended otherwise than sent, or waiting."""
        if state in ENDED:
            yield self.way(STRAIGHT, f"m.attention = '{state}'")
        if state in ("held", "cancelled", "queued", "sending"):
            yield self.waiting(f"b.shown = '{state}'")

    def of_reason(self, reason: str) -> Iterator[str]:
        """A reason is one of a message that ended, of a batch, or of a message that is tried again."""
        state = self.filters.state
        if not state or state in ENDED:
            yield self.way(STRAIGHT, f"m.ended_for = {reason}" + (f" and m.attention = '{state}'" if state else ""))
        shown = f"b.shown = {self.given(state)}" if state else "true"
        yield self.waiting(f"{shown} and b.why = {reason}")
        yield self.waiting(f"{shown} and b.attempt > 0", f"m.reason = {reason}")

    def waiting(self, batches: str, also: str = "true") -> str:
        """Messages of open batches, from the page's end of the register on."""
        nearest = "b.last desc" if self.down else "b.first"
        if self.cursor:
            batches += f" and {'b.first <' if self.down else 'b.last >'} $4"
        if self.filters.origin_kind or self.filters.origin_ref:
            batches += f" and b.origin_id in (select o.id from origin o where {self.origin()})"
        every = f"{self.all} and {also}"
        return WAITING.format(**{**self.terms, "all": every}, batches=batches, nearest=nearest, most=BATCHES)

    # -------------------------------------------------------------------------------------------- origins
    def of_origins(self, condition: str) -> Iterator[str]:
        """Messages of the origins of a campaign, or of the actor's; and of dossiers, where an origin serves none."""
        every = f"{self.all} and {condition}"
        yield self.way(OF_ORIGINS, self.origin(), most=ORIGINS, all=every)
        if self.filters.campaign_id:
            some = f"select id from dossier where campaign_id = {self.given(self.filters.campaign_id)}"
            few = f"m.dossier_id = any (array({some} order by changed_at desc limit {KIN})) and {SERVES} is null"
            yield self.way(FEW, few, all=every)

    def origin(self) -> str:
        """Which origins `o` the filters leave."""
        filters, found = self.filters, ["true"]
        if filters.origin_kind:
            found.append(f"o.kind = {self.given(filters.origin_kind)}")
        if filters.origin_ref:
            found.append(f"o.ref_id = {self.given(filters.origin_ref)}")
        if filters.since:
            newest = "select x.created_at from message x where x.origin_id = o.id order by x.id desc limit 1"
            found.append(f"({newest}) >= {self.given(filters.since)}")
        if filters.campaign_id:
            found.append(f"{SERVES} = {self.given(filters.campaign_id)}")
        elif not self.everywhere:
            mine = "select c.campaign_id from campaign_member c where c.account_id = $2"
            found.append(f"({SERVES} is null or {SERVES} in ({mine}))")
        return " and ".join(found)


def pattern(text: str) -> str:
    """A LIKE pattern for text anywhere; "" for none."""
    plain = text.strip()
    return f"%{literal(plain)}%" if plain else ""

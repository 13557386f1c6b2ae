"""Who comes next: urgent ones first, nobody starved, and what a limit holds back holds up nobody else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from math import inf
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger.rules import Lane
from portal.ledger.work import Batch, Parcel, Work
from portal.sending.allowances import Allowances, read
from portal.sending.domains import IN_A_ROW, LEAST, SLOW, Domains, domain_of
from portal.sending.gates import KEPT_SECONDS, LONGEST_WAIT
from portal.sending.lanes import TURNS, Lanes
from portal.sending.watch import Watch

numbers = count(1)


@dataclass
class Clock:
    """Seconds as a test has them."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    """Lanes with a clock of their own; `back` is what went back to the ledger, and until when."""

    clock: Clock = field(default_factory=Clock)
    back: list[tuple[Work, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.clock)
        self.lanes.give_back = lambda work, not_before: self.back.append((work, not_before))
        self.lanes.connections = 9
        self.watch = Watch(self.lanes)

    def add(self, many: int, domain: str = "people.example", lane: Lane = Lane.mass, sender: int = 1) -> list[Work]:
        works = [work_of(f"{n}@{domain}", lane, sender) for n in range(many)]
        self.lanes.add(works)
        return works

    def limit(self, *limits: tuple[int | str, int | None, int | None], runs: int = 1) -> None:
        if not hasattr(self, "allowances"):
            self.allowances = Allowances(self.lanes)
            self.clock.now += 10  # every run knows of the others by now
        self.allowances.apply(list(limits), runs, self.clock.now)

    def take(self, many: int = 10_000) -> list[Work]:
        """As many as may go now."""
        found = []
        while len(found) < many and (work := self.lanes.take()) is not None:
            found.append(work)
        return found

    def end(self, works: list[Work], took: float = 0.01, state: str = "accepted", reply: str = "250 2.0.0 Ok") -> None:
        """They have had their reply."""
        for work in works:
            self.watch.heard(work, self.clock.now, took, state, reply)
            self.lanes.left(work)


def work_of(address: str, lane: Lane = Lane.mass, sender: int = 1) -> Work:
    """One message on its first try."""
    number = next(numbers)
    parcel = Parcel(
        **dict.fromkeys(Parcel.__struct_fields__)
        | {"id": number, "address": address, "message_id": UUID(int=number), "optional": False, "sender_id": sender}
        | {"bounce_domain": "bounces.example"}
    )
    return Work(number, 0, Batch(number, 1, sender, lane, 1), parcel)


def domains(works: list[Work]) -> Counter[str]:
    """How many for each domain."""
    return Counter(domain_of(work.parcel.address) for work in works)


def lanes_of(works: list[Work]) -> list[Lane]:
    return [Lane(work.batch.lane) for work in works]


# ------------------------------------------------------------------------------------------------ lanes
def test_urgent_ones_come_first_whatever_waits() -> None:
    house = House()
    for lane in reversed(Lane):
        house.add(50, lane=lane)
    assert set(lanes_of(house.take(50))) == {Lane.urgent}
    assert Lane.urgent not in lanes_of(house.take())


@pytest.mark.parametrize("full", [(Lane.trigger, Lane.mass), (Lane.trigger, Lane.sequence, Lane.mass)])
@pytest.mark.parametrize("limited", [False, True])
def test_a_lower_lane_gets_one_in_twenty_while_higher_ones_are_full(full: tuple[Lane, ...], limited: bool) -> None:
    house = House()
    if limited:
        house.limit(("elsewhere.example", 5, None))
    for lane in full:
        house.add(1000, lane=lane)
    went = Counter(lanes_of(house.take(400)))
    assert went[full[-1]] == 400 // TURNS
    assert went[full[0]] == 400 - (len(full) - 1) * 400 // TURNS


def test_a_lane_that_is_full_leaves_the_others_their_room() -> None:
    house = House()
    house.add(1000, lane=Lane.mass)
    assert [house.lanes.has_room(lane) for lane in Lane] == [True, True, True, False]
    assert house.lanes.to_claim(list(Lane)) == [Lane.urgent, Lane.trigger, Lane.sequence]


def test_lower_lanes_are_claimed_too_while_higher_ones_never_end() -> None:
    house = House()
    first = Counter(house.lanes.to_claim([Lane.trigger, Lane.mass])[0] for _ in range(400))
    assert first == {Lane.trigger: 380, Lane.mass: 20}


# ------------------------------------------------------------------------------------------------ limits
def test_a_limited_domain_steps_aside_in_order_and_comes_back_first() -> None:
    house = House()
    house.limit(("slow.example", 60, None))
    limited = house.add(5, "slow.example")
    others = house.add(20)
    assert house.take() == [limited[0], *others]
    assert len(house.lanes) == 4
    later = house.add(3)
    house.clock.now += 1
    assert house.take() == [limited[1], *later]
    house.clock.now += 10
    assert house.take() == [limited[2]]  # a second's worth is kept, no more


def test_a_limited_sender_does_not_hold_up_another() -> None:
    house = House()
    house.limit((7, 120, None))
    limited, others = house.add(10, sender=7), house.add(10, sender=8)
    assert house.take() == [*limited[:1], *others]
    assert house.take() == []


def test_an_urgent_one_takes_the_next_token_of_a_limited_domain() -> None:
    house = House()
    house.limit(("slow.example", 60, None))
    house.add(5, "slow.example")
    house.take()
    (receipt,) = house.add(1, "slow.example", Lane.urgent)
    assert house.take() == []
    house.clock.now += 1
    assert house.take() == [receipt]


def test_both_limits_count_and_a_token_is_only_spent_on_what_goes() -> None:
    house = House()
    house.limit((7, 60, None), ("slow.example", 60, None))
    works = [*house.add(2, "slow.example", sender=7), *house.add(2, "other.example", sender=7)]
    assert house.take() == works[:1]
    house.clock.now += 1
    house.lanes.put_back(house.take()[0])  # its connection was gone: it goes again, at once
    assert house.take() == [works[1]]
    house.clock.now += 1
    assert house.take() == [works[2]]


def test_no_more_at_once_than_a_domain_wants() -> None:
    house = House()
    house.limit(("slow.example", None, 2))
    house.add(6, "slow.example")
    first = house.take()
    assert len(first) == 2
    house.end(first[:1])
    assert len(house.take()) == 1
    assert house.lanes.look_at == inf


def test_what_would_wait_long_goes_back_to_the_ledger_for_its_turn() -> None:
    house = House()
    house.limit(("slow.example", 60, None))
    works = house.add(200, "slow.example")
    assert house.take() == works[:1]
    assert len(house.lanes) == KEPT_SECONDS * 60 / 60
    waits = [round(not_before - house.clock.now) for _work, not_before in house.back]
    assert waits == [30 + n for n in range(1, 170)]


def test_nothing_waits_in_the_ledger_beyond_the_next_look() -> None:
    house = House()
    house.limit(("slow.example", 1, None))
    house.add(500, "slow.example")
    house.take()
    assert max(not_before for _work, not_before in house.back) == house.clock.now + LONGEST_WAIT


def test_a_sender_of_whom_enough_waits_is_not_claimed_but_its_receipts_are() -> None:
    house = House()
    house.limit((7, 60, None))
    house.add(100, sender=7)
    house.take()
    assert [house.lanes.busy_senders(lane) for lane in Lane] == [[], [], [], [7]]


def test_a_limit_that_is_lifted_lets_all_go_in_order() -> None:
    house = House()
    house.limit(("slow.example", 60, None))
    works = house.add(10, "slow.example")
    assert house.take() == works[:1]
    house.limit()
    assert house.lanes.gates == {}
    assert house.take() == works[1:]


def test_pause_and_stop_find_what_waits_aside() -> None:
    house = House()
    house.limit(("slow.example", 60, None))
    works = house.add(10, "slow.example")
    house.take()
    assert list(house.lanes) == works[1:]
    assert house.lanes.remove(lambda work: work is works[4]) == [works[4]]
    assert len(house.lanes) == 8
    assert house.lanes.remove(lambda work: True) == [*works[1:4], *works[5:]]
    assert len(house.lanes) == 0


def test_what_the_tables_say_is_read_as_it_is() -> None:
    rows = [(7, None, 60, None), (None, None, 3, None), (None, "slow.example", None, 2)]
    assert read(rows) == (3, [(7, 60, None), ("slow.example", None, 2)])
    assert read([(None, None, 0, None)]) == (1, [])


things = st.lists(
    st.tuples(
        st.sampled_from(["add", "take", "end", "wait"]),
        st.integers(0, 20),
        st.sampled_from(["a.example", "b.example", "c.example"]),
        st.sampled_from(list(Lane)),
    ),
    max_size=60,
)


@given(things=things, per_minute=st.integers(1, 600), at_once=st.integers(1, 5))
def test_whatever_happens_nothing_is_lost_or_doubled_and_limits_hold(
    things: list[tuple[str, int, str, Lane]], per_minute: int, at_once: int
) -> None:
    house = House()
    house.limit(("a.example", per_minute, None), ("b.example", None, at_once))
    added, went, ended = list[Work](), list[Work](), list[Work]()
    bucket = house.lanes.gates["a.example"].bucket
    assert bucket
    begun, limited = house.clock.now, 0
    for what, many, domain, lane in things:
        if what == "add":
            added += house.add(many, domain, lane, sender=many)
        elif what == "take":
            taken = house.take(many)
            went += taken
            limited += domains(taken)["a.example"]
        elif what == "end":
            house.end([work for work in went if work not in ended][:many])
            ended += [work for work in went if work not in ended][:many]
        else:
            house.clock.now += many / 10
        assert limited <= bucket.rate * (house.clock.now - begun) + bucket.burst + 1e-6
        assert domains([work for work in went if work not in ended])["b.example"] <= at_once
        back = [work for work, _not_before in house.back]
        assert sorted(work.id for work in [*went, *back, *house.lanes]) == [work.id for work in added]


# ------------------------------------------------------------------------------------------------ slow domains
def test_a_slow_domain_has_at_most_a_third_of_the_connections_while_others_wait() -> None:
    house = House()
    house.end([work_of("x@slow.example") for _ in range(LEAST)], took=2.0)
    house.add(50, "slow.example")
    house.add(1)
    assert domains(house.take(4)) == {"slow.example": 3, "people.example": 1}
    house.add(50)
    assert domains(house.take(50)) == {"people.example": 50}
    assert domains(house.take()) == {"slow.example": 3}  # six in all: a third is left for whoever comes
    assert house.take() == []


def test_several_slow_domains_leave_a_third_to_others() -> None:
    house = House()
    for name in ("a.example", "b.example", "c.example", "d.example"):
        house.end([work_of(f"x@{name}") for _ in range(LEAST)], took=2.0)
        house.end([work_of("x@people.example") for _ in range(1000)])
        house.add(20, name)
    assert len(house.take()) == 6


def test_nobody_is_slow_where_everybody_is() -> None:
    domains = Domains()
    for n in range(200):
        domains.heard(("a.example", "b.example", "c.example")[n % 3], n / 10, 1.0)
    assert not any(domain.slow for domain in domains.known.values())


def test_one_that_is_much_slower_than_slow_others_is_slow() -> None:
    domains = Domains()
    for n in range(200):
        domains.heard("slow.example" if n % 4 == 0 else "other.example", n / 10, 4.0 if n % 4 == 0 else 0.5)
    assert domains.known["slow.example"].slow
    assert not domains.known["other.example"].slow


def test_a_slow_domain_recovers_by_itself_and_is_forgotten() -> None:
    house = House()
    house.end([work_of("x@slow.example") for _ in range(LEAST)], took=2.0)
    assert house.lanes.gates["slow.example"].is_slow
    works = house.add(100, "slow.example")
    for work in works:
        house.end([work], took=0.001)
    house.watch.forget(house.clock.now)
    assert house.lanes.gates == {}
    assert house.watch.domains.known == {}


def test_a_slow_domain_that_is_not_written_to_any_more_is_forgotten() -> None:
    house = House()
    house.end([work_of("x@slow.example") for _ in range(LEAST)], took=SLOW * 2)
    for _ in range(300):
        house.clock.now += 1
        house.watch.forget(house.clock.now)
    assert (house.lanes.gates, house.watch.domains.known) == ({}, {})


LATER = "451 4.3.2 Try again later"


def test_several_refusals_in_a_row_leave_a_domain_alone_for_a_while_longer_each_time() -> None:
    house = House()
    house.end([work_of("x@sulks.example") for _ in range(IN_A_ROW)], state="retry", reply=LATER)
    works = house.add(40, "sulks.example")
    assert house.take() == []
    house.clock.now += 6.1
    held = []
    for _ in range(3):
        (one,) = house.take()  # one at a time finds out
        house.end([one], state="retry", reply=LATER)
        held.append(house.watch.domains.known["sulks.example"].shut_until - house.clock.now)
        house.clock.now += held[-1] + 0.001
    assert [8 <= held[0] <= 12, 16 <= held[1] <= 24, 32 <= held[2] <= 48] == [True] * 3
    assert len(house.back) == 37  # more than half a minute: others may have them, later
    house.lanes.add(works[:1])
    assert house.take() == works[:1]
    house.end(works[:1])
    assert not house.lanes.gates["sulks.example"].is_slow


@pytest.mark.parametrize(
    "reply", ["450 4.2.0 Greylisted, come back later", "452 4.2.2 Mailbox full", "451 4.7.1 Greylisting in action"]
)
def test_what_is_about_one_address_leaves_the_others_alone(reply: str) -> None:
    house = House()
    house.end([work_of(f"{n}@people.example") for n in range(20)], state="retry", reply=reply)
    works = house.add(40)
    assert house.take() == works


def test_a_domain_that_takes_at_the_second_try_what_it_put_off_is_not_left_alone() -> None:
    house = House()
    house.end([work_of(f"{n}@grey.example") for n in range(IN_A_ROW)], state="retry", reply=LATER)
    again = work_of("0@grey.example")
    again.attempt = 1
    first = house.add(5, "grey.example")
    assert house.take() == []
    house.lanes.add([again])
    assert house.take() == []
    house.clock.now += 6.1
    assert house.take() == [again]  # the one that was tried before finds out
    house.end([again])
    assert house.take() == first
    house.end(first, state="retry", reply=LATER)
    assert len(house.take()) == 0
    assert house.watch.domains.known["grey.example"].row == 0


def test_4_7_of_one_domain_is_its_own_affair_and_of_two_the_servers() -> None:
    watch = House().watch
    said = [watch.asks_for_less(work_of(f"x@{name}"), at, reply) for name, at, reply in (
        ("a.example", 0.0, "450 4.7.1 Too much"),
        ("a.example", 1.0, "450 4.7.1 Too much"),
        ("b.example", 2.0, "450 4.7.1 Greylisted"),
        ("b.example", 3.0, "450 4.2.1 Mailbox busy"),
        ("b.example", 4.0, "450 4.7.1 Too much"),
        ("c.example", 99.0, "450 4.7.1 Too much"),
    )]  # fmt: skip
    assert said == [False, False, False, False, True, False]


def test_domains_are_named_as_DNS_writes_them() -> None:
    addresses = ("Zoe@Example.ORG", "zoë@żółw.pl", "nobody", "x@" + "ż" * 70 + ".pl")
    assert [domain_of(address) for address in addresses] == [
        "example.org",
        "xn--w-uga1v8h.pl",
        "nobody",
        "ż" * 70 + ".pl",
    ]

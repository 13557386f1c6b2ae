"""The state machine (machine.py), driven by chance: every day for a moment, before a release for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from portal import db
from portal.ledger import claims, journal, quotas, runs, takeover
from portal.sending import engine
from tests import factories
from tests.faults.machine import Machine


@pytest.fixture
def machine(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Machine]]:
    """The machine with a sender, a template and a loop of its own."""
    monkeypatch.setattr(engine, "LAST_REPLIES", 0)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(db.open_pool())
    Machine.loop = loop
    Machine.sender = loop.run_until_complete(factories.organisation())
    Machine.version = loop.run_until_complete(factories.template()).version_id
    try:
        yield Machine
    finally:
        loop.run_until_complete(db.close_pool())
        loop.close()


def profile(examples: int, steps: int, *, repeatable: bool, shrink: bool = True) -> settings:
    """How much; `repeatable`: the same steps at every run; `shrink`: look for the shortest way to a failure."""
    return settings(
        phases=tuple(Phase) if shrink else (Phase.generate,),
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=repeatable,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_P1_P2_P3_whatever_happens_nothing_is_lost_and_nothing_sent_twice(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=profile(25, 30, repeatable=True, shrink=False))


@pytest.mark.long
def test_P1_P2_P3_whatever_happens_for_a_long_time(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=profile(1_500, 60, repeatable=False))


# What the ledger relies on, taken away one by one: the machine must notice each. A parameter that a statement does not
# use any more still needs its type.
PLANTED = {
    "no seal": (takeover, "SEAL", "select true from run where id = $1"),
    "any state may go": (journal, "FLUSH", journal.FLUSH.replace("and m.state = 'queued'", "")),
    "any gate is open": (journal, "FLUSH", journal.FLUSH.replace("o.gate = 'open'", "true")),
    "nobody opted out": (journal, "FLUSH", journal.FLUSH.replace("where x.address = m.address::citext", "where false")),
    "no doubt after a crash": (takeover, "DOUBT", "select from run where id = $1"),
    "nothing is repeated": (
        runs,
        "REPEAT",
        "select $1::bigint, $2::bigint, $3::bigint[], $4::bigint[], $5::smallint[], $6::smallint[], $7::text[]",
    ),
    "no limit is reserved": (quotas, "RESERVE", "select $1::text[], $2::date, $3::int"),
    "a lost claim stays": (claims, "RELEASE", "select $1::bigint, $2::bigint[]"),
    "nothing is free again": (takeover, "FREE", "select $1::bigint"),
}


@pytest.mark.long
@pytest.mark.parametrize("name", PLANTED)
def test_the_machine_finds_what_is_planted(machine: type[Machine], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(*PLANTED[name])
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(machine, settings=profile(1_000, 40, repeatable=False, shrink=False))

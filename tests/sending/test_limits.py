"""Limits a minute: never more than allowed, whoever shares them and however the clock jumps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.sending.limits import SLACK, Bucket

steps = st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200)


def taken(bucket: Bucket, at: float) -> bool:
    """Whether a token was there, and is gone now."""
    if bucket.ready_at(at) > at:
        return False
    bucket.take()
    return True


@given(per_minute=st.integers(1, 100_000), waits=steps, tries=st.integers(1, 40))
def test_never_more_than_rate_times_t_and_the_burst(per_minute: int, waits: list[float], tries: int) -> None:
    now, went = 1000.0, []
    bucket = Bucket(per_minute, now)
    for wait in waits:
        now += wait
        went += [now for _ in range(tries) if taken(bucket, now)]
    for i, first in enumerate(went):
        for j, last in enumerate(went[i:], 1):
            assert j <= bucket.rate * (last - first) + bucket.burst + 1e-6


@given(per_minute=st.integers(1, 50_000), waits=st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_no_minute_has_more_than_the_limit_and_one(per_minute: int, waits: list[float]) -> None:
    now, went = 0.0, dict[float, int]()
    bucket = Bucket(per_minute, now)
    for wait in waits:
        now += wait
        while taken(bucket, now):
            went[now] = went.get(now, 0) + 1
    for start in went:
        assert sum(count for at, count in went.items() if start <= at <= start + 60) <= per_minute + 1


@given(limit=st.integers(1, 6_000), runs=st.integers(1, 8))
def test_several_runs_stay_within_one_limit_and_all_get_their_part(limit: int, runs: int) -> None:
    buckets = [Bucket(limit / runs, 0.0) for _ in range(runs)]
    counts = [0] * runs
    for tick in range(60 * 10 + 1):
        for index, bucket in enumerate(buckets):
            while taken(bucket, tick / 10):
                counts[index] += 1
    assert sum(counts) <= limit + runs
    assert max(counts) - min(counts) <= 1


@given(moves=st.lists(st.tuples(st.floats(0, 2), st.integers(1, 5)), min_size=1, max_size=80))
def test_a_larger_part_counts_only_when_all_have_seen_it(moves: list[tuple[float, int]]) -> None:
    now, seen = 0.0, list[tuple[float, int]]()
    bucket = Bucket(600, now)
    for wait, runs in moves:
        now += wait
        seen.append((now, runs))
        bucket.share(600 / runs, now)
        recent = [each for at, each in seen if at >= now - SLACK]
        assert bucket.per_minute <= 600 / min(recent)
    assert bucket.per_minute >= 600 / max(runs for _wait, runs in moves)


def test_a_clock_that_jumps_back_brings_nothing_and_stops_nothing() -> None:
    bucket = Bucket(60, 100.0)
    assert taken(bucket, 100.0)
    assert not taken(bucket, 50.0)
    assert bucket.ready_at(50.0) == 101.0
    assert taken(bucket, 101.0)


def test_a_new_run_begins_with_one_and_gets_more_when_the_others_know_of_it() -> None:
    bucket = Bucket(600, 0.0, starts=SLACK)
    assert [taken(bucket, at) for at in (0.0, 1.0, SLACK, SLACK + 0.2)] == [True, False, False, True]

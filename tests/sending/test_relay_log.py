"""What Postfix's log proves, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from portal.sending import relay_log
from portal.sending.verp import bounce_address

SECRET = b"tests"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OURS = uuid4()  # some letter of ours, by which the log is known to be of our relay


def at(minutes: float) -> datetime:
    """So many minutes before noon."""
    return NOW - timedelta(minutes=minutes)


def stamp(minutes: float, style: str = "iso") -> str:
    """A line's time as rsyslog or as syslog writes it."""
    moment = at(minutes)
    return (
        moment.isoformat()
        if style == "iso"
        else f"{moment.astimezone():%b} {moment.astimezone().day:2} " + (f"{moment.astimezone():%H:%M:%S}")
    )


def head(minutes: float, queue: str, message: UUID, style: str = "iso") -> str:
    """The head of a letter was read."""
    return (
        f"{stamp(minutes, style)} mx postfix/smtpd[2211]: {queue}: client=portal[10.0.0.7]\n"
        f"{stamp(minutes, style)} mx postfix/cleanup[2214]: {queue}: message-id=<{message}@passerelle.example>\n"
    )


def whole(minutes: float, queue: str, sender: str, style: str = "iso") -> str:
    """The letter is in the queue."""
    return (
        f"{stamp(minutes, style)} mx postfix/qmgr[901]: {queue}: from=<{sender}>, size=9822, nrcpt=1 (queue active)\n"
    )


def taken(minutes: float, message: UUID, queue: str = "4Zk1Qh5WcRz9vNw", style: str = "iso") -> str:
    """All of a letter of ours."""
    return head(minutes, queue, message, style) + whole(
        minutes, queue, bounce_address(message, "bounces.passerelle.example", SECRET), style
    )


def quiet(minutes: float, style: str = "iso") -> str:
    """Some other line."""
    return f"{stamp(minutes, style)} mx postfix/anvil[77]: statistics: max connection rate 1/60s\n"


def read(path: Path, text: str, since: float = 60) -> relay_log.Log:
    """What a log says."""
    path.write_text(text)
    return relay_log.read(path, at(since), SECRET, NOW)


@pytest.mark.parametrize("style", ["iso", "syslog"])
def test_a_letter_in_the_queue_is_taken(tmp_path: Path, style: str) -> None:
    letter = uuid4()
    log = read(tmp_path / "mail.log", quiet(120, style) + taken(30, letter, style=style) + quiet(1, style))
    assert (log.taken, log.seen) == ({letter}, {letter})
    assert (log.first, log.last) == (at(120), at(1))


def test_a_letter_that_broke_off_is_neither_taken_nor_missing(tmp_path: Path) -> None:
    letter = uuid4()
    broken = f"{stamp(30)} mx postfix/smtpd[2211]: lost connection after DATA (5120 bytes) from portal[10.0.0.7]\n"
    text = quiet(120) + taken(40, OURS) + head(30, "4Zk1", letter) + broken + quiet(1)
    log = read(tmp_path / "mail.log", text)
    assert letter not in log.taken
    assert not log.excludes(letter, at(50), at(20))


def test_a_log_that_covers_the_time_and_does_not_know_a_letter_excludes_it(tmp_path: Path) -> None:
    log = read(tmp_path / "mail.log", quiet(120) + taken(40, OURS) + quiet(1))
    assert log.excludes(uuid4(), at(50), at(20))
    assert not log.excludes(OURS, at(50), at(20))
    assert not log.excludes(uuid4(), at(130), at(20))  # it begins too late
    assert not log.excludes(uuid4(), at(50), at(0))  # it ends too early


def test_the_log_of_another_relay_excludes_nothing(tmp_path: Path) -> None:
    foreign = head(40, "AAA", uuid4()) + whole(40, "AAA", "news@elsewhere.example")
    log = read(tmp_path / "mail.log", quiet(120) + foreign + quiet(1))
    assert not log.excludes(uuid4(), at(50), at(20))


def test_somebody_elses_bounce_address_proves_nothing(tmp_path: Path) -> None:
    letter = uuid4()
    forged = bounce_address(letter, "bounces.passerelle.example", b"another secret")
    log = read(tmp_path / "mail.log", quiet(120) + whole(30, "4Zk1", forged))
    assert (log.taken, log.ours) == (frozenset(), False)


def test_what_rotation_has_put_aside_is_read_too(tmp_path: Path) -> None:
    letter = uuid4()
    (tmp_path / "mail.log.1").write_text(quiet(600) + head(30, "4Zk1", letter))
    sender = bounce_address(letter, "bounces.passerelle.example", SECRET)
    log = read(tmp_path / "mail.log", whole(29, "4Zk1", sender) + quiet(1))
    assert (log.taken, log.first) == ({letter}, at(600))


def test_a_log_that_begins_after_a_rotation_without_a_trace_says_only_what_it_says(tmp_path: Path) -> None:
    log = read(tmp_path / "mail.log", taken(20, OURS) + quiet(1))
    assert log.first == at(20)
    assert not log.excludes(uuid4(), at(50), at(10))


def test_only_as_much_is_read_as_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_log, "BLOCK", 4096)
    old, new = uuid4(), uuid4()
    text = taken(5_000, old) + "".join(quiet(4_000 - n) for n in range(3_000)) + taken(30, new) + quiet(1)
    log = read(tmp_path / "mail.log", text)
    assert log.taken == {new}
    assert log.first is not None and at(60) >= log.first > at(3_000)


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_log, "BLOCK", 4096)
    monkeypatch.setattr(relay_log, "LONGEST", 8192)
    log = read(tmp_path / "mail.log", "".join(quiet(500 - n / 10) for n in range(3_000)) + quiet(1), since=499)
    assert log.first is not None and log.first > at(400)


@pytest.mark.parametrize(
    "text", ["", "\n", "no log at all", "\0\xff\n" * 3, "Foo 99 99:99:99 mx x\n", "2026-99-99Tx y\n"]
)
def test_what_is_no_log_says_nothing(tmp_path: Path, text: str) -> None:
    log = read(tmp_path / "mail.log", text)
    assert (log.taken, log.first, log.last) == (frozenset(), None, None)
    assert not log.excludes(uuid4(), at(50), at(20))


def test_a_syslog_line_of_last_december_is_not_of_the_next() -> None:
    assert relay_log.stamp_of(b"Dec 31 23:00:00 mx x\n", NOW) == datetime(2025, 12, 31, 23).astimezone()

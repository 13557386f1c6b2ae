"""What a reply means: the table, line by line."""

from __future__ import annotations

import pytest

from portal.ledger.rules import LOST, NO_DOT, UNSENDABLE, Verdict, enhanced_code, retry_minutes, verdict

ACCEPTED, RETRY = Verdict("accepted"), Verdict("retry", "later")
HARD, REFUSED, POLICY = (
    Verdict("failed", "address_unknown", hard=True),
    Verdict("failed", "refused"),
    Verdict("failed", "policy"),
)
FULL = Verdict("failed", "mailbox_full")

TABLE = [
    ("250 2.0.0 Ok: queued as 4F1", ACCEPTED),
    ("250 Ok", ACCEPTED),
    ("251 2.1.5 User not local; will forward", ACCEPTED),
    ("252 cannot verify", ACCEPTED),
    ("421 4.3.2 Shutting down", RETRY),
    ("450 4.2.0 Greylisted", RETRY),
    ("451 Try again", RETRY),
    ("452 4.2.2 Over quota", RETRY),
    ("450 5.1.1 a class mismatch counts as temporary", RETRY),
    ("550 4.7.1 a class mismatch counts as temporary", RETRY),
    ("550 2.0.0 nonsense", RETRY),
    ("550 5.1.0 Address rejected", HARD),
    ("550 5.1.1 User unknown", HARD),
    ("550 5.1.2 Bad destination host", HARD),
    ("553 5.1.3 Bad address syntax", HARD),
    ("550 5.1.6 Mailbox has moved", HARD),
    ("550 5.1.10 Recipient not found", HARD),
    ("550 5.4.4 Unable to route", HARD),
    ("550 5.1.1 Message rejected as SPAM", POLICY),
    ("550 5.1.0 Rejected by policy", POLICY),
    ("550 5.4.4 Relaying denied", POLICY),
    ("550 5.1.1 over quota", POLICY),
    ("550 5.1.8 Sender address rejected", REFUSED),
    ("550 5.1.11 no such code in the list", REFUSED),
    ("550 User unknown", REFUSED),
    ("550 5.0.0 No", REFUSED),
    ("554 5.3.4 Message too big", REFUSED),
    ("552 5.2.2 Mailbox full", FULL),
    ("552 5.2.2 Over quota", FULL),
    ("550 5.7.1 Not authorised", POLICY),
    ("550 5.7.26 Unauthenticated mail", POLICY),
    ("554 Blocked by our block list", POLICY),
    ("354 that is no end", Verdict("uncertain", "unclear_reply")),
]


@pytest.mark.parametrize(("reply", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_a_reply_is_judged(reply: str, expected: Verdict) -> None:
    assert verdict(int(reply[:3]), reply) == expected


def test_codes_of_our_own_carry_their_reason() -> None:
    assert verdict(LOST, "connection_lost") == Verdict("uncertain", "connection_lost")
    assert verdict(LOST, "worker_lost") == Verdict("uncertain", "worker_lost")
    assert verdict(NO_DOT, "opted_out") == Verdict("skipped", "opted_out")
    assert verdict(UNSENDABLE, "needs_smtputf8") == Verdict("failed", "needs_smtputf8")


def test_only_a_hard_bounce_blocks_the_address() -> None:
    assert [reply for reply, _expected in TABLE if verdict(int(reply[:3]), reply).hard] == [
        reply for reply, expected in TABLE if expected == HARD
    ]


def test_waiting_times_double_from_five_minutes_to_four_hours() -> None:
    assert [retry_minutes(tries) for tries in range(9)] == [5, 10, 20, 40, 80, 160, 240, 240, 240]
    assert retry_minutes(10_000) == 240


def test_enhanced_codes_are_read_where_they_stand() -> None:
    assert enhanced_code("550 5.1.10 Not found") == "5.1.10"
    assert enhanced_code("550-5.1.1 Not found") == "5.1.1"
    assert [enhanced_code(reply) for reply in ("550", "550 not 5.1.1", "550 6.1.1 x", "5.1.1")] == ["", "", "", ""]

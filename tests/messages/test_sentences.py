"""What the register says about a message, and what it lets people do."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portal.ledger.queries import Attempt, MessagePage, Totals
from portal.ledger.rules import SHOWN, STATES
from portal.ledger.words import ENDED, SKIPPED, WAITING, reason_word
from portal.messages import attempts, sentences
from portal.messages.queries import Origin
from portal.sending.dispatcher import BROKE
from portal.timeline import Event

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def message(state: str, reason: str | None = None, **more: Any) -> MessagePage:
    """A message to Ana in a state."""
    fields: dict[str, Any] = dict.fromkeys(MessagePage.__struct_fields__)
    fields |= {"id": 1, "state": state, "reason": reason, "address": "ana@example.org", "subject": "Accepted"}
    fields |= {"planned_at": NOW, "due_at": NOW, "message_id": UUID(int=1)}
    return MessagePage(**fields | more)


def origin(kind: str, **more: Any) -> Origin:
    """Why a message exists."""
    return Origin(**dict.fromkeys(Origin.__struct_fields__) | {"kind": kind} | more)


@pytest.mark.parametrize(
    ("state", "reason", "verbs"),
    [
        ("accepted", None, []),
        ("sending", None, []),
        ("skipped", "opted_out", []),
        ("cancelled", "superseded", []),
        ("failed", "policy", ["retry"]),
        ("uncertain", "connection_lost", ["resend", "leave"]),
        ("uncertain", "left_as_is", ["resend"]),
        ("held", "on_hold", ["release", "cancel"]),
        ("held", "undo", ["release", "cancel"]),
        ("held", "paused", ["cancel"]),
        ("held", "limit", ["cancel"]),
        ("held", "paused_policy", ["cancel"]),
        ("held", "sender_paused", ["cancel"]),
        ("held", "restored", ["cancel"]),
        ("queued", "resent", ["cancel"]),
        ("queued", None, ["cancel"]),
        ("queued", "retry", ["release", "cancel"]),
    ],
)
def test_only_what_makes_sense_can_be_done(state: str, reason: str | None, verbs: list[str]) -> None:
    assert sentences.possible(message(state, reason)) == verbs


@pytest.mark.parametrize("state", SHOWN)
def test_every_state_is_a_whole_sentence(state: str) -> None:
    sentence = sentences.explanation(message(state))
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize("state", ["held", "queued", "failed", "uncertain", "accepted", "cancelled", "skipped"])
@pytest.mark.parametrize("reason", sorted({**SKIPPED, **WAITING, **ENDED}))
def test_every_reason_is_a_whole_sentence(state: str, reason: str) -> None:
    sentence = sentences.explanation(message(state, reason))
    assert sentence.endswith(".") and ".." not in sentence
    assert "{" not in sentence.replace(reason_word(reason), "")


def test_proof_after_a_lost_answer_says_how_we_know() -> None:
    assert sentences.explanation(message("accepted", "by_log")) == (
        "Sent to ana@example.org. The answer was lost, but it did arrive: Found in the log of our mail server."
    )


def test_a_letter_that_breaks_its_connections_says_so() -> None:
    broken = message("queued", "later", reply=BROKE)
    assert sentences.explanation(broken).startswith("The connection broke three times under it, while other e-mails")
    tried = Attempt(number=1, at=NOW, state="retry", code=450, reply=BROKE)
    assert attempts.server_said(tried) == "Three connections broke before the end of this letter."
    assert attempts.server_said(Attempt(1, NOW, "retry", 450, "450 4.2.0 Greylisted")) == "4.2.0 Greylisted"


def test_after_two_doubts_the_register_says_that_it_went_twice() -> None:
    tries = [Attempt(number, NOW, "uncertain", -1, "connection_lost") for number in (0, 1)]
    assert "It was sent twice by now" in sentences.explanation(message("uncertain", "worker_lost", attempts=tries))


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"why": "policy"}, "Sent again by itself, once, because it was not confirmed"),
        ({"why": "never_arrived"}, "Sent again by itself: our mail server never had it"),
        ({"why": "by_hand"}, "Alice had it sent again"),
        ({}, "Alice had it sent again"),
    ],
)
def test_the_history_says_who_sent_it_again(details: dict[str, str], said: str) -> None:
    event = Event(1, NOW, "message", 1, None, None, None, "message.resent", "user", 1, "Alice", details)
    assert sentences.event_sentence(event) == ("refresh", said)


def test_the_history_says_how_it_was_proven() -> None:
    how = {"how": "by_queue"}
    event = Event(1, NOW, "message", 1, None, None, None, "message.proven", "rule", None, "", how)
    assert sentences.event_sentence(event)[1] == "It did arrive: Found in the queue of our mail server"


def test_sent_says_only_what_is_known() -> None:
    said = sentences.explanation(message("accepted"))
    assert said == "Sent to ana@example.org. The recipient’s mail server took it."


def test_a_failure_without_a_known_reason_quotes_the_server() -> None:
    said = sentences.explanation(message("failed", reply="550 Go away"))
    assert said == "Not delivered. Reason: 550 Go away."


@pytest.mark.parametrize("verb", sentences.VERBS)
def test_each_question_says_its_consequence_and_repeats_its_verb(verb: sentences.Verb) -> None:
    question = sentences.question(verb, message("uncertain"))
    assert question.title.endswith("?")
    assert question.consequence.endswith(".")
    assert question.button == sentences.word(verb)


def test_trying_a_dead_address_again_says_that_it_is_blocked() -> None:
    asked = sentences.question("retry", message("failed", "address_unknown"))
    assert asked.consequence.startswith("ana@example.org is blocked because it does not exist.")


def test_why_a_message_exists_is_a_sentence() -> None:
    told = origin("trigger", trigger="Tell the winners", family="manager", actor="Alice", to_status={"en": "Accepted"})
    assert sentences.why(told) == "The automatic e-mail “Tell the winners”: Alice changed the status to “Accepted”."
    receipt = origin("trigger", trigger="Receipt", family="candidate")
    assert sentences.why(receipt) == "The automatic e-mail “Receipt”: the application was submitted."
    reminder = origin("trigger", trigger="A week left", family="deadline")
    assert sentences.why(reminder) == "The automatic e-mail “A week left”: the closing date was near."
    assert sentences.why(origin("test", template="Receipt")) == "A test e-mail of the template “Receipt”."
    assert sentences.why(origin("return_link")) == "The candidate asked for the way back to the application."


def totals(balanced: bool = True, duplicates: int = 0, **by_state: int) -> Totals:
    """Some totals; states that are not named have no message."""
    counts = dict.fromkeys(STATES, 0) | by_state
    return Totals(sum(counts.values()), counts, duplicates, balanced)


def test_the_terms_of_the_sum_add_up_to_what_was_planned() -> None:
    counted = totals(accepted=405, failed=4, uncertain=3, skipped=12)
    assert sentences.terms(counted) == [("accepted", 405), ("failed", 4), ("uncertain", 3), ("skipped", 12)]
    assert sum(count for _state, count in sentences.terms(counted)) == counted.intended


def test_when_all_is_sent_or_skipped_the_proof_is_one_equation() -> None:
    proof = sentences.proof(totals(accepted=405, skipped=7))
    assert proof == "Planned 412 = sent 405 + skipped 7. Duplicates: 0. Not confirmed: 0."


@pytest.mark.parametrize("wrong", [{"balanced": False}, {"duplicates": 1}])
def test_a_sum_that_does_not_add_up_is_said_aloud(wrong: dict[str, Any]) -> None:
    assert sentences.proof(totals(accepted=1, **wrong)).startswith("The sum does not add up.")

"""Every state and reason has its words; message states never use the words of dossiers."""

from __future__ import annotations

from portal.ledger.rules import SHOWN, SUPPRESSED
from portal.ledger.words import ENDED, SKIPPED, WAITING, lane_word, reason_word, state_tone, state_word


def test_states_are_called_what_the_glossary_says() -> None:
    assert [state_word(state) for state in SHOWN] == [
        *("Skipped", "On hold", "Queued", "Sending", "Sent", "Not delivered", "Not confirmed", "Cancelled")
    ]
    assert [state_tone(state) for state in SHOWN] == ["mute", "plum", "teal", "teal", "ok", "bad", "warn", "mute"]


def test_reasons_are_words_not_identifiers() -> None:
    for reason in (*SKIPPED, *WAITING, *ENDED):
        assert "_" not in reason_word(reason, field="Budget", language="Polish")
    assert set(SUPPRESSED) <= set(SKIPPED)
    assert reason_word("opted_out") == "Opted out of optional e-mail"
    assert reason_word(None) == ""
    assert reason_word("something_new") == "something_new"


def test_a_reason_names_its_field() -> None:
    assert reason_word("missing_merge_field:answer_budget") == "Empty field: answer_budget"
    assert reason_word("missing_merge_field:answer_budget", field="Budget") == "Empty field: Budget"
    assert reason_word("missing_language", language="Polish") == "Language missing in the template: Polish"
    assert reason_word("missing_merge_field:{evil}") == "Empty field: {evil}"


def test_lanes_have_names() -> None:
    assert [lane_word(lane) for lane in range(4)] == ["At once", "Automatic e-mail", "Sequence", "Mailing"]

"""Which changes of status are made by hand, and which are refused."""

from __future__ import annotations

import pytest

from portal.dossiers.rules import Refusal, is_manual, refuse_change


# ------------------------------------------------------------------------------------------------ changes of status
@pytest.mark.seed("E08")
@pytest.mark.parametrize("mode", ["send", "hold", "silent", None])
def test_E08_what_a_user_does_is_by_hand(mode: str | None) -> None:
    assert is_manual("user", mode)


@pytest.mark.seed("E11")
@pytest.mark.parametrize(
    ("kind", "mode", "manual"),
    [
        ("import", None, False),
        ("import", "send", False),
        ("rule", None, False),
        ("rule", "send", False),
        ("candidate", None, False),
        ("api", None, False),
        ("api", "send", True),
        ("api", "hold", True),
    ],
)
def test_E11_what_machines_do_is_not_by_hand_unless_a_script_says_so(kind: str, mode: str | None, manual: bool) -> None:
    assert is_manual(kind, mode) is manual


@pytest.mark.parametrize(
    ("to", "mode", "reason", "refusal"),
    [
        ("accepted", "send", "", None),
        ("accepted", None, "", None),
        ("accepted", "silent", "told by telephone", None),
        ("submitted", "send", "", Refusal("same_status", "status")),
        ("accepted", "silent", "  ", Refusal("reason_missing", "reason")),
        ("accepted", "send", "x" * 501, Refusal("reason_too_long", "reason")),
        ("accepted", "shout", "", Refusal("unknown_mode", "mode")),
    ],
)
def test_a_change_is_refused_with_the_field_to_mend(
    to: str, mode: str | None, reason: str, refusal: Refusal | None
) -> None:
    assert refuse_change("submitted", to, mode, reason) == refusal

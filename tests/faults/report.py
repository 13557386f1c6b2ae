"""The fault tests' report at the end of a run, also of one that several processes share. A plugin of pytest."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.faults.oracle import Finding

HEAD = "test | messages | faults | duplicates | lost | uncertain | bound | of them arrived | seconds"
FINDINGS: list[Finding] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that ran a share of the tests hands over what it has found."""
    if output := getattr(session.config, "workeroutput", None):
        output["findings"] = [astuple(finding) for finding in FINDINGS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A share of the tests is done."""
    from tests.faults.oracle import Finding  # not before assertions are made to explain

    FINDINGS.extend(Finding(*found) for found in getattr(node, "workeroutput", {}).get("findings", ()))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the mail servers got against the rows, one line a test."""
    if FINDINGS:
        terminalreporter.section("faults")
        for line in [HEAD, *(finding.line for finding in FINDINGS)]:
            terminalreporter.write_line(line)
        whole = sum(finding.messages for finding in FINDINGS)
        terminalreporter.write_line(f"{whole} messages, {sum(finding.lost for finding in FINDINGS)} lost")

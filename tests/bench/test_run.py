"""The whole bench, small: what it leaves behind, and that it leaves nothing running."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.__main__ import PARTS, options
from bench.children import ROOT, stats
from bench.ratios import KEYS

SESSION = 3  # of the fields behind a process's name in /proc/pid/stat
WORDS = ["sending", "--only", "letters,ed25519,pipelined_c,smtp_source", "--messages", "40", "--rounds", "1"]


def test_a_small_run_sends_everything_once_and_ends_all_its_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", *WORDS, "--results", str(tmp_path)]
    bench = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said = bench.communicate(timeout=240)[0].decode()
    assert bench.returncode == 0, said
    assert [pid for pid, fields in stats().items() if int(fields[SESSION]) == bench.pid] == []
    found = msgspec.json.decode((tmp_path / "sending.json").read_bytes())
    assert set(found["ratios"]) == set(KEYS)
    measured = found["rounds"][0]["results"]
    for name in ("letters", "ed25519"):
        assert measured[name]["proof"] == {"accepted": 40, "duplicates": 0, "balanced": True, "holds": True}
        assert measured[name]["cpu_us"].keys() == {"worker", "postgres", "sink"}
    assert found["letters"]["letters"]["signed"] == 0
    assert found["letters"]["ed25519"]["signed"] == found["letters"]["ed25519"]["letters"] > 0
    assert 8_000 < found["letters"]["letters"]["bytes"] < 12_000
    assert "letters_vs_pipelined_c" in said


def test_a_wrong_setting_ends_with_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--only", "letters,mailchimp", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("--only: there is no contender mailchimp")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "parts"),
    [([], ("sending",)), (["plan", "start"], ("plan", "start")), (["all"], PARTS), (["start", "start"], ("start",))],
)
def test_parts_are_chosen_by_name(words: list[str], parts: tuple[str, ...]) -> None:
    assert options(words).parts == parts

"""What set-up installs, and what its files may not say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from portal.settings import ROOT
from setup import frontend

LOCKS = ("requirements.txt", "requirements-dev.txt", "setup/requirements-uv.txt", "setup/requirements-node.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_every_python_package_has_its_version_and_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())

    assert [
        entry for entry in entries if not re.match(r"[a-z0-9.\-\[\]]+==\S+[^\n]*\\\n {4}--hash=sha256:", entry)
    ] == []


@pytest.mark.parametrize("name", [*LOCKS, "package-lock.json", ".npmrc", "pyproject.toml"])
def test_no_lock_file_names_a_registry_or_a_machine(name: str) -> None:
    text = (ROOT / name).read_text()

    assert (
        re.findall(r"(?:--(?:extra-)?index-url|--find-links|registry=|\"resolved\"|file://|/home/|/root/|/opt/)", text)
        == []
    )
    assert re.findall(r"https?://(?!github\.com/sponsors|opencollective\.com)\S+", text) == []


def test_every_npm_package_has_an_exact_version_and_its_integrity() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert [version for version in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert [name for name, entry in locked.items() if name and not entry["integrity"].startswith("sha512-")] == []
    assert {f"node_modules/{name}" for name in wanted} <= set(locked)


def test_the_runtime_is_part_of_the_development_set() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9.\-\[\]]+==[^\s;]+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") - pins("requirements-dev.txt") == set()


def test_the_front_end_is_where_pages_look_for_it() -> None:
    missing = [name for name in frontend.COPIES.values() if not (frontend.VENDOR / name).stat().st_size]

    assert missing == []


def test_the_sprite_has_every_icon_that_is_named() -> None:
    names = (ROOT / "static/icons.txt").read_text().split()
    sprite = ElementTree.parse(frontend.VENDOR / "icons.svg").getroot()

    assert names == sorted(set(names))
    assert [symbol.get("id") for symbol in sprite] == [*names, "mark"]
    assert {symbol.get("viewBox") for symbol in sprite} == {"0 0 24 24"}
    assert [symbol.get("id") for symbol in sprite if not len(symbol)] == []


def test_an_unknown_icon_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "icons.txt").write_text("mail\nno-such-icon\n")
    (tmp_path / "mark.svg").write_text((ROOT / "static/mark.svg").read_text())
    monkeypatch.setattr(frontend, "STATIC", tmp_path)

    with pytest.raises(SystemExit, match="an icon that Tabler does not have: no-such-icon"):
        frontend.sprite()


def test_a_second_set_up_does_nothing() -> None:
    before = (frontend.VENDOR / "icons.svg").stat().st_mtime_ns

    done = subprocess.run([sys.executable, "setup/frontend.py"], cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (frontend.VENDOR / "icons.svg").stat().st_mtime_ns == before

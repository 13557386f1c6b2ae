"""`portal import` as an operator's script meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import db as database
from portal.imports import reading
from portal.settings import ROOT
from tests import factories


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Three people, one of them without an address that could be written to."""
    file = tmp_path / "people.csv"
    file.write_bytes(
        "E-Mail-Adresse;imię\nana@people.example;Ana\nnobody;X\njan@people.example;Łucja\n".encode("cp1250")
    )
    return file


async def test_a_script_exports_without_formulas(fresh_database: str, valkey_url: str, tmp_path: Path) -> None:
    await factories.account("Adam", "administrator")
    campaign = await factories.campaign(slug="rural-labs")
    await factories.dossier(campaign, await factories.person("=1+1", "Nowak"), number="RL-1", answers={"area": "sea"})
    environment = {**os.environ, "PORTAL_DATABASE_URL": fresh_database, "PORTAL_REDIS_URL": valkey_url}

    def portal(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portal", "export", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    people, dossiers = tmp_path / "people.csv", tmp_path / "dossiers.xlsx"
    assert portal("people", str(people)).stdout == f"1 rows in {people}.\n"
    assert "candidate,=1+1" not in people.read_text("utf-8-sig")
    assert "'=1+1" in people.read_text("utf-8-sig")
    assert portal("dossiers", str(dossiers), "--campaign", "rural-labs").returncode == 0
    data = dossiers.read_bytes()
    assert "RL-1" in reading.read(data, reading.guess(data)).rows[0][1]
    assert portal("dossiers", str(dossiers), "--campaign", "nowhere").stderr == "Error: No campaign nowhere.\n"
    assert portal("people", str(tmp_path / "people.pdf")).returncode == 1


async def test_a_script_imports_people_all_or_none(fresh_database: str, valkey_url: str, listed: Path) -> None:
    await factories.account("Adam", "administrator")
    environment = {**os.environ, "PORTAL_DATABASE_URL": fresh_database, "PORTAL_REDIS_URL": valkey_url}

    def portal(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portal", "import", "people", str(listed), *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    done = portal()
    assert (done.returncode, "Choose the column with the e-mail addresses." in done.stderr) == (1, True)
    columns = ("--column", "email=E-Mail-Adresse")
    done = portal(*columns)
    assert done.returncode == 1
    assert "line 3, E-mail address: This is no e-mail address" in done.stderr
    assert await database.fetchval("select count(*) from person") == 0
    done = portal(*columns, "--skip-errors")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Created: 2. Changed: 0.")
    assert await database.fetchval("select first_name from person where email = 'jan@people.example'") == "Łucja"
    done = portal(*columns, "--skip-errors")
    assert done.stdout.splitlines() == ["3 rows: 0 to import, 2 known already."]
    assert portal("--column", "email").returncode == 2

"""`portal import` as an operator's script meets it."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from portal import db as database
from portal.imports import reading
from tests import factories
from tests.clients import Portal


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Three people, one of them without an address that could be written to."""
    file = tmp_path / "people.csv"
    file.write_bytes(
        "E-Mail-Adresse;imię\nana@people.example;Ana\nnobody;X\njan@people.example;Łucja\n".encode("cp1250")
    )
    return file


async def test_a_script_exports_without_formulas(portal: Portal, tmp_path: Path) -> None:
    await factories.account("Adam", "administrator")
    campaign = await factories.campaign(slug="rural-labs")
    await factories.dossier(campaign, await factories.person("=1+1", "Nowak"), number="RL-1", answers={"area": "sea"})
    export = functools.partial(portal, "export")
    people, dossiers = tmp_path / "people.csv", tmp_path / "dossiers.xlsx"
    assert export("people", str(people)).stdout == f"1 rows in {people}.\n"
    assert "candidate,=1+1" not in people.read_text("utf-8-sig")
    assert "'=1+1" in people.read_text("utf-8-sig")
    assert export("dossiers", str(dossiers), "--campaign", "rural-labs").returncode == 0
    data = dossiers.read_bytes()
    assert "RL-1" in reading.read(data, reading.guess(data)).rows[0][1]
    assert export("dossiers", str(dossiers), "--campaign", "nowhere").stderr == "Error: No campaign nowhere.\n"
    assert export("people", str(tmp_path / "people.pdf")).returncode == 1


async def test_a_script_imports_people_all_or_none(portal: Portal, listed: Path) -> None:
    await factories.account("Adam", "administrator")
    bring_in = functools.partial(portal, "import", "people", str(listed))
    done = bring_in()
    assert (done.returncode, "Choose the column with the e-mail addresses." in done.stderr) == (1, True)
    columns = ("--column", "email=E-Mail-Adresse")
    done = bring_in(*columns)
    assert done.returncode == 1
    assert "line 3, E-mail address: This is no e-mail address" in done.stderr
    assert await database.fetchval("select count(*) from person") == 0
    done = bring_in(*columns, "--skip-errors")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Created: 2. Changed: 0.")
    assert await database.fetchval("select first_name from person where email = 'jan@people.example'") == "Łucja"
    done = bring_in(*columns, "--skip-errors")
    assert done.stdout.splitlines() == ["3 rows: 0 to import, 2 known already."]
    assert bring_in("--column", "email").returncode == 2

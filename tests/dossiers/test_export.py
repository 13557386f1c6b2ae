"""Dossiers as files: what spreadsheets get, and that nothing in it is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from portal import db as database
from portal.dossiers import exporting
from portal.jobs import queries as jobs
from portal.jobs import running
from portal.settings import settings
from tests import factories
from tests.clients import Client
from tests.dossiers.conftest import Scene

HOSTILE = ("=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", " =1", "＝1")


async def furnish(scene: Scene) -> None:
    await factories.question(scene.campaign.id, "area", "choice", "Area", choices=(("art", "Fine arts"),))
    await factories.question(scene.campaign.id, "story", "short", "Story")
    await factories.question(scene.campaign.id, "budget", "number", "Budget")
    for n, text in enumerate(HOSTILE):
        person = await factories.person("Ana;", text)
        made = await factories.dossier(scene.campaign, person, number=f"N-{n}")
        answers = {"area": "art", "story": text, "budget": 12.5}
        await database.execute("update dossier set answers = $2 where id = $1", made.id, answers)
    await factories.dossier(scene.elsewhere, number="THEIRS-1")


async def export(alice: Client, scene: Scene, **chosen: str) -> bytes:
    page = await alice.get(f"/dossiers/export?campaign={scene.campaign.id}&column=name&column=answer.area")
    assert page.h1 == f"Export {len(HOSTILE)} dossiers"
    answer = await alice.post("/dossiers/export", page.form("/dossiers/export") | chosen)
    assert answer.status == 200, answer.text
    return answer.response.content


async def test_a_csv_has_what_the_list_shows_and_no_formula(alice: Client, scene: Scene) -> None:
    await furnish(scene)
    text = (await export(alice, scene, file="csv")).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["Number", "Candidate", "Area"]
    assert [row[0] for row in rows[1:]] == [f"N-{n}" for n in range(len(HOSTILE))]
    assert {row[2] for row in rows[1:]} == {"Fine arts"} and rows[1][1] == "Ana; =1+1"
    everything = (await export(alice, scene, file="csv", columns="all")).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(everything, newline="")) for cell in row]
    assert "'=1+1" in cells and "'＝1" in cells and "12.5" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", " =", "＝"))] == []
    sql = "select actor_name, details->>'n' from timeline_event where what = 'export.dossiers' order by id limit 1"
    assert tuple(await database.fetchrow(sql) or ()) == ("Alice", str(len(HOSTILE)))


async def test_in_other_languages_a_csv_is_separated_as_their_spreadsheets_expect(alice: Client, scene: Scene) -> None:
    await furnish(scene)
    await database.execute("update account set locale = 'pl' where id = $1", scene.alice.id)
    page = await alice.get(f"/dossiers/export?campaign={scene.campaign.id}")
    answer = await alice.post("/dossiers/export", page.form("/dossiers/export") | {"file": "csv"})
    assert answer.text.splitlines()[1].startswith('N-0;"Ana; =1+1";')


async def test_a_workbook_has_texts_numbers_and_dates_and_no_formula(alice: Client, scene: Scene) -> None:
    await furnish(scene)
    data = await export(alice, scene, file="xlsx", columns="all")
    [header, *rows] = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    story, budget = header.index("Story"), header.index("Budget")
    assert [row[story] for row in rows] == list(HOSTILE) and {row[budget] for row in rows} == {12.5}
    assert b"<f>" not in data and hasattr(rows[0][header.index("Changed")], "year")


async def test_bob_may_not_export(client: Client, scene: Scene) -> None:
    await client.sign_in(scene.bob.email)
    assert (await client.get("/dossiers/export")).status == 403
    assert "Export…" not in (await client.get("/dossiers")).words


@pytest.mark.parametrize("file", ["csv", "xlsx"])
async def test_many_are_written_by_a_worker_and_downloaded_by_whoever_asked(
    fresh_client: Client, file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    monkeypatch.setattr(exporting, "PORTION", 2)
    monkeypatch.setattr(exporting, "settings", lambda: settings().model_copy(update={"data_dir": tmp_path}))
    alice = await factories.account("Alice")
    campaign = await factories.campaign(managers=(alice,))
    for n in range(5):
        await factories.dossier(campaign, number=f"N-{n}")
    await fresh_client.sign_in(alice.email)
    page = await fresh_client.get("/dossiers/export")
    page = await fresh_client.post("/dossiers/export", page.form("/dossiers/export") | {"file": file})
    job_id = int(page.path.rpartition("/")[2])
    assert (await fresh_client.get(f"/dossiers/exports/{job_id}")).status == 404
    await running.work({}, {exporting.JOB: exporting.work}, 60)
    job = await jobs.by_id(job_id)
    assert job and (job.state, job.done, job.result["rows"]) == ("done", 5, 5)
    page = await fresh_client.get(f"/jobs/{job_id}")
    assert f"/dossiers/exports/{job_id}" in page.links
    answer = await fresh_client.http.get(f"/dossiers/exports/{job_id}")
    assert answer.headers["content-disposition"].startswith("attachment") and len(answer.content) > 50
    if file == "csv":
        assert len(answer.text.strip().splitlines()) == 6
    assert exporting.sweep() == 0

"""Exporting dossiers: what and how, the file, the download of a long one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import File

from portal.dossiers import exporting
from portal.dossiers.bulk_forms import ExportForm
from portal.dossiers.exporting import Wanted
from portal.dossiers.list_pages import asked_selection, back_to_list
from portal.dossiers.selection import Selection, from_text, pick
from portal.formats import number
from portal.i18n import _, ngettext
from portal.jobs import actions as jobs
from portal.jobs import queries as job_queries
from portal.jobs import words as job_words
from portal.jobs.queries import Job
from portal.outcomes import Missing
from portal.sheets import TYPES
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EXPORT = needs("export.run")


@get("/dossiers/export", opt=EXPORT)
async def export_page(request: Request) -> Response[Any]:
    """CSV or XLSX, the columns shown or all; without ticks, everything that the filters find."""
    selection = asked_selection(request)
    if not selection:
        selection = Selection(selection.filters, all_matching=True)
    return await _ask(request, selection, ExportForm({"picked": selection.text(), "file": "xlsx", "columns": "shown"}))


@post("/dossiers/export", opt=EXPORT)
async def export(request: Request) -> Response[Any]:
    """The file, or the page of the task that writes it."""
    form = await ExportForm.read(request)
    selection = from_text(form.picked)
    if not form.valid or not selection:
        return await _ask(request, selection, form, status_code=422)
    wanted = Wanted(selection, form.columns, form.file)
    n = (await pick(request.user, selection)).n
    if n > exporting.AT_ONCE:
        what = {"picked": form.picked, "columns": form.columns, "file": form.file}
        campaign = selection.filters.campaign
        job_id = await jobs.start(exporting.JOB, request.user, what=what, total=n, campaign_id=campaign)
        return see(request, f"/jobs/{job_id}")
    headers = {"Content-Disposition": f'attachment; filename="dossiers.{form.file}"', "Cache-Control": "no-store"}
    return Response(
        await exporting.at_once(request.user, wanted), media_type=TYPES[form.file], headers=headers, status_code=200
    )


@get("/dossiers/exports/{job_id:int}", opt=EXPORT)
async def download(request: Request, job_id: FromPath[int]) -> File:
    """The file of a task of one's own, as long as it is kept."""
    job = await job_queries.one(request.user, job_id)
    path = exporting.path_of(job.result.get("file") or "none")
    if job.kind != exporting.JOB or job.state != "done" or not path.is_file():
        raise Missing
    return File(path, filename=f"dossiers{path.suffix}", media_type=TYPES[path.suffix[1:]])


async def _ask(request: Request, selection: Selection, form: ExportForm, *, status_code: int = 200) -> Response[Any]:
    form.choices |= {
        "file": [("xlsx", _("Excel workbook (XLSX)")), ("csv", _("Plain table (CSV)"))],
        "columns": [("shown", _("The columns of the list")), ("all", _("All columns"))],
    }
    n = (await pick(request.user, selection)).n
    back = back_to_list(selection.filters)
    return page(request, "dossiers/export.html", status_code=status_code, form=form, n=n, back=back, kept=exporting)


def _title(job: Job) -> str:
    # NOTE: the name of long work
    return ngettext("Export of {n} dossier", "Export of {n} dossiers", job.total).format(n=number(job.total))


def _file(job: Job) -> tuple[str, str]:
    return _("Download the file (kept for 7 days)"), f"/dossiers/exports/{job.id}"


def _stopped(_job: Job) -> tuple[str, str]:
    return _("Show the dossiers"), "/dossiers"


job_words.register(exporting.JOB, job_words.Kind(title=_title, ended=_file, stopped=_stopped))
routes: list[Any] = [export_page, export, download]

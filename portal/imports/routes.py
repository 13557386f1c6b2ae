"""Pages of imports: upload, columns, check, bring in, what became of it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import sheets
from portal.i18n import _, pgettext, text_in
from portal.imports import actions, forms, queries, words
from portal.imports.forms import ColumnsForm, RunForm, UploadForm
from portal.imports.queries import LATEST, Import
from portal.imports.reading import MAX_BYTES
from portal.imports.rules import Kind
from portal.jobs import queries as jobs
from portal.organisation import queries as organisation
from portal.outcomes import Missing, Refused, Stale
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import page, see
from portal.web.rights import needs

MAY = needs("import.run")
ONE = "/imports/{import_id:int}"
SAMPLE = 5  # rows shown beside the columns


@get("/imports", opt=MAY)
async def imports(request: Request) -> Response[Any]:
    """One's own imports, latest first."""
    found = await queries.latest(request.user, asked(request, LATEST))
    return page(request, "imports/list.html", found=found, states=words.STATES, words=words)


@get("/imports/new", opt=MAY)
async def new_import(request: Request, kind: FromQuery[str] = "", campaign: FromQuery[int] = 0) -> Response[Any]:
    """Choose a file, and what its rows are."""
    choices = forms.upload_choices(await queries.campaigns_to_choose(request.user))
    known = kind if kind in ("candidates", "contacts", "dossiers") else "candidates"
    values = {"kind": known, "campaign": campaign}
    return page(request, "imports/new.html", form=UploadForm(values, choices=choices))


@post("/imports/new", opt=MAY, status_code=303, request_max_body_size=MAX_BYTES + 1_000_000)
async def upload(request: Request) -> Response[Any]:
    """Keep the file; the next page asks for the columns."""
    form = await UploadForm.read(request, choices=forms.upload_choices(await queries.campaigns_to_choose(request.user)))
    if form.valid and form.kind == "dossiers" and not form.campaign:
        form.errors["campaign"] = _("Choose the campaign.")
    if not form.valid:
        return page(request, "imports/new.html", status_code=422, form=form)
    person: queries.Person = "contact" if form.kind == "contacts" else "candidate"
    kind: Kind = "dossiers" if form.kind == "dossiers" else "people"
    file = form.values["file"]
    try:
        data = await file.read()
        number = await actions.upload(request.user, kind, form.campaign or None, file.filename, data, person=person)
    except Refused as refused:
        form.refuse(refused)
        return page(request, "imports/new.html", status_code=422, form=form)
    return see(request, f"/imports/{number}")


# ------------------------------------------------------------------------------------------------ one import
@get(ONE, opt=MAY)
async def one_import(request: Request, import_id: FromPath[int]) -> Response[Any]:
    """Where it stands: columns, check, progress, outcome."""
    return await _page(request, await queries.one(request.user, import_id))


async def _page(
    request: Request, found: Import, form: Form | None = None, *, status_code: int = 200, changed: bool = False
) -> Response[Any]:
    questions = {each.key: each for each in await queries.questions(found.campaign_id)}
    statuses = await queries.statuses(found.campaign_id)
    if form is None:
        choices, extra, values = forms.columns_form(found, questions, statuses, (await organisation.current()).locale)
        form = ColumnsForm(values, choices=choices, extra=extra)
    sample, unreadable = await _sample(found)
    return page(
        request,
        "imports/one.html",
        status_code=status_code,
        it=found,
        form=form,
        changed=changed,
        words=words,
        state=words.STATES[found.state],
        title=text_in(found.campaign_title, None) if found.campaign_title else "",
        fields=[(field, words.field_word(field, questions)) for field in forms.column_fields(found, list(questions))],
        questions=questions,
        sample=sample,
        unreadable=unreadable,
        letters=[forms.letter_of(n) for n in range(1, len(found.header) + 1)],
        problems=await queries.problems(found.id) if found.counts.wrong else [],
        job=await jobs.by_id(found.job_id) if found.job_id else None,
    )


async def _sample(found: Import) -> tuple[list[tuple[int, list[str]]], str]:
    """(the first rows, why there are none)."""
    if not found.open:
        return [], ""
    try:
        return (await actions.read(found.stored_as, found.reading, SAMPLE)).rows, ""
    except Refused as refused:
        return [], refused.message


@post(ONE, opt=MAY, status_code=303)
async def choose(request: Request, import_id: FromPath[int]) -> Response[Any]:
    """Keep what was chosen, and let a worker check every row. Another way of reading asks for the columns again."""
    found = await queries.one(request.user, import_id)
    labels = await actions.labels(found.campaign_id)
    choices, extra, _values = forms.columns_form(found, list(labels), await queries.statuses(found.campaign_id), "en")
    form = await ColumnsForm.read(request, choices=choices, extra=extra)
    if not form.valid:
        return await _page(request, found, form, status_code=422)
    how = form.reading(found.reading)
    try:
        kept = await actions.choose(
            request.user, import_id, form.version, how, form.mapping(), form.options_chosen(found.options)
        )
        if how == found.reading:
            await actions.start_check(request.user, import_id, kept.version)
    except Refused as refused:
        form.refuse(_beside_columns(refused))
        return await _page(request, found, form, status_code=422)
    except Stale:
        return await _page(request, await queries.one(request.user, import_id), status_code=409, changed=True)
    return see(request, f"/imports/{import_id}")


def _beside_columns(refused: Refused) -> Refused:
    """Errors of fields stand beside their columns' boxes."""
    return Refused(refused.message, errors={forms.COLUMN + field: text for field, text in refused.errors.items()})


@post(f"{ONE}/run", opt=MAY, status_code=303)
async def run(request: Request, import_id: FromPath[int]) -> Response[Any]:
    """Bring it in. The number on the button is what happens, else the page asks again."""
    who = request.user
    return await _verb(request, import_id, lambda form: actions.start_run(who, import_id, form.version, form.count))


@get(f"{ONE}/put-away", opt=MAY)
async def put_away_page(request: Request, import_id: FromPath[int]) -> Response[Any]:
    """Say what putting away does before it is done."""
    found = await queries.one(request.user, import_id)
    if found.state in ("done", "importing", "cancelled"):
        raise Missing
    return page(request, "imports/put_away.html", it=found)


@post(f"{ONE}/put-away", opt=MAY, status_code=303)
async def put_away(request: Request, import_id: FromPath[int]) -> Response[Any]:
    """Forget a list that was not brought in."""
    return await _verb(request, import_id, lambda form: actions.put_away(request.user, import_id, form.version))


async def _verb(request: Request, import_id: int, do: Any) -> Response[Any]:
    found = await queries.one(request.user, import_id)
    form = await RunForm.read(request)
    if not form.valid:
        return await _page(request, found, status_code=409, changed=True)
    try:
        await do(form)
    except Refused as refused:
        return await _page(request, found, _refusing(found, refused), status_code=422)
    except Stale:
        return await _page(request, await queries.one(request.user, import_id), status_code=409, changed=True)
    return see(request, f"/imports/{import_id}")


def _refusing(found: Import, refused: Refused) -> Form:
    form = ColumnsForm({"version": found.version})
    form.refuse(refused)
    return form


@get(f"{ONE}/problems.csv", opt=MAY)
async def problems_file(request: Request, import_id: FromPath[int]) -> Response[bytes]:
    """What is wrong, as a table to mend the list by."""
    found = await queries.one(request.user, import_id)
    questions = {each.key: each for each in await queries.questions(found.campaign_id)}
    rows: list[list[object]] = [
        [pgettext("table", "Line"), pgettext("table", "Column"), _("What is wrong"), _("Content of the cell")]
    ]
    for each in await queries.problems(import_id, None):
        said = words.field_word(each.field, questions), words.problem_word(each, questions)
        rows.append([each.line, *said, each.value])
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.csv"'}
    return Response(sheets.csv_lines(rows, first=True), media_type="text/csv; charset=utf-8", headers=headers)


routes: list[Any] = [
    imports, new_import, upload, one_import, choose, run, put_away_page, put_away, problems_file,
]  # fmt: skip

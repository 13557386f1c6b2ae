"""What imports say to people: fields, problems, states, their jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from portal.campaigns.kinds import Question
from portal.campaigns.reading import Code
from portal.campaigns.reading import Problem as Wrong
from portal.dossiers import form_words
from portal.formats import file_size, number
from portal.i18n import _, ngettext, pgettext, text_in
from portal.imports import reading
from portal.imports.queries import Import
from portal.imports.reading import Unreadable
from portal.imports.rules import ANSWER, CHECK_JOB, RUN_JOB, Problem
from portal.jobs import words as jobs
from portal.jobs.queries import Job

Words = Callable[[], str]

FIELDS: dict[str, Words] = {
    "email": lambda: _("E-mail address"),
    "first_name": lambda: _("First name"),
    "last_name": lambda: _("Last name"),
    "locale": lambda: _("Language"),
    "status": lambda: _("Status"),
    "submitted_at": lambda: _("Submitted on"),
}
UNREADABLE: dict[str, Words] = {
    "empty": lambda: _("The file is empty."),
    "too_big": lambda: _("The file is larger than {limit}.").format(limit=file_size(reading.MAX_BYTES)),
    "too_many_rows": lambda: _("The file has more than {limit} rows. Split it.").format(limit=number(reading.MAX_ROWS)),
    "too_many_columns": lambda: _("The file has more than {limit} columns.").format(limit=number(reading.MAX_COLUMNS)),
    "not_a_table": lambda: _("This is no table. Save it as CSV or XLSX and try again."),
    "old_workbook": lambda: _("This is an old Excel file (XLS). Save it as XLSX or CSV and try again."),
    "broken_workbook": lambda: _("The workbook cannot be opened. Save it anew as XLSX or CSV and try again."),
    "bomb": lambda: _("The workbook unpacks to far more than it says. It is not opened."),
    "wrong_encoding": lambda: _("The file cannot be read in this encoding. Choose another one."),
    "no_header": lambda: _("This sheet does not exist. Choose another one."),
}
PROBLEMS: dict[str, Words] = {
    "email_missing": lambda: _("The e-mail address is missing"),
    "email_wrong": lambda: _("This is no e-mail address"),
    "name_too_long": lambda: _("The name is too long"),
    "locale_unknown": lambda: _("This language is not one of ours"),
    "status_unknown": lambda: _("The campaign has no such status"),
    "date_wrong": lambda: _("This is no date. Write it as 2026-11-30 or 30/11/2026"),
}
STATES: dict[str, tuple[Words, str]] = {
    "uploaded": (lambda: pgettext("import", "Columns to be chosen"), "warn"),
    "checking": (lambda: pgettext("import", "Being checked"), "teal"),
    "checked": (lambda: pgettext("import", "Checked"), "warn"),
    "importing": (lambda: pgettext("import", "Being imported"), "teal"),
    "done": (lambda: pgettext("import", "Imported"), "ok"),
    "failed": (lambda: pgettext("import", "Failed"), "bad"),
    "cancelled": (lambda: pgettext("import", "Discarded"), "mute"),
}
ENCODINGS: dict[str, Words] = {
    "utf-8": lambda: "UTF-8",
    "utf-16": lambda: "UTF-16",
    "cp1250": lambda: _("Windows, Central Europe (1250)"),
    "cp1252": lambda: _("Windows, Western Europe (1252)"),
    "iso8859-2": lambda: "ISO 8859-2",
    "latin-1": lambda: "ISO 8859-1",
}
DELIMITERS: dict[str, Words] = {
    ",": lambda: pgettext("delimiter", "Comma"),
    ";": lambda: pgettext("delimiter", "Semicolon"),
    "\t": lambda: pgettext("delimiter", "Tab"),
    "|": lambda: pgettext("delimiter", "Vertical bar"),
}


def field_word(field: str, questions: Mapping[str, Question]) -> str:
    """A field as the page calls it; an answer by its question."""
    if field in FIELDS:
        return FIELDS[field]()
    key = field.removeprefix(ANSWER)
    return text_in(questions[key].label, None) if key in questions else key


def problem_word(problem: Problem, questions: Mapping[str, Question]) -> str:
    """What is wrong with a cell, without the cell's own text; answers as the form says it."""
    if problem.problem == "email_twice":
        return _("The same address is on line {line} already").format(line=number(int(problem.value)))
    if problem.problem in PROBLEMS:
        return PROBLEMS[problem.problem]()
    question = questions.get(problem.field.removeprefix(ANSWER))
    if question is None:
        return _("The question is no longer on the form")
    return form_words.problem_word(Wrong(question.key, cast(Code, problem.problem), question.limit), question)


def unreadable(error: Unreadable) -> str:
    """Why a file cannot be read."""
    if error.code == "cell_too_long":
        # NOTE: {line}: number of a line of a table; {limit}: e.g. 20,000
        text = _("A cell of line {line} has more than {limit} characters. Perhaps a quotation mark is missing.")
        return text.format(line=number(error.line), limit=number(reading.MAX_CELL))
    if error.code == "broken_quotes":
        text = _("The quotation marks of line {line} do not fit. Mend them, or save the table as XLSX.")
        return text.format(line=number(error.line))
    return UNREADABLE[error.code]()


def email_column_missing() -> str:
    """Without addresses nobody can be found, nor written to."""
    return _("Choose the column with the e-mail addresses.")


def column_twice() -> str:
    """For the second field with the same column."""
    return _("Another field uses this column already.")


def file_gone() -> str:
    """For an import whose file was removed."""
    return _("The file is no longer there. Upload it again.")


def taken_back() -> str:
    """For a job that comes after the import was put away."""
    return _("The list was discarded before the import began. Nothing was imported.")


def nothing_to_do() -> str:
    """For a list in which everything is known already."""
    return _("There is nothing to import: no row is new.")


def _check_title(job: Job) -> str:
    return _("Check of the list “{file}”").format(file=job.what.get("name", ""))


def _run_title(job: Job) -> str:
    return _("Import of the list “{file}”").format(file=job.what.get("name", ""))


def _ended(job: Job) -> jobs.Place:
    return _("See the import"), f"/imports/{job.what.get('import')}"


# ------------------------------------------------------------------------------------------------ one import
def into(found: Import) -> str:
    """Where its rows go: candidates, contacts, or the dossiers of a campaign."""
    if found.kind == "dossiers":
        # NOTE: where an import goes. {campaign}: e.g. Rural Labs
        return _("Dossiers of “{campaign}”").format(campaign=text_in(found.campaign_title or {}, None))
    contacts = found.options.person == "contact"
    return pgettext("people", "Contacts") if contacts else pgettext("people", "Candidates")


def rows_into(found: Import) -> str:
    """How many rows, and where they go."""
    rows = ngettext("{n} row", "{n} rows", found.rows).format(n=number(found.rows))
    # NOTE: {rows}: e.g. 1,284 rows; {into}: e.g. Candidates, or: Dossiers of “Rural Labs”
    return _("{rows}. Into: {into}").format(rows=rows, into=into(found))


def known_sentence(found: Import) -> str:
    """What becomes of the records of people who are known."""
    if found.options.known == "update":
        return _("The names and languages of people who are known already are brought up to date.")
    return _("The records of people who are known already stay as they are.")


def import_button(found: Import) -> str:
    """The button that says the number."""
    text = ngettext("Import {n} row", "Import {n} rows", found.ready)
    if found.kind == "dossiers":
        text = ngettext("Import {n} dossier", "Import {n} dossiers", found.ready)
    return text.format(n=number(found.ready))


def outcome_place(found: Import) -> str:
    """Where to look at what came in."""
    if found.kind == "dossiers":
        return f"/dossiers?campaign={found.campaign_id}"
    return "/people/contacts" if found.options.person == "contact" else "/people/candidates"


def outcome_words(found: Import) -> str:
    """The link there."""
    return _("See the dossiers") if found.kind == "dossiers" else _("See the people")


jobs.register(CHECK_JOB, jobs.Kind(title=_check_title, ended=_ended))
jobs.register(RUN_JOB, jobs.Kind(title=_run_title, ended=_ended, left_out=lambda job: int(job.result.get("wrong", 0))))

"""Answers as people read them: on the dossier's page, on the candidate's, and beside another tab's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from portal.campaigns import form_queries
from portal.campaigns.kinds import Question, asked
from portal.dossiers import queries, words
from portal.dossiers.application_form import AnswersForm, ApplicationForm
from portal.dossiers.queries import Dossier, File
from portal.i18n import _, text_in
from portal.rich import plain

Files = Mapping[str, Sequence[File]]


class Line(msgspec.Struct, frozen=True):
    """A question with its answer in words; `lines`: it may have several. Documents are `files`.

    `heading`: a section's title. `retired`: the question is not asked any more.
    """

    label: str
    answer: str = ""
    lines: bool = False
    files: Sequence[File] = ()
    heading: bool = False
    retired: bool = False


class Difference(msgspec.Struct, frozen=True):
    """What another tab has saved in a field, and what stands in this one."""

    label: str
    theirs: str
    mine: str


async def lines(dossier: Dossier) -> list[Line]:
    """Every question that was put, with its answer, phase by phase; then answers to questions that are gone."""
    questions = [each.asked for each in await form_queries.all_questions(dossier.campaign_id)]
    files = by_question(await queries.files(dossier.id))
    given = dossier.answers.keys() | files.keys()
    phases = {each.phase_id for each in questions if each.key in given} | {None}
    now = [each for each in questions if not each.retired and each.phase_id in phases]
    retired = [each for each in questions if each.retired and each.key in given]
    known = {each.key for each in questions}
    gone = [Line(key, str(answer), retired=True) for key, answer in dossier.answers.items() if key not in known]
    kept = [Line(key, files=several, retired=True) for key, several in files.items() if key not in known]
    put = [_line(each, dossier, files) for each in _put(now, dossier)]
    return _with_something_below(put) + [_line(each, dossier, files) for each in retired] + gone + kept


def by_question(files: Sequence[File]) -> dict[str, list[File]]:
    """A dossier's documents by the key of their question."""
    found: dict[str, list[File]] = {}
    for file in files:
        found.setdefault(file.question_key, []).append(file)
    return found


def _put(questions: Sequence[Question], dossier: Dossier) -> list[Question]:
    """Those that conditions put to this candidate, and what was answered all the same."""
    put = {each.key for each in asked(questions, dossier.answers)}
    return [each for each in questions if each.key in put or each.key in dossier.answers]


def _with_something_below(found: Sequence[Line]) -> list[Line]:
    """Without headings that nothing follows."""
    following = (*found[1:], Line("", heading=True))
    return [line for line, after in zip(found, following, strict=False) if not (line.heading and after.heading)]


def _line(question: Question, dossier: Dossier, files: Files) -> Line:
    label = plain(text_in(question.label, None, dossier.default_locale))
    if question.kind == "section":
        return Line(label, heading=True)
    if question.kind == "file":
        return Line(label, files=files.get(question.key, ()), retired=question.retired)
    said = words.answer(question, dossier.answers.get(question.key))
    return Line(label, said, lines=question.kind == "long", retired=question.retired)


def differences(form: AnswersForm, theirs: Dossier) -> list[Difference]:
    """The fields in which what was typed differs from what is saved now."""
    pairs: list[tuple[str, str, str]] = []
    if isinstance(form, ApplicationForm):
        pairs.append((_("First name"), theirs.first_name, form.first_name))
        pairs.append((_("Last name"), theirs.last_name, form.last_name))
    for question in form.questions:
        if question.kind not in ("file", "section"):
            label = text_in(question.label, None, theirs.default_locale)
            saved, typed = theirs.answers.get(question.key), form.answers.get(question.key)
            pairs.append((label, words.answer(question, saved), words.answer(question, typed)))
    return [Difference(label, saved, typed) for label, saved, typed in pairs if saved != typed]

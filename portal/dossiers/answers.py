"""Answers as people read them: on the dossier's page, on the candidate's, and beside another tab's."""

from __future__ import annotations

import msgspec

from portal.dossiers import queries
from portal.dossiers.forms import DraftForm
from portal.dossiers.queries import Dossier, File
from portal.dossiers.rules import Question
from portal.emails.fields import answer_words
from portal.i18n import _, current_locale, text_in


class Line(msgspec.Struct, frozen=True):
    """A question with its answer in words; `lines`: it may have several. A document is a `file`."""

    label: str
    answer: str = ""
    lines: bool = False
    file: File | None = None


class Difference(msgspec.Struct, frozen=True):
    """What another tab has saved in a field, and what stands in this one."""

    label: str
    theirs: str
    mine: str


async def lines(dossier: Dossier) -> list[Line]:
    """Every question with its answer, in the form's order; answers to questions that are gone come last."""
    questions = await queries.questions(dossier.campaign_id)
    files = {file.question_key: file for file in await queries.files(dossier.id)}
    asked = {question.key for question in questions}
    gone = [Line(key, str(answer)) for key, answer in dossier.answers.items() if key not in asked]
    kept = [Line(key, file=file) for key, file in files.items() if key not in asked]
    return [_line(question, dossier, files) for question in questions] + gone + kept


def _line(question: Question, dossier: Dossier, files: dict[str, File]) -> Line:
    label = text_in(question.label, None, dossier.default_locale)
    if question.kind == "file":
        return Line(label, file=files.get(question.key))
    return Line(label, in_words(question, dossier.answers.get(question.key)), lines=question.kind == "long")


def in_words(question: Question, answer: object) -> str:
    """An answer as the reader's language writes it; "" when there is none."""
    if answer in (None, ""):
        return ""
    choices = [{"key": each.key, "label": each.label} for each in question.choices]
    return answer_words(question.kind, choices, answer, current_locale.get())


def differences(form: DraftForm, theirs: Dossier) -> list[Difference]:
    """The fields in which what was typed differs from what is saved now."""
    pairs = [
        (_("First name"), theirs.first_name, form.first_name),
        (_("Last name"), theirs.last_name, form.last_name),
    ]
    for question in form.questions:
        if question.kind != "file":
            label = text_in(question.label, None, theirs.default_locale)
            saved, typed = theirs.answers.get(question.key), form.answers.get(question.key)
            pairs.append((label, in_words(question, saved), in_words(question, typed)))
    return [Difference(label, saved, typed) for label, saved, typed in pairs if saved != typed]

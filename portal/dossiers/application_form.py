"""The candidates' form as browsers send it: answers as typed, documents kept at once whatever else is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from litestar.datastructures import UploadFile

from portal.campaigns.form_checks import LONGEST_ANSWER
from portal.campaigns.kinds import WITH_CHOICES, YES, Question, asked
from portal.campaigns.reading import Answer, check_answers
from portal.countries import countries
from portal.dossiers import files, form_words
from portal.dossiers.actions import Application
from portal.dossiers.files import Kept, Unfit
from portal.dossiers.queries import File
from portal.dossiers.rules import NAME_LIMIT
from portal.i18n import autonym, current_locale, pgettext, text_in
from portal.rich import plain
from portal.web.field import Field, Options, clean, first_text
from portal.web.fields import Choice, Email, Ids, Integer, Text
from portal.web.forms import Form
from portal.web.htmx import Request

LONGEST_TOKEN = 64
LONGEST_TYPED = 2 * LONGEST_ANSWER  # what is longer is refused anyhow, and need not be shown again whole
MOST_TICKS = 500
Stored = Mapping[str, Sequence[File]]  # a dossier's documents by question


class Typed(Field[str]):
    """An answer as it was typed: judged by `check_answers`, never here. `required` is only for show."""

    def __init__(self, *, required: bool) -> None:
        super().__init__("", required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> str:
        return clean(first_text(sent.get(name, []))[:LONGEST_TYPED])


class Several(Field[list[str]]):
    """Ticks, or the notes of documents that an earlier try has kept."""

    many = True

    def __init__(self, *, required: bool = False) -> None:
        super().__init__([], required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[str]:
        return [each[:LONGEST_TYPED] for each in sent.get(name, [])[:MOST_TICKS] if isinstance(each, str) and each]

    def show(self, name: str, value: list[str]) -> dict[str, list[Any]]:
        return {name: list(value)}


class Documents(Field[list[UploadFile]]):
    """Documents, shown as required if their question is; whether they may be missing is judged elsewhere."""

    many = True

    def __init__(self, *, required: bool) -> None:
        super().__init__([], required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> list[UploadFile]:
        return [each for each in sent.get(name, []) if isinstance(each, UploadFile) and each.filename]

    def show(self, name: str, value: list[UploadFile]) -> dict[str, list[Any]]:
        return {}


class DocumentsForm(Form):
    """Documents of questions: `file_<key>`; `kept_<key>` for what an earlier try has kept; `remove_<key>` file ids."""

    questions: Sequence[Question] = ()
    documents: dict[str, list[Kept]]
    stored: Stored

    @classmethod
    def of(cls, questions: Sequence[Question], stored: Stored) -> Self:
        """An empty form with a place for the documents of each question."""
        form = cls(extra=_extra(questions))
        form._about(questions, stored)
        return form

    @classmethod
    async def sent_documents(cls, request: Request, questions: Sequence[Question], stored: Stored) -> Self:
        """The form as sent; at least one document must be in it."""
        form = await cls.read(request, extra=_extra(questions))
        form._about(questions, stored)
        await form._keep_documents()
        if form.valid and not form.documents:
            form.errors[f"file_{questions[0].key}" if questions else ""] = form_words.no_document_chosen()
        return form

    @property
    def titles(self) -> dict[str, str]:
        """What each question asks, by the name of its field."""
        kinds = {"file": "file_"}
        return {f"{kinds.get(each.kind, 'answer_')}{each.key}": plain(text_in(each.label)) for each in self.questions}

    # -------------------------------------------------------------------------------- for the templates
    @property
    def sections(self) -> list[tuple[Question | None, list[Question]]]:
        """The questions below their section's heading; None: those before the first one."""
        found: list[tuple[Question | None, list[Question]]] = [(None, [])]
        for question in self.questions:
            if question.kind == "section":
                found.append((question, []))
            else:
                found[-1][1].append(question)
        return found

    def depends_on(self, question: Question) -> str:
        """The field whose answer decides whether a question is put."""
        return f"answer_{question.shown_if.question}" if question.shown_if else ""

    def wanted(self, question: Question) -> str:
        """The values of that field for which it is, with blanks between."""
        values = question.shown_if.values if question.shown_if else ()
        return " ".join("1" if each == YES else each for each in values)

    def condition_words(self, question: Question) -> str:
        """The same as a sentence."""
        return form_words.condition_word(question, self.questions)

    def limits(self, question: Question) -> str:
        """Which documents a question takes."""
        return form_words.limits_word(question)

    def accept(self, question: Question) -> str:
        """The endings that browsers offer for a question."""
        return files.accept(question.settings.types)

    def example(self, question: Question) -> str:
        """A number in the pattern of a question."""
        return form_words.example_word(question)

    def optional_words(self, question: Question) -> str:
        """Beside several ticks, which as a group cannot be marked as optional."""
        return "" if question.required else f" ({pgettext('field', 'optional')})"

    @property
    def removed(self) -> list[int]:
        """Ids of the documents that are taken away; of one that has to make room for another, too."""
        return [file.id for each in self.questions if each.kind == "file" for file in self._leaving(each)]

    def _about(self, questions: Sequence[Question], stored: Stored) -> None:
        self.questions, self.stored, self.documents = questions, stored, {}

    def _leaving(self, question: Question) -> list[File]:
        """One document is replaced by its successor; of several, those that were ticked go."""
        there = self.stored.get(question.key, [])
        if question.most_files == 1 and self.documents.get(question.key):
            return list(there)
        return [file for file in there if file.id in self.values[f"remove_{question.key}"]]

    async def _keep_documents(self) -> None:
        for question in self.questions:
            if question.kind == "file":
                await self._keep_of(question)

    async def _keep_of(self, question: Question) -> None:
        """The new documents beside those that an earlier try of this form has kept; a single one replaces it."""
        name, limits = f"file_{question.key}", question.settings
        new: list[Kept] = []
        for upload in self[name]:
            try:
                new.append(await _taken(upload, question))
            except Unfit as unfit:
                most = limits.size * 1_000_000
                self.errors[name] = form_words.unfit_word(unfit.code, limits.types, most)
        kept = [each for token in self[f"kept_{question.key}"] if (each := files.pending(token))]
        together = (new or kept[:1]) if question.most_files == 1 else kept + new
        staying = [file for file in self.stored.get(question.key, ()) if file not in self._leaving(question)]
        if len(together) + (len(staying) if question.most_files > 1 else 0) > question.most_files:
            self.errors.setdefault(name, form_words.too_many_files(question.most_files))
        if together:
            self.documents[question.key] = together
        self.raw[f"kept_{question.key}"] = [each.stored_as for each in together]


async def _taken(upload: UploadFile, question: Question) -> Kept:
    """A document whose bytes are kept. Raises Unfit."""
    limits = question.settings
    data = await upload.read(files.MAX_BYTES + 1)
    return await files.keep(upload.filename, data, limits.types, limits.size * 1_000_000)


class ApplicationForm(DocumentsForm):
    """The form of a call. Fields of questions: `answer_<key>`; of documents: `file_`, `kept_` and `remove_<key>`."""

    once = Text(longest=LONGEST_TOKEN, required=False)
    version = Integer(required=False)
    do = Choice("later", "submit")
    first_name = Typed(required=True)
    last_name = Typed(required=True)
    email = Email()
    locale = Choice()

    answers: dict[str, Answer]

    @classmethod
    def over(
        cls, questions: Sequence[Question], locales: Sequence[str], values: Mapping[str, Any], stored: Stored
    ) -> Self:
        """The form of a call, filled with `values`."""
        form = cls(values, choices=_choices(questions, locales), extra=_extra(questions))
        form._about(questions, stored)
        form.answers = {}
        return form

    @classmethod
    async def sent(
        cls, request: Request, questions: Sequence[Question], locales: Sequence[str], stored: Stored
    ) -> Self:
        """The form as sent, its documents kept at once: whatever else is wrong, they are not lost."""
        form = await cls.read(request, choices=_choices(questions, locales), extra=_extra(questions))
        form._about(questions, stored)
        form.raw = {name: [each[:LONGEST_TYPED] for each in values] for name, values in form.raw.items()}
        await form._keep_documents()
        form._judge()
        return form

    @property
    def submitting(self) -> bool:
        """Whether this is the end, or only for today."""
        return self.do == "submit"

    def application(self, email: str = "") -> Application:
        """What the action gets."""
        return Application(
            email=email or self.email,
            first_name=self.first_name,
            last_name=self.last_name,
            locale=self.locale,
            answers=self.answers,
            documents=self.documents,
            removed=self.removed,
        )

    def _judge(self) -> None:
        checked = check_answers(
            self.questions,
            {each.key: self.values.get(f"answer_{each.key}", "") for each in self.questions},
            locale=current_locale.get(),  # of the page they were typed on, whatever the language of our e-mails
            complete=self.submitting,
            files=self._answered_by_documents(),
        )
        self.answers = checked.answers
        if self.submitting:
            self._leave_out()
        wrong = form_words.problem_words(checked.problems, self.questions)
        if self.submitting and not (self.first_name or self.last_name):
            self.errors["first_name"] = form_words.name_missing()
        for name in ("first_name", "last_name"):
            if len(self.values[name]) > NAME_LIMIT:
                self.errors[name] = form_words.too_long(NAME_LIMIT)
        place = {name: place for place, name in enumerate(self.fields)}
        self.errors = dict(sorted((wrong | self.errors).items(), key=lambda each: place.get(each[0], -1)))

    def _answered_by_documents(self) -> set[str]:
        gone = set(self.removed)
        staying = {key for key, there in self.stored.items() if any(file.id not in gone for file in there)}
        return staying | self.documents.keys()

    def _leave_out(self) -> None:
        """Documents for questions that are not put to this candidate are no part of what is submitted."""
        put = {question.key for question in asked(self.questions, self.answers)}
        for question in self.questions:
            if question.kind == "file" and question.key not in put:
                self.documents.pop(question.key, None)
                self.errors.pop(f"file_{question.key}", None)
                self.values[f"remove_{question.key}"] = [file.id for file in self.stored.get(question.key, ())]


class DraftForm(ApplicationForm):
    """The same for somebody who comes back by the link: the address is known, and stays."""

    email = Typed(required=False)


def _choices(questions: Sequence[Question], locales: Sequence[str]) -> dict[str, Options]:
    """The languages by their own names, and the answers to choose from in the reader's language."""
    offered: dict[str, Options] = {"locale": [(each, autonym(each)) for each in locales]}
    for question in questions:
        if question.kind in WITH_CHOICES:
            offered[f"answer_{question.key}"] = [
                (each.key, text_in(each.label) or each.key) for each in question.offered
            ]
        elif question.kind == "country":
            offered[f"answer_{question.key}"] = countries()
    return offered


def _extra(questions: Sequence[Question]) -> dict[str, Field[Any]]:
    extra: dict[str, Field[Any]] = {}
    for question in questions:
        if question.kind == "file":
            extra[f"file_{question.key}"] = Documents(required=question.required)
            extra[f"kept_{question.key}"] = Several()
            extra[f"remove_{question.key}"] = Ids()
        elif question.kind == "choices":
            extra[f"answer_{question.key}"] = Several(required=question.required)
        elif question.kind != "section":
            extra[f"answer_{question.key}"] = Typed(required=question.required)
    return extra


def shown_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as they stand in the form's boxes, in the reader's language."""
    shown: dict[str, Any] = {}
    for question in questions:
        answer = answers.get(question.key)
        if answer is None or question.kind in ("file", "section"):
            continue
        if isinstance(answer, list) or question.kind == "choices":
            shown[f"answer_{question.key}"] = answer if isinstance(answer, list) else [str(answer)]
        elif isinstance(answer, bool):
            shown[f"answer_{question.key}"] = "1" if answer else ""
        else:
            comma = isinstance(answer, float) and current_locale.get() != "en"
            text = str(answer)
            shown[f"answer_{question.key}"] = text.replace(".", ",") if comma else text
    return shown

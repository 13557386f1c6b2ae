"""What browsers send about dossiers: the candidates' application form, and the staff's small ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Self

from litestar.datastructures import UploadFile

from portal.dossiers import files, rules, words
from portal.dossiers.actions import Application
from portal.dossiers.files import Kept, Unfit
from portal.dossiers.rules import LONG_LIMIT, NAME_LIMIT, REASON_LIMIT, Question, check_answers
from portal.i18n import autonym, current_locale, text_in
from portal.web.field import Field, Options, clean, first_text
from portal.web.fields import Choice, Email, File, Flag, IdChoice, Integer, Text
from portal.web.forms import Form
from portal.web.htmx import Request

LONGEST_TOKEN = 64


class Typed(Field[str]):
    """An answer as it was typed: judged by `rules.check_answers`, never here. `required` is only for show."""

    def __init__(self, *, required: bool) -> None:
        super().__init__("", required=required)

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> str:
        return clean(first_text(sent.get(name, [])))[: 2 * LONG_LIMIT]


class Document(File):
    """A document, shown as required if its question is; whether it may be missing is judged elsewhere."""

    def read(self, name: str, sent: Mapping[str, list[Any]], options: Options) -> UploadFile | None:
        return next((each for each in sent.get(name, []) if isinstance(each, UploadFile) and each.filename), None)


class DocumentsForm(Form):
    """Documents of questions: `file_<key>`, and `kept_<key>` for what an earlier try of the form has kept."""

    accept = files.ACCEPT
    largest = files.MAX_BYTES
    questions: Sequence[Question] = ()
    documents: dict[str, Kept]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> Self:
        """An empty form with a place for the document of each question."""
        form = cls(extra=_extra(questions))
        form.questions, form.documents = questions, {}
        return form

    @classmethod
    async def sent_documents(cls, request: Request, questions: Sequence[Question]) -> Self:
        """The form as sent; at least one document must be in it."""
        form = await cls.read(request, extra=_extra(questions))
        form.questions, form.documents = questions, {}
        await form._keep_documents()
        if form.valid and not form.documents:
            form.errors[f"file_{questions[0].key}" if questions else ""] = words.no_document_chosen()
        return form

    @property
    def asked(self) -> dict[str, str]:
        """What each question asks, by the name of its field."""
        kinds = {"file": "file_"}
        return {f"{kinds.get(each.kind, 'answer_')}{each.key}": text_in(each.label) for each in self.questions}

    async def _keep_documents(self) -> None:
        for question in self.questions:
            if question.kind == "file":
                await self._keep_document(question.key)

    async def _keep_document(self, key: str) -> None:
        """The new document, else the one that an earlier try of this form has kept."""
        if (upload := self[f"file_{key}"]) is not None:
            try:
                data = await upload.read(files.MAX_BYTES + 1)
                self.documents[key] = await files.keep(upload.filename, data)
            except Unfit as unfit:
                self.errors[f"file_{key}"] = words.unfit_word(unfit.code)
        elif (kept := files.pending(self[f"kept_{key}"])) is not None:
            self.documents[key] = kept
        self.raw[f"kept_{key}"] = [self.documents[key].stored_as] if key in self.documents else []


class ApplicationForm(DocumentsForm):
    """The form of a call. Fields of questions: `answer_<key>`; of documents: `file_`, `kept_` and `remove_<key>`."""

    once = Text(longest=LONGEST_TOKEN, required=False)
    version = Integer(required=False)
    do = Choice("later", "submit")
    first_name = Typed(required=True)
    last_name = Typed(required=True)
    email = Email()
    locale = Choice()

    answers: dict[str, rules.Answer]

    @classmethod
    def over(cls, questions: Sequence[Question], locales: Sequence[str], values: Mapping[str, Any]) -> Self:
        """The form of a call, filled with `values`."""
        form = cls(values, choices=_choices(questions, locales), extra=_extra(questions))
        form.questions, form.documents, form.answers = questions, {}, {}
        return form

    @classmethod
    async def sent(
        cls, request: Request, questions: Sequence[Question], locales: Sequence[str], stored: Set[str] = frozenset()
    ) -> Self:
        """The form as sent, its documents kept at once: whatever else is wrong, they are not lost.

        `stored`: keys of questions that have a document already.
        """
        form = await cls.read(request, choices=_choices(questions, locales), extra=_extra(questions))
        form.questions, form.documents, form.answers = questions, {}, {}
        await form._keep_documents()
        form._judge(stored)
        return form

    @property
    def submitting(self) -> bool:
        """Whether this is the end, or only for today."""
        return self.do == "submit"

    @property
    def removed(self) -> list[str]:
        """Keys of questions whose document is taken away."""
        return [each.key for each in self.questions if each.kind == "file" and self[f"remove_{each.key}"]]

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

    def _judge(self, stored: Set[str]) -> None:
        typed = {each.key: self[f"answer_{each.key}"] for each in self.questions if each.kind != "file"}
        present = (set(stored) - set(self.removed)) | self.documents.keys()
        locale = current_locale.get()  # of the page they were typed on, whatever the language of our e-mails
        checked = check_answers(self.questions, typed, locale=locale, complete=self.submitting, files=present)
        self.answers = checked.answers
        wrong = words.problem_words(checked.problems, self.questions)
        if self.submitting and not (self.first_name or self.last_name):
            self.errors["first_name"] = words.name_missing()
        for name in ("first_name", "last_name"):
            if len(self.values[name]) > NAME_LIMIT:
                self.errors[name] = words.too_long(NAME_LIMIT)
        place = {name: place for place, name in enumerate(self.fields)}
        self.errors = dict(sorted((wrong | self.errors).items(), key=lambda each: place.get(each[0], -1)))


class DraftForm(ApplicationForm):
    """The same for somebody who comes back by the link: the address is known, and stays."""

    email = Typed(required=False)


def _choices(questions: Sequence[Question], locales: Sequence[str]) -> dict[str, Options]:
    """The languages by their own names, and the answers to choose from in the reader's language."""
    offered: dict[str, Options] = {"locale": [(each, autonym(each)) for each in locales]}
    for question in questions:
        if question.kind == "choice":
            offered[f"answer_{question.key}"] = [
                (each.key, text_in(each.label) or each.key) for each in question.choices
            ]
    return offered


def _extra(questions: Sequence[Question]) -> dict[str, Field[Any]]:
    extra: dict[str, Field[Any]] = {}
    for question in questions:
        if question.kind == "file":
            extra[f"file_{question.key}"] = Document(required=question.required)
            extra[f"kept_{question.key}"] = Text(longest=LONGEST_TOKEN, required=False)
            extra[f"remove_{question.key}"] = Flag()
        else:
            extra[f"answer_{question.key}"] = Typed(required=question.required)
    return extra


def shown_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, str]:
    """Stored answers as they stand in the form's boxes, in the reader's language."""
    shown = {}
    for question in questions:
        answer = answers.get(question.key)
        if answer is not None and question.kind != "file":
            text = str(answer)
            comma = isinstance(answer, float) and current_locale.get() != "en"
            shown[f"answer_{question.key}"] = text.replace(".", ",") if comma else text
    return shown


# ------------------------------------------------------------------------------------------------ staff
class StatusForm(Form):
    """A change of status as the dialog sends it. `count`: how many e-mails it announced."""

    status = Text(longest=100)
    version = Integer()
    count = Integer(required=False)
    mode = Choice(*rules.MODES)
    reason = Text(longest=REASON_LIMIT, required=False)


class NewDossierForm(Form):
    """A dossier made by hand."""

    campaign = IdChoice()
    email = Email()
    first_name = Text(longest=NAME_LIMIT, required=False)
    last_name = Text(longest=NAME_LIMIT, required=False)
    locale = Choice()

"""Questions as the public pages show them, and the documents that answer some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from litestar.datastructures import UploadFile

from portal.campaigns.kinds import YES, Question
from portal.dossiers import files, form_words
from portal.dossiers.answer_fields import Documents, Several, Typed
from portal.dossiers.files import Kept, Unfit
from portal.dossiers.queries import File
from portal.i18n import pgettext, text_in
from portal.rich import plain
from portal.web.field import Field
from portal.web.fields import Ids
from portal.web.forms import Form
from portal.web.htmx import Request

Stored = Mapping[str, Sequence[File]]  # a dossier's documents by question


class DocumentsForm(Form):
    """Documents of questions: `file_<key>`; `kept_<key>` for what an earlier try has kept; `remove_<key>` file ids."""

    questions: Sequence[Question] = ()
    documents: dict[str, list[Kept]]
    stored: Stored

    @classmethod
    def of(cls, questions: Sequence[Question], stored: Stored) -> Self:
        """An empty form with a place for the documents of each question."""
        form = cls(extra=extra_fields(questions))
        form._about(questions, stored)
        return form

    @classmethod
    async def sent_documents(cls, request: Request, questions: Sequence[Question], stored: Stored) -> Self:
        """The form as sent; at least one document must be in it."""
        form = await cls.read(request, extra=extra_fields(questions))
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
        optional = pgettext("field", "optional")
        return "" if question.required else f" ({optional})"

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


def extra_fields(questions: Sequence[Question]) -> dict[str, Field[Any]]:
    """The fields of a form's questions."""
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

"""The candidates' form as browsers send it: answers as typed, judged question by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from portal.campaigns.kinds import WITH_CHOICES, Question, asked
from portal.campaigns.reading import Answer, check_answers
from portal.countries import countries
from portal.dossiers import form_words
from portal.dossiers.actions import Application
from portal.dossiers.answer_fields import LONGEST_TYPED, Typed
from portal.dossiers.documents_form import DocumentsForm, Stored, extra_fields
from portal.dossiers.later import PhaseAnswers
from portal.dossiers.rules import NAME_LIMIT
from portal.i18n import autonym, current_locale, text_in
from portal.web.field import Options
from portal.web.fields import Choice, Email, Integer, Text
from portal.web.htmx import Request

LONGEST_TOKEN = 64


class AnswersForm(DocumentsForm):
    """The answers to a form. Fields of questions: `answer_<key>`; of documents: `file_`, `kept_` and `remove_<key>`."""

    version = Integer(required=False)
    do = Choice("later", "submit")

    answers: dict[str, Answer]

    @classmethod
    def over(
        cls, questions: Sequence[Question], locales: Sequence[str], values: Mapping[str, Any], stored: Stored
    ) -> Self:
        """The form of a call, filled with `values`."""
        form = cls(values, choices=_choices(questions, locales), extra=extra_fields(questions))
        form._about(questions, stored)
        form.answers = {}
        return form

    @classmethod
    async def sent(
        cls, request: Request, questions: Sequence[Question], locales: Sequence[str], stored: Stored
    ) -> Self:
        """The form as sent, its documents kept at once: whatever else is wrong, they are not lost."""
        form = await cls.read(request, choices=_choices(questions, locales), extra=extra_fields(questions))
        form._about(questions, stored)
        form.raw = {name: [each[:LONGEST_TYPED] for each in values] for name, values in form.raw.items()}
        await form._keep_documents()
        form._judge()
        return form

    @property
    def submitting(self) -> bool:
        """Whether this is the end, or only for today."""
        return self.do == "submit"

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


class PhaseForm(AnswersForm):
    """The form of a later phase: who answers is known."""

    def given(self) -> PhaseAnswers:
        """What the action gets."""
        return PhaseAnswers(answers=self.answers, documents=self.documents, removed=self.removed)


class ApplicationForm(AnswersForm):
    """The form of a call: who applies, then the questions."""

    once = Text(longest=LONGEST_TOKEN, required=False)
    first_name = Typed(required=True)
    last_name = Typed(required=True)
    email = Email()
    locale = Choice()

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
        if self.submitting and not (self.first_name or self.last_name):
            self.errors["first_name"] = form_words.name_missing()
        for name in ("first_name", "last_name"):
            if len(self.values[name]) > NAME_LIMIT:
                self.errors[name] = form_words.too_long(NAME_LIMIT)
        super()._judge()


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

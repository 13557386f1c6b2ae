"""What the pages of templates send: one language at a time, with the settings that all languages share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from portal.emails import queries, words
from portal.emails.actions import Draft
from portal.emails.checks import CATEGORIES, LONGEST_LINE, LONGEST_NAME, LONGEST_REMARK, Text, text_errors
from portal.emails.checks import tidy as tidy_text
from portal.emails.markup import reduce
from portal.emails.queries import Version
from portal.emails.scan import MAX_SOURCE
from portal.i18n import LOCALES, _, language_name, pgettext
from portal.outcomes import Refused
from portal.people import topics
from portal.web import fields
from portal.web.fields import Options
from portal.web.forms import Form

TEXT_PARTS = ("subject", "preheader", "body")


class Line(fields.Text):
    """One line of a letter. Its non-breaking spaces are typography and stay."""

    def parse(self, text: str, options: Options) -> str:
        """The line with single ordinary spaces."""
        return super().parse(re.sub(r"[ \t\n]+", " ", text), options)


class Body(fields.Text):
    """The html of a letter, in its canonical form."""

    def parse(self, text: str, options: Options) -> str:
        """The reduced html; what the editor shows again after a refusal is this."""
        return reduce(super().parse(text, options))


class SeenForm(Form):
    """The number of the version in force that was seen."""

    version = fields.Integer(least=1)


class TemplateForm(Form):
    """A template in one language. `version` is the number that was seen, 0 for a new one; `person` a dossier's id."""

    name = fields.Text(longest=LONGEST_NAME, missing=lambda: _("Enter the name."))
    category = fields.Choice(*CATEGORIES)
    topic_id = fields.IdChoice(required=False)
    locale = fields.Choice(*LOCALES)
    subject = Line(longest=LONGEST_LINE, lines=True, missing=lambda: _("Enter a subject."))
    preheader = Line(longest=LONGEST_LINE, lines=True, required=False)
    body = Body(longest=MAX_SOURCE, lines=True, missing=lambda: _("Write the letter."))
    sender_id = fields.IdChoice(required=False)
    reply_to = fields.Email(required=False)
    fallback_locale = fields.Choice(*LOCALES, required=False)
    version = fields.Integer(required=False)
    person = fields.Integer(required=False)
    back = fields.Text(required=False)
    note = fields.Text(longest=LONGEST_REMARK, required=False)

    @property
    def text(self) -> Text:
        """What it says in this language."""
        return Text(self.subject, self.preheader, self.body)

    def draft(self) -> Draft:
        """The template with this language only; `actions.save_language` adds the others."""
        return Draft(
            name=self.name,
            category=self.category,
            topic_id=self.topic_id,
            texts={self.locale: self.text} if self.text else {},
            fallback_locale=self.fallback_locale,
            sender_id=self.sender_id or None,
            reply_to=self.reply_to,
            note=self.note,
        )

    def take(self, sent: Mapping[str, list[Any]]) -> None:
        """Read what was sent; the body is shown again in its canonical form, whose lines the problems count."""
        super().take(sent)
        if self.body:
            self.raw["body"] = [self.body]

    def check_text(self) -> None:
        """Only what is wrong with the text of this language: the rest is said when it is saved."""
        self.errors = {name: sentence for name, sentence in self.errors.items() if name in TEXT_PARTS}
        if self.text:
            self.refuse(Refused(errors=text_errors(self.text, tidy_text(self.text))))

    def refuse(self, refused: Refused) -> None:
        """Errors of this language's text belong to their fields; those of another language to the whole form."""
        own = {name.removeprefix(f"{self.locale}."): sentence for name, sentence in refused.errors.items()}
        if "texts" in own:
            own["body"] = own.pop("texts")
        super().refuse(Refused(refused.message) if refused.message else Refused(errors=own))


async def offer(version: Version | None = None) -> dict[str, Options]:
    """The options of the form's choices."""
    written = version.variants if version else {}
    senders = [(sender.id, f"{sender.name} · {sender.address}".strip(" ·")) for sender in await queries.senders()]
    return {
        "category": [(category, words.category_choice(category)) for category in CATEGORIES],
        "topic_id": [(topic.id, topic.label) for topic in await topics.listed()],
        "locale": [(locale, language_name(locale)) for locale in LOCALES],
        "sender_id": senders,
        "fallback_locale": [(locale, language_name(locale)) for locale in LOCALES if locale in written],
    }


def filled(version: Version, locale: str, choices: dict[str, Options], person: int) -> TemplateForm:
    """The form of a saved template, in one language; empty texts where it is not written yet."""
    text = version.variants.get(locale)
    values = msgspec.structs.asdict(text) if text else {"subject": "", "preheader": "", "body": ""}
    values = {name: values[name] for name in TEXT_PARTS}
    values |= {
        "name": version.name,
        "category": version.category,
        "topic_id": version.topic_id or 0,
        "locale": locale,
        "sender_id": version.sender_id or 0,
        "reply_to": version.reply_to,
        "fallback_locale": version.fallback_locale,
        "version": version.number,
        "person": person,
    }
    return TemplateForm(values, choices=choices)


def labels() -> dict[str, str]:
    """What the fields are called where two versions are compared."""
    return {
        "name": _("Name"),
        "category": _("Kind of e-mail"),
        "topic_id": _("What it is about"),
        "subject": _("Subject"),
        "preheader": _("Preview text"),
        "body": _("Letter"),
        "sender_id": pgettext("letter", "From"),
        "reply_to": _("Reply to"),
        "fallback_locale": _("If a language is missing"),
    }

"""Whether a template may be saved: what is wrong with it, field by field, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import msgspec

from portal.addresses import valid_email
from portal.emails.fields import FIELDS
from portal.emails.language import check
from portal.emails.markup import reduce
from portal.emails.scan import CONTROL, Problem, at
from portal.emails.structure import check_body
from portal.emails.words import problem_words
from portal.i18n import LOCALES, _
from portal.outcomes import Refused

LONGEST_NAME = 120
LONGEST_LINE = 200  # characters of a subject or preheader as written
LONGEST_REMARK = 200  # of what is said about a version
LONGEST_BODY = 30_000  # characters of a body as stored
PROBLEMS_SHOWN = 5
CATEGORIES = ("transactional", "optional")


class Text(msgspec.Struct, frozen=True):
    """What a template says in one language."""

    subject: str
    preheader: str = ""
    body: str = ""

    def __bool__(self) -> bool:
        return bool(self.subject.strip() or self.body.strip())


class Wish(Protocol):
    """What `checked` reads of a draft."""

    @property
    def name(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def texts(self) -> Mapping[str, Text]: ...
    @property
    def fallback_locale(self) -> str: ...
    @property
    def sender_id(self) -> int | None: ...
    @property
    def reply_to(self) -> str: ...


def checked(draft: Wish, senders: Collection[int]) -> dict[str, Any]:
    """The draft's values as they are stored. Raises Refused; a text's errors are named `es.subject`, `es.body` ..."""
    errors: dict[str, str] = {}
    name = " ".join(draft.name.split(" "))[: LONGEST_NAME + 1].strip()
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = _("Enter a name of at most {n} characters.").format(n=LONGEST_NAME)
    if len(draft.note) > LONGEST_REMARK:
        errors["note"] = _("Use at most {n} characters.").format(n=LONGEST_REMARK)
    if draft.category not in CATEGORIES:
        errors["category"] = _("Choose one of the options.")
    if draft.sender_id is not None and draft.sender_id not in senders:
        errors["sender_id"] = _("Choose a verified sender.")
    if draft.reply_to and not valid_email(draft.reply_to):
        errors["reply_to"] = _("Enter an address such as name@example.org.")
    texts = _checked_texts(draft.texts, errors)
    if errors:
        raise Refused(errors=errors)
    fallback = draft.fallback_locale if draft.fallback_locale in texts else next(iter(texts))
    return {"name": name, "texts": texts, "fallback_locale": fallback}


def _checked_texts(texts: Mapping[str, Text], errors: dict[str, str]) -> dict[str, Text]:
    written = {locale: tidy(text) for locale, text in texts.items() if text}
    unknown = [locale for locale in written if locale not in LOCALES]
    if not written or unknown:
        errors["texts"] = _("Write the letter in at least one language.") if not unknown else _("Unknown language.")
    for locale, text in written.items():
        for part, sentence in text_errors(texts[locale], text).items():
            errors[f"{locale}.{part}"] = sentence
    return {locale: written[locale] for locale in LOCALES if locale in written}


def tidy(text: Text) -> Text:
    """A text as it is stored: lines without double spaces, the body in its canonical form. Non-breaking spaces stay."""
    subject, preheader = (re.sub(r"[ \t\r\n]+", " ", line).strip(" ") for line in (text.subject, text.preheader))
    return Text(subject, preheader, reduce(text.body))


def text_errors(sent: Text, text: Text) -> dict[str, str]:
    """What is wrong with a text in one language: part -> sentences, each with line and column.

    Lines count in what was sent; only what concerns the markup counts in the canonical form.
    """
    errors = {
        "subject": _("Enter a subject.") if not text.subject else _sentences(line_problems(text.subject)),
        "preheader": _sentences(line_problems(text.preheader)),
        "body": _("Write the letter.") if not text.body else _sentences(body_problems(sent.body, text.body)),
    }
    return {part: sentence for part, sentence in errors.items() if sentence}


def line_problems(line: str) -> list[Problem]:
    """What is wrong with a subject or preheader."""
    if len(line) > LONGEST_LINE:
        return [Problem(1, 1, "too_long", field=str(LONGEST_LINE))]
    return check(line, FIELDS)


def body_problems(sent: str, body: str) -> list[Problem]:
    """What is wrong with a body, before and after it has been brought into its canonical form."""
    if len(body) > LONGEST_BODY:
        return [Problem(1, 1, "too_long", field=str(LONGEST_BODY))]
    if found := CONTROL.search(sent):
        return [at(sent, found.start(), "control_character")]
    problems = check_body(body, FIELDS)
    before = check(sent, FIELDS) if problems and "<" in sent else []
    return before if [one.id for one in before] == [one.id for one in problems] else problems


def _sentences(problems: list[Problem]) -> str:
    return " ".join(problem_words(problem) for problem in problems[:PROBLEMS_SHOWN])

"""What the page of one template shows beside the form: languages, recipient, device, problems, uses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from portal.actor import Actor
from portal.emails import lint, lint_words, preview
from portal.emails.forms import TemplateForm
from portal.emails.library import TemplateRow
from portal.emails.lint import Finding
from portal.emails.queries import Version
from portal.emails.rules import pick_locale
from portal.emails.words import fallback_words
from portal.formats import number as format_number
from portal.i18n import LOCALES, _, ngettext
from portal.web.htmx import Request
from portal.web.pages import own_path
from portal.web.session import Toast
from portal.web.templating import url

WANTED = LOCALES  # the languages a complete template is written in
DEVICES, PARTS = ("phone", "desktop"), ("html", "text", "both")


class View(msgspec.Struct, frozen=True):
    """How the preview is looked at; it stands in the query, so it can be bookmarked."""

    person: int = preview.SAMPLE
    device: str = "phone"
    part: str = "html"
    search: str = ""

    @classmethod
    def of(cls, request: Request) -> View:
        """The view that a request asks for; nonsense counts as not said."""
        query = request.query_params
        person = query.get("as", "")
        return cls(
            person=int(person) if person.isascii() and person.isdecimal() and len(person) < 19 else preview.SAMPLE,
            device=query["device"] if query.get("device") in DEVICES else DEVICES[0],
            part=query["part"] if query.get("part") in PARTS else PARTS[0],
            search=query.get("who", ""),
        )


class Tab(msgspec.Struct, frozen=True):
    """A language of the template."""

    locale: str
    address: str
    written: bool


def language(version: Version, asked: str, reader: str) -> str:
    """The language to show: the one asked for, else the reader's if it is written, else the first there is."""
    if asked in LOCALES:
        return asked
    written = version.variants
    return reader if reader in written else next((one for one in LOCALES if one in written), reader)


def address(template_id: int, locale: str, person: int = preview.SAMPLE) -> str:
    """The page of a template in a language."""
    return url(f"/templates/{template_id}", **{"locale": locale, "as": person or None})


def after_create(template_id: int, locale: str, back: str) -> str:
    """Where to go with a new template: back to the form that asked for one, which then has it chosen (Z18)."""
    origin = own_path(back, "")
    if not origin:
        return address(template_id, locale)
    return f"{origin}{'&' if urlsplit(origin).query else '?'}template={template_id}"


def test_sent(email: str, message_id: int) -> Toast:
    """The toast after a test, with the way to the message."""
    words = _("Test e-mail queued for {address}.").format(address=email)
    return Toast(words, f"/messages/{message_id}", _("Show the message"), "send")


def version_saved(template_id: int, number: int, waiting: int) -> Toast:
    """The toast after a save, with the way to letters that have not left and say what was said before."""
    # NOTE: toast. {number}: number of the version
    words = _("Version {number} saved.").format(number=number)
    if not waiting:
        return Toast(words)
    more = ngettext(
        "{n} e-mail that has not left says what an earlier version said.",
        "{n} e-mails that have not left say what an earlier version said.",
        waiting,
    )
    said = f"{words} {more.format(n=format_number(waiting))}"
    return Toast(said, f"/templates/{template_id}/unsent", _("Look at them"))


async def context(
    actor: Actor, row: TemplateRow | None, version: Version | None, form: TemplateForm, view: View
) -> dict[str, Any]:
    """Everything that `emails/edit.html` names."""
    locale = form.locale or actor.locale
    person = form.person or view.person
    seen = await preview.show(
        actor, form.text, locale, person, sender_id=form.sender_id or None, optional=form.category == "optional"
    )
    return {
        "form": form,
        "version": version,
        "row": row,
        "may_edit": actor.may("template.edit") and (row is None or row.editable),
        "language": locale,
        "tabs": _tabs(version, view, person),
        "fallback": _fallback(version, locale),
        "people": await preview.people(actor, view.search, person),
        "person": person,
        "view": view,
        "seen": seen,
        "findings": [(lint_words.tone(each), lint_words.sentence(each)) for each in _findings(seen, version, locale)],
        "address": f"/templates/{version.template_id}" if version else "/templates",
    }


def _findings(seen: preview.Preview, version: Version | None, locale: str) -> list[Finding]:
    """What to look at in this language; beside the others, as they are saved."""
    others = lint.of_languages(version.variants) if version and seen.letter else []
    return seen.findings + [each for each in others if each.locale == locale]


def _tabs(version: Version | None, view: View, person: int) -> list[Tab]:
    if version is None:
        return []
    look = {"as": person or None, "device": view.device, "part": view.part}
    written = version.variants
    return [Tab(one, url(f"/templates/{version.template_id}", locale=one, **look), one in written) for one in WANTED]


def _fallback(version: Version | None, locale: str) -> str:
    """Which language people get instead, while this one is not written."""
    if version is None or locale in version.variants:
        return ""
    instead, _missing = pick_locale(version.variants, (locale,), version.fallback_locale)
    return fallback_words(locale, version.variants, instead)

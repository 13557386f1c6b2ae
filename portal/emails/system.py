"""The letters of the system itself. They are written in the catalogs like every other text of the pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape

from portal.emails.letters import Variant
from portal.i18n import _, pgettext, use

Paragraph = str | tuple[str, str]  # a text, or one that is left out when its field is empty
Written = tuple[str, tuple[Paragraph, ...]]  # subject and paragraphs

FIELDS = (
    *("campaign_title", "closing_date", "dossier_number"),
    *("origin_name", "sender_address", "what_happened", "server_said", "waiting"),
)


def system_variant(name: str, locale: str) -> Variant:
    """A letter of the system in a language.

    `return_link`: a candidate's way back to a draft; `origin_paused`, `sender_paused`: to whoever has to decide.
    """
    with use(locale):
        return _variant(locale, name, *LETTERS[name]())


def _return_link() -> Written:
    paragraphs = (
        _("Hello,"),
        # NOTE: {campaign_title}: a title, not to be declined, e.g. Rural Labs 2027
        _("You can continue your application for “{campaign_title}” here:"),
        "{{ dossier_link }}",
        (_("Closing date: {closing_date}"), "closing_date"),
        _("If you did not ask for this link, you need do nothing."),
    )
    return _("Your link to the application for “{campaign_title}”"), paragraphs


def _origin_paused() -> Written:
    paragraphs = (
        _("Hello,"),
        # NOTE: {origin_name}: the name of a mass mailing or an automatic e-mail
        _("The e-mails of “{origin_name}” are on hold, because mail servers refuse them as unwanted."),
        ("{{ what_happened }}", "what_happened"),
        (_("The mail server said: {server_said}"), "server_said"),
        _("E-mails that wait: {waiting}. None of them leaves until somebody decides here:"),
        "{{ decisions_link }}",
    )
    return _("On hold: “{origin_name}”"), paragraphs


def _sender_paused() -> Written:
    paragraphs = (
        _("Hello,"),
        # NOTE: {sender_address}: the e-mail address that letters leave from
        _("Nothing leaves from this address any more, because the mail server refuses it: {sender_address}"),
        (_("The mail server said: {server_said}"), "server_said"),
        _("E-mails that wait: {waiting}. None of them leaves until somebody decides here:"),
        "{{ decisions_link }}",
    )
    return _("On hold: e-mails from {sender_address}"), paragraphs


LETTERS: dict[str, Callable[[], Written]] = {
    "return_link": _return_link,
    "origin_paused": _origin_paused,
    "sender_paused": _sender_paused,
}
ALONE = ("{{ dossier_link }}", "{{ decisions_link }}", "{{ what_happened }}", "{{ organisation_name }}")


@lru_cache(maxsize=64)
def _variant(locale: str, name: str, subject: str, paragraphs: tuple[Paragraph, ...]) -> Variant:
    body = [_paragraph(each) for each in (*paragraphs, "{{ organisation_name }}")]
    subject = _with_fields(subject, html=False)
    return Variant(locale=locale, subject=subject, body="\n".join(body), system=name)


def _paragraph(paragraph: Paragraph) -> str:
    text, field = (paragraph, "") if isinstance(paragraph, str) else paragraph
    made = f"<p>{text if text in ALONE else _with_fields(text)}</p>"
    return f"{{% if {field} %}}\n{made}\n{{% endif %}}" if field else made


def _with_fields(text: str, *, html: bool = True) -> str:
    """A catalog's text with its {fields} as merge fields. Other braces of a translation lose their meaning."""
    text = escape(text, quote=False) if html else text
    text = text.replace("{{", "{").replace("{%", "%").replace("{#", "#")
    for name in FIELDS:
        text = text.replace(f"{{{name}}}", f"{{{{ {name} }}}}")
    return text


def test_prefix(subject: str, locale: str) -> str:
    """The subject of a test e-mail, told apart from the real one."""
    with use(locale):
        # NOTE: subject of an e-mail that somebody sends to herself to try a template
        return pgettext("subject", "[Test] {subject}").format(subject=subject)

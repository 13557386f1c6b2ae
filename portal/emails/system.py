"""The letters of the system itself. They are written in the catalogs like every other text of the pages."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from portal.emails.letters import Variant
from portal.i18n import _, pgettext, use

FIELDS = ("campaign_title", "closing_date", "dossier_number")


def system_variant(name: str, locale: str) -> Variant:
    """A letter of the system in a language: `return_link`, a candidate's way back to a draft."""
    if name != "return_link":
        raise LookupError(name)
    with use(locale):
        # NOTE: {campaign_title}: a title, not to be declined, e.g. Rural Labs 2027
        subject = _("Your link to the application for “{campaign_title}”")
        paragraphs = (
            _("Hello,"),
            _("You can continue your application for “{campaign_title}” here:"),
            "{{ dossier_link }}",
            _("Closing date: {closing_date}"),
            _("If you did not ask for this link, you need do nothing."),
        )
    return _variant(locale, subject, paragraphs)


@lru_cache(maxsize=64)
def _variant(locale: str, subject: str, paragraphs: tuple[str, ...]) -> Variant:
    greeting, lead, link, closing, disregard = paragraphs
    body = (
        f"<p>{_with_fields(greeting)}</p>",
        f"<p>{_with_fields(lead)}</p>",
        f"<p>{link}</p>",
        f"{{% if closing_date %}}\n<p>{_with_fields(closing)}</p>\n{{% endif %}}",
        f"<p>{_with_fields(disregard)}</p>",
        "<p>{{ organisation_name }}</p>",
    )
    subject = _with_fields(subject, html=False)
    return Variant(locale=locale, subject=subject, body="\n".join(body), system="return_link")


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

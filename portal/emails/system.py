"""The letters of the system itself. They are written in the catalogs like every other text of the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape

from portal import sealed
from portal.emails.letters import Variant
from portal.i18n import _, pgettext, use

Paragraph = str | tuple[str, str]  # a text, or one that is left out when its field is empty
Written = tuple[str, tuple[Paragraph, ...]]  # subject and paragraphs

FIELDS = (
    *("campaign_title", "closing_date", "dossier_number"),
    *("origin_name", "sender_address", "what_happened", "server_said", "waiting"),
    *("inviter_name", "organisation_name"),
)
HIDDEN, TOKEN = "••••••", "sealed_token"
PURPOSE = "letter"


def system_variant(name: str, locale: str) -> Variant:
    """A letter of the system in a language.

    `return_link`: a candidate's way back to a draft; `origin_paused`, `sender_paused`: to whoever has to decide;
    `invitation`, `reset`: to a colleague, with a link that sets a password.
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


def _invitation() -> Written:
    paragraphs = (
        _("Hello,"),
        # NOTE: {inviter_name}: a colleague, e.g. Alice Martin; {organisation_name}: e.g. Fondation Passerelle
        _("{inviter_name} invites you to work with {organisation_name} in Convoca. Choose a password here:"),
        "{{ account_link }}",
        _("The link works once, for seven days."),
    )
    return _("{inviter_name} invites you to Convoca"), paragraphs


def _reset() -> Written:
    paragraphs = (
        _("Hello,"),
        _("You can choose a new password here:"),
        "{{ account_link }}",
        _("The link works once, for 30 minutes."),
        _("If you did not ask for this, you need do nothing: your password stays as it is."),
    )
    return _("Your new password"), paragraphs


# ------------------------------------------------------------------------------------------------ links in secret
def link_in_secret(address: str, token: str) -> dict[str, str]:
    """Merge values for a link that ends in a token which neither the database nor a page may show."""
    return {"account_link": address + HIDDEN, TOKEN: sealed.seal(token.encode(), PURPOSE).hex()}


def opened(values: Mapping[str, str]) -> Mapping[str, str]:
    """The values as the letter itself has them, with the link's token. Raises sealed.Unreadable."""
    if TOKEN not in values:
        return values
    token = sealed.unseal(bytes.fromhex(values[TOKEN]), PURPOSE).decode()
    return {**values, "account_link": values["account_link"].replace(HIDDEN, token)}


LETTERS: dict[str, Callable[[], Written]] = {
    "return_link": _return_link,
    "origin_paused": _origin_paused,
    "sender_paused": _sender_paused,
    "invitation": _invitation,
    "reset": _reset,
}
LINKS = ("{{ dossier_link }}", "{{ decisions_link }}", "{{ account_link }}")
ALONE = (*LINKS, "{{ what_happened }}", "{{ organisation_name }}")


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

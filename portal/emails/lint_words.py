"""Warnings about templates as sentences."""

from __future__ import annotations

from collections.abc import Callable

from portal.emails import fields
from portal.emails.lint import LONG_SUBJECT, Finding
from portal.formats import number
from portal.i18n import _, language_name

SERIOUS = frozenset({"no_postal_address", "link"})


def tone(finding: Finding) -> str:
    """bad: people would miss something; warn: look at it."""
    return "bad" if finding.kind in SERIOUS else "warn"


def sentence(finding: Finding, *, named: bool = False) -> str:
    """What was found; `named`: with the language in front."""
    said = SENTENCES[finding.kind](finding)
    # NOTE: {language}: e.g. Polish. {sentence}: a whole sentence about the text in that language
    return (
        _("{language}: {sentence}").format(language=language_name(finding.locale), sentence=said)
        if named and finding.locale
        else said
    )


def _long_subject(finding: Finding) -> str:
    words = _("The subject has {n} characters; mailboxes show about {most}.")
    return words.format(n=number(int(finding.detail)), most=number(LONG_SUBJECT))


SENTENCES: dict[str, Callable[[Finding], str]] = {
    "long_subject": _long_subject,
    "picture": lambda finding: _("A picture has no description. People who do not see it read nothing."),
    "link": lambda finding: _("This link leads nowhere: {address}").format(address=finding.detail),
    "unused_opt_out": lambda finding: _(
        "The unsubscribe link stands in a necessary e-mail, which nobody can opt out of."
    ),
    "no_postal_address": lambda finding: _(
        "Optional e-mail must carry your postal address, and there is none yet. An administrator enters it under Brand."
    ),
    "lacks_field": lambda finding: _("Another language has this field, this one does not: {field}").format(
        field=fields.label(finding.detail)
    ),
    "heavy": lambda finding: _("The letter is so long that large mail providers cut it off."),
}

"""The words that people read, from the very catalogs that the portal speaks with: never copies of translations."""

from __future__ import annotations

from dataclasses import dataclass

from portal import formats, i18n
from portal.emails.defaults import LETTERS


@dataclass(frozen=True)
class Words:
    """`say("Save")`, `say("Edit", "button")` with its context, `say("Kept: {file}.", file="a.pdf")` in one language."""

    locale: str

    def __call__(self, text: str, context: str | None = None, **fields: object) -> str:
        with i18n.use(self.locale):
            said = i18n.pgettext(context, text) if context else i18n.gettext(text)
        return said.format(**fields)

    def count(self, one: str, many: str, n: int, **fields: object) -> str:
        """The form for a number of things, with the number in it."""
        with i18n.use(self.locale):
            return i18n.ngettext(one, many, n).format(n=formats.number(n), **fields)

    def language(self, locale: str) -> str:
        """What this language calls another one."""
        with i18n.use(self.locale):
            return i18n.language_name(locale)


def subject(letter: str, locale: str, **fields: str) -> str:
    """The subject of one of the letters that an organisation starts with: subject("acceptance", "pl", ...)."""
    text = LETTERS[letter][locale][0]
    for name, value in fields.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    assert "{{" not in text, text
    return text

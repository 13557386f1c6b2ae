"""What `portal catalogs ...` does: extract, update, compile, check."""

from __future__ import annotations

from babel.messages.catalog import Catalog, Message

from portal.catalogs import files, outside
from portal.catalogs.extraction import extracted
from portal.catalogs.rules import PLURAL_FORMS, Problem, problems
from portal.i18n import LOCALES

SOURCE_LOCALE = "en"


def extract() -> int:
    """Write locales/portal.pot from code and templates. Returns the number of texts."""
    catalog = extracted()
    files.write(files.POT, catalog)
    return len(catalog)


def update() -> dict[str, int]:
    """Bring every language up to portal.pot: translations stay, moved texts become fuzzy, gone ones obsolete.

    English is its own translation, so its new entries are filled in. Returns texts without translation by language.
    """
    template = files.read(files.POT)
    return {locale: _update_one(locale, template) for locale in LOCALES}


def _update_one(locale: str, template: Catalog) -> int:
    path = files.po_path(locale)
    catalog = files.read(path, locale) if path.exists() else Catalog(locale=locale, domain="portal", charset="utf-8")
    catalog.update(template, no_fuzzy_matching=locale == SOURCE_LOCALE, keep_user_comments=True)
    catalog.fuzzy = False
    if locale == SOURCE_LOCALE:
        for message in catalog:
            _speak_for_itself(message)
    files.write(path, catalog)
    return sum(1 for message in catalog if message.id and not _translated(message))


def _speak_for_itself(message: Message) -> None:
    if message.id:
        message.string = message.id
        message.flags.discard("fuzzy")


def _translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return not message.fuzzy and all(texts)


def compile_all() -> list[str]:
    """Compile what is newer than its .mo. Returns the languages that were compiled."""
    return [locale for locale in LOCALES if files.compile_one(locale)]


def check() -> list[Problem]:
    """Everything that would let a wrong or missing word reach a reader: entries, headers, texts outside gettext."""
    found = [*outside.in_templates(), *outside.in_code(), *_not_extracted()]
    for locale in files.headers_differ():
        found.append(Problem(str(locale), "plurals", f"the Plural-Forms header is not “{PLURAL_FORMS[locale]}”"))
    for locale in LOCALES:
        found += _entry_problems(locale)
    return found


def _not_extracted() -> list[Problem]:
    """Texts in use that a language's catalog does not know: `portal catalogs extract` and `update` were not run."""
    used = {(message.context, _first(message)) for message in extracted() if message.id}
    found = []
    for locale in LOCALES:
        known = {(entry.context, entry.ids[0]) for entry in files.entries(locale)}
        for _context, text in sorted(used - known, key=str):
            found.append(Problem(locale, "missing", f"“{text}” is not in the catalog: run extract and update"))
    return found


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _entry_problems(locale: str) -> list[Problem]:
    name = f"locales/{locale}/LC_MESSAGES/portal.po"
    return [
        Problem(f"{name}:{entry.line}", rule, f"“{entry.ids[0]}” {words}")
        for entry in files.entries(locale)
        for rule, words in problems(entry, locale)
    ]

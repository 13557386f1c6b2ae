"""What makes an entry unfit to be shown. Pure: values in, problems out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter

import msgspec

TAG = re.compile(r"</?([a-z][a-z0-9]*)\b[^>]*>")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

# The headers are ours: CLDR's further forms (many, other) serve compact numbers and fractions, which we never print.
PLURAL_FORMS = {
    "en": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}


class Entry(msgspec.Struct, frozen=True):
    """A catalog entry. `ids` has one text, or two (singular, plural); `texts` has one, or one per plural form."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    context: str | None = None
    fuzzy: bool = False
    line: int = 0


class Problem(msgspec.Struct, frozen=True):
    """Something to mend. `where` is a file and line; `rule` names what is broken; `what` says it for a terminal."""

    where: str
    rule: str
    what: str


def fields(text: str) -> list[str]:
    """The named fields of a brace-format text, sorted; the text itself when it is no valid format."""
    try:
        return sorted(name for _literal, name, _spec, _conversion in Formatter().parse(text) if name is not None)
    except ValueError:
        return [f"(not a format: {text})"]


def tags(text: str) -> list[str]:
    """The markup of a text, sorted: translations may move it, not change it."""
    return sorted(TAG.findall(text))


def problems(entry: Entry, locale: str) -> Iterable[tuple[str, str]]:
    """(rule, words) for each thing wrong with an entry; nothing when it may be served."""
    if entry.fuzzy:
        yield "fuzzy", "is marked as fuzzy: a person has to look at it"
    if any(not text for text in entry.texts):
        yield "missing", "has no translation"
        return
    if len(entry.ids) > 1 and len(entry.texts) != plural_count(locale):
        yield "plurals", f"has {len(entry.texts)} plural forms instead of {plural_count(locale)}"
    yield from _differences(entry)


def plural_count(locale: str) -> int:
    """How many plural forms a language has here."""
    return int(PLURAL_FORMS[locale][len("nplurals=")])


def _differences(entry: Entry) -> Iterable[tuple[str, str]]:
    """Fields, markup and control characters against the source; every plural form has every field of the plural."""
    source = entry.ids[-1]
    for text in entry.texts:
        if fields(text) != fields(source):
            yield "fields", f"has the fields {fields(text)} where the source has {fields(source)}"
        if tags(text) != tags(source):
            yield "markup", f"has the tags {tags(text)} where the source has {tags(source)}"
        if CONTROL.search(text):
            yield "control", "holds a control character"

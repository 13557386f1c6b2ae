"""409: somebody saved first. The page shows theirs beside mine and lets me keep mine or take theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from portal.i18n import _, language_name, pgettext
from portal.outcomes import Stale
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page

CONFLICT = 409


class Difference(msgspec.Struct, frozen=True):
    """A field that reads differently now. The texts are as typed, or the words of what was chosen."""

    label: str
    theirs: str
    mine: str


def conflict(
    request: Request, stale: Stale, mine: Form, theirs: Form, *, labels: Mapping[str, str], action: str, back: str
) -> Response[Any]:
    """The page that compares. `theirs` is the form filled with the row as it is now; both have a `version`.

    *Keep my version* sends mine to `action` again, on top of the version that was just shown.
    """
    return page(
        request,
        "conflict.html",
        status_code=CONFLICT,
        stale=stale,
        differences=differences(mine, theirs, labels),
        sent={**mine.raw, "version": [theirs.shown("version")]},
        action=action,
        back=back,
    )


def differences(mine: Form, theirs: Form, labels: Mapping[str, str]) -> list[Difference]:
    """The fields that differ, in the order of the labels; texts language by language."""
    found = []
    for name, label in labels.items():
        for part in mine.fields[name].names(name):
            texts = _words(theirs, name, part), _words(mine, name, part)
            not_shown = "." in part and part not in mine.raw  # a language that the page did not offer
            if texts[0] != texts[1] and not not_shown:
                found.append(Difference(_label(label, part), *texts))
    return found


def _label(label: str, part: str) -> str:
    locale = part.partition(".")[2]
    # NOTE: heading of a text in one language. {label}: e.g. Title; {language}: e.g. Polish
    return _("{label} ({language})").format(label=label, language=language_name(locale)) if locale else label


def _words(form: Form, name: str, part: str) -> str:
    chosen = form.raw.get(part, [])
    if isinstance(form.fields[name].empty, bool):
        return pgettext("answer", "Yes") if chosen else pgettext("answer", "No")
    options = {str(value): words for value, words in form.options(name)}
    return ", ".join(options.get(str(each), str(each)) for each in chosen)

"""The forms of imports: the upload, and how a file is read and what its columns are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

from portal.i18n import LOCALES, _, language_name, pgettext, text_in
from portal.imports import reading, rules, words
from portal.imports.queries import Choices, Import
from portal.imports.reading import Reading
from portal.web.fields import Choice, File, IdChoice, Integer, Options
from portal.web.forms import Form

COLUMN = "column_"


class UploadForm(Form):
    """A new list. `kind`: candidates, contacts, or dossiers of a campaign."""

    kind = Choice("candidates", "contacts", "dossiers")
    campaign = IdChoice(required=False)
    file = File()


class RunForm(Form):
    """A button of an import's page; `count` is the number on it."""

    unseen = frozenset({"version", "count"})
    version = Integer()
    count = Integer(required=False)


class ColumnsForm(Form):
    """How the file is read, and which column is which field."""

    encoding = Choice(required=False)
    delimiter = Choice(required=False)
    sheet = Choice(required=False)
    known = Choice("leave", "update")
    locale = Choice()
    status = Choice(required=False)
    version = Integer()

    def reading(self, before: Reading) -> Reading:
        """How the file is to be read."""
        if before.format == "xlsx":
            return Reading("xlsx", sheet=self.sheet or before.sheet, sheets=before.sheets)
        return Reading("csv", self.encoding or before.encoding, DELIMITER_OF.get(self.delimiter, before.delimiter))

    def mapping(self) -> dict[str, int]:
        """field -> column, from 0."""
        chosen = {name.removeprefix(COLUMN): self.values[name] for name in self.fields if name.startswith(COLUMN)}
        return {field: column - 1 for field, column in chosen.items() if column}

    def options_chosen(self, before: Choices) -> Choices:
        """What holds for the whole file."""
        known = cast(Literal["leave", "update"], self.known)
        return Choices(known=known, person=before.person, locale=self.locale, status=self.status or before.status)


# A tab in a form's value would be trimmed away.
DELIMITER_OF = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
NAME_OF = {sign: name for name, sign in DELIMITER_OF.items()}


def upload_choices(campaigns: Sequence[tuple[int, dict[str, str]]]) -> dict[str, Options]:
    """For UploadForm."""
    kinds = [
        ("candidates", pgettext("people", "Candidates")),
        ("contacts", pgettext("people", "Contacts")),
        ("dossiers", _("Dossiers of a campaign")),
    ]
    return {"kind": kinds, "campaign": [(number, text_in(title, None)) for number, title in campaigns]}


def _choices(found: Import, statuses: Sequence[rules.Option]) -> dict[str, Options]:
    """For ColumnsForm, without the columns."""
    return {
        "encoding": [(each, words.ENCODINGS[each]()) for each in reading.ENCODINGS],
        "delimiter": [(NAME_OF[each], words.DELIMITERS[each]()) for each in reading.DELIMITERS],
        "sheet": [(each, each) for each in found.reading.sheets],
        "known": [("leave", _("Leave their records as they are")), ("update", _("Bring their records up to date"))],
        "locale": [(each, language_name(each)) for each in LOCALES],
        "status": [(each.key, text_in(each.label, None)) for each in statuses],
    }


def column_fields(found: Import, questions: Sequence[str]) -> list[str]:
    """The fields that columns can fill; every field that the mapping names is among them."""
    fields = rules.fields_of(found.kind, {key: {} for key in questions})
    return [*fields, *(each for each in found.mapping if each not in fields)]


def letter_of(column: int) -> str:
    """A column as spreadsheets call it: 1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return letters


def columns_form(
    found: Import, questions: Iterable[str], statuses: Sequence[rules.Option], locale: str
) -> tuple[dict[str, Options], dict[str, Any], dict[str, Any]]:
    """(choices, extra fields, values) of ColumnsForm for an import."""
    fields = column_fields(found, list(questions))
    choices = _choices(found, statuses)
    columns = [(n, f"{letter_of(n)}: {name or '–'}") for n, name in enumerate(found.header, 1)]
    choices |= {COLUMN + field: columns for field in fields}
    extra: dict[str, Any] = {COLUMN + field: IdChoice(required=False) for field in fields}
    extra[COLUMN + "email"] = IdChoice(missing=words.email_column_missing)
    asked = ("encoding", "delimiter") if found.reading.format == "csv" else ("sheet",)
    extra |= {name: Choice() for name in (*asked, *(["status"] if found.kind == "dossiers" else []))}
    values: dict[str, Any] = {COLUMN + field: found.mapping.get(field, -1) + 1 for field in fields}
    values |= {
        "encoding": found.reading.encoding,
        "delimiter": NAME_OF.get(found.reading.delimiter, ""),
        "sheet": found.reading.sheet,
        "known": found.options.known,
        "locale": found.options.locale or locale,
        "status": found.options.status,
        "version": found.version,
    }
    return choices, extra, values

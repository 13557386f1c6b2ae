"""Which column is which field, and what a row says. Pure: values in, values out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from portal.addresses import valid_email

Kind = Literal["people", "dossiers"]
Known = Literal["leave", "update"]  # what becomes of the records of people who are there already
CHECK_JOB, RUN_JOB = "import_check", "import"  # kinds of jobs
LONGEST_NAME = 100
SHOWN_VALUE = 80  # characters of a wrong value that are shown

NO_WORD = re.compile(r"[^a-z0-9]+")
MOMENT = re.compile(r"(?P<d>.*?)(?:[ T](?P<h>\d{1,2}):(?P<m>\d{2})(?::\d{2})?)?", re.ASCII)

# How people call our fields in four languages, without accents, capitals and blanks.
NAMES: dict[str, tuple[str, ...]] = {
    "email": ("email", "mail", "emailaddress", "correo", "correoelectronico", "courriel", "adresseemail",
              "adresseelectronique", "adresemail", "adrespocztyelektronicznej", "adresmail"),
    "first_name": ("firstname", "givenname", "forename", "nombre", "nombres", "nombredepila", "prenom", "imie",
                   "imiona"),
    "last_name": ("lastname", "surname", "familyname", "apellido", "apellidos", "nom", "nomdefamille", "nazwisko"),
    "locale": ("language", "lang", "locale", "idioma", "lengua", "langue", "jezyk"),
    "status": ("status", "estado", "statut", "etat"),
    "submitted_at": ("submitted", "submittedat", "submissiondate", "submittedon", "fechadepresentacion", "presentado",
                     "datededepot", "depose", "deposele", "datazlozenia", "zlozono"),
}  # fmt: skip
LANGUAGES: dict[str, tuple[str, ...]] = {
    "es": ("es", "spa", "spanish", "espanol", "castellano", "espagnol", "hiszpanski"),
    "fr": ("fr", "fra", "fre", "french", "frances", "francais", "francuski"),
    "pl": ("pl", "pol", "polish", "polaco", "polonais", "polski"),
    "en": ("en", "eng", "english", "ingles", "anglais", "angielski"),
}
YES = ("1", "x", "yes", "true", "si", "oui", "tak", "vrai", "verdadero", "prawda")
OF_PEOPLE = ("email", "first_name", "last_name", "locale")
OF_DOSSIERS = (*OF_PEOPLE, "status", "submitted_at")
ANSWER = "answer_"


class Option(msgspec.Struct, frozen=True):
    """A status, or a choice of a question: its key, and how it is called in each language."""

    key: str
    label: dict[str, str] = {}

    @property
    def names(self) -> set[str]:
        """All that a file may call it."""
        return {folded(self.key), *(folded(each) for each in self.label.values())} - {""}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What rows become. `answers` reads the answers of a row: typed by question key -> (stored, problems by key)."""

    kind: Kind
    locale: str
    statuses: Sequence[Option] = ()
    questions: Mapping[str, dict[str, str]] = {}
    read_day: Callable[[str], Any] = lambda text: None
    answers: Callable[[Mapping[str, str], str], tuple[dict[str, Any], dict[str, str]]] = lambda typed, locale: ({}, {})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row that can be brought in. `status`: a key, "" for the one chosen for all; `submitted_at` is local time."""

    line: int
    email: str
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    status: str = ""
    submitted_at: datetime | None = None
    answers: dict[str, Any] = {}


class Problem(msgspec.Struct, frozen=True):
    """What is wrong in a cell. `field` as in the mapping; `value` as it stands there, cut."""

    line: int
    field: str
    problem: str
    value: str = ""


# ------------------------------------------------------------------------------------------------ columns
def folded(text: str) -> str:
    """A heading as it is compared: letters and digits, without accents and capitals."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "l")).casefold()
    return NO_WORD.sub("", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def fields_of(kind: Kind, questions: Mapping[str, dict[str, str]]) -> tuple[str, ...]:
    """The fields that a file can fill, in the order in which they are offered."""
    return OF_PEOPLE if kind == "people" else (*OF_DOSSIERS, *(ANSWER + key for key in questions))


def suggested(header: Sequence[str], kind: Kind, questions: Mapping[str, dict[str, str]]) -> dict[str, int]:
    """field -> column, where a heading says so in one of the four languages; each column once."""
    taken: set[int] = set()
    mapping: dict[str, int] = {}
    headings = [folded(each) for each in header]
    for field in fields_of(kind, questions):
        names = _names(field, questions)
        place = next((n for n, each in enumerate(headings) if n not in taken and each in names), None)
        if place is not None:
            mapping[field] = place
            taken.add(place)
    return mapping


def _names(field: str, questions: Mapping[str, dict[str, str]]) -> set[str]:
    if not field.startswith(ANSWER):
        return set(NAMES[field])
    key = field.removeprefix(ANSWER)
    return {folded(field), folded(key), *(folded(label) for label in questions[key].values())} - {""}


# ------------------------------------------------------------------------------------------------ rows
def check(
    rows: Sequence[tuple[int, list[str]]], mapping: Mapping[str, int], target: Target
) -> Iterator[Row | list[Problem]]:
    """Each row as what it becomes, or all that is wrong with it. An address counts once, at its first line."""
    statuses = names_of(target.statuses)
    seen: dict[str, int] = {}
    for line, cells in rows:
        values = {field: cells[column] for field, column in mapping.items() if 0 <= column < len(cells)}
        row, problems = _read(line, values, target, statuses)
        if row.email and (first := seen.setdefault(row.email.lower(), line)) != line:
            problems.append(Problem(line, "email", "email_twice", str(first)))
        yield problems or row


def _read(
    line: int, values: Mapping[str, str], target: Target, statuses: Mapping[str, str]
) -> tuple[Row, list[Problem]]:
    problems: list[Problem] = []

    def wrong(field: str, problem: str) -> None:
        problems.append(Problem(line, field, problem, values.get(field, "")[:SHOWN_VALUE]))

    email = values.get("email", "").removeprefix("mailto:").strip()
    if not email or not valid_email(email):
        wrong("email", "email_wrong" if email else "email_missing")
    for field in ("first_name", "last_name"):
        if len(values.get(field, "")) > LONGEST_NAME:
            wrong(field, "name_too_long")
    locale = read_locale(values.get("locale", ""), target.locale)
    if not locale:
        wrong("locale", "locale_unknown")
    status = statuses.get(folded(values.get("status", "")), "")
    if values.get("status") and not status:
        wrong("status", "status_unknown")
    submitted_at = read_moment(values.get("submitted_at", ""), target.read_day)
    if values.get("submitted_at") and submitted_at is None:
        wrong("submitted_at", "date_wrong")
    typed = {field.removeprefix(ANSWER): value for field, value in values.items() if field.startswith(ANSWER) and value}
    answers, amiss = target.answers(typed, locale or target.locale)
    for key, problem in amiss.items():
        wrong(ANSWER + key, problem)
    row = Row(
        line=line,
        email=email,
        first_name=" ".join(values.get("first_name", "").split()),
        last_name=" ".join(values.get("last_name", "").split()),
        locale=locale,
        status=status,
        submitted_at=submitted_at,
        answers=answers,
    )
    return row, problems


def read_locale(text: str, usual: str) -> str:
    """One of our languages, by code (also fr-CA) or by its name in any of them; `usual` for nothing, "" if unknown."""
    word = folded(text)
    if not word:
        return usual
    tag = folded(text.replace("_", "-").partition("-")[0])
    return next((locale for locale, names in LANGUAGES.items() if word in names or tag == locale), "")


def read_moment(text: str, read_day: Callable[[str], Any]) -> datetime | None:
    """A day, with or without an hour, as spreadsheets write it; None when it is none."""
    found = MOMENT.fullmatch(text.strip())
    day = read_day(found["d"].strip()) if found and found["d"] else None
    if found is None or day is None:
        return None
    hour, minute = int(found["h"] or 0), int(found["m"] or 0)
    return datetime(day.year, day.month, day.day, hour, minute) if hour < 24 and minute < 60 else None


def names_of(options: Iterable[Option]) -> dict[str, str]:
    """folded name -> key, of everything that a cell may call an option: its key, its label in any language."""
    return {name: each.key for each in options for name in each.names}

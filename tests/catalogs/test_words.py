"""The catalogs are complete, and their words are the ones that each language's readers expect."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from portal import i18n
from portal.catalogs import cli, files
from portal.ledger import words

SHOWN = ("skipped", "held", "queued", "sending", "accepted", "failed", "uncertain", "cancelled")
TRANSLATED = ("es", "fr", "pl")
LETTERS = re.compile(r"[A-Za-z]{3,}")
MARKUP = re.compile(r"</?\w+>|\{\w+\}|\{[%{].*?[%}]\}")
# The same in English and in the language, whole texts.
SAME = {
    "es": {"{n} min", "{name} (API)", "Portal", "Roles", "Sector", "Total"},
    "fr": {
        *(
            "Active",
            "Machine",
            "Type",
            "Budget",
            "Description",
            "Dossier",
            "Dossiers",
            "E-mail",
            "E-mails",
            "Menu",
            "Pages",
            "Question",
            "Questions",
            "import",
        ),
        *("Code", "Exceptions", "Imports", "Invitations", "Logo", "Note", "Notes", "Phases", "Points", "Programme"),
        *(
            "Programmes",
            "Score (%)",
            "Scores",
            "Sessions",
            "Source",
            "Total",
            "Version",
            "Versions",
            "Version {number}",
        ),
        *(
            "Version {number}, {time}",
            "version {n}",
            "{name} (API)",
            "{n} dossier",
            "{n} dossier → {status}",
            "{n} e-mail",
            "{status} ({n} e-mail)",
            "[Test] {subject}",
        ),
    },
    "pl": {
        "E-mail",
        "JSON API",
        "Limit",
        "Link",
        "Logo",
        "Portal",
        "Status: {status}",
        "[Test] {subject}",
        "import",
        "{n} min",
    },
}
EVERYWHERE = {
    *(
        "API",
        "DNS",
        "HTML",
        "PDF",
        "UTC",
        "Cc",
        "Message-ID",
        "Phase",
        "Contact",
        "Contacts",
        "Message",
        "Messages",
        "Date",
        "Action",
    ),
    *("Actions", "Page", "Import", "Error", "Manual", "Alias", "Status", "Format", "Menu"),
}

WRONG = {
    # words that natives stumble over, or that belong to another thing
    "es": r"\b(?:e-?mails?|mails?|ordenador|computadora|fichero|pinch\w+|clicar|vosotros|Oops)\b",
    "fr": r"(?<!e-)\b(?:emails?|mails?|courriels?|soumettre|soumission|éditer|validation|ignoré)\b"
    r"|[cdlnsqj]'|\([es]\)|·e",
    "pl": r"(?<!e-)\b(?:mejl\w*|emails?|maila?|kampani\w+|odrzucon\w+)\b",
}
EXACT = re.compile(r"https://|mailto:|Authorization: Bearer")  # what is typed exactly so
FRENCH_SPACES = re.compile(r"(?<![\u202f ])[;!?](?=\s|$)| [;!?»]|« |(?<=[^\s\d:/{])(?<!\u00a0):(?=\s|$)")


def texts(locale: str) -> Iterator[tuple[str, str]]:
    """(English, translation) of every form."""
    for entry in files.entries(locale):
        for text in entry.texts:
            yield entry.ids[0], text


def test_every_catalog_is_complete_and_nothing_stands_outside_them() -> None:
    assert [f"{problem.where}: {problem.rule}: {problem.what}" for problem in cli.check()] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_english_is_left(locale: str) -> None:
    same = [
        source
        for source, text in texts(locale)
        if text == source and LETTERS.search(MARKUP.sub("", text)) and source not in SAME[locale] | EVERYWHERE
    ]
    assert same == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_words_that_natives_stumble_over_are_not_used(locale: str) -> None:
    wrong = re.compile(WRONG[locale], re.IGNORECASE)
    assert [text for _source, text in texts(locale) if wrong.search(MARKUP.sub("", text))] == []


def test_french_keeps_its_unbreakable_spaces() -> None:
    assert [text for _source, text in texts("fr") if FRENCH_SPACES.search(EXACT.sub("x", MARKUP.sub("x", text)))] == []


@pytest.mark.parametrize("locale", ["es", "pl"])
def test_quotation_marks_are_those_of_the_language(locale: str) -> None:
    foreign = re.compile({"es": "[“”„]", "pl": "[“«»]"}[locale])
    assert [text for _source, text in texts(locale) if foreign.search(text)] == []


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_a_message_is_never_said_to_be_accepted_or_rejected(locale: str) -> None:
    words_of_dossiers = re.compile(r"aceptad|accept|retenu|przyję|rechaz|rejet|reject|odrzuc", re.IGNORECASE)
    with i18n.use(locale):
        said = [words.state_word(state) for state in SHOWN]
    assert [word for word in said if words_of_dossiers.search(word)] == []

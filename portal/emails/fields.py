"""The merge fields: what they are called, what they look like, and how far their values can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from portal.countries import country_name
from portal.formats import NBSP, date_long, list_and, number, time_short, zone_words
from portal.i18n import _, current_locale, pgettext, text_in, use

Kind = Literal["text", "link", "date", "list"]
Trust = Literal["made", "staff", "people"]


class Field(msgspec.Struct, frozen=True):
    """`kind` decides the shape; `trust` whose words the value holds: made by us, written by staff, or by anybody."""

    name: str
    kind: Kind
    trust: Trust


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("first_name", "text", "people"),
        Field("last_name", "text", "people"),
        Field("full_name", "text", "people"),
        Field("email", "text", "made"),  # a checked address
        Field("dossier_number", "text", "made"),
        Field("dossier_link", "link", "made"),
        Field("campaign_title", "text", "staff"),
        Field("closing_date", "date", "made"),
        Field("status", "text", "staff"),
        Field("missing_documents", "list", "staff"),
        Field("reply_before", "date", "made"),
        Field("organisation_name", "text", "staff"),
        Field("sender_name", "text", "staff"),
        Field("unsubscribe_link", "link", "made"),
    )
}

# Those whose value many letters of a mailing have in common.
SHARED = frozenset(
    {
        "campaign_title",
        "closing_date",
        "status",
        "missing_documents",
        "reply_before",
        "organisation_name",
        "sender_name",
    }
)

# Fields of the layout and of the system's letters, never of a text that people write (`check` does not know them).
_LAYOUT_FIELDS = {
    "brand_website": Field("brand_website", "link", "staff"),
    "decisions_link": Field("decisions_link", "link", "made"),
    "account_link": Field("account_link", "link", "made"),
}
_LAYOUT_TEXTS = ("letter_", "brand_")

_LABELS: dict[str, Callable[[], str]] = {
    "first_name": lambda: _("First name"),
    "last_name": lambda: _("Last name"),
    "full_name": lambda: _("Full name"),
    "email": lambda: _("E-mail address"),
    "dossier_number": lambda: _("Dossier number"),
    "dossier_link": lambda: _("Link to the application"),
    "campaign_title": lambda: _("Campaign title"),
    "closing_date": lambda: _("Closing date"),
    "status": lambda: _("Status (public name)"),
    "missing_documents": lambda: _("Missing documents"),
    "reply_before": lambda: _("Reply before"),
    "organisation_name": lambda: _("Organisation name"),
    "sender_name": lambda: _("Sender name"),
    "unsubscribe_link": lambda: _("Unsubscribe link"),
}


def describe(name: str) -> Field:
    """The field of a name; answers to a campaign's questions are anybody's words."""
    if known := FIELDS.get(name) or _LAYOUT_FIELDS.get(name):
        return known
    return Field(name, "text", "staff" if name.startswith(_LAYOUT_TEXTS) else "people")


def label(name: str) -> str:
    """What the field picker calls a field, in the reader's language."""
    if name in _LABELS:
        return _LABELS[name]()
    # NOTE: a merge field. {question}: the key of a question of the application form, e.g. project_title
    return _("Answer: {question}").format(question=name.removeprefix("answer_"))


# ------------------------------------------------------------------------------------------------ values
class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What merge values are made of. Texts of several languages by locale; `closes_at` is wall time in `time_zone`."""

    person_email: str = ""
    first_name: str = ""
    last_name: str = ""
    dossier_number: str = ""
    dossier_link: str = ""
    campaign_title: Mapping[str, str] = {}
    closes_at: datetime | None = None
    time_zone: str = "UTC"
    status_label: Mapping[str, str] = {}
    organisation_name: str = ""
    sender_name: str = ""
    unsubscribe_link: str = ""
    answers: Mapping[str, str] = {}  # key -> words in the letter's language
    missing_documents: tuple[str, ...] = ()
    reply_before: date | None = None


def values(facts: Facts, locale: str) -> dict[str, str]:
    """Every field's value as text, formatted for a locale; "" where there is none. List fields: one item a line."""
    with use(locale):
        return {
            "first_name": facts.first_name,
            "last_name": facts.last_name,
            "full_name": f"{facts.first_name} {facts.last_name}".strip(),
            "email": facts.person_email,
            "dossier_number": facts.dossier_number,
            "dossier_link": facts.dossier_link,
            "campaign_title": text_in(facts.campaign_title, locale),
            "closing_date": moment(facts.closes_at, facts.time_zone) if facts.closes_at else "",
            "status": text_in(facts.status_label, locale),
            "missing_documents": "\n".join(" ".join(item.split()) for item in facts.missing_documents),
            "reply_before": date_long(facts.reply_before) if facts.reply_before else "",
            "organisation_name": facts.organisation_name,
            "sender_name": facts.sender_name,
            "unsubscribe_link": facts.unsubscribe_link,
            **{f"answer_{key}": answer for key, answer in facts.answers.items()},
        }


def moment(wall: datetime, zone: str) -> str:
    """A deadline in a letter: long date, time and whose time it is, in the current locale.

    30 November 2026, 23:59 (local time: Madrid) | 30 de noviembre de 2026, 23:59 (hora local: Madrid) |
    30 novembre 2026, 23 h 59 (heure locale : Madrid) | 30 listopada 2026 r., 23:59 (czas lokalny: Madryt)
    """
    time = time_short(wall)
    if current_locale.get() == "fr":
        time = f"{wall.hour}{NBSP}h{NBSP}{wall:%M}"
    return f"{date_long(wall)}, {time} ({zone_words(zone)})"


def answer_words(kind: str, choices: Sequence[Mapping[str, Any]], answer: object, locale: str) -> str:
    """A stored answer as a letter says it: a choice by its label, dates and numbers as the language writes them."""
    with use(locale):
        if kind in ("choice", "choices"):
            keys = answer if isinstance(answer, list) else [answer]
            labels = {choice.get("key"): choice.get("label", {}) for choice in choices}
            return list_and([text_in(labels.get(key), locale) or str(key) for key in keys])
        if kind == "country":
            return country_name(str(answer))
        if kind == "consent":
            return pgettext("answer", "Yes") if answer is True else pgettext("answer", "No")
        if kind == "date" and isinstance(answer, str):
            return date_long(date.fromisoformat(answer))
        if isinstance(answer, int | float) and not isinstance(answer, bool):
            return number(answer)
        return str(answer)


# ------------------------------------------------------------------------------------------------ samples
_SAMPLES: dict[str, dict[str, str]] = {
    "es": {"first": "Íñigo", "last": "Etxeberria Núñez", "title": "Ayudas Solidarias 2027", "zone": "Europe/Madrid"},
    "fr": {"first": "Inès", "last": "Lefèvre", "title": "Ateliers ouverts 2027", "zone": "Europe/Paris"},
    "pl": {"first": "Łucja", "last": "Wiśniewska", "title": "Wiejskie Laboratoria 2027", "zone": "Europe/Warsaw"},
    "en": {"first": "Alice", "last": "O’Connor", "title": "Rural Labs 2027", "zone": "Europe/London"},
}


def sample_facts(locale: str, organisation_name: str = "", sender_name: str = "", base_url: str = "") -> Facts:
    """An invented person, to preview letters with."""
    sample = _SAMPLES.get(locale, _SAMPLES["en"])
    with use(locale):
        documents = (_("Budget"), _("Annual accounts"))
        status = _("Under review")
    return Facts(
        person_email="name@example.org",
        first_name=sample["first"],
        last_name=sample["last"],
        dossier_number="A-2027-0001",
        dossier_link=f"{base_url or 'https://portal.example.org'}/apply/example/0-example",
        campaign_title={locale: sample["title"]},
        closes_at=datetime(2026, 11, 30, 23, 59),
        time_zone=sample["zone"],
        status_label={locale: status},
        organisation_name=organisation_name,
        sender_name=sender_name or organisation_name,
        unsubscribe_link=f"{base_url or 'https://portal.example.org'}/u/0-example",
        missing_documents=documents,
        reply_before=date(2026, 12, 15),
    )

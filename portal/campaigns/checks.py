"""What is wrong with a campaign, a status or a question, in words beside the field. Reads nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import available_timezones

import msgspec

from portal.campaigns import rules
from portal.formats import number
from portal.i18n import LOCALES, _, language_name, ngettext


class CampaignDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as somebody wants it. `opens_at`, `closes_at`: wall time in `time_zone`, or None.

    When it is created, what is left empty is filled in: address and prefix from the title, the organisation's zone,
    the first language as the default one. `resubmission`: what is submitted may be changed until the closing date;
    `withdrawal`: candidates may withdraw; `assigned_only`: evaluators see only the dossiers assigned to them.
    """

    title: dict[str, str]
    description: dict[str, str] = {}
    slug: str = ""
    locales: list[str] = []
    default_locale: str = ""
    time_zone: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    number_prefix: str = ""
    published: bool = False
    programme_id: int | None = None
    resubmission: bool = False
    withdrawal: bool = True
    assigned_only: bool = False


class StatusDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A status as somebody wants it. Without `public_label` candidates read the internal one; `key` is for scripts.

    `phase_id`: None for the initial phase; left out, the status stays where it is.
    """

    label: dict[str, str]
    public_label: dict[str, str] = {}
    tone: str = "mute"
    is_decision: bool = False
    key: str = ""
    phase_id: int | msgspec.UnsetType | None = msgspec.UNSET


class PhaseDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A phase after the initial one as somebody wants it. Times: wall time in the campaign's zone, or None.

    Dossiers at `entry_status_id` fill in its form; handed in, they get to `submitted_status_id`. 0: none chosen.
    """

    title: dict[str, str]
    description: dict[str, str] = {}
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    entry_status_id: int = 0
    submitted_status_id: int = 0


Problem = tuple[bool, str, str]  # (is it there?, field, sentence)


def of_campaign(draft: CampaignDraft) -> dict[str, str]:
    """field -> sentence for everything that has to be mended; uniqueness is for the database to say."""
    closes_first = bool(draft.opens_at and draft.closes_at and draft.closes_at <= draft.opens_at)
    return first_errors(
        (not draft.locales, "locales", _("Choose at least one language.")),
        (not set(draft.locales) <= set(LOCALES), "locales", _("Choose one of the options.")),
        (draft.default_locale not in draft.locales, "default_locale", _("Choose one of the campaign’s languages.")),
        (not draft.title.get(draft.default_locale), "title", _title_missing(draft.default_locale)),
        (not rules.slug_fits(draft.slug), "slug", _("Use small letters without accents, digits and single hyphens.")),
        (not rules.prefix_fits(draft.number_prefix), "number_prefix", _prefix_wrong()),
        (draft.time_zone not in available_timezones(), "time_zone", _("Choose one of the options.")),
        (closes_first, "closes_at", _("Enter a closing date after the opening date.")),
    )


def of_programme(title: dict[str, str]) -> dict[str, str]:
    """field -> sentence for a programme."""
    return first_errors((not any(title.values()), "title", _("Enter the title.")))


def of_status(draft: StatusDraft, default_locale: str, key: str) -> dict[str, str]:
    """field -> sentence for a status. Nobody decides anything by starting or handing in a dossier."""
    protected = key in ("draft", "submitted")
    return first_errors(
        (not draft.label.get(default_locale), "label", _name_missing(default_locale)),
        (draft.tone not in rules.TONES, "tone", _("Choose one of the options.")),
        (protected and draft.is_decision, "is_decision", _("This status comes before any decision.")),
    )


def of_phase(draft: PhaseDraft, default_locale: str, usable: Collection[int]) -> dict[str, str]:
    """field -> sentence for a phase. `usable`: the ids of the campaign's statuses that come after *Draft*."""
    closes_first = bool(draft.opens_at and draft.closes_at and draft.closes_at <= draft.opens_at)
    same = draft.entry_status_id == draft.submitted_status_id
    return first_errors(
        (not draft.title.get(default_locale), "title", _title_missing(default_locale)),
        (closes_first, "closes_at", _("Enter a closing date after the opening date.")),
        (
            draft.entry_status_id not in usable,
            "entry_status_id",
            _("Choose the status of those who take part."),
        ),
        (draft.submitted_status_id not in usable, "submitted_status_id", _("Choose the status that follows.")),
        (same, "submitted_status_id", _("Choose a different status from the one above.")),
    )


def first_errors(*problems: Problem) -> dict[str, str]:
    """The first problem of each field."""
    errors: dict[str, str] = {}
    for there, field, sentence in problems:
        if there:
            errors.setdefault(field, sentence)
    return errors


def language_word(locale: str) -> str:
    """The language's name; what is none of ours as it is."""
    return language_name(locale) if locale in LOCALES else locale


def _title_missing(locale: str) -> str:
    # NOTE: beside a form field. {language}: e.g. Polish
    return _("Enter the title in the default language ({language}).").format(language=language_word(locale))


def _name_missing(locale: str) -> str:
    # NOTE: beside a form field, name of a status. {language}: e.g. Polish
    return _("Enter the name in the default language ({language}).").format(language=language_word(locale))


def _prefix_wrong() -> str:
    text = ngettext(
        "Use a capital letter, then capitals and digits, at most {n} character.",
        "Use a capital letter, then capitals and digits, at most {n} characters.",
        rules.LONGEST_PREFIX,
    )
    return text.format(n=number(rules.LONGEST_PREFIX))

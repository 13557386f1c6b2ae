"""The words of reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from babel import dates

from portal.formats import date_long, date_table, number
from portal.i18n import _, babel_locale, pgettext
from portal.ledger.words import reason_word, state_word
from portal.reports.queries import Reason
from portal.reports.rules import Figures, Period


def ways() -> list[tuple[str, str]]:
    """The ways to look at the figures."""
    return [
        ("time", pgettext("report", "Over time")),
        ("campaign", pgettext("report", "By campaign")),
        ("mailing", pgettext("report", "By mailing")),
    ]


def columns() -> list[str]:
    """The figures' names, in the order of rules.Figures."""
    return [
        pgettext("report", "Intended"),
        state_word("accepted"),
        state_word("failed"),
        state_word("uncertain"),
        state_word("skipped"),
        state_word("cancelled"),
        pgettext("report", "Bounced"),
        pgettext("report", "Opted out"),
    ]


def first_column(by: str, unit: str) -> str:
    """What a row of the table is."""
    if by == "time":
        return _("Day (UTC)") if unit == "day" else _("Month (UTC)")
    return _("Campaign") if by == "campaign" else pgettext("report", "Mailing")


def step_word(step: datetime, unit: str) -> str:
    """12 Nov 2026, or November 2026."""
    if unit == "day":
        return date_table(step.date())
    text: str = dates.format_skeleton("yMMMM", step, locale=babel_locale())
    return text[:1].upper() + text[1:]


def chart(period: Period, figures: Figures) -> str:
    """What the picture says, in a sentence."""
    text = _("E-mails from {first} to {last}. Sent: {sent}. Not delivered: {failed}. Not confirmed: {uncertain}.")
    return text.format(
        first=date_long(period.since),
        last=date_long(period.until),
        sent=number(figures.sent),
        failed=number(figures.failed),
        uncertain=number(figures.uncertain),
    )


def tick(step: datetime, period: Period) -> str:
    """Below a column of the chart: 12 Nov; Nov; Nov 2026 where there are several years."""
    skeleton = "MMMd" if period.unit == "day" else "MMM" if len(period.steps()) <= 12 else "yMMM"
    return str(dates.format_skeleton(skeleton, step, locale=babel_locale()))


def why(state: str, said: str) -> str:
    """Skipped – Opted out: 9, No e-mail address: 3"""
    # NOTE: {state}: e.g. Skipped; {reasons}: a list of reasons with their numbers
    return pgettext("report", "{state} – {reasons}").format(state=state_word(state), reasons=said)


def reasons(found: Sequence[Reason], state: str) -> str:
    """Opted out: 9, Address missing: 3"""
    return ", ".join(
        # NOTE: why e-mails did not go, and how many. {reason}: e.g. Opted out
        pgettext("report", "{reason}: {n}").format(reason=reason_word(each.reason) or "–", n=number(each.n))
        for each in found
        if each.state == state
    )

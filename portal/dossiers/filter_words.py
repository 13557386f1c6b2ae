"""The filters of a list of dossiers in words: what they offer, and those that are active."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from portal.campaigns.kinds import Question
from portal.dossiers.filters import Filters
from portal.dossiers.search import Count
from portal.dossiers.words import counted
from portal.formats import date_table, list_and, number
from portal.i18n import LOCALES, _, language_name, ngettext, pgettext, text_in

Options = list[tuple[str, str]]  # value, words


class Group(msgspec.Struct, frozen=True):
    """The answers to one question that can be asked for."""

    label: str
    options: Options


class Offers(msgspec.Struct, frozen=True):
    """What can be chosen in each filter."""

    campaigns: Options
    statuses: Options
    languages: Options
    evaluators: Options
    phases: Options
    answers: list[Group]


def answers_offered(questions: Sequence[Question]) -> list[Group]:
    """The questions whose answers are a choice, or a consent."""
    groups = [
        Group(
            text_in(question.label),
            [(f"{question.key}:true", pgettext("answer", "Yes"))]
            if question.kind == "consent"
            else [(f"{question.key}:{choice.key}", text_in(choice.label) or choice.key) for choice in question.choices],
        )
        for question in questions
        if question.kind in ("choice", "choices", "consent")
    ]
    return [group for group in groups if group.options]


def orders() -> Options:
    """The orders of a campaign's list."""
    return [
        ("", _("Last changed first")),
        ("submitted", _("Last submitted first")),
        ("number", _("By number")),
        ("name", _("By family name")),
    ]


def withdrawn_offered() -> Options:
    """Whether withdrawn dossiers are shown."""
    return [("no", _("Without withdrawn ones")), ("yes", _("Only withdrawn ones"))]


def counts(count: Count, filters: Filters) -> dict[str, Any]:
    """How many the list has, what selects them all, and what says that they are selected."""
    n = number(count.n)
    if count.exact:
        # NOTE: a list of dossiers in another order than by change
        plain = ngettext("{n} dossier", "{n} dossiers", count.n).format(n=n)
        every = ngettext("Select the {n} result", "Select all {n} results", count.n).format(n=n)
        done = ngettext("The {n} result is selected", "All {n} results are selected", count.n).format(n=n)
    else:
        plain = _("About {n} dossiers").format(n=n)
        every = _("Select all results (about {n})").format(n=n)
        done = _("All results are selected (about {n})").format(n=n)
    return {"counted": plain if filters.sort else counted(count), "select_all": every, "all_words": done}


def active(filters: Filters, offers: Offers, *, within: bool) -> list[tuple[str, str]]:
    """Each active filter: (its parameter, its words). `within`: the campaign's own list does not name its campaign."""
    status, title = dict(offers.statuses), dict(offers.campaigns)
    answers = {value: f"{group.label}: {words}" for group in offers.answers for value, words in group.options}
    said: list[tuple[str, object, Callable[[], str | None]]] = [
        # NOTE: an active filter of a list. {words}: what was typed; {status}, {language}, {title}, {date}: chosen
        ("q", filters.q, lambda: _("Search: {words}").format(words=filters.q)),
        (
            "status",
            filters.status,
            lambda: _("Status: {status}").format(status=list_and([status.get(key, key) for key in filters.status])),
        ),
        ("language", filters.language, lambda: _("Language: {language}").format(language=_language(filters.language))),
        (
            "campaign",
            filters.campaign,
            lambda: _("Campaign: {title}").format(title=title.get(str(filters.campaign), "")),
        ),
        (
            "evaluator",
            filters.evaluator,
            lambda: dict(offers.evaluators).get(filters.evaluator) or _("Assigned to somebody else"),
        ),
        (
            "phase",
            filters.phase is not None,
            lambda: _("Phase: {title}").format(title=dict(offers.phases).get(str(filters.phase), "")),
        ),
        (
            "after",
            filters.after,
            lambda: _("Submitted from {date}").format(date=date_table(filters.after)) if filters.after else None,
        ),
        (
            "before",
            filters.before,
            lambda: _("Submitted until {date}").format(date=date_table(filters.before)) if filters.before else None,
        ),
        ("answer", filters.answer, lambda: answers.get(filters.answer, filters.answer)),
        ("withdrawn", filters.withdrawn, lambda: dict(withdrawn_offered()).get(filters.withdrawn, "")),
    ]
    return [(name, words() or "") for name, value, words in said if value and not (within and name == "campaign")]


def _language(locale: str) -> str:
    return language_name(locale) if locale in LOCALES else locale

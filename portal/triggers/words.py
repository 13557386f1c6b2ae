"""What people read about triggers: each as a sentence, whom it writes to, why it did not fire. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from portal.formats import list_and, number
from portal.i18n import LOCALES, _, language_name, ngettext, pgettext
from portal.ledger.words import reason_word
from portal.triggers.facts import ACCOUNT, ADDRESS, ROLE, Family
from portal.triggers.reasons import WhyNot
from portal.triggers.rules import Recipient

if TYPE_CHECKING:
    from portal.triggers.decisions import Decided
    from portal.triggers.overview import Fallback

Words = Callable[[], str]


def family_word(family: Family) -> str:
    """The heading of a section (E06)."""
    if family == "deadline":
        return _("Before the closing date")
    return _("Candidate’s action") if family == "candidate" else _("Manager’s or evaluator’s action")


def family_lede(family: Family) -> str:
    """When the triggers of a section fire (E07, E08, E11)."""
    if family == "candidate":
        return _("Goes by itself as soon as a candidate submits the application.")
    if family == "deadline":
        return _("Goes by itself so many days before the closing, once to each dossier that has the status then.")
    return _("Goes when somebody changes a status by hand; never on an import, a rule or a call of the API.")


def sentence(family: Family, *, from_status: bool, delay_minutes: int) -> str:
    """The rule as one sentence with the fields {status}, {old}, {template} and {n}."""
    if delay_minutes:
        return _after(family, from_status, delay_minutes)
    if family == "candidate":
        # NOTE: {template}: the name of a template, e.g. Acknowledgement of receipt
        return _("When a candidate submits the application, send “{template}” at once.")
    if from_status:
        # NOTE: {old}, {status}: internal labels, e.g. Under review; {template}: e.g. Request for documents
        return _("When a dossier goes from “{old}” to “{status}”, send “{template}” at once.")
    # NOTE: {status}: internal label, e.g. Under review; {template}: the name of a template
    return _("When a dossier enters “{status}”, send “{template}” at once.")


def _after(family: Family, from_status: bool, minutes: int) -> str:
    if family == "candidate":
        return ngettext(
            "When a candidate submits the application, send “{template}” {n} minute later.",
            "When a candidate submits the application, send “{template}” {n} minutes later.",
            minutes,
        )
    if from_status:
        return ngettext(
            "When a dossier goes from “{old}” to “{status}”, send “{template}” {n} minute later.",
            "When a dossier goes from “{old}” to “{status}”, send “{template}” {n} minutes later.",
            minutes,
        )
    return ngettext(
        "When a dossier enters “{status}”, send “{template}” {n} minute later.",
        "When a dossier enters “{status}”, send “{template}” {n} minutes later.",
        minutes,
    )


# ------------------------------------------------------------------------------------------------ recipients
def recipient_word(word: str, accounts: Mapping[int, str], roles: Mapping[str, str]) -> str:
    """Whom a word of a trigger means: "the candidate", "Marta Pérez", an address. `accounts`, `roles`: their names."""
    if word.startswith(ADDRESS):
        return word.removeprefix(ADDRESS)
    if word.startswith(ACCOUNT):
        return accounts.get(int(word.removeprefix(ACCOUNT)), pgettext("recipient", "an account that is gone"))
    if word.startswith(ROLE):
        role = word.removeprefix(ROLE)
        # NOTE: recipients of an automatic e-mail. {role}: a role of the portal, e.g. Administrator
        return pgettext("recipient", "role: {role}").format(role=roles.get(role, role))
    return GROUP_WORDS[word]()


GROUP_WORDS: dict[str, Words] = {
    "candidate": lambda: pgettext("recipient", "the candidate"),
    "managers": lambda: pgettext("recipient", "the campaign’s managers"),
    "evaluators": lambda: pgettext("recipient", "the campaign’s evaluators"),
    "assigned": lambda: pgettext("recipient", "the dossier’s evaluators"),
}


def recipients_line(
    recipients: Sequence[str], cc: Sequence[str], accounts: Mapping[int, str], roles: Mapping[str, str]
) -> str:
    """To: the candidate and the campaign’s managers. Cc: archive@passerelle.example"""
    to = list_and([recipient_word(word, accounts, roles) for word in recipients])
    if not cc:
        return _("To: {recipients}").format(recipients=to)
    return _("To: {recipients}. Cc: {copies}").format(recipients=to, copies=" · ".join(cc))


GROUP_CHOICES: dict[str, Words] = {
    "candidate": lambda: pgettext("recipient", "The candidate"),
    "managers": lambda: pgettext("recipient", "The campaign’s managers"),
    "evaluators": lambda: pgettext("recipient", "The campaign’s evaluators who may see the dossier"),
    "assigned": lambda: pgettext("recipient", "The evaluators that the dossier is assigned to"),
}


def template_choice(name: str, locales: Sequence[str], optional: bool) -> str:
    """A template in the form's list: its name, its languages, whether people can opt out of it."""
    parts = [name, " ".join(locales), *([pgettext("template", "optional")] if optional else [])]
    return " · ".join(part for part in parts if part)


# ------------------------------------------------------------------------------------------------ the form
FIELD_LABELS: dict[str, Words] = {
    "template": lambda: _("Template"),
    "from_status": lambda: _("Status before"),
    "to_status": lambda: _("New status"),
    "days_before": lambda: _("Days before the closing date"),
    "at_time": lambda: _("Time"),
    "phase": lambda: _("Phase"),
    "recipients": lambda: _("Send to"),
    "accounts": lambda: _("People of the team"),
    "roles": lambda: _("Everybody with a role"),
    "addresses": lambda: _("Fixed addresses"),
    "cc": lambda: _("Copy to"),
    "delay_minutes": lambda: _("Minutes to wait before sending"),
    "locales": lambda: _("Language of the dossier"),
    "evaluators": lambda: _("Assigned to"),
    "stop": lambda: _("Last word"),
    "name": lambda: _("Name"),
    "active": lambda: _("Active"),
}


# ------------------------------------------------------------------------------------------------ what has to be mended
def problem_word(code: str, detail: str = "") -> str:
    """The sentence beside the field. Codes as `drafts.problems`; `detail` is what was typed."""
    return PROBLEMS[code]().format(address=detail)


PROBLEMS: dict[str, Words] = {
    "name_too_long": lambda: _("Shorten the name to 120 characters."),
    "template_missing": lambda: _("Choose a template."),
    "no_template": lambda: _("There is no template yet. Create a template before you save."),
    "delay": lambda: _("Enter a number of minutes from 0 to 60."),
    "candidate_status": lambda: _("A submission always leads to the same status. Leave this empty."),
    "status_missing": lambda: _("Choose the status that triggers the e-mail."),
    "same_status": lambda: _("Choose another status than the one it goes to."),
    "unknown_status": lambda: _("Choose a status of this campaign."),
    "unknown_phase": lambda: _("Choose a phase of this campaign."),
    "unknown_choice": lambda: _("Choose one of the options."),
    "days_before": lambda: _("Enter a number of days from 0 to 365."),
    "at_time": lambda: _("Enter a time."),
    "from_missing": lambda: _("Choose the status of the dossiers that are reminded."),
    "deadline_status": lambda: _("A reminder changes no status. Leave this empty."),
    "deadline_delay": lambda: _("A reminder goes at its hour. Leave this at 0."),
    # NOTE: {address}: the key of a question, e.g. country
    "unknown_answer": lambda: _("This campaign has no such question: {address}"),
    "no_recipient": lambda: _("Choose at least one recipient."),
    "too_many": lambda: _("Choose at most 50 recipients."),
    "unknown_recipient": lambda: _("Choose recipients from the list."),
    # NOTE: {address}: what somebody typed, e.g. evaluation@passerelle
    "address": lambda: _("“{address}” is not a complete address. Enter an address such as name@example.org."),
}


# ------------------------------------------------------------------------------------------------ decisions
def why_not_word(reason: str) -> str:
    """Why a trigger did not fire (B02). Reasons as `rules.WhyNot`."""
    return WHY_NOT[WhyNot(reason)]() if reason in WhyNot.__members__ else reason


def decided_word(one: Decided) -> str:
    """The same for a line of the log."""
    return reason_line(one.why_not, one.details)


def reason_line(reason: str, details: Mapping[str, Any]) -> str:
    """Why a trigger did not fire, with what was asked for and found where that says more."""
    if reason == WhyNot.other_language and "found" in details:
        # NOTE: why an automatic e-mail did not go. {language}: that of the dossier, e.g. Polish
        return _("It is not for the dossier’s language: {language}").format(language=language_word(details["found"]))
    if reason == WhyNot.stopped and "by" in details:
        # NOTE: why an automatic e-mail did not go. {name}: another automatic e-mail
        return _("“{name}” before it has the last word").format(name=details["by"])
    if reason == WhyNot.other_answer and "question" in details:
        # NOTE: why an automatic e-mail did not go. {question}: the key of a question, e.g. country
        return _("The answer to “{question}” is another one").format(question=details["question"])
    return why_not_word(reason)


def language_word(locale: str) -> str:
    """A language that a condition names, also one that we do not know."""
    return language_name(locale) if locale in LOCALES else locale


WHY_NOT: dict[WhyNot, Words] = {
    WhyNot.other_family: lambda: _("It is for another kind of action"),
    WhyNot.trigger_inactive: lambda: _("Trigger off"),
    WhyNot.not_manual_change: lambda: _("Status not changed by hand"),
    WhyNot.other_status: lambda: _("It is for another status"),
    WhyNot.other_from_status: lambda: _("The dossier came from another status"),
    WhyNot.other_phase: lambda: _("It is for another phase"),
    WhyNot.other_language: lambda: _("It is for another language"),
    WhyNot.other_evaluator: lambda: _("It is for other evaluators’ dossiers"),
    WhyNot.other_answer: lambda: _("The answer to a question is another one"),
    WhyNot.stopped: lambda: _("An automatic e-mail before it has the last word"),
    WhyNot.too_often: lambda: _("Limit per dossier and day reached"),
    WhyNot.silent: lambda: _("“Don’t send” was chosen"),
}


def state_word(active: bool) -> str:
    """Whether a trigger fires."""
    return pgettext("trigger", "Active") if active else pgettext("trigger", "Paused")


# ------------------------------------------------------------------------------------------------ lines of the tab
def strong(text: str) -> Markup:
    """A value set off within a sentence. The text itself is escaped."""
    return Markup("<b>{}</b>").format(text)


def gap_line(is_decision: bool, dossiers: int) -> str:
    """How many dossiers are at a status on which nothing is sent."""
    if is_decision:
        text = ngettext("It is a decision: {n} dossier", "It is a decision: {n} dossiers", dossiers)
    else:
        text = ngettext("{n} dossier", "{n} dossiers", dossiers)
    return text.format(n=number(dossiers))


def fallback_line(gap: Fallback) -> str:
    """Polish: 41 people will get it in English."""
    text = ngettext(
        "{language}: {n} person will get it in another language ({instead}).",
        "{language}: {n} people will get it in another language ({instead}).",
        gap.readers,
    )
    return text.format(language=language_name(gap.locale), n=number(gap.readers), instead=language_name(gap.instead))


def waiting_line(active: bool, count: int) -> str:
    """What of a trigger has not left."""
    if active:
        text = ngettext("{n} e-mail has not left yet.", "{n} e-mails have not left yet.", count)
    else:
        text = ngettext(
            "{n} e-mail waits until it is active again.", "{n} e-mails wait until it is active again.", count
        )
    return text.format(n=number(count))


# ------------------------------------------------------------------------------------------------ planned e-mails
def delay_word(minutes: int) -> str:
    """When an e-mail leaves."""
    if not minutes:
        return pgettext("e-mail leaves", "at once")
    return ngettext("{n} minute later", "{n} minutes later", minutes).format(n=number(minutes))


def skip_word(recipient: Recipient) -> str:
    """Why somebody gets nothing."""
    return reason_word(recipient.reason, language=language_name(recipient.wished))

"""The words people read about accounts. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.accounts.rules import MAX_PASSWORD, MIN_PASSWORD, Weakness
from portal.formats import number
from portal.i18n import _, ngettext, pgettext


def role_word(role: str) -> str:
    """What a role is called."""
    words: dict[str, Callable[[], str]] = {
        "administrator": lambda: pgettext("role", "Administrator"),
        "manager": lambda: pgettext("role", "Manager"),
        "evaluator": lambda: pgettext("role", "Evaluator"),
        "translator": lambda: pgettext("role", "Translator"),
    }
    return words[role]() if role in words else role


def right_words() -> list[tuple[str, list[tuple[str, str]]]]:
    """All permissions that a role may hold, in groups: (heading, [(right, what it lets people do)])."""
    return [
        (
            _("Campaigns"),
            [
                ("campaign.see", _("See campaigns they work on")),
                ("campaign.edit", _("Create and change campaigns")),
                ("campaign.emails", _("Automatic e-mails of campaigns")),
                ("programme.edit", _("Create and change programmes")),
            ],
        ),
        (
            _("Dossiers"),
            [
                ("dossier.see", _("See dossiers")),
                ("dossier.edit", _("Create dossiers by hand")),
                ("dossier.status", _("Change the status of dossiers")),
                ("assign.edit", _("Assign evaluators")),
                ("assessment.see", _("See and give scores and notes")),
                ("import.run", _("Import people and dossiers")),
                ("export.run", _("Export lists")),
            ],
        ),
        (
            _("People"),
            [
                ("person.see", _("See people")),
                ("person.edit", _("Create and change people")),
                ("suppression.edit", _("Decide which addresses get no e-mail")),
            ],
        ),
        (
            _("E-mails"),
            [
                ("template.see", _("See templates")),
                ("template.edit", _("Create and change templates")),
                ("message.see", _("See messages")),
                ("message.act", _("Release, cancel and retry messages")),
                ("mailing.see", _("See mailings and schedules")),
                ("mailing.candidates", _("Send mass e-mail to candidates")),
                ("mailing.contacts", _("Send mass e-mail to contacts")),
                ("mailing.approve", _("Approve large mailings of colleagues")),
                ("mailbox.see", _("Read the on-screen mailbox")),
            ],
        ),
        (
            _("Portal"),
            [
                ("catalog.see", _("Translate the portal")),
                ("audit.see", _("Read the audit log")),
                ("organisation.edit", _("Change the organisation’s settings")),
                ("account.manage", _("Invite colleagues and manage accounts")),
                ("role.edit", _("Create and change roles")),
            ],
        ),
    ]


def reach_word(rights: list[str] | None) -> str:
    """How much an API key may do."""
    if rights is None:
        return pgettext("API key", "Everything that I may do")
    if all(right.endswith(".see") for right in rights):
        return pgettext("API key", "Only look, change nothing")
    return ", ".join(rights)


def weakness_words(weakness: Weakness) -> str:
    """What is wrong with a password and what to do about it."""
    if weakness == "short":
        text = ngettext("Enter at least {n} character.", "Enter at least {n} characters.", MIN_PASSWORD)
        return text.format(n=number(MIN_PASSWORD))
    if weakness == "long":
        text = ngettext("Enter at most {n} character.", "Enter at most {n} characters.", MAX_PASSWORD)
        return text.format(n=number(MAX_PASSWORD))
    words: dict[str, Callable[[], str]] = {
        "about_you": lambda: _("This is too close to your name or e-mail address. Enter something else."),
        "repeated": lambda: _("This repeats the same few characters. Enter several unrelated words."),
        "sequential": lambda: _("This follows the alphabet or the keyboard. Enter several unrelated words."),
        "common": lambda: _("Many people use this password, so it is tried first. Enter several unrelated words."),
    }
    return words[weakness]()


def agent_words(agent: str) -> str:
    """A browser and its system: "Firefox, Windows". The order matters: Edge also calls itself Chrome."""
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    names = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
    found = [next((name for name in group if name in agent), "") for group in (browsers, systems)]
    return ", ".join(names.get(name, name) for name in found if name) or _("Unknown browser")
